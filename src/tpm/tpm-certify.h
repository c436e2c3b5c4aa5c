/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_Certify: the proof that the TPM which holds an attestation key holds another object as well
 * (TPM 2.0 Part 3, 18.2). No object of which only the public area was loaded is ever certified.
 */
#pragma once

#include "tpm/tpm-key.h"

enum {
    TPM_CERTIFY_OK,
    TPM_CERTIFY_E_MALFORMED, /* no TPMS_ATTEST of a certification, or no TPMT_SIGNATURE */
    TPM_CERTIFY_E_OTHER,     /* of another object, or for another nonce */
    TPM_CERTIFY_E_SIGNATURE, /* not signed by SIGNER, or by another scheme than its own */
};

/* A word for each of the above, for error texts. */
const char *tpm_certify_reason(int reason);

/*
 * Has SIGNER certify OBJECT over a fresh nonce; both are loaded. SIGNER is fit for attestation
 * (tpm_key_check_attestation()). A named no or negative errno.
 */
_must_check_ int tpm_certify(const TpmKey *signer, const TpmKey *object);

/* What a TPM answered, and what it must say. */
typedef struct TpmCertified {
    ByteView attest;        /* TPMS_ATTEST */
    ByteView signature;     /* TPMT_SIGNATURE */
    ByteView signer_public; /* TPMT_PUBLIC, fit for attestation */
    ByteView name;          /* of the object */
    ByteView nonce;
} TpmCertified;

/* The judgement alone. Named no; -ENOMEM, -EIO. */
_must_check_ int tpm_certify_check(const TpmCertified *certified);
