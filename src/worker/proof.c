/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM is opened for each piece of work; round-gates.h alone holds it while we wait for network
 * and hardware.
 */
#include "worker/proof.h"

#include "base/clock.h"
#include "worker/proof-azure.h"
#include "worker/proof-tpm.h"
#include "worker/round-gates.h"

#include <errno.h>
#include <string.h>

void proof_done(Proof *proof)
{
    (void)round_gates_free(proof->gates);
    (void)key_free(proof->response_key);
    bytes_done(&proof->ak_public);
    bytes_done(&proof->ek_public);
    bytes_done(&proof->ek_certificate);
    bytes_done(&proof->nonce);
    bytes_wipe_done(&proof->credential);
    evidence_done(&proof->evidence);
    bytes_done(&proof->token_key.public_area);
    bytes_done(&proof->token_key.attest);
    bytes_done(&proof->token_key.signature);
    bytes_done(&proof->json);
    *proof = (Proof){ 0 };
}

int proof_open_vtpm(const Proof *proof, Vtpm **ret)
{
    const EvidenceSettings *evidence = &proof->request->evidence;
    _cleanup_findings_ Findings own = { 0 };
    const VtpmSettings settings = {
        .tcti = evidence->tcti,
        .lock_directory = proof->request->lock_directory,
        .attestation_key = evidence->attestation_key,
        .pcr_bank = evidence->pcr_bank,
        .pcr_mask = evidence->pcrs,
        .azure = &evidence->azure,
        .owner = evidence->owner,
    };

    int r = vtpm_open(&settings, &own, ret);
    if (r < 0)
        return r;
    /* It is opened several times; what it warns of each time is said once. */
    int merged = findings_merge(&proof->answer->findings, &own);
    return merged < 0 ? merged : r;
}

void proof_count_tpm_time(Proof *proof, uint64_t start_usec)
{
    uint64_t *sum = &proof->answer->timings_usec[TIMING_QUOTE];
    uint64_t spent = clock_boottime_usec(&clock_system) - start_usec;

    *sum = *sum == USEC_INFINITY ? spent : *sum + spent;
}

/* A machine whose endorsement key cannot be used can still be vouched for otherwise. */
static int learn_endorsement(Proof *proof, Vtpm *vtpm)
{
    _cleanup_findings_ Findings unused = { 0 };

    if (proof->is_azure || vtpm_ak_certificate(vtpm).size > 0)
        return PROOF_OK;
    int r = vtpm_load_endorsement(vtpm, &unused);
    if (r != VTPM_OK)
        return r < 0 ? r : PROOF_OK;
    if (vtpm_ek_certificate(vtpm).size == 0)
        return PROOF_OK;
    r = bytes_copy(vtpm_ek_public(vtpm), &proof->ek_public);
    return r < 0 ? r : bytes_copy(vtpm_ek_certificate(vtpm), &proof->ek_certificate);
}

static int identify(Proof *proof)
{
    _cleanup_(vtpm_freep) Vtpm *vtpm = NULL;

    int r = proof_open_vtpm(proof, &vtpm);
    if (r != VTPM_OK)
        return r < 0 ? r : PROOF_E_FAILED;
    r = bytes_copy(vtpm_ak_public(vtpm), &proof->ak_public);
    if (r == 0)
        r = proof_azure_choose(proof, vtpm_platform(vtpm));
    if (r != PROOF_OK || proof->request->purpose == PURPOSE_CALLER)
        return r;
    return learn_endorsement(proof, vtpm);
}

static int identify_without(Proof *proof)
{
    AzurePlatform platform;

    int r = azure_detect(NULL, &proof->request->evidence.azure, AZURE_DMI_DIRECTORY, &platform);
    return r < 0 ? r : proof_azure_choose(proof, platform);
}

int proof_identify(Proof *proof)
{
    uint64_t start = clock_boottime_usec(&clock_system);

    proof->has_vtpm = strcmp(proof->request->evidence.tcti, "none") != 0;
    if (!proof->has_vtpm)
        return identify_without(proof);
    int r = identify(proof);
    proof_count_tpm_time(proof, start);
    return r;
}

static int activate(Proof *proof, ByteView credential_blob, ByteView secret)
{
    _cleanup_(vtpm_freep) Vtpm *vtpm = NULL;

    int r = proof_open_vtpm(proof, &vtpm);
    if (r == VTPM_OK)
        r = vtpm_activate(vtpm, credential_blob, secret, &proof->answer->findings,
                          &proof->credential);
    if (r < 0)
        return r;
    return r == VTPM_OK ? PROOF_OK : PROOF_E_FAILED;
}

int proof_activate(Proof *proof, ByteView credential_blob, ByteView secret)
{
    uint64_t start = clock_boottime_usec(&clock_system);
    int r = activate(proof, credential_blob, secret);

    proof_count_tpm_time(proof, start);
    return r;
}

int proof_make_key(Proof *proof)
{
    if (proof->request->purpose == PURPOSE_CALLER)
        return PROOF_OK;
    int r = key_generate(KEY_P256, &proof->response_key);
    return r > 0 ? -EIO : r;
}
