/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the requests of all verbs have in common: being one object, and [Evidence].
 */
#pragma once

#include "worker/request-member.h"
#include "worker/request.h"

/* The object of LINE, a new reference. 0, REQUEST_E_JSON or -ENOMEM. */
/* The roots at PATH, which may be absent; how many. */
size_t request_read_roots(MemberReader *reader, const char *path,
                          uint8_t ret[static REQUEST_LIST_MAX][SIMULATED_ROOT_LEN]);

/*
 * Takes the last of N descriptors where it is the owner's authorisation, "owner-authorization". How
 * many are left.
 */
size_t request_take_owner(const char *const *names, size_t n, const FdList *given,
                          EvidenceSettings *ret);

_must_check_ int request_open(ByteView line, json_t **ret);
/* READER's verdict; the member at fault goes to RETERR_MEMBER on a named no. */
_must_check_ int request_finish(const MemberReader *reader, const char **reterr_member);

/* Enters OBJECT, which may be NULL after a failure, and reads all of it. */
void request_read_evidence(MemberReader *reader, json_t *object, EvidenceSettings *ret);
