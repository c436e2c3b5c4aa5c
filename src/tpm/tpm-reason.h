/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TSS2_RC means to us: the only place where foreign TPM codes become an errno, a catalogue
 * name and a class of patience (TPM 2.0 Part 2, 6.6; retry rules of tpm2-tss and the kernel).
 */
#pragma once

#include "base/macro.h"

#include <tss2/tss2_common.h>

typedef struct TpmReason {
    TSS2_RC code;        /* as tpm_code_base() gives it */
    int error;           /* negative errno */
    const char *finding; /* name in the catalogue */
    bool passing;        /* likely to go away: worth another try after a pause */
} TpmReason;

/*
 * RC without what varies: parameter, handle and session numbers are cut, and so is the layer when
 * a resource manager only passes a TPM code on.
 */
TSS2_RC tpm_code_base(TSS2_RC rc);

/* Never NULL; a code nobody listed is "tpm-command-refused", -EREMOTEIO. RC is not success. */
const TpmReason *tpm_reason(TSS2_RC rc);

/* How long one command has been retried by us, beyond the five tries inside ESYS. */
typedef struct TpmPatience {
    uint64_t waited_usec;
    uint64_t next_usec;
} TpmPatience;

#define TPM_PATIENCE_FIRST_USEC (UINT64_C(20) * 1000)    /* 20 ms, doubling */
#define TPM_PATIENCE_STEP_USEC  (UINT64_C(1000) * 1000)  /* up to 1 s */
#define TPM_PATIENCE_LIMIT_USEC (UINT64_C(10000) * 1000) /* 10 s in all */

/* Microseconds to pause before RC's command is sent again; 0: give up (or RC is success). */
uint64_t tpm_patience_next(TpmPatience *patience, TSS2_RC rc);
