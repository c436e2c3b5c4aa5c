/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that attest-verifier answers besides success, as one const table: stable problem type,
 * HTTP status, and the catalogue's text and remedy by the same name (docs/protocols.md lists them).
 */
#pragma once

#include "base/bytes.h"
#include "format/finding.h"

/* RFC 9457 problem types are this and a name of the table. */
#define PROBLEM_TYPE_PREFIX "tag:github.com,2026:attestd/problem/"

typedef enum Problem {
    PROBLEM_NONE,
    PROBLEM_REFUSED, /* the one that carries a signed token */
    PROBLEM_PATH_UNKNOWN,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_MEDIA_TYPE,
    PROBLEM_LENGTH_REQUIRED,
    PROBLEM_BODY_TOO_LARGE,
    PROBLEM_REQUEST_MALFORMED,
    PROBLEM_KEYS_MALFORMED,
    PROBLEM_EVIDENCE_MALFORMED,
    PROBLEM_NONCE_UNKNOWN,
    PROBLEM_NONCE_EXPIRED,
    PROBLEM_NONCE_EARLY,
    PROBLEM_NONCE_REPLAYED,
    PROBLEM_BUSY,
    PROBLEM_INTERNAL,
    PROBLEM_MAX,
} Problem;

/* "nonce-expired"; the last part of the type. */
const char *problem_name(Problem problem);
/* HTTP status: 409 and so on. */
unsigned problem_status(Problem problem);

/*
 * The document of a problem that is not a refusal: type, title, status, detail and one finding with
 * FOUND and WANTED (either may be NULL). SUBJECT is what it is about. -ENOMEM.
 */
_must_check_ int problem_document(Problem problem, const char *subject, const char *found,
                                  const char *wanted, Bytes *ret);
/* The document of a refusal, with all FINDINGS and the signed TOKEN. -ENOMEM. */
_must_check_ int problem_refusal(const Findings *findings, const char *token, Bytes *ret);
