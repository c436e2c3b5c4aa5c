/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters in a real swtpm: they go up, and come back to no value they had.
 */
#include "tpm/tpm-counter.h"

#include "swtpm.h"

#define NAME "db-password"

static TpmCounter define(TpmContext *tpm)
{
    TpmCounter counter = { 0 };

    check_int(tpm_counter_define(tpm, NAME, &counter), TPM_COUNTER_OK);
    return counter;
}

static TpmCounter now(TpmContext *tpm, uint32_t index)
{
    TpmCounter counter = { 0 };

    check_int(tpm_counter_read(tpm, NAME, index, &counter), TPM_COUNTER_OK);
    return counter;
}

static void a_counter_takes_the_first_free_index_and_counts(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter first = define(tpm), second = define(tpm);

    check_int(first.index, TPM_COUNTER_FIRST);
    check_int(second.index, TPM_COUNTER_FIRST + 1);
    check(first.value > 0);
    check_int(now(tpm, first.index).value, first.value);
    check_int(tpm_counter_advance(tpm, NAME, first.index, first.value), TPM_COUNTER_OK);
    check_int(now(tpm, first.index).value, first.value);
    check_int(tpm_counter_advance(tpm, NAME, first.index, first.value + 3), TPM_COUNTER_OK);
    check_int(now(tpm, first.index).value, first.value + 3);
    check_int(now(tpm, second.index).value, second.value);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_counters_name_is_known_without_the_tpm(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter counter = define(tpm);
    TpmName wanted;

    check_int(gate_counter_name(counter.index, NAME, &wanted), GATE_OK);
    check(memcmp(counter.name.data, wanted.data, TPM_NAME_SIZE) == 0);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_counter_survives_a_reset(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter counter = define(tpm);

    tpm_context_free(tpm);
    swtpm_restart(&swtpm);
    tpm = swtpm_open(&swtpm);
    check_int(now(tpm, counter.index).value, counter.value);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_counter_made_anew_is_further_than_it_ever_was(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter counter = define(tpm);

    check_int(tpm_counter_advance(tpm, NAME, counter.index, counter.value + 5), TPM_COUNTER_OK);
    check_int(tpm_counter_remove(tpm, NAME, 0), TPM_COUNTER_OK);
    check_int(tpm_counter_read(tpm, NAME, counter.index, &counter), TPM_COUNTER_E_ABSENT);
    check_str(tpm->failure.finding, "tpm-counter-lost");
    TpmCounter again = define(tpm);
    check_int(again.index, counter.index);
    check(again.value > counter.value + 5);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void what_is_no_counter_of_ours_is_not_touched(void)
{
    static const uint8_t bytes[GATE_COUNTER_SIZE] = { 0 };
    const uint32_t outside[] = { 0x01c00002, TPM_COUNTER_FIRST - 1, TPM_COUNTER_LAST + 1 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter counter = { 0 };

    swtpm_define_nv(tpm, TPM_COUNTER_FIRST, VIEW_OF_ARRAY(bytes));
    check_int(tpm_counter_read(tpm, NAME, TPM_COUNTER_FIRST, &counter), TPM_COUNTER_E_OTHER);
    check_int(tpm_counter_advance(tpm, NAME, TPM_COUNTER_FIRST, 1), TPM_COUNTER_E_OTHER);
    check_int(tpm_counter_remove(tpm, NAME, 0), TPM_COUNTER_OK);
    check_int(tpm_handle_exists(tpm, TPM_COUNTER_FIRST), TPM_HANDLE_OK);
    for (size_t i = 0; i < ELEMENTSOF(outside); i++)
        check_int(tpm_counter_read(tpm, NAME, outside[i], &counter), TPM_COUNTER_E_OTHER);
    check_int(define(tpm).index, TPM_COUNTER_FIRST + 1);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_file_that_is_far_ahead_wears_nothing_out(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter counter = define(tpm);
    uint64_t far = counter.value + TPM_COUNTER_STEPS_MAX + 1;

    check_int(tpm_counter_advance(tpm, NAME, counter.index, far), TPM_COUNTER_E_FAR);
    check_str(tpm->failure.finding, "tpm-counter-far");
    check_int(now(tpm, counter.index).value, counter.value);
    check_int(tpm_counter_advance(tpm, NAME, counter.index, far - 1), TPM_COUNTER_OK);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

/* Each its own, and nothing of one that is not there. */
static void a_counter_is_found_by_its_secrets_name_alone(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter found = { 0 }, other = { 0 };

    check_int(tpm_counter_find(tpm, NAME, 0, &found), TPM_COUNTER_E_ABSENT);
    check_str(tpm->failure.finding, "tpm-counter-lost");
    check_int(tpm_counter_define(tpm, "other", &other), TPM_COUNTER_OK);
    check_int(tpm_counter_find(tpm, NAME, other.index, &found), TPM_COUNTER_E_ABSENT);
    TpmCounter own = define(tpm);
    check_int(tpm_counter_find(tpm, NAME, other.index, &found), TPM_COUNTER_OK);
    check_int(found.index, own.index);
    check_int(found.value, own.value);
    check_int(tpm_counter_read(tpm, NAME, other.index, &found), TPM_COUNTER_E_OTHER);
    check_int(tpm_counter_advance(tpm, NAME, other.index, other.value + 1), TPM_COUNTER_E_OTHER);
    check_int(tpm_counter_remove(tpm, NAME, 0), TPM_COUNTER_OK);
    check_int(tpm_handle_exists(tpm, own.index), TPM_HANDLE_E_ABSENT);
    check_int(tpm_counter_read(tpm, "other", other.index, &found), TPM_COUNTER_OK);
    check_int(found.value, other.value);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void of_twins_the_one_that_is_kept_remains(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter first = define(tpm), second = define(tpm), third = define(tpm), found = { 0 };

    check_int(tpm_counter_find(tpm, NAME, 0, &found), TPM_COUNTER_OK);
    check_int(found.index, first.index);
    check_int(tpm_counter_find(tpm, NAME, second.index, &found), TPM_COUNTER_OK);
    check_int(found.index, second.index);
    check_int(found.value, second.value);
    check_int(tpm_counter_remove(tpm, NAME, second.index), TPM_COUNTER_OK);
    check_int(tpm_handle_exists(tpm, first.index), TPM_HANDLE_E_ABSENT);
    check_int(tpm_handle_exists(tpm, third.index), TPM_HANDLE_E_ABSENT);
    check_int(tpm_counter_find(tpm, NAME, 0, &found), TPM_COUNTER_OK);
    check_int(found.index, second.index);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_tpm_without_room_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter counter = { 0 };
    int r = TPM_COUNTER_OK;

    for (unsigned i = 0; r == TPM_COUNTER_OK && i <= TPM_COUNTER_LAST - TPM_COUNTER_FIRST + 1; i++)
        r = tpm_counter_define(tpm, NAME, &counter);
    check_int(r, TPM_COUNTER_E_FULL);
    check_str(tpm->failure.finding, "tpm-counter-full");
    /* More than the TPM lists at once. */
    check_int(tpm_counter_find(tpm, NAME, counter.index, &counter), TPM_COUNTER_OK);
    check_int(counter.index, TPM_COUNTER_LAST);
    check_int(tpm_counter_remove(tpm, NAME, counter.index), TPM_COUNTER_OK);
    check_int(tpm_counter_find(tpm, NAME, 0, &counter), TPM_COUNTER_OK);
    check_int(counter.index, TPM_COUNTER_LAST);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void an_owner_with_a_password_is_named(void)
{
    const TPM2B_AUTH password = { .size = 4, .buffer = "pass" };
    const TPM2B_AUTH empty = { 0 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmCounter counter = define(tpm), other = { 0 };

    check_int(Esys_HierarchyChangeAuth(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &password),
              TSS2_RC_SUCCESS);
    check_int(Esys_TR_SetAuth(tpm->esys, ESYS_TR_RH_OWNER, &empty), TSS2_RC_SUCCESS);
    check_int(tpm_counter_define(tpm, NAME, &other), TPM_COUNTER_E_DENIED);
    check_int(tpm_counter_advance(tpm, NAME, counter.index, counter.value + 1),
              TPM_COUNTER_E_DENIED);
    check_str(tpm->failure.finding, "tpm-authorization-needed");
    /* Reading is the index's own, so that releasing needs no owner. */
    check_int(now(tpm, counter.index).value, counter.value);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "a counter takes the first free index, and counts",
      a_counter_takes_the_first_free_index_and_counts },
    { "a counter's Name is known without the TPM", a_counters_name_is_known_without_the_tpm },
    { "a counter survives a reset", a_counter_survives_a_reset },
    { "a counter made anew is further than it ever was",
      a_counter_made_anew_is_further_than_it_ever_was },
    { "what is no counter of ours is not touched", what_is_no_counter_of_ours_is_not_touched },
    { "a file that is far ahead wears nothing out", a_file_that_is_far_ahead_wears_nothing_out },
    { "a counter is found by its secret's name alone",
      a_counter_is_found_by_its_secrets_name_alone },
    { "of twins the one that is kept remains", of_twins_the_one_that_is_kept_remains },
    { "a TPM without room is named", a_tpm_without_room_is_named },
    { "an owner with a password is named", an_owner_with_a_password_is_named },
};

TEST_MAIN(tests)
