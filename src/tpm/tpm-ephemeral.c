/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The template is Microsoft's, to the bit: another would be another key.
 */
#include "tpm/tpm-ephemeral.h"

#include "tpm/tpm-policy.h"

#include <errno.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#define RSA_BITS 2048

/* 0x00020432. userWithAuth is not among them: the policy is the only way. */
#define ATTRIBUTES                                                                                 \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_NODA | TPMA_OBJECT_DECRYPT)

static TPMT_PUBLIC template_of(const Digest *policy)
{
    TPMT_PUBLIC area = { .type = TPM2_ALG_RSA,
                         .nameAlg = TPM2_ALG_SHA256,
                         .objectAttributes = ATTRIBUTES };

    area.authPolicy.size = (uint16_t)policy->size;
    memcpy(area.authPolicy.buffer, policy->data, policy->size);
    area.parameters.rsaDetail = (TPMS_RSA_PARMS){ .symmetric.algorithm = TPM2_ALG_NULL,
                                                  .scheme.scheme = TPM2_ALG_NULL,
                                                  .keyBits = RSA_BITS };
    area.unique.rsa.size = RSA_BITS / 8;
    return area;
}

int tpm_ephemeral_make(TpmContext *tpm, const GatePcrs *pcrs, TpmKey **ret)
{
    Digest policy;

    int r = gate_policy_pcr(NULL, pcrs, &policy);
    if (r)
        return r < 0 ? r : TPM_EPHEMERAL_E_PCRS;
    const TPMT_PUBLIC template = template_of(&policy);
    return tpm_key_create(tpm, ESYS_TR_RH_NULL, &template, ret);
}

static int copy_signature(const TPMT_SIGNATURE *signature, Bytes *ret)
{
    uint8_t buffer[sizeof(*signature)];
    size_t size = 0;

    if (Tss2_MU_TPMT_SIGNATURE_Marshal(signature, buffer, sizeof(buffer), &size) != TSS2_RC_SUCCESS)
        return -EIO;
    return bytes_copy((ByteView){ buffer, size }, ret);
}

int tpm_ephemeral_certify(const TpmKey *signer, const TpmKey *key, Bytes *ret_attest,
                          Bytes *ret_signature)
{
    const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL }; /* the signer's own */
    const TPM2B_DATA none = { 0 };
    _cleanup_esys_ TPM2B_ATTEST *attest = NULL;
    _cleanup_esys_ TPMT_SIGNATURE *signature = NULL;
    _cleanup_bytes_ Bytes copied = { 0 };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_Certify(key->tpm->esys, key->handle, signer->handle, ESYS_TR_PASSWORD,
                          ESYS_TR_PASSWORD, ESYS_TR_NONE, &none, &scheme, &attest, &signature);
    while (tpm_retry(&patience, rc));
    int r = tpm_result(key->tpm, "TPM2_Certify", rc);
    if (r == 0)
        r = bytes_copy((ByteView){ attest->attestationData, attest->size }, &copied);
    if (r == 0)
        r = copy_signature(signature, ret_signature);
    if (r == 0)
        *ret_attest = TAKE_STRUCT(copied);
    return r;
}

static TPMT_RSA_DECRYPT scheme_of(TpmPadding padding)
{
    TPMT_RSA_DECRYPT scheme = { .scheme = TPM2_ALG_OAEP };

    switch (padding) {
    case TPM_PADDING_RSAES:
        scheme.scheme = TPM2_ALG_RSAES;
        break;
    case TPM_PADDING_OAEP_SHA1:
        scheme.details.oaep.hashAlg = TPM2_ALG_SHA1;
        break;
    case TPM_PADDING_OAEP_SHA256:
        scheme.details.oaep.hashAlg = TPM2_ALG_SHA256;
        break;
    }
    return scheme;
}

static void plain_done(TPM2B_PUBLIC_KEY_RSA **plain)
{
    if (*plain)
        wipe(*plain, sizeof(**plain));
    Esys_Free(*plain);
}

/* A ciphertext of the right size that the TPM cannot read; the session's part has been played. */
static bool is_unreadable(TSS2_RC rc)
{
    TSS2_RC base = tpm_code_base(rc);

    return base == TPM2_RC_VALUE || base == TPM2_RC_FAILURE || base == TPM2_RC_SIZE ||
           base == TPM2_RC_INSUFFICIENT;
}

static int decrypt(const TpmKey *key, ESYS_TR session, TpmPadding padding, ByteView ciphertext,
                   Bytes *ret)
{
    const TPMT_RSA_DECRYPT scheme = scheme_of(padding);
    const TPM2B_DATA label = { 0 };
    TPM2B_PUBLIC_KEY_RSA given = { .size = (uint16_t)ciphertext.size };
    _cleanup_(plain_done) TPM2B_PUBLIC_KEY_RSA *plain = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    memcpy(given.buffer, ciphertext.data, ciphertext.size);
    do
        rc = Esys_RSA_Decrypt(key->tpm->esys, key->handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
                              &given, &scheme, &label, &plain);
    while (tpm_retry(&patience, rc));
    if (is_unreadable(rc))
        return TPM_EPHEMERAL_E_CIPHER;
    int r = tpm_result(key->tpm, "TPM2_RSA_Decrypt", rc);
    return r < 0 ? r : bytes_copy((ByteView){ plain->buffer, plain->size }, ret);
}

int tpm_ephemeral_decrypt(const TpmKey *key, const GatePcrs *pcrs, TpmPadding padding,
                          ByteView ciphertext, Bytes *ret)
{
    _cleanup_(tpm_policy_freep) TpmPolicy *policy = NULL;

    if (ciphertext.size != RSA_BITS / 8)
        return TPM_EPHEMERAL_E_CIPHER;
    int r = tpm_policy_start(key->tpm, &policy);
    if (r == TPM_POLICY_OK)
        r = tpm_policy_pcr(policy, pcrs);
    if (r == TPM_POLICY_E_PCRS || r == TPM_POLICY_E_MALFORMED)
        return TPM_EPHEMERAL_E_PCRS;
    if (r != TPM_POLICY_OK)
        return r < 0 ? r : -EIO;
    return decrypt(key, policy->session, padding, ciphertext, ret);
}
