/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a paravisor does with the TPM that it emulates: here, with the software TPM behind it.
 */
#pragma once

#include "sim-hcl.h"

#include <tss2/tss2_esys.h>

#define SIM_INDEX_REPORT      0x01400001u
#define SIM_INDEX_USER_DATA   0x01400002u
#define SIM_INDEX_CERTIFICATE 0x01c101d0u
#define SIM_HANDLE_AK         0x81000003u
#define SIM_ELSEWHERE         0x10u /* added to all four, where they are told to be elsewhere */

#define SIM_COMMAND_MAX 4096 /* bytes of a command or an answer */

/*
 * An index of the paravisor's own. swtpm knows none above 2048 bytes, so it has a stub of a few
 * bytes, which is asked who may read; size and content are ours.
 */
typedef struct SimIndex {
    uint32_t index;
    size_t size;  /* what TPM2_NV_ReadPublic says */
    bool written; /* else TPM_RC_NV_UNINITIALIZED */
    Bytes content;
} SimIndex;

/* Attributes of such an index: AUTHWRITE, OWNERREAD, AUTHREAD, NO_DA, PLATFORMCREATE. */
#define SIM_INDEX_ATTRIBUTES (TPMA_NV)0x42060004u

typedef struct SimTpm {
    uint32_t shift; /* 0 or SIM_ELSEWHERE */
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    uint8_t ak[SIM_HCL_MODULUS], ek[SIM_HCL_MODULUS];
} SimTpm;

enum { SIM_TPM_OK, SIM_TPM_E_FAILED /* said on stderr */ };

_must_check_ int sim_tpm_open(SimTpm *tpm, const char *tcti);
void sim_tpm_done(SimTpm *tpm);
/*
 * AK evicted and made anew, EK's public part learnt; a key that cannot be made is all zero. One
 * that the host made HAS_POLICY, which nothing satisfies.
 */
_must_check_ int sim_tpm_make_keys(SimTpm *tpm, bool has_policy);
/* New seeds: keys, indices and whatever was sealed are gone, as of a vTPM that is not stored. */
_must_check_ int sim_tpm_forget(SimTpm *tpm);
/* Defines the stub of INDEX anew, with an authorisation of its own that nobody knows. */
_must_check_ int sim_tpm_define(SimTpm *tpm, const SimIndex *index);
/* Of a boot before, when there was another paravisor. */
_must_check_ int sim_tpm_undefine(SimTpm *tpm, uint32_t index);
/* What the guest left in SIM_INDEX_USER_DATA; zeros when there is none. */
_must_check_ int sim_tpm_user_data(SimTpm *tpm, uint8_t ret[static SIM_HCL_USER_DATA]);
/* Passes a command through; RET has room for SIM_COMMAND_MAX bytes. */
_must_check_ int sim_tpm_forward(SimTpm *tpm, ByteView command, uint8_t *ret, size_t *ret_size);
