/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_ActivateCredential under the endorsement key's policy.
 */
#include "tpm/tpm-credential.h"

#include "tpm/tpm-endorsement-key.h"

#include <errno.h>
#include <tss2/tss2_mu.h>

static int parse(ByteView credential_blob, ByteView secret, TPM2B_ID_OBJECT *ret_blob,
                 TPM2B_ENCRYPTED_SECRET *ret_secret)
{
    size_t used = 0;

    if (credential_blob.size == 0 || secret.size == 0 ||
        Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(credential_blob.data, credential_blob.size, &used,
                                          ret_blob) != TSS2_RC_SUCCESS ||
        used != credential_blob.size)
        return TPM_CREDENTIAL_E_MALFORMED;
    used = 0;
    if (Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret.data, secret.size, &used, ret_secret) !=
            TSS2_RC_SUCCESS ||
        used != secret.size)
        return TPM_CREDENTIAL_E_MALFORMED;
    return TPM_CREDENTIAL_OK;
}

/* What the TPM says when blob and keys do not belong together. */
static bool is_refusal(TSS2_RC rc)
{
    switch (tpm_code_base(rc)) {
    case TPM2_RC_INTEGRITY:
    case TPM2_RC_VALUE:
    case TPM2_RC_SIZE:
    case TPM2_RC_ECC_POINT:
    case TPM2_RC_INSUFFICIENT:
    case TPM2_RC_TYPE:
        return true;
    default: /* foreign codes: all others are failures of the TPM */
        return false;
    }
}

static int take(TPM2B_DIGEST *information, Bytes *ret)
{
    int r = bytes_copy((ByteView){ .data = information->buffer, .size = information->size }, ret);

    wipe(information, sizeof(*information));
    return r < 0 ? r : TPM_CREDENTIAL_OK;
}

int tpm_credential_activate(TpmContext *tpm, const TpmKey *attestation, const TpmKey *endorsement,
                            ByteView credential_blob, ByteView secret, Bytes *ret)
{
    _cleanup_esys_ TPM2B_DIGEST *information = NULL;
    TPM2B_ENCRYPTED_SECRET encrypted = { 0 };
    TPM2B_ID_OBJECT blob = { 0 };
    ESYS_TR session = ESYS_TR_NONE;

    int r = parse(credential_blob, secret, &blob, &encrypted);
    if (r != TPM_CREDENTIAL_OK)
        return r;
    r = tpm_endorsement_session(tpm, &session);
    if (r < 0)
        return r;

    TSS2_RC rc = Esys_ActivateCredential(tpm->esys, attestation->handle, endorsement->handle,
                                         ESYS_TR_PASSWORD, session, ESYS_TR_NONE, &blob, &encrypted,
                                         &information);
    tpm_flush(tpm, &session);
    if (rc != TSS2_RC_SUCCESS && is_refusal(rc))
        return TPM_CREDENTIAL_E_REFUSED;
    r = tpm_result(tpm, "TPM2_ActivateCredential", rc);
    if (r < 0)
        return r;
    return take(information, ret);
}
