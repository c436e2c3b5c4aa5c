/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of JOSE signature algorithms.
 */
#include "crypto/jwa.h"

#include <string.h>

/* RFC 7518 3.1 and RFC 8037 3.1. */
static const Jwa algorithms[] = {
    { "ES256", SIGNATURE_ECDSA_RAW, DIGEST_SHA256, KEY_P256 },
    { "ES384", SIGNATURE_ECDSA_RAW, DIGEST_SHA384, KEY_P384 },
    { "ES512", SIGNATURE_ECDSA_RAW, DIGEST_SHA512, KEY_P521 },
    { "RS256", SIGNATURE_RSASSA, DIGEST_SHA256, KEY_RSA },
    { "RS384", SIGNATURE_RSASSA, DIGEST_SHA384, KEY_RSA },
    { "RS512", SIGNATURE_RSASSA, DIGEST_SHA512, KEY_RSA },
    { "PS256", SIGNATURE_RSAPSS, DIGEST_SHA256, KEY_RSA },
    { "PS384", SIGNATURE_RSAPSS, DIGEST_SHA384, KEY_RSA },
    { "PS512", SIGNATURE_RSAPSS, DIGEST_SHA512, KEY_RSA },
    { "EdDSA", SIGNATURE_ED25519, DIGEST_SHA512, KEY_ED25519 },
};

const Jwa *jwa_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(algorithms); i++)
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

bool jwa_suits(const Jwa *algorithm, const Key *key)
{
    return algorithm->key_type == key_type(key);
}

const Jwa *jwa_of_key(const Key *key)
{
    if (key_type(key) == KEY_RSA)
        return NULL;
    for (size_t i = 0; i < ELEMENTSOF(algorithms); i++)
        if (jwa_suits(&algorithms[i], key))
            return &algorithms[i];
    return NULL;
}
