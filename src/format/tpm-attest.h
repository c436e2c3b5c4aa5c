/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMS_ATTEST of a quote (TPM 2.0 Part 2, 10.12) and the TPMT_SIGNATURE over it (11.3.4). Every
 * byte is consumed; what they say is for verify.
 */
#pragma once

#include "base/bytes.h"
#include "format/tpm-alg.h"

#define TPM_GENERATED          UINT32_C(0xff544347)
#define TPM_ST_ATTEST_QUOTE    0x8018
#define TPM_ATTEST_SIZE_MAX    1024 /* bytes; a full quote needs about 300 */
#define TPM_SELECTIONS_MAX     16   /* HASH_COUNT of libtss2 */
#define TPM_SIGNATURE_SIZE_MAX 1024 /* bytes; RSA-4096 needs 518 */

typedef struct TpmSelection {
    uint16_t bank; /* a hash */
    uint32_t pcrs; /* bit n is PCR n, 0 to 23 */
} TpmSelection;

/* Views borrow from the bytes that were parsed. */
typedef struct TpmAttest {
    ByteView raw;              /* what is signed */
    ByteView qualified_signer; /* TPM2B_NAME */
    ByteView extra_data;       /* qualifyingData of the one who asked */
    uint64_t clock_msec;
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe; /* false: clock may repeat values */
    uint64_t firmware_version;
    TpmSelection selections[TPM_SELECTIONS_MAX];
    size_t n_selections;
    ByteView pcr_digest;
} TpmAttest;

enum {
    TPM_ATTEST_OK,
    TPM_ATTEST_E_TRUNCATED,
    TPM_ATTEST_E_TRAILING,  /* bytes behind the structure */
    TPM_ATTEST_E_MAGIC,     /* not made by a TPM */
    TPM_ATTEST_E_TYPE,      /* not a quote */
    TPM_ATTEST_E_SAFE,      /* neither yes nor no */
    TPM_ATTEST_E_SELECTION, /* unknown or repeated bank, or a bitmap not of 24 PCRs */
    TPM_ATTEST_E_DIGEST,    /* pcrDigest has the size of no digest */
};

/* TPMS_ATTEST without the size of a TPM2B_ATTEST. TPM_ATTEST_OK or a named no. */
_must_check_ int tpm_attest_parse(ByteView bytes, TpmAttest *ret);
/* A word for each of the above, for error texts. */
const char *tpm_attest_reason(int reason);

/* Views borrow from the bytes that were parsed. */
typedef struct TpmSignature {
    uint16_t algorithm; /* TPM_ALG_RSASSA, TPM_ALG_RSAPSS or TPM_ALG_ECDSA */
    uint16_t hash;
    ByteView rsa; /* RSA only, big-endian */
    ByteView r;   /* ECDSA only, big-endian, may lack leading zeros: tpm_pad_integer() */
    ByteView s;
} TpmSignature;

enum {
    TPM_SIGNATURE_OK,
    TPM_SIGNATURE_E_TRUNCATED,
    TPM_SIGNATURE_E_TRAILING,  /* bytes behind the structure */
    TPM_SIGNATURE_E_ALGORITHM, /* not RSASSA, RSAPSS or ECDSA */
    TPM_SIGNATURE_E_HASH,      /* not a hash we know */
    TPM_SIGNATURE_E_VALUE,     /* an empty or oversized number */
};

/* TPMT_SIGNATURE. TPM_SIGNATURE_OK or a named no. */
_must_check_ int tpm_signature_parse(ByteView bytes, TpmSignature *ret);
/* A word for each of the above, for error texts. */
const char *tpm_signature_reason(int reason);
