/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An appraisal as a signed token: an EAR in the underscore spelling, ES256 (docs/protocols.md,
 * Token). Says yes and no in the same form.
 */
#pragma once

#include "crypto/key.h"
#include "verify/verify.h"

#define ISSUE_EAR_PROFILE "tag:ietf.org,2026:rats/ear#03"
/* Bytes of findings inside a token, so that it stays below what carries it; failures come first. */
#define ISSUE_FINDINGS_MAX ((size_t)8 << 10)

/* Everything is borrowed. */
typedef struct IssueInput {
    const Key *key;
    const char *kid;
    const char *issuer;
    const char *audience;
    const char *policy_id;
    json_t *uncovered; /* the layers that the policy leaves open; NULL: not said */
    const Appraisal *appraisal;
    ByteView nonce;      /* becomes eat_nonce */
    uint64_t issued_sec; /* when the nonce was issued: iat */
    uint64_t life_sec;   /* exp = iat + this */
    ByteView gates;      /* exact bytes, for gates_sha256 */
} IssueInput;

/* RET is a compact JWS, owned; RET_ID its jti, owned. -ENOMEM, -EIO. */
_must_check_ int issue_token(const IssueInput *input, char **ret_id, char **ret);
