/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys by the paravisor's templates, stubs of its indices, and the guest's commands passed through.
 */
#include "sim-paravisor-tpm.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#define STUB_SIZE 8 /* bytes */

/* TCG EK Credential Profile, template L-1: PolicySecret(endorsement). */
#define EK_POLICY                                                                                  \
    {                                                                                              \
        0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7,  \
            0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33,    \
            0x14, 0x69, 0xaa                                                                       \
    }

static const TPM2B_PUBLIC ak_template = {
    .publicArea = {
        .type = TPM2_ALG_RSA,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = 0x00050472,
        .parameters.rsaDetail = {
            .symmetric.algorithm = TPM2_ALG_NULL,
            .scheme = { .scheme = TPM2_ALG_RSASSA, .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
            .keyBits = 2048,
        },
    },
};

static const TPM2B_PUBLIC ek_template = {
    .publicArea = {
        .type = TPM2_ALG_RSA,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = 0x000300b2,
        .authPolicy = { .size = 32, .buffer = EK_POLICY },
        .parameters.rsaDetail = {
            .symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128,
                           .mode.aes = TPM2_ALG_CFB },
            .scheme.scheme = TPM2_ALG_NULL,
            .keyBits = 2048,
        },
        .unique.rsa = { .size = SIM_HCL_MODULUS },
    },
};

static int complain(const char *what, TSS2_RC rc)
{
    (void)fprintf(stderr, "sim-paravisor: %s: %s\n", what, Tss2_RC_Decode(rc));
    return SIM_TPM_E_FAILED;
}

int sim_tpm_open(SimTpm *tpm, const char *tcti)
{
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &tpm->tcti);

    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
    return rc == TSS2_RC_SUCCESS ? SIM_TPM_OK : complain(tcti, rc);
}

void sim_tpm_done(SimTpm *tpm)
{
    Esys_Finalize(&tpm->esys);
    Tss2_TctiLdr_Finalize(&tpm->tcti);
}

/* The modulus, zeros when the guest's authorisation of the hierarchy is in the way. */
static ESYS_TR make_key(SimTpm *tpm, const TPM2B_PUBLIC *template, uint8_t *modulus)
{
    const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
    const TPM2B_DATA outside = { 0 };
    const TPML_PCR_SELECTION creation = { 0 };
    TPM2B_PUBLIC *area = NULL;
    ESYS_TR key = ESYS_TR_NONE;

    memset(modulus, 0, SIM_HCL_MODULUS);
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
                                    ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, template, &outside,
                                    &creation, &key, &area, NULL, NULL, NULL);
    if (rc != TSS2_RC_SUCCESS) {
        (void)complain("TPM2_CreatePrimary", rc);
        return ESYS_TR_NONE;
    }
    memcpy(modulus, area->publicArea.unique.rsa.buffer, SIM_HCL_MODULUS);
    Esys_Free(area);
    return key;
}

static bool is_there(SimTpm *tpm, uint32_t handle)
{
    TPMS_CAPABILITY_DATA *data = NULL;

    if (Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                           handle, 1, NULL, &data) != TSS2_RC_SUCCESS)
        return false;
    bool there = data->data.handles.count > 0 && data->data.handles.handle[0] == handle;
    Esys_Free(data);
    return there;
}

static TSS2_RC evict_old_ak(SimTpm *tpm)
{
    ESYS_TR old = ESYS_TR_NONE, gone = ESYS_TR_NONE;

    if (!is_there(tpm, SIM_HANDLE_AK + tpm->shift))
        return TSS2_RC_SUCCESS;
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, SIM_HANDLE_AK + tpm->shift, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, &old);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, old, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                               ESYS_TR_NONE, 0, &gone);
    return rc;
}

int sim_tpm_forget(SimTpm *tpm)
{
    TSS2_RC rc =
        Esys_Clear(tpm->esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);

    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_ChangeEPS(tpm->esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE);
    return rc == TSS2_RC_SUCCESS ? SIM_TPM_OK : complain("new seeds", rc);
}

int sim_tpm_make_keys(SimTpm *tpm, bool has_policy)
{
    TPM2B_PUBLIC template = ak_template;
    ESYS_TR kept = ESYS_TR_NONE;

    TSS2_RC rc = evict_old_ak(tpm);
    if (rc != TSS2_RC_SUCCESS)
        return complain("the old attestation key", rc);
    ESYS_TR ek = make_key(tpm, &ek_template, tpm->ek);
    if (ek != ESYS_TR_NONE)
        (void)Esys_FlushContext(tpm->esys, ek);
    if (has_policy)
        template.publicArea.authPolicy.size = TPM2_SHA256_DIGEST_SIZE; /* of zeros */
    ESYS_TR ak = make_key(tpm, &template, tpm->ak);
    if (ak == ESYS_TR_NONE)
        return SIM_TPM_OK;
    rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, SIM_HANDLE_AK + tpm->shift, &kept);
    (void)Esys_FlushContext(tpm->esys, ak);
    if (kept != ESYS_TR_NONE)
        (void)Esys_TR_Close(tpm->esys, &kept);
    return rc == TSS2_RC_SUCCESS ? SIM_TPM_OK : complain("TPM2_EvictControl", rc);
}

