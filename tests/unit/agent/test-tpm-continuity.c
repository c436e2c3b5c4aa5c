/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two readings of a TPM's clock, and what lies between them.
 */
#include "agent/tpm-continuity.h"
#include "testing.h"

static TpmContinuity between(AnswerTpmClock before, AnswerTpmClock now)
{
    return tpm_continuity(&before, &now);
}

static void a_clock_that_goes_on_is_continuous(void)
{
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 10, 3, 1 }), TPM_CONTINUES);
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 900000, 3, 1 }),
              TPM_CONTINUES);
    check_int(between((AnswerTpmClock){ 0, 0, 0 }, (AnswerTpmClock){ INT64_MAX, 0, 0 }),
              TPM_CONTINUES);
}

static void a_reset_is_seen_whatever_the_clock_says(void)
{
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 20, 4, 0 }), TPM_RESET);
    check_int(between((AnswerTpmClock){ 5000000, 3, 1 }, (AnswerTpmClock){ 4, 4, 0 }), TPM_RESET);
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 20, UINT32_MAX, 9 }),
              TPM_RESET);
}

static void a_restart_keeps_the_registers(void)
{
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 20, 3, 2 }), TPM_RESTARTED);
}

static void whatever_is_less_than_before_is_an_older_tpm(void)
{
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 9, 3, 1 }), TPM_WENT_BACK);
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 9, 3, 2 }), TPM_WENT_BACK);
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 90, 3, 0 }), TPM_WENT_BACK);
    check_int(between((AnswerTpmClock){ 10, 3, 1 }, (AnswerTpmClock){ 90, 2, 5 }), TPM_WENT_BACK);
}

static void the_text_has_all_three(void)
{
    const AnswerTpmClock most = { INT64_MAX, UINT32_MAX, UINT32_MAX };
    char text[TPM_CLOCK_TEXT_SIZE];

    tpm_clock_text(&(AnswerTpmClock){ 1500, 4, 1 }, text);
    check_str(text, "resetCount 4, restartCount 1, clock 1500 ms");
    tpm_clock_text(&most, text);
    check_str(text + strlen(text) - 3, " ms");
}

static const Test tests[] = {
    { "a clock that goes on is continuous", a_clock_that_goes_on_is_continuous },
    { "a reset is seen, whatever the clock says", a_reset_is_seen_whatever_the_clock_says },
    { "a restart keeps the registers", a_restart_keeps_the_registers },
    { "whatever is less than before is an older TPM",
      whatever_is_less_than_before_is_an_older_tpm },
    { "the text has all three", the_text_has_all_three },
};

TEST_MAIN(tests)
