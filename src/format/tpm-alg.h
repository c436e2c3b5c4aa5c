/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM_ALG_ID values and what is known about them (TCG Algorithm Registry; TPM 2.0 Part 2, 6.3).
 */
#pragma once

#include "base/macro.h"

enum {
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_SHA1 = 0x0004,
    TPM_ALG_AES = 0x0006,
    TPM_ALG_SHA256 = 0x000b,
    TPM_ALG_SHA384 = 0x000c,
    TPM_ALG_SHA512 = 0x000d,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_SM3_256 = 0x0012,
    TPM_ALG_RSASSA = 0x0014,
    TPM_ALG_RSAES = 0x0015,
    TPM_ALG_RSAPSS = 0x0016,
    TPM_ALG_OAEP = 0x0017,
    TPM_ALG_ECDSA = 0x0018,
    TPM_ALG_ECDH = 0x0019,
    TPM_ALG_ECC = 0x0023,
    TPM_ALG_SHA3_256 = 0x0027,
    TPM_ALG_SHA3_384 = 0x0028,
    TPM_ALG_SHA3_512 = 0x0029,
    TPM_ALG_CFB = 0x0043,
};

#define TPM_DIGEST_SIZE_MAX 64 /* bytes, SHA-512 */
#define TPM_PCR_COUNT       24 /* PC Client Platform TPM Profile 4.6 */

/* Bytes of a digest, or 0 when ALG is not a hash algorithm we know. */
size_t tpm_alg_digest_size(uint16_t alg);
/* "sha256", "rsassa", …; NULL when unknown. Static text. */
const char *tpm_alg_name(uint16_t alg);
/* A hash algorithm by its lower-case name; 0 (TPM_ALG_ERROR) when unknown. */
uint16_t tpm_alg_hash_by_name(const char *name);
