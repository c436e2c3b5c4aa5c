/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction, one extend a register.
 */
#include "worker/round-cap.h"

#include "base/clock.h"
#include "tpm/tpm-context.h"
#include "tpm/tpm-pcr.h"
#include "worker/proof-tpm.h"
#include "worker/round-gates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Bit n: register n. */
static uint32_t choose(const RoundRequest *request)
{
    uint32_t mask = 0;

    for (size_t i = 0; i < request->n_gates; i++)
        if (request->gates[i].cap_pcr)
            mask |= 1U << request->gates[i].cap_pcr;
    return mask;
}

static int warn(Proof *proof, const char *name, unsigned pcr, const char *found)
{
    char subject[16];

    (void)snprintf(subject, sizeof(subject), "pcr %u", pcr);
    return findings_add(&proof->answer->findings, name, subject, FINDING_WARNING, found, NULL);
}

/* TPM NULL: it could not be opened, and WHY says so. */
static int cap(Proof *proof, TpmContext *tpm, unsigned pcr, const TpmFailure *why)
{
    int r = tpm ? tpm_pcr_extend(tpm, pcr, tpm_pcr_cap_event()) : -EIO;

    if (r == -ENOMEM)
        return r;
    if (r != TPM_PCR_OK)
        return warn(proof, "gate-cap-failed", pcr, why->text);
    return warn(proof, "gate-capped", pcr, NULL);
}

static int cap_all(Proof *proof, uint32_t mask)
{
    const TpmContextOptions options = {
        .tcti = proof->request->evidence.tcti,
        .lock_directory = proof->request->lock_directory,
    };
    _cleanup_(tpm_context_freep) TpmContext *tpm = NULL;
    TpmFailure failure = { 0 };

    int r = tpm_context_open(&options, &failure, &tpm);
    if (r == -ENOMEM)
        return r;
    r = 0;
    for (unsigned pcr = 0; r == 0 && mask >> pcr; pcr++)
        if (mask >> pcr & 1)
            r = cap(proof, tpm, pcr, tpm ? &tpm->failure : &failure);
    return r;
}

int round_cap(Proof *proof)
{
    uint32_t mask = proof->has_vtpm ? choose(proof->request) : 0;

    if (!mask)
        return 0;
    uint64_t start = clock_boottime_usec(&clock_system);
    if (proof->gates)
        round_gates_let_go(proof->gates); /* of the lock */
    int r = cap_all(proof, mask);
    proof_count_tpm_time(proof, start);
    return r;
}
