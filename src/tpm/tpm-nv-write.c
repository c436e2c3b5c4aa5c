/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One small index, written whole. It may be other software's, too: it is left as it is where it
 * serves, and made anew where it does not and nothing else can rest on it.
 */
#include "tpm/tpm-nv.h"
#include "tpm/tpm-owner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WRITE_LIMIT 512 /* bytes every TPM takes at once */

/* With AUTHREAD and AUTHWRITE, as the tools of others define it, so that they go on working. */
#define ATTRIBUTES (TPMA_NV_OWNERWRITE | TPMA_NV_AUTHWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD)

/* Either is asked of an index that serves; any of the others spoils it. */
#define NEEDED  (TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD)
#define SPOILED (TPMA_NV_TPM2_NT_MASK | TPMA_NV_WRITELOCKED | TPMA_NV_READLOCKED)

static int open_index(TpmContext *tpm, uint32_t index, ESYS_TR *ret)
{
    TSS2_RC rc =
        Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ret);

    if (rc != TSS2_RC_SUCCESS)
        *ret = ESYS_TR_NONE;
    return tpm_result(tpm, "TPM2_NV_ReadPublic", rc);
}

static int read_public(TpmContext *tpm, ESYS_TR handle, TpmNvShape *ret)
{
    _cleanup_esys_ TPM2B_NV_PUBLIC *area = NULL;

    TSS2_RC rc = Esys_NV_ReadPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &area, NULL);
    int r = tpm_result(tpm, "TPM2_NV_ReadPublic", rc);
    if (r < 0)
        return r;
    TPMA_NV attributes = area->nvPublic.attributes;
    *ret = (TpmNvShape){
        .exists = true,
        .written = attributes & TPMA_NV_WRITTEN,
        .size = area->nvPublic.dataSize,
        .is_ordinary = !(attributes & TPMA_NV_TPM2_NT_MASK),
        .is_owners = (attributes & NEEDED) == NEEDED && !(attributes & SPOILED),
        .is_platforms = attributes & TPMA_NV_PLATFORMCREATE,
    };
    return 0;
}

int tpm_nv_describe(TpmContext *tpm, uint32_t index, TpmNvShape *ret)
{
    ESYS_TR handle = ESYS_TR_NONE;

    int r = tpm_handle_exists(tpm, index);
    if (r == TPM_HANDLE_E_ABSENT) {
        *ret = (TpmNvShape){ 0 };
        return 0;
    }
    if (r == TPM_HANDLE_OK)
        r = open_index(tpm, index, &handle);
    if (r == 0)
        r = read_public(tpm, handle, ret);
    tpm_close_handle(tpm, &handle);
    return r;
}

static int refuse_shape(TpmContext *tpm, uint32_t index, const TpmNvShape *shape)
{
    const char *whose = shape->is_platforms ? "the platform's" : "somebody's";

    tpm->failure.finding = "tpm-authorization-needed";
    (void)snprintf(tpm->failure.text, sizeof(tpm->failure.text),
                   "NV index 0x%08x is %s, and of another shape: %zu bytes%s", (unsigned)index,
                   whose, shape->size, shape->is_ordinary ? "" : ", no ordinary index");
    return -EPERM;
}

static int undefine(TpmContext *tpm, uint32_t index)
{
    ESYS_TR handle = ESYS_TR_NONE;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    int r = open_index(tpm, index, &handle);
    if (r < 0)
        return r;
    do
        rc = Esys_NV_UndefineSpace(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE);
    while (tpm_retry(&patience, rc));
    if (rc != TSS2_RC_SUCCESS)
        tpm_close_handle(tpm, &handle); /* else the library has */
    return tpm_owner_named(tpm, rc, tpm_result(tpm, "TPM2_NV_UndefineSpace", rc));
}

static int define(TpmContext *tpm, uint32_t index, size_t size)
{
    const TPM2B_AUTH empty = { 0 };
    const TPM2B_NV_PUBLIC area = {
        .nvPublic = {
            .nvIndex = index,
            .nameAlg = TPM2_ALG_SHA256,
            .attributes = ATTRIBUTES,
            .dataSize = (uint16_t)size,
        },
    };
    ESYS_TR handle = ESYS_TR_NONE;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &empty, &area, &handle);
    while (tpm_retry(&patience, rc));
    int r = tpm_owner_named(tpm, rc, tpm_result(tpm, "TPM2_NV_DefineSpace", rc));
    if (r == 0)
        tpm_close_handle(tpm, &handle);
    return r;
}

static int write_all(TpmContext *tpm, uint32_t index, ByteView data)
{
    TPM2B_MAX_NV_BUFFER buffer = { .size = (uint16_t)data.size };
    ESYS_TR handle = ESYS_TR_NONE;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    memcpy(buffer.buffer, data.data, data.size);
    int r = open_index(tpm, index, &handle);
    if (r < 0)
        return r;
    do
        rc = Esys_NV_Write(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, &buffer, 0);
    while (tpm_retry(&patience, rc));
    r = tpm_owner_named(tpm, rc, tpm_result(tpm, "TPM2_NV_Write", rc));
    tpm_close_handle(tpm, &handle);
    return r;
}

/* Removes what stands at INDEX and does not serve, where that may be. */
static int make_room(TpmContext *tpm, uint32_t index, const TpmNvShape *shape, bool *ret_replaced)
{
    if (!ret_replaced || shape->is_platforms || !shape->is_ordinary)
        return refuse_shape(tpm, index, shape);
    int r = undefine(tpm, index);
    *ret_replaced = r == 0;
    return r;
}

int tpm_nv_write(TpmContext *tpm, uint32_t index, ByteView data, bool *ret_replaced)
{
    TpmNvShape shape;

    if (data.size == 0 || data.size > WRITE_LIMIT)
        return -EINVAL;
    int r = tpm_nv_describe(tpm, index, &shape);
    if (r < 0)
        return r;
    bool serves = shape.is_owners && shape.size == data.size;
    if (shape.exists && !serves)
        r = make_room(tpm, index, &shape, ret_replaced);
    if (r == 0 && !serves)
        r = define(tpm, index, data.size);
    return r == 0 ? write_all(tpm, index, data) : r;
}
