/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading, making and judging keys.
 */
#include "tpm/tpm-key.h"

#include "crypto/certificate.h"
#include "format/tpm-public.h"
#include "tpm/tpm-nv.h"
#include "tpm/tpm-owner.h"

#include <errno.h>
#include <tss2/tss2_mu.h>

#define DER_SEQUENCE 0x30

TpmKey *tpm_key_free(TpmKey *key)
{
    if (!key)
        return NULL;
    if (key->persistent)
        tpm_close_handle(key->tpm, &key->handle);
    else
        tpm_flush(key->tpm, &key->handle);
    bytes_done(&key->public_area);
    bytes_done(&key->name);
    bytes_done(&key->certificate);
    free(key);
    return NULL;
}

static TpmKey *key_new(TpmContext *tpm, uint32_t persistent)
{
    TpmKey *key = calloc(1, sizeof(*key));

    if (key)
        *key = (TpmKey){ .tpm = tpm, .handle = ESYS_TR_NONE, .persistent = persistent };
    return key;
}

/* Public area as bytes, and Name, of a key that is loaded. */
static int describe(TpmKey *key, const TPMT_PUBLIC *area)
{
    _cleanup_esys_ TPM2B_NAME *name = NULL;
    uint8_t buffer[sizeof(TPMT_PUBLIC)];
    size_t size = 0;

    int r = tpm_result(key->tpm, "TPMT_PUBLIC",
                       Tss2_MU_TPMT_PUBLIC_Marshal(area, buffer, sizeof(buffer), &size));
    if (r < 0)
        return r;
    r = tpm_result(key->tpm, "Esys_TR_GetName",
                   Esys_TR_GetName(key->tpm->esys, key->handle, &name));
    if (r < 0)
        return r;
    r = bytes_copy((ByteView){ .data = buffer, .size = size }, &key->public_area);
    if (r < 0)
        return r;
    return bytes_copy((ByteView){ .data = name->name, .size = name->size }, &key->name);
}

int tpm_key_load(TpmContext *tpm, uint32_t handle, TpmKey **ret)
{
    _cleanup_esys_ TPM2B_PUBLIC *area = NULL;

    int r = tpm_handle_exists(tpm, handle);
    if (r != TPM_HANDLE_OK)
        return r < 0 ? r : TPM_KEY_E_ABSENT;

    _cleanup_(tpm_key_freep) TpmKey *key = key_new(tpm, handle);
    if (!key)
        return -ENOMEM;
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &key->handle);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_ReadPublic(tpm->esys, key->handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                             &area, NULL, NULL);
    r = tpm_result(tpm, "TPM2_ReadPublic", rc);
    if (r < 0)
        return r;
    r = describe(key, &area->publicArea);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(key);
    return TPM_KEY_OK;
}

int tpm_key_create(TpmContext *tpm, ESYS_TR hierarchy, const TPMT_PUBLIC *template, TpmKey **ret)
{
    const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
    const TPM2B_PUBLIC wanted = { .publicArea = *template };
    const TPM2B_DATA outside = { 0 };
    const TPML_PCR_SELECTION creation = { 0 };
    _cleanup_esys_ TPM2B_PUBLIC *area = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    _cleanup_(tpm_key_freep) TpmKey *key = key_new(tpm, 0);
    if (!key)
        return -ENOMEM;
    do
        rc = Esys_CreatePrimary(tpm->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                &sensitive, &wanted, &outside, &creation, &key->handle, &area, NULL,
                                NULL, NULL);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_CreatePrimary", rc);
    if (r < 0)
        return hierarchy == ESYS_TR_RH_OWNER ? tpm_owner_named(tpm, rc, r) : r;
    r = describe(key, &area->publicArea);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(key);
    return 0;
}

static bool scheme_is_fixed(const TpmPublic *area)
{
    if (area->scheme_hash != TPM_ALG_SHA256 && area->scheme_hash != TPM_ALG_SHA384)
        return false;
    if (area->type == TPM_ALG_ECC)
        return area->scheme == TPM_ALG_ECDSA;
    return area->scheme == TPM_ALG_RSASSA || area->scheme == TPM_ALG_RSAPSS;
}

int tpm_key_check_attestation(ByteView public_area)
{
    TpmPublic area;

    /* Also a key type or size that no verifier takes. */
    if (tpm_public_parse(public_area, &area) != TPM_PUBLIC_OK)
        return TPM_KEY_E_SCHEME;
    if (!(area.attributes & TPM_OBJECT_SIGN) || (area.attributes & TPM_OBJECT_DECRYPT))
        return TPM_KEY_E_NOT_SIGNING;
    if (!tpm_public_is_restricted_signing(&area))
        return TPM_KEY_E_NOT_RESTRICTED;
    if (!tpm_public_is_bound_to_tpm(&area))
        return TPM_KEY_E_NOT_FIXED;
    return scheme_is_fixed(&area) ? TPM_KEY_OK : TPM_KEY_E_SCHEME;
}

int tpm_key_parse(ByteView bytes, TPMT_PUBLIC *ret)
{
    TPMT_PUBLIC area = { 0 };
    size_t used = 0;

    if (bytes.size == 0 ||
        Tss2_MU_TPMT_PUBLIC_Unmarshal(bytes.data, bytes.size, &used, &area) != TSS2_RC_SUCCESS ||
        used != bytes.size)
        return TPM_KEY_E_TEMPLATE;
    *ret = area;
    return TPM_KEY_OK;
}

int tpm_key_read_template(TpmContext *tpm, uint32_t index, TPMT_PUBLIC *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = tpm_nv_read(tpm, index, TPM_NV_LIMIT, &bytes);
    if (r < 0)
        return r;
    if (r == TPM_NV_E_ABSENT)
        return TPM_KEY_E_ABSENT;
    if (r != TPM_NV_OK)
        return TPM_KEY_E_TEMPLATE;
    return tpm_key_parse(VIEW(bytes), ret);
}

int tpm_key_add_certificate(TpmKey *key, uint32_t index)
{
    _cleanup_bytes_ Bytes padded = { 0 };

    int r = tpm_nv_read(key->tpm, index, TPM_NV_LIMIT, &padded);
    if (r < 0)
        return r;
    if (r != TPM_NV_OK || padded.size == 0 || padded.data[0] != DER_SEQUENCE)
        return 0;
    return bytes_copy(certificate_trim(VIEW(padded)), &key->certificate);
}
