/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resetCount only grows, restartCount grows between resets, Clock never goes back. A TPM that lost
 * its power may have lost up to 2^22 ms of Clock, but then has another resetCount, too.
 */
#include "agent/tpm-continuity.h"

#include <inttypes.h>
#include <stdio.h>

TpmContinuity tpm_continuity(const AnswerTpmClock *before, const AnswerTpmClock *now)
{
    if (now->reset_count < before->reset_count)
        return TPM_WENT_BACK;
    if (now->reset_count > before->reset_count)
        return TPM_RESET;
    if (now->restart_count < before->restart_count || now->clock_msec < before->clock_msec)
        return TPM_WENT_BACK;
    return now->restart_count > before->restart_count ? TPM_RESTARTED : TPM_CONTINUES;
}

void tpm_clock_text(const AnswerTpmClock *tpm, char out[static TPM_CLOCK_TEXT_SIZE])
{
    (void)snprintf(out, TPM_CLOCK_TEXT_SIZE,
                   "resetCount %" PRIu32 ", restartCount %" PRIu32 ", clock %" PRIu64 " ms",
                   tpm->reset_count, tpm->restart_count, tpm->clock_msec);
}
