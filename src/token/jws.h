/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWS (RFC 7515): split, checked by rules 1 to 8 of spec/endpoints 7.1, and signed. What it
 * says is not judged here.
 */
#pragma once

#include "token/jwks.h"

enum {
    JWS_OK,
    JWS_E_SIZE,        /* rule 1: above JWS_SIZE_MAX, or the header above JWS_HEADER_MAX */
    JWS_E_FORM,        /* rule 1: not three non-empty parts, or not strict base64url */
    JWS_E_HEADER,      /* rule 1: header is no JSON object, or a member has the wrong type */
    JWS_E_DUPLICATE,   /* rule 1: a member name twice in the header */
    JWS_E_ALGORITHM,   /* rule 2: alg missing, unknown or not on the list */
    JWS_E_CRITICAL,    /* rule 6: has crit, or b64 */
    JWS_E_TYPE,        /* rule 7: typ is not the expected one */
    JWS_E_NESTED,      /* rule 7: cty is JWT */
    JWS_E_KEY_UNKNOWN, /* rule 4: no such kid; or no kid and not exactly one key */
    JWS_E_KEY_UNFIT,   /* rule 3: the key is of another type or pinned to another algorithm */
    JWS_E_SIGNATURE,   /* rule 8 */
};

#define JWS_SIZE_MAX   (64 << 10) /* bytes, rule 1 */
#define JWS_HEADER_MAX (8 << 10)  /* bytes of decoded header, rule 1 */

/* A word for each of the above, for error texts. */
const char *jws_reason(int reason);

typedef struct JwsExpectation {
    const Jwks *keys;              /* pinned for this issuer */
    const char *const *algorithms; /* allow-list of names, NULL-terminated; must not be empty */
    const char *type;              /* typ, without "application/"; NULL: absent or JWT */
} JwsExpectation;

/* A JWS whose signature held. Owned; zeroed is empty. */
typedef struct Jws {
    json_t *header;
    Bytes payload;
    const Jwa *algorithm;
    const Jwk *key; /* borrowed from the expectation's keys */
} Jws;

void jws_done(Jws *jws);
#define _cleanup_jws_ _cleanup_(jws_done)

/*
 * Verifies. jwk, jku, x5u and x5c in the header are never looked at (rule 5). JWS_OK or a named no;
 * -ENOMEM, -EIO. -EINVAL when the expectation has no keys or algorithms.
 */
_must_check_ int jws_verify(ByteView text, const JwsExpectation *expected, Jws *ret);
/*
 * Signs PAYLOAD with an elliptic or Ed25519 key: header {"alg","kid","typ"}. KID and TYPE may be
 * NULL. RET is NUL-terminated text, owned. -EINVAL for a key that cannot; -ENOMEM, -EIO.
 */
_must_check_ int jws_sign(const Key *key, const char *kid, const char *type, ByteView payload,
                          char **ret);
