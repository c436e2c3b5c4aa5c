/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMT_PUBLIC (TPM 2.0 Part 2, 12.2.4): RSA 2048 to 4096, ECC P-256 and P-384. Strict: a key it
 * lets through can be used as it stands. Which keys may sign a quote is asked by the accessors.
 */
#pragma once

#include "base/bytes.h"
#include "format/tpm-alg.h"

/* TPMA_OBJECT (TPM 2.0 Part 2, 8.3) */
enum {
    TPM_OBJECT_FIXED_TPM = 1 << 1,
    TPM_OBJECT_ST_CLEAR = 1 << 2,
    TPM_OBJECT_FIXED_PARENT = 1 << 4,
    TPM_OBJECT_SENSITIVE_DATA_ORIGIN = 1 << 5,
    TPM_OBJECT_USER_WITH_AUTH = 1 << 6,
    TPM_OBJECT_ADMIN_WITH_POLICY = 1 << 7,
    TPM_OBJECT_FIRMWARE_LIMITED = 1 << 8,
    TPM_OBJECT_SVN_LIMITED = 1 << 9,
    TPM_OBJECT_NO_DA = 1 << 10,
    TPM_OBJECT_ENCRYPTED_DUPLICATION = 1 << 11,
    TPM_OBJECT_RESTRICTED = 1 << 16,
    TPM_OBJECT_DECRYPT = 1 << 17,
    TPM_OBJECT_SIGN = 1 << 18,
    TPM_OBJECT_X509_SIGN = 1 << 19,
};

enum { TPM_CURVE_P256 = 0x0003, TPM_CURVE_P384 = 0x0004 };

#define TPM_PUBLIC_SIZE_MAX     1024 /* bytes; RSA-4096 needs 560 */
#define TPM_COORDINATE_SIZE_MAX 48   /* bytes, P-384 */

/* Views borrow from the bytes that were parsed. */
typedef struct TpmPublic {
    ByteView raw;         /* all of it: what Names and vtpm_ak_sha384 are computed over */
    uint16_t type;        /* TPM_ALG_RSA or TPM_ALG_ECC */
    uint16_t name_alg;    /* a hash */
    uint32_t attributes;  /* TPM_OBJECT_… */
    ByteView auth_policy; /* empty, or a digest of name_alg */
    uint16_t symmetric;   /* TPM_ALG_NULL or TPM_ALG_AES */
    uint16_t symmetric_bits;
    uint16_t symmetric_mode;
    uint16_t scheme;       /* TPM_ALG_NULL, RSASSA, RSAPSS, RSAES, OAEP, ECDSA or ECDH */
    uint16_t scheme_hash;  /* 0 when the scheme has none */
    uint16_t rsa_bits;     /* RSA only */
    uint32_t rsa_exponent; /* RSA only; 65537 where the TPM writes 0 */
    ByteView rsa_modulus;  /* RSA only; big-endian, rsa_bits / 8 bytes, top bit set */
    uint16_t curve;        /* ECC only; TPM_CURVE_… */
    ByteView x;            /* ECC only; big-endian, may lack leading zeros */
    ByteView y;
} TpmPublic;

enum {
    TPM_PUBLIC_OK,
    TPM_PUBLIC_E_TRUNCATED,
    TPM_PUBLIC_E_TRAILING,   /* bytes behind the structure */
    TPM_PUBLIC_E_TYPE,       /* neither RSA nor ECC */
    TPM_PUBLIC_E_NAME_ALG,   /* not a hash we know */
    TPM_PUBLIC_E_ATTRIBUTES, /* reserved bits */
    TPM_PUBLIC_E_POLICY,     /* neither empty nor a digest of nameAlg */
    TPM_PUBLIC_E_SYMMETRIC,  /* neither none nor AES in CFB mode */
    TPM_PUBLIC_E_SCHEME,     /* unknown, or not for this type of key */
    TPM_PUBLIC_E_PARAMETER,  /* key size, exponent, curve or kdf not supported */
    TPM_PUBLIC_E_UNIQUE,     /* modulus or point does not fit the parameters, or is empty */
};

/* TPMT_PUBLIC without the size of a TPM2B_PUBLIC. TPM_PUBLIC_OK or a named no. */
_must_check_ int tpm_public_parse(ByteView bytes, TpmPublic *ret);
/* A word for each of the above, for error texts. */
const char *tpm_public_reason(int reason);

/* restricted and sign, not decrypt: signs only what the TPM made itself. */
bool tpm_public_is_restricted_signing(const TpmPublic *public);
/* restricted and decrypt, not sign: a storage or endorsement key. */
bool tpm_public_is_restricted_decrypting(const TpmPublic *public);
/* fixedTPM, fixedParent, sensitiveDataOrigin: was made in one TPM and cannot leave it. */
bool tpm_public_is_bound_to_tpm(const TpmPublic *public);
/* Bytes of a coordinate of the curve: 32 or 48; 0 for another. */
size_t tpm_curve_coordinate_size(uint16_t curve);
/*
 * Writes big-endian VALUE to SIZE bytes with leading zeros. False, and OUT untouched, when it does
 * not fit. Also for r and s of a TpmSignature.
 */
_must_check_ bool tpm_pad_integer(ByteView value, uint8_t *out, size_t size);
