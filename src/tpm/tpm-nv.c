/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing NV indices, and reading them, in the chunks the TPM allows.
 */
#include "tpm/tpm-nv.h"

#include "tpm/tpm-owner.h"

#include <errno.h>

#define CHUNK_DEFAULT 512 /* bytes every TPM can do */

/* What a read needs to know about an index. */
typedef struct Index {
    ESYS_TR handle;
    size_t size;
    TPMA_NV attributes;
    ESYS_TR authority; /* whose authorisation to use */
} Index;

static uint16_t chunk_size(TpmContext *tpm)
{
    _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
    const TPML_TAGGED_TPM_PROPERTY *properties;

    if (Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                           TPM2_CAP_TPM_PROPERTIES, TPM2_PT_NV_BUFFER_MAX, 1, NULL,
                           &data) != TSS2_RC_SUCCESS)
        return CHUNK_DEFAULT;
    properties = &data->data.tpmProperties;
    if (properties->count == 0 || properties->tpmProperty[0].property != TPM2_PT_NV_BUFFER_MAX ||
        properties->tpmProperty[0].value == 0)
        return CHUNK_DEFAULT;
    return (uint16_t)MIN(properties->tpmProperty[0].value, TPM2_MAX_NV_BUFFER_SIZE);
}

static int read_chunk(TpmContext *tpm, const Index *index, uint16_t size, size_t offset, Bytes *to)
{
    _cleanup_esys_ TPM2B_MAX_NV_BUFFER *data = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_NV_Read(tpm->esys, index->authority, index->handle, ESYS_TR_PASSWORD,
                          ESYS_TR_NONE, ESYS_TR_NONE, size, (uint16_t)offset, &data);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_NV_Read", rc);
    if (r < 0)
        return index->authority == ESYS_TR_RH_OWNER ? tpm_owner_named(tpm, rc, r) : r;
    if (data->size != size)
        return -EBADMSG;
    return bytes_append(to, (ByteView){ .data = data->buffer, .size = data->size });
}

static int read_whole(TpmContext *tpm, const Index *index, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    uint16_t chunk = chunk_size(tpm);

    while (bytes.size < index->size) {
        uint16_t size = (uint16_t)MIN((size_t)chunk, index->size - bytes.size);
        int r = read_chunk(tpm, index, size, bytes.size, &bytes);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(bytes);
    return TPM_NV_OK;
}

/*
 * The owner's authorisation first: a wrong one for the index may count towards lockout. Where
 * neither helps it is the owner's refusal that is told.
 */
static int read_authorized(TpmContext *tpm, Index *index, Bytes *ret)
{
    TpmFailure refusal = { 0 };
    int r = -EACCES;

    if (index->attributes & TPMA_NV_OWNERREAD) {
        index->authority = ESYS_TR_RH_OWNER;
        r = read_whole(tpm, index, ret);
        refusal = tpm->failure;
    }
    if (r == -EACCES && (index->attributes & TPMA_NV_AUTHREAD)) {
        index->authority = index->handle;
        r = read_whole(tpm, index, ret);
    }
    if (r != -EACCES)
        return r;
    if (refusal.finding)
        tpm->failure = refusal;
    return TPM_NV_E_DENIED;
}

static int describe(TpmContext *tpm, Index *index)
{
    _cleanup_esys_ TPM2B_NV_PUBLIC *area = NULL;

    TSS2_RC rc = Esys_NV_ReadPublic(tpm->esys, index->handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &area, NULL);
    int r = tpm_result(tpm, "TPM2_NV_ReadPublic", rc);
    if (r < 0)
        return r;
    index->size = area->nvPublic.dataSize;
    index->attributes = area->nvPublic.attributes;
    return 0;
}

static int read_described(TpmContext *tpm, Index *index, size_t limit, Bytes *ret)
{
    int r = describe(tpm, index);

    if (r < 0)
        return r;
    if (!(index->attributes & TPMA_NV_WRITTEN))
        return TPM_NV_E_ABSENT;
    if (index->size > limit)
        return TPM_NV_E_SIZE;
    return read_authorized(tpm, index, ret);
}

int tpm_nv_read(TpmContext *tpm, uint32_t index, size_t limit, Bytes *ret)
{
    Index found = { .handle = ESYS_TR_NONE };

    int r = tpm_handle_exists(tpm, index);
    if (r != TPM_HANDLE_OK)
        return r < 0 ? r : TPM_NV_E_ABSENT;

    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &found.handle);
    r = tpm_result(tpm, "TPM2_NV_ReadPublic", rc);
    if (r < 0)
        return r;
    r = read_described(tpm, &found, limit, ret);
    tpm_close_handle(tpm, &found.handle);
    return r;
}

/* As many as the TPM says at once, from *NEXT on; *NEXT: where to go on; beyond LAST: done. */
static int list_some(TpmContext *tpm, uint32_t *next, uint32_t last, uint32_t *to, size_t *n)
{
    _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
    TpmPatience patience = { 0 };
    TPMI_YES_NO more = TPM2_NO;
    TSS2_RC rc;

    do
        rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                TPM2_CAP_HANDLES, *next, TPM2_MAX_CAP_HANDLES, &more, &data);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_GetCapability", rc);
    if (r < 0)
        return r;
    const TPML_HANDLE *handles = &data->data.handles;
    for (size_t i = 0; i < handles->count && handles->handle[i] <= last; i++) {
        if (handles->handle[i] < *next)
            return -EBADMSG;
        to[(*n)++] = handles->handle[i];
        *next = handles->handle[i] + 1;
    }
    if (!more || handles->count == 0 || handles->handle[handles->count - 1] >= last)
        *next = last + 1;
    return 0;
}

int tpm_nv_list(TpmContext *tpm, uint32_t first, uint32_t last, uint32_t *ret, size_t *ret_n)
{
    size_t n = 0;

    for (uint32_t next = first; next <= last;) {
        int r = list_some(tpm, &next, last, ret, &n);
        if (r < 0)
            return r;
    }
    *ret_n = n;
    return 0;
}
