/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of algorithms.
 */
#include "format/tpm-alg.h"

#include <string.h>

static const struct {
    uint16_t alg;
    uint8_t digest_size; /* 0: not a hash */
    const char *name;
} algorithms[] = {
    { TPM_ALG_RSA, 0, "rsa" },
    { TPM_ALG_SHA1, 20, "sha1" },
    { TPM_ALG_AES, 0, "aes" },
    { TPM_ALG_SHA256, 32, "sha256" },
    { TPM_ALG_SHA384, 48, "sha384" },
    { TPM_ALG_SHA512, 64, "sha512" },
    { TPM_ALG_NULL, 0, "null" },
    { TPM_ALG_SM3_256, 32, "sm3_256" },
    { TPM_ALG_RSASSA, 0, "rsassa" },
    { TPM_ALG_RSAES, 0, "rsaes" },
    { TPM_ALG_RSAPSS, 0, "rsapss" },
    { TPM_ALG_OAEP, 0, "oaep" },
    { TPM_ALG_ECDSA, 0, "ecdsa" },
    { TPM_ALG_ECDH, 0, "ecdh" },
    { TPM_ALG_ECC, 0, "ecc" },
    { TPM_ALG_SHA3_256, 32, "sha3_256" },
    { TPM_ALG_SHA3_384, 48, "sha3_384" },
    { TPM_ALG_SHA3_512, 64, "sha3_512" },
    { TPM_ALG_CFB, 0, "cfb" },
};

size_t tpm_alg_digest_size(uint16_t alg)
{
    for (size_t i = 0; i < ELEMENTSOF(algorithms); i++)
        if (algorithms[i].alg == alg)
            return algorithms[i].digest_size;
    return 0;
}

const char *tpm_alg_name(uint16_t alg)
{
    for (size_t i = 0; i < ELEMENTSOF(algorithms); i++)
        if (algorithms[i].alg == alg)
            return algorithms[i].name;
    return NULL;
}

uint16_t tpm_alg_hash_by_name(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(algorithms); i++)
        if (algorithms[i].digest_size > 0 && strcmp(algorithms[i].name, name) == 0)
            return algorithms[i].alg;
    return 0;
}
