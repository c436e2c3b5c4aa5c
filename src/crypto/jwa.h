/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JOSE signature algorithms (RFC 7518 3.1, RFC 8037): name, scheme, hash and the one kind of key
 * each goes with. "none" and HS* do not exist here.
 */
#pragma once

#include "crypto/signature.h"

typedef struct Jwa {
    const char *name; /* "ES256" */
    SignatureScheme scheme;
    DigestAlgorithm digest;
    KeyType key_type;
} Jwa;

/* ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512, EdDSA; NULL for any other name. */
const Jwa *jwa_find(const char *name);
/* Is KEY of the type (and curve) that the algorithm demands? */
bool jwa_suits(const Jwa *algorithm, const Key *key);
/* The algorithm an elliptic key signs with: ES256, ES384, ES512 or EdDSA; NULL for RSA. */
const Jwa *jwa_of_key(const Key *key);
