/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of verification keys (RFC 7517 5) as configuration pins it or a verifier publishes it.
 */
#pragma once

#include "crypto/jwk.h"

/* Owned. Zeroed is empty. */
typedef struct Jwks {
    Jwk *keys;
    size_t n_keys;
    size_t n_ignored; /* keys that were there but are of no use here */
} Jwks;

enum {
    JWKS_OK,
    JWKS_E_SIZE,      /* more than JWKS_SIZE_MAX bytes or JWKS_KEYS_MAX keys */
    JWKS_E_SYNTAX,    /* not a JSON object with an array "keys" of objects, or duplicate members */
    JWKS_E_KEY,       /* a key of a known type that is malformed, or whose x5c contradicts it */
    JWKS_E_PRIVATE,   /* a private or symmetric member: somebody published a secret */
    JWKS_E_DUPLICATE, /* two usable keys with the same kid */
    JWKS_E_EMPTY,     /* no usable key */
};

#define JWKS_SIZE_MAX (256 << 10) /* bytes, spec/endpoints 7.1 */
#define JWKS_KEYS_MAX 64

/* A word for each of the above, for error texts. */
const char *jwks_reason(int reason);

void jwks_done(Jwks *jwks);
#define _cleanup_jwks_ _cleanup_(jwks_done)

/*
 * Reads a key set. Keys of unknown kty or crv, for another use or algorithm, or too weak are
 * ignored and counted. JWKS_OK or a named no; -ENOMEM, -EIO.
 */
_must_check_ int jwks_parse(ByteView text, Jwks *ret);
/*
 * The same of what a verifier publishes and changes as it likes (RFC 7517 5): a key that is
 * malformed, or has the kid of one before it, is passed over and counted too.
 */
_must_check_ int jwks_parse_published(ByteView text, Jwks *ret);
/* The same as jwks_parse() from parsed JSON (duplicate members have been refused by json_parse()).
 */
_must_check_ int jwks_from_json(const json_t *object, Jwks *ret);
/* The key whose kid is byte for byte KID; NULL when there is none. Borrowed. */
const Jwk *jwks_find(const Jwks *jwks, const char *kid);

/*
 * Appends KEY (shared) for signatures with ALGORITHM (may be NULL: not pinned). KID may be NULL:
 * its thumbprint is used. JWKS_OK, JWKS_E_SIZE, JWKS_E_DUPLICATE; -ENOMEM, -EIO.
 */
_must_check_ int jwks_add(Jwks *jwks, const Key *key, const char *kid, const Jwa *algorithm);
/* {"keys":[…]}, each with kid, use "sig" and its alg where pinned. New reference. -ENOMEM, -EIO. */
_must_check_ int jwks_to_json(const Jwks *jwks, json_t **ret);
