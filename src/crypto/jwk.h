/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Keys, public ones only (RFC 7517, 7518 6, 8037), and their thumbprints (RFC 7638). The
 * rules are those of spec/endpoints 7.1 item 3.
 */
#pragma once

#include "base/json.h"
#include "crypto/jwa.h"

enum {
    JWK_OK,
    JWK_E_SYNTAX,      /* a member missing, of the wrong type or size, not strict base64url */
    JWK_E_PRIVATE,     /* has a private or symmetric member: d, p, q, dp, dq, qi, oth, k */
    JWK_E_UNSUPPORTED, /* kty or crv that is not ours */
    JWK_E_WEAK,        /* RSA size or exponent out of bounds */
    JWK_E_INVALID,     /* point not on the curve, or coordinates not of the curve's exact size */
    JWK_E_ALGORITHM,   /* alg is none of jwa.h, or does not go with kty and crv */
    JWK_E_USE,         /* use is not sig, or key_ops is there without verify */
    JWK_E_CERTIFICATE, /* x5c cannot be read, or its first key differs from the members */
};

/* A word for each of the above, for error texts. */
const char *jwk_reason(int reason);

/* A verification key with its labels. Zeroed is empty. */
typedef struct Jwk {
    Key *key;
    char *kid;            /* NULL: has none */
    const Jwa *algorithm; /* NULL: not pinned by the key */
} Jwk;

void jwk_done(Jwk *jwk);

/*
 * Key material of a JWK (kty, crv, x, y, n, e); kid, use, alg, x5c and foreign members are not
 * looked at (for `cnf`). JWK_OK or a named no up to JWK_E_INVALID; -ENOMEM, -EIO.
 */
_must_check_ int jwk_parse_key(const json_t *object, Key **ret);
/*
 * A key for verifying signatures: all of the above, alg, use, key_ops and kid. An RSA or EC key
 * may come as x5c alone (standard base64 DER, line breaks allowed); where both are there they must
 * agree. x5c only carries the key: no chain is built. Every named no.
 */
_must_check_ int jwk_parse(const json_t *object, Jwk *ret);

/*
 * The public JWK of KEY: kty and its members, then kid, use and alg where they are not NULL. RET is
 * a new reference. -ENOMEM, -EIO.
 */
_must_check_ int jwk_emit(const Key *key, const char *kid, const char *use, const char *alg,
                          json_t **ret);
/* SHA-256 thumbprint (RFC 7638). -ENOMEM, -EIO. */
_must_check_ int jwk_thumbprint(const Key *key, Digest *ret);
/* The same as unpadded base64url, a good kid. RET is owned. -ENOMEM, -EIO. */
_must_check_ int jwk_thumbprint_text(const Key *key, char **ret);