static TSS2_RC undefine(SimTpm *tpm, uint32_t index)
{
    ESYS_TR handle = ESYS_TR_NONE;

    if (!is_there(tpm, index))
        return TSS2_RC_SUCCESS;
    TSS2_RC rc =
        Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_NV_UndefineSpace(tpm->esys, ESYS_TR_RH_PLATFORM, handle, ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE);
    return rc;
}

int sim_tpm_undefine(SimTpm *tpm, uint32_t index)
{
    TSS2_RC rc = undefine(tpm, index);

    return rc == TSS2_RC_SUCCESS ? SIM_TPM_OK : complain("TPM2_NV_UndefineSpace", rc);
}

static TSS2_RC write_stub(SimTpm *tpm, ESYS_TR handle)
{
    const TPM2B_MAX_NV_BUFFER zeros = { .size = STUB_SIZE };

    return Esys_NV_Write(tpm->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                         &zeros, 0);
}

int sim_tpm_define(SimTpm *tpm, const SimIndex *index)
{
    TPM2B_AUTH auth = { .size = 32 };
    const TPM2B_NV_PUBLIC area = {
        .nvPublic = { .nvIndex = index->index,
                      .nameAlg = TPM2_ALG_SHA256,
                      .attributes = SIM_INDEX_ATTRIBUTES,
                      .dataSize = STUB_SIZE },
    };
    ESYS_TR handle = ESYS_TR_NONE;

    if (RAND_bytes(auth.buffer, auth.size) != 1)
        return SIM_TPM_E_FAILED;
    TSS2_RC rc = undefine(tpm, index->index);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &auth, &area, &handle);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_TR_SetAuth(tpm->esys, handle, &auth);
    if (rc == TSS2_RC_SUCCESS)
        rc = write_stub(tpm, handle);
    if (handle != ESYS_TR_NONE)
        (void)Esys_TR_Close(tpm->esys, &handle);
    return rc == TSS2_RC_SUCCESS ? SIM_TPM_OK : complain("TPM2_NV_DefineSpace", rc);
}

static TSS2_RC read_user_data(SimTpm *tpm, ESYS_TR handle, uint8_t *ret)
{
    TPM2B_NV_PUBLIC *area = NULL;
    TPM2B_MAX_NV_BUFFER *data = NULL;

    TSS2_RC rc = Esys_NV_ReadPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &area, NULL);
    if (rc != TSS2_RC_SUCCESS)
        return rc;
    uint16_t size = MIN(area->nvPublic.dataSize, (uint16_t)SIM_HCL_USER_DATA);
    bool is_written = area->nvPublic.attributes & TPMA_NV_WRITTEN;
    Esys_Free(area);
    if (!is_written)
        return TSS2_RC_SUCCESS;
    rc = Esys_NV_Read(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                      ESYS_TR_NONE, size, 0, &data);
    if (rc == TSS2_RC_SUCCESS)
        memcpy(ret, data->buffer, MIN(data->size, size));
    Esys_Free(data);
    return rc;
}

int sim_tpm_user_data(SimTpm *tpm, uint8_t ret[static SIM_HCL_USER_DATA])
{
    ESYS_TR handle = ESYS_TR_NONE;

    memset(ret, 0, SIM_HCL_USER_DATA);
    if (!is_there(tpm, SIM_INDEX_USER_DATA + tpm->shift))
        return SIM_TPM_OK;
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, SIM_INDEX_USER_DATA + tpm->shift, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, &handle);
    if (rc == TSS2_RC_SUCCESS)
        rc = read_user_data(tpm, handle, ret);
    if (handle != ESYS_TR_NONE)
        (void)Esys_TR_Close(tpm->esys, &handle);
    return rc == TSS2_RC_SUCCESS ? SIM_TPM_OK : complain("user data", rc);
}

int sim_tpm_forward(SimTpm *tpm, ByteView command, uint8_t *ret, size_t *ret_size)
{
    size_t size = SIM_COMMAND_MAX;

    TSS2_RC rc = Tss2_Tcti_Transmit(tpm->tcti, command.size, command.data);
    if (rc == TSS2_RC_SUCCESS)
        rc = Tss2_Tcti_Receive(tpm->tcti, &size, ret, TSS2_TCTI_TIMEOUT_BLOCK);
    if (rc != TSS2_RC_SUCCESS)
        return complain("passing a command through", rc);
    *ret_size = size;
    return SIM_TPM_OK;
}
