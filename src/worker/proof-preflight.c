/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own evidence, judged as the verifier will judge it, before it leaves the machine.
 */
#include "base/clock.h"
#include "verify/verify.h"
#include "worker/proof-endorse.h"

#include <errno.h>
#include <string.h>

_Static_assert(SPKI_DIGEST_SIZE == SIMULATED_ROOT_LEN, "one kind of digest names a root");

static int verify_own(const Proof *proof, Appraisal **ret)
{
    const RoundRequest *request = proof->request;
    bool is_round = request->purpose == PURPOSE_ROUND;
    SpkiDigest roots[REQUEST_LIST_MAX];
    size_t n_roots = request->has_verifier ? request->verifier.n_simulated_roots : 0;

    for (size_t i = 0; i < n_roots; i++)
        memcpy(roots[i].bytes, request->verifier.simulated_roots[i], sizeof(roots[i].bytes));
    VerifyInput input = {
        .evidence = &proof->evidence,
        .nonce = VIEW(proof->nonce),
        .audience = is_round ? request->verifier.verifier_id : NULL,
        .caller_allowed = !is_round,
        .now_sec = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC),
        .simulated_roots = roots,
        .n_simulated_roots = n_roots,
        .credential = VIEW(proof->credential),
        .hardware_unneeded = strcmp(request->evidence.source, "tpm") == 0,
        .source = "worker",
    };
    return verify_evidence(&input, ret);
}

int proof_preflight(Proof *proof)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);

    int r = verify_own(proof, &appraisal);
    if (r < 0)
        return r;
    proof->answer->timings_usec[TIMING_PREFLIGHT] = clock_boottime_usec(&clock_system) - start;
    proof->answer->simulated = appraisal->simulated;

    if (r != VERIFY_OK && proof_endorse_distrust(proof) < 0)
        return -ENOMEM;
    bool is_fatal = r != VERIFY_OK && proof->request->evidence.preflight_enforce;
    for (size_t i = 0; i < appraisal->findings.n_items && !is_fatal; i++)
        appraisal->findings.items[i].result = FINDING_WARNING;
    r = findings_move(&proof->answer->findings, &appraisal->findings);
    if (r < 0)
        return r;
    return is_fatal ? PROOF_E_FAILED : PROOF_OK;
}
