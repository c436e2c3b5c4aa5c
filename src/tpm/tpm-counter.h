/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NV counters of ours, one for each secret that is protected from being rolled back, labelled with
 * its name. They only count up, also when somebody removes one and defines it anew (TPM 2.0 Part 1,
 * 37.2.4). Which one is a secret's is the TPM's word, and no file's.
 */
#pragma once

#include "crypto/gate-policy.h"
#include "tpm/tpm-context.h"

#define TPM_COUNTER_FIRST     0x01800a00u /* of the owner's range; the indices that are tried */
#define TPM_COUNTER_LAST      0x01800afeu
#define TPM_COUNTER_STEPS_MAX 16 /* at most so many increments at once */

/* Plain: copy it. */
typedef struct TpmCounter {
    uint32_t index;
    uint64_t value;
    TpmName name;
} TpmCounter;

/* Finding of each: tpm_counter_finding(). */
enum {
    TPM_COUNTER_OK,
    TPM_COUNTER_E_FULL,   /* no free index in the range, or no room in the TPM */
    TPM_COUNTER_E_DENIED, /* the owner's authorisation is not the one that was given */
    TPM_COUNTER_E_ABSENT, /* no such index, or none of this secret */
    TPM_COUNTER_E_OTHER,  /* the index is outside the range, or no counter of this secret */
    TPM_COUNTER_E_FAR,    /* more than TPM_COUNTER_STEPS_MAX below what is wanted */
};

/*
 * The name in the catalogue for a no of this header. On every no, and every negative errno that the
 * TPM caused, tpm->failure has the same finding and the cause in words.
 */
const char *tpm_counter_finding(int no);

/*
 * Defines SECRET's counter at the first free index and counts once, so that it has a value. _OK,
 * _E_FULL, _E_DENIED. A failure in between removes it again.
 */
_must_check_ int tpm_counter_define(TpmContext *tpm, const char *secret, TpmCounter *ret);
/*
 * Looks through the whole range for a counter of SECRET: the one at PREFERRED, else the first. It
 * has one, unless somebody made others. _OK, _E_ABSENT.
 */
_must_check_ int tpm_counter_find(TpmContext *tpm, const char *secret, uint32_t preferred,
                                  TpmCounter *ret);
/* _OK, _E_ABSENT, _E_OTHER. One that was never counted is _E_OTHER: it has another Name. */
_must_check_ int tpm_counter_read(TpmContext *tpm, const char *secret, uint32_t index,
                                  TpmCounter *ret);
/*
 * Counts until it is at least at VALUE: 0 to TPM_COUNTER_STEPS_MAX writes to NV memory. Also
 * _E_DENIED, _E_FAR.
 */
_must_check_ int tpm_counter_advance(TpmContext *tpm, const char *secret, uint32_t index,
                                     uint64_t value);
/*
 * Removes every counter of SECRET but the one at KEEP (0: every one), and no other index. _OK, also
 * where there is none; _E_DENIED.
 */
_must_check_ int tpm_counter_remove(TpmContext *tpm, const char *secret, uint32_t keep);
