/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endorsement key, which decrypts credentials and is the TPM's identity (TCG EK Credential
 * Profile, templates L-1 and L-2).
 */
#pragma once

#include "tpm/tpm-key.h"

/*
 * The key that the certificate in NV is for, P-256 before RSA-2048, with that certificate; without
 * one the P-256 key alone. 0 or negative errno.
 */
_must_check_ int tpm_endorsement_key_find(TpmContext *tpm, TpmKey **ret);

/*
 * Opens a policy session that satisfies the endorsement key's policy: PolicySecret(endorsement).
 * Flush it with tpm_flush(). 0 or negative errno.
 */
_must_check_ int tpm_endorsement_session(TpmContext *tpm, ESYS_TR *ret);
