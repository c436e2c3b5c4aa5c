/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NV indices: which there are; read and written whole, within a limit, by the owner's authorisation
 * (tpm-owner.h) or the index's empty one.
 */
#pragma once

#include "base/bytes.h"
#include "tpm/tpm-context.h"

#define TPM_NV_LIMIT 8192 /* bytes; certificates and templates are below 4 KiB */

enum {
    TPM_NV_OK,
    TPM_NV_E_ABSENT, /* no such index, or never written */
    TPM_NV_E_SIZE,   /* larger than the limit */
    TPM_NV_E_DENIED, /* readable neither with the owner's nor with its own empty authorisation */
};

/* Index that exists but was never written is absent. Named no or negative errno. */
_must_check_ int tpm_nv_read(TpmContext *tpm, uint32_t index, size_t limit, Bytes *ret);

/* What an index is like. */
typedef struct TpmNvShape {
    bool exists;
    bool written;
    size_t size;
    bool is_ordinary;  /* no counter, bits, digest or PIN */
    bool is_owners;    /* ordinary, OWNERREAD and OWNERWRITE, not locked */
    bool is_platforms; /* only the platform may remove it */
} TpmNvShape;

/* What the TPM says of an index, its content aside. 0 or negative errno. */
_must_check_ int tpm_nv_describe(TpmContext *tpm, uint32_t index, TpmNvShape *ret);

/*
 * Writes all of INDEX, which is defined of DATA's size for that where it is absent: attributes
 * 0x00060006, with the owner's authorisation. One of another shape may be somebody's: it is made
 * anew only with RET_REPLACED, which then says so, and only if it is an ordinary one. DATA of at
 * most 512 bytes. 0 or negative errno; then tpm->failure says which command was refused. -EACCES:
 * the owner has another authorisation; -EPERM: an index of another shape that is left alone.
 */
_must_check_ int tpm_nv_write(TpmContext *tpm, uint32_t index, ByteView data, bool *ret_replaced);

/*
 * The indices there are from FIRST to LAST, ascending, into RET, which has room for all of the
 * range. 0 or negative errno; -EBADMSG: not in this order.
 */
_must_check_ int tpm_nv_list(TpmContext *tpm, uint32_t first, uint32_t last, uint32_t *ret,
                             size_t *ret_n);
