/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock from the first write of the user data to the report that repeats it; the TPM is let go
 * of between two tries, unless a policy session holds it.
 */
#include "worker/proof-azure.h"

#include "base/clock.h"
#include "evidence/binding.h"
#include "worker/proof-tpm.h"
#include "worker/round-gates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SOURCE     "azure"
#define SOURCE_TPM "tpm"

static int fail(Proof *proof, const char *name, const char *found)
{
    int r = findings_add(&proof->answer->findings, name, "cpu", FINDING_FAILURE, found, NULL);

    return r < 0 ? r : PROOF_E_FAILED;
}

int proof_azure_note_skipped(Proof *proof)
{
    const char *finding = azure_platform_finding(proof->platform);

    if (!finding)
        return 0;
    return findings_add(&proof->answer->findings, "evidence-source-skipped", SOURCE,
                        FINDING_WARNING, finding, NULL);
}

/* Never chosen by itself: what the host says of the machine is less than what hardware says. */
static int choose_tpm(Proof *proof, AzurePlatform platform)
{
    proof->is_tpm_alone = true;
    if (!proof->has_vtpm)
        return fail(proof, "source-tpm-without-tpm", "TCTI=none");
    if (platform != AZURE_CONFIDENTIAL)
        return PROOF_OK;
    return findings_add(&proof->answer->findings, "source-tpm-beside-report", "cpu",
                        FINDING_WARNING, NULL, NULL);
}

int proof_azure_choose(Proof *proof, AzurePlatform platform)
{
    const char *source = proof->request->evidence.source;
    bool is_there = platform == AZURE_CONFIDENTIAL;

    proof->platform = platform;
    if (strcmp(source, SOURCE_TPM) == 0)
        return choose_tpm(proof, platform);
    if (strcmp(source, SOURCE) == 0) {
        proof->is_azure = true;
        return is_there ? PROOF_OK : fail(proof, azure_platform_finding(platform), NULL);
    }
    if (strcmp(source, "auto") != 0)
        return PROOF_OK;
    proof->is_azure = is_there;
    return is_there || platform == AZURE_NONE ? PROOF_OK : proof_azure_note_skipped(proof);
}

/* Whoever waits for the turn with the TPM in hand waits for somebody who may wait for the TPM. */
static int take_turn(Proof *proof, Pacing **ret)
{
    const char *directory = proof->request->lock_directory;

    *ret = proof->gates ? round_gates_take_turn(proof->gates) : NULL;
    if (*ret)
        return PROOF_OK;
    if (proof->gates)
        round_gates_let_go(proof->gates);
    int r = pacing_new_of(&pacing_of_azure, directory, &pacing_time_system, ret);
    if (r == PACING_E_BUSY)
        return fail(proof, "report-lock-busy", pacing_of_azure.lock);
    if (r < 0 && r != -ENOMEM)
        return fail(proof, "report-lock-failed", strerror(-r));
    return r;
}

/* AZURE_OK or a no of azure_report_read(). */
static int read_with(Proof *proof, Vtpm *vtpm, const AzureWanted *wanted, Pacing *pacing)
{
    return azure_report_read(vtpm_context(vtpm), &proof->request->evidence.azure, wanted, pacing,
                             &proof->answer->findings, &proof->evidence.hcl);
}

static int try_once(Proof *proof, const AzureWanted *wanted, Pacing *pacing)
{
    _cleanup_(vtpm_freep) Vtpm *own = NULL;
    Vtpm *held = proof->gates ? round_gates_vtpm(proof->gates) : NULL;

    if (held)
        return read_with(proof, held, wanted, pacing);
    int r = proof_open_vtpm(proof, &own);
    if (r != VTPM_OK)
        return r < 0 ? r : AZURE_E_FAILED;
    return read_with(proof, own, wanted, pacing);
}

/* Others wait for the TPM while a policy session is open. */
static void be_short(const Proof *proof, uint64_t start_usec)
{
    uint64_t now = clock_boottime_usec(&clock_system);
    uint64_t then = now + pacing_of_azure.interval_usec;

    if (proof->gates && then - start_usec > ROUND_GATES_PATIENCE_USEC)
        round_gates_let_go(proof->gates);
}

static int read_fresh(Proof *proof, const AzureWanted *wanted, Pacing *pacing)
{
    uint64_t start = clock_boottime_usec(&clock_system);
    int r = AZURE_E_STALE;

    for (unsigned i = 0; i < AZURE_READS_MAX; i++) {
        if (i > 0)
            be_short(proof, start);
        pacing_await(pacing);
        r = try_once(proof, wanted, pacing);
        if (r != AZURE_E_STALE && r != AZURE_E_TORN)
            break;
    }
    if (r == AZURE_E_STALE || r == AZURE_E_TORN)
        r = azure_report_give_up(r, &proof->answer->findings);
    return r > 0 ? PROOF_E_FAILED : r;
}

int proof_azure_collect(Proof *proof)
{
    uint64_t start = clock_boottime_usec(&clock_system);
    _cleanup_(pacing_freep) Pacing *pacing = NULL;
    uint8_t user_data[AZURE_USER_DATA_SIZE];
    const AzureWanted wanted = { VIEW_OF_ARRAY(user_data), VIEW(proof->ak_public) };

    _Static_assert(sizeof(user_data) == BINDING_REPORT_DATA_SIZE, "one formula for both");
    int r = binding_report_data(VIEW(proof->evidence.claims), user_data);
    if (r == 0)
        r = take_turn(proof, &pacing);
    if (r != PROOF_OK)
        return r;
    r = read_fresh(proof, &wanted, pacing);

    uint64_t waited = pacing_waited_usec(pacing);
    proof->answer->timings_usec[TIMING_PACING] = waited;
    /* What gates have waited for the turn was before. */
    if (proof->gates)
        waited -= MIN(waited, round_gates_waited_usec(proof->gates));
    proof->answer->timings_usec[TIMING_REPORT] =
        clock_boottime_usec(&clock_system) - start - waited;
    return r;
}
