/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decryption key of the NULL hierarchy, bound to registers: the same each time it is made until
 * the TPM is reset, and of no use once a register has changed. What Azure Attestation encrypts its
 * token to, and Key Vault a key (spec azure 5.4, 6.3).
 */
#pragma once

#include "base/wipe.h"
#include "crypto/gate-policy.h"
#include "tpm/tpm-key.h"

enum {
    TPM_EPHEMERAL_OK,
    TPM_EPHEMERAL_E_PCRS,   /* no registers, registers that cannot be named, or other values now */
    TPM_EPHEMERAL_E_CIPHER, /* not encrypted to this key, or padded otherwise */
};

typedef enum TpmPadding {
    TPM_PADDING_RSAES,       /* PKCS #1 1.5 */
    TPM_PADDING_OAEP_SHA1,   /* empty label */
    TPM_PADDING_OAEP_SHA256, /* likewise */
} TpmPadding;

/*
 * Makes it again: RSA-2048, policy PolicyPCR over PCRS, no authorisation value. One object slot
 * until it is freed. TPM_EPHEMERAL_OK, _E_PCRS; negative errno.
 */
_must_check_ int tpm_ephemeral_make(TpmContext *tpm, const GatePcrs *pcrs, TpmKey **ret);
/*
 * What SIGNER, fit for attestation, says of KEY, without a nonce: TPMS_ATTEST and TPMT_SIGNATURE.
 * Negative errno.
 */
_must_check_ int tpm_ephemeral_certify(const TpmKey *signer, const TpmKey *key, Bytes *ret_attest,
                                       Bytes *ret_signature);
/*
 * Decrypts in a session of its own in which the registers are what PCRS say. RET is to be wiped.
 * TPM_EPHEMERAL_OK, _E_PCRS, _E_CIPHER; negative errno.
 */
_must_check_ int tpm_ephemeral_decrypt(const TpmKey *key, const GatePcrs *pcrs, TpmPadding padding,
                                       ByteView ciphertext, Bytes *ret);
