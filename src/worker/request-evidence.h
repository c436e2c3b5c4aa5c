/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the requests of all verbs have in common: being one object, and [Evidence].
 */
#pragma once

#include "worker/request-member.h"
#include "worker/request.h"

/* The object of LINE, a new reference. 0, REQUEST_E_JSON or -ENOMEM. */
_must_check_ int request_open(ByteView line, json_t **ret);
/* READER's verdict; the member at fault goes to RETERR_MEMBER on a named no. */
_must_check_ int request_finish(const MemberReader *reader, const char **reterr_member);

/* Enters OBJECT, which may be NULL after a failure, and reads all of it. */
void request_read_evidence(MemberReader *reader, json_t *object, EvidenceSettings *ret);
