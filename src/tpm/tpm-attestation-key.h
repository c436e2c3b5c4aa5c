/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attestation key: found or made, its attributes proven. Our template is frozen: another
 * template is another key.
 */
#pragma once

#include "tpm/tpm-key.h"

enum {
    TPM_ATTESTATION_KEY_OK,
    TPM_ATTESTATION_KEY_E_CHOICE,         /* not "auto", "template" or a handle 0x81...... */
    TPM_ATTESTATION_KEY_E_ABSENT,         /* nothing at the chosen handle */
    TPM_ATTESTATION_KEY_E_NOT_RESTRICTED, /* from here on as tpm_key_check_attestation() says */
    TPM_ATTESTATION_KEY_E_NOT_SIGNING,
    TPM_ATTESTATION_KEY_E_NOT_FIXED,
    TPM_ATTESTATION_KEY_E_SCHEME,
    TPM_ATTESTATION_KEY_E_TEMPLATE, /* the vendor's template in NV cannot be read */
};

/*
 * CHOICE: "auto" (0x81000003 where NV 0x01400001 exists, else the vendor's template in NV, else
 * ours), "template" (ours), or a persistent handle. A named no or negative errno; of the latter
 * tpm->failure tells more.
 */
_must_check_ int tpm_attestation_key_find(TpmContext *tpm, const char *choice, TpmKey **ret);
