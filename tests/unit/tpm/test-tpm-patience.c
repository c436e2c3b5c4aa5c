/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM without a free slot: waited for, then named. Pauses are counted instead of slept.
 */
#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-reason.h"

/* Microseconds that would have been slept, and the key to flush when enough of them passed. */
static uint64_t paused_usec;
static uint64_t free_after_usec;
static TpmContext *occupant;
static ESYS_TR occupied = ESYS_TR_NONE;

int __wrap_usleep(useconds_t usec);

int __wrap_usleep(useconds_t usec)
{
    paused_usec += usec;
    if (occupant && free_after_usec && paused_usec >= free_after_usec)
        tpm_flush(occupant, &occupied);
    return 0;
}

/* Fills the three slots; the last one is in OCCUPIED. */
static void fill_slots(TpmContext *tpm, TpmKey *keys[2])
{
    TpmKey *last = NULL;

    check_int(tpm_attestation_key_find(tpm, "template", &keys[0]), 0);
    check_int(tpm_attestation_key_find(tpm, "template", &keys[1]), 0);
    check_int(tpm_attestation_key_find(tpm, "template", &last), 0);
    occupied = last->handle;
    last->handle = ESYS_TR_NONE;
    tpm_key_free(last);
    occupant = tpm;
    paused_usec = 0;
}

static void a_slot_that_becomes_free_is_waited_for(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *holder = swtpm_open(&swtpm);
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *keys[2] = { NULL }, *key = NULL;

    fill_slots(holder, keys);
    free_after_usec = 100000;
    check_int(tpm_attestation_key_find(tpm, "template", &key), 0);
    check(paused_usec >= 100000 && paused_usec < 1000000);
    tpm_key_free(key);
    tpm_key_free(keys[0]);
    tpm_key_free(keys[1]);
    occupant = NULL;
    tpm_context_free(tpm);
    tpm_context_free(holder);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void slots_that_stay_full_are_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *holder = swtpm_open(&swtpm);
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *keys[2] = { NULL }, *key = NULL;

    fill_slots(holder, keys);
    free_after_usec = 0;
    check_int(tpm_attestation_key_find(tpm, "template", &key), -ENOSPC);
    check_str(tpm->failure.finding, "tpm-slots-full");
    check(strstr(tpm->failure.text, "TPM2_CreatePrimary"));
    check_int(paused_usec, TPM_PATIENCE_LIMIT_USEC);
    tpm_flush(holder, &occupied);
    tpm_key_free(keys[0]);
    tpm_key_free(keys[1]);
    occupant = NULL;
    tpm_context_free(tpm);
    tpm_context_free(holder);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "a slot that becomes free is waited for", a_slot_that_becomes_free_is_waited_for },
    { "slots that stay full are named after ten seconds", slots_that_stay_full_are_named },
};

TEST_MAIN(tests)
