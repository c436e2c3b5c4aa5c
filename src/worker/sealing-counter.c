/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NV counter of a secret that is protected from being rolled back: the one the TPM has under
 * its name, whatever the old file says. The new file is sealed to one count more than there is,
 * stored, and then the count is made: a loss of power in between leaves a file that opens, and the
 * release worker counts for it.
 */
#include "worker/sealing.h"

#include <errno.h>
#include <string.h>

/* One warning; TPM has the cause. */
static int warn(Sealing *sealing, const char *finding)
{
    const TpmFailure *failure = &vtpm_context(sealing->vtpm)->failure;

    return findings_add(&sealing->answer->findings, failure->finding ? failure->finding : finding,
                        sealing->request->name, FINDING_WARNING, failure->text, NULL);
}

static void take(Sealing *sealing, const TpmCounter *counter)
{
    SecretCounter *ours = &sealing->counter.ours;

    ours->index = counter->index;
    ours->value = counter->value;
    memcpy(ours->name, counter->name.data, sizeof(ours->name));
    sealing->counter.has_new = true;
    sealing->header.counter = *ours;
    sealing->header.has_counter = true;
}

/*
 * One further than the counter, and than the old file: a file whose count was never made would open
 * as long as one of the same value. What is far ahead was not written by us.
 */
static void count_on(Sealing *sealing, TpmCounter *counter)
{
    const SealingCounter *known = &sealing->counter;

    if (known->has_old && known->old_index == counter->index && known->old_value > counter->value &&
        known->old_value - counter->value < TPM_COUNTER_STEPS_MAX)
        counter->value = known->old_value;
    counter->value++;
}

int sealing_take_counter(Sealing *sealing)
{
    const char *secret = sealing->request->name;
    TpmContext *tpm = vtpm_context(sealing->vtpm);
    TpmCounter counter;

    if (!sealing->request->rollback_counter)
        return SEAL_OK;
    int r = tpm_counter_find(tpm, secret, sealing->counter.old_index, &counter);
    if (r == TPM_COUNTER_OK)
        count_on(sealing, &counter);
    if (r == TPM_COUNTER_E_ABSENT) {
        tpm->failure = (TpmFailure){ 0 };
        r = tpm_counter_define(tpm, secret, &counter);
        sealing->counter.is_new = r == TPM_COUNTER_OK;
    }
    if (r != TPM_COUNTER_OK)
        return sealing_fail_tpm(sealing, r);
    take(sealing, &counter);
    return SEAL_OK;
}

int sealing_settle_counter(Sealing *sealing)
{
    const SealingCounter *counter = &sealing->counter;
    const char *secret = sealing->request->name;
    int r = TPM_COUNTER_OK;

    if (!sealing->vtpm)
        return 0;
    TpmContext *tpm = vtpm_context(sealing->vtpm);
    tpm->failure = (TpmFailure){ 0 };
    if (counter->has_new)
        r = tpm_counter_advance(tpm, secret, counter->ours.index, counter->ours.value);
    if (r == TPM_COUNTER_OK)
        r = tpm_counter_remove(tpm, secret, counter->has_new ? counter->ours.index : 0);
    if (r == TPM_COUNTER_OK || r == -ENOMEM)
        return r;
    return warn(sealing, r > 0 ? tpm_counter_finding(r) : "tpm-command-refused");
}

void sealing_drop_counter(Sealing *sealing)
{
    if (sealing->counter.is_new)
        (void)!tpm_counter_remove(vtpm_context(sealing->vtpm), sealing->request->name, 0);
    sealing->counter.is_new = false;
}
