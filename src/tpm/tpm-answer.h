/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: from a command's response code to a named no of the caller's header,
 * with finding and cause left in the context.
 */
#pragma once

#include "tpm/tpm-context.h"

typedef struct TpmNo {
    TSS2_RC code; /* as tpm_code_base() gives it */
    int no;
} TpmNo;

/* What a header's functions make of response codes. */
typedef struct TpmNoTable {
    const TpmNo *rows;
    size_t n_rows;
    const char *(*finding)(int no);
} TpmNoTable;

/* Codes for a handle whose session or object is gone (TPM 2.0 Part 2, 6.6.3). */
#define TPM_NO_GONE(no)                                                                            \
    { TPM2_RC_HANDLE, no }, { TPM2_RC_REFERENCE_H0, no }, { TPM2_RC_REFERENCE_H1, no },            \
        { TPM2_RC_REFERENCE_S0, no }, { TPM2_RC_REFERENCE_S1, no },                                \
    {                                                                                              \
        TPM2_RC_REFERENCE_S2, no                                                                   \
    }

/* 0 for success, a no of TABLE, or the negative errno of tpm_result(). */
_must_check_ int tpm_answer(TpmContext *tpm, const TpmNoTable *table, const char *command,
                            TSS2_RC rc);
/* Returns NO, its finding and TEXT left in the context. */
_must_check_ int tpm_say_no(TpmContext *tpm, const TpmNoTable *table, int no, const char *text);
