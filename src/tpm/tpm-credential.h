/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activating a credential: the proof that attestation and endorsement key share one TPM
 * (TPM 2.0 Part 1, "Credential Protection").
 */
#pragma once

#include "base/wipe.h"
#include "tpm/tpm-key.h"

enum {
    TPM_CREDENTIAL_OK,
    TPM_CREDENTIAL_E_MALFORMED, /* not a TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET */
    TPM_CREDENTIAL_E_REFUSED,   /* made for another pair of keys, or altered */
};

/*
 * CREDENTIAL_BLOB is a marshalled TPM2B_ID_OBJECT, SECRET a TPM2B_ENCRYPTED_SECRET, both with their
 * size in front. RET is at most 64 bytes and to be wiped. Named no or negative errno.
 */
_must_check_ int tpm_credential_activate(TpmContext *tpm, const TpmKey *attestation,
                                         const TpmKey *endorsement, ByteView credential_blob,
                                         ByteView secret, Bytes *ret);
