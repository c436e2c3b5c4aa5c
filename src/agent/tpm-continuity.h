/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the TPM that quotes now the one of the round before, gone on without a break? Within one boot
 * it should be; a machine that resumed from disk, or was restored from a snapshot, has another past
 * than its TPM. Pure.
 */
#pragma once

#include "format/worker-answer.h"

typedef enum TpmContinuity {
    TPM_CONTINUES,
    TPM_RESTARTED, /* as by a suspend: to memory keeps its registers, to disk begins them anew */
    TPM_RESET,     /* its registers began anew, though this machine did not boot */
    TPM_WENT_BACK, /* it knows less than it knew: an older state of it was restored */
} TpmContinuity;

/* By resetCount, restartCount and Clock (TPM 2.0 Part 1, 36). */
TpmContinuity tpm_continuity(const AnswerTpmClock *before, const AnswerTpmClock *now);

/* For people: "resetCount 3, restartCount 0, clock 12345 ms", into OUT. */
#define TPM_CLOCK_TEXT_SIZE 96
void tpm_clock_text(const AnswerTpmClock *tpm, char out[static TPM_CLOCK_TEXT_SIZE]);
