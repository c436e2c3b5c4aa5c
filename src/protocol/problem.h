/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies other than a yes: a problem document (RFC 9457) where there is one, else the status
 * alone, turned into a finding. Nothing here is signed, so nothing here is a refusal yet.
 */
#pragma once

#include "protocol/protocol.h"

#define PROBLEM_SIZE_MAX    (256 * 1024) /* bytes of the document, a token and 128 findings fit */
#define PROBLEM_TYPE_PREFIX "tag:github.com,2026:attestd/problem/"
#define PROBLEM_MEDIA_TYPE  "application/problem+json"

/*
 * Makes STEP of a reply with another status than 200: STEP_REFUSAL_CLAIMED when it is 403, a
 * problem of type "refused" and carries a token; STEP_BROKEN with a named finding otherwise.
 * -ENOMEM.
 */
_must_check_ int problem_read(const ProtocolReply *reply, Step *step);

/*
 * Appends what a verifier says it found, its source "verifier" whatever it says. A list that cannot
 * be read is left out, and so is a warning that FINDINGS has already. -ENOMEM.
 */
_must_check_ int findings_from_verifier(Findings *findings, const json_t *array);
