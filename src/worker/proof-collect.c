/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From claims to evidence. The claims name the members before anything is collected, since the
 * hardware signs their hash; a member that then does not come fails the round.
 */
#include "base/clock.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "crypto/jwk.h"
#include "evidence/binding.h"
#include "evidence/source-tpm.h"
#include "format/evidence-claims.h"
#include "format/hcl-claims.h"
#include "format/tpm-attest.h"
#include "worker/proof-azure.h"
#include "worker/proof-endorse.h"
#include "worker/proof-token-key.h"
#include "worker/proof-tpm.h"
#include "worker/proof.h"
#include "worker/round-gates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOGS (EVIDENCE_MEMBER_EVENTLOG | EVIDENCE_MEMBER_EVENTLOG_USERSPACE)

static int fail(Proof *proof, const char *name, const char *subject, const char *found)
{
    int r = findings_add(&proof->answer->findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : PROOF_E_FAILED;
}

static bool is_there(const char *path)
{
    return path && access(path, F_OK) == 0;
}

/* What we mean to send. Only the collect worker can read the logs; that they exist can be seen. */
static unsigned choose_members(const Proof *proof)
{
    const EvidenceSettings *settings = &proof->request->evidence;
    unsigned members = proof->is_tpm_alone ? 0
                       : proof->is_azure   ? EVIDENCE_MEMBER_HCL
                                           : EVIDENCE_MEMBER_CPU;

    if (!proof->has_vtpm)
        return members;
    members |= EVIDENCE_MEMBER_VTPM;
    if (is_there(settings->event_log))
        members |= EVIDENCE_MEMBER_EVENTLOG;
    if (is_there(settings->userspace_log))
        members |= EVIDENCE_MEMBER_EVENTLOG_USERSPACE;
    return members;
}

/* The gates that are asked for, and the nonce of the session that the TPM's are opened in. */
static int fill_gates(const Proof *proof, EvidenceClaims *claims)
{
    const char *names[REQUEST_GATES_MAX];

    if (!proof->gates)
        return 0;
    size_t n = round_gates_asked(proof->gates, names);
    claims->gates = calloc(n, sizeof(*claims->gates));
    for (size_t i = 0; claims->gates && i < n; i++) {
        claims->gates[i] = strdup(names[i]);
        if (!claims->gates[i])
            return -ENOMEM;
        claims->n_gates++;
    }
    return claims->gates ? bytes_copy(round_gates_nonce(proof->gates), &claims->nonce_tpm)
                         : -ENOMEM;
}

static int fill_claims(const Proof *proof, unsigned members, EvidenceClaims *claims)
{
    int r = bytes_copy(VIEW(proof->nonce), &claims->nonce);

    claims->members = members;
    claims->purpose = EVIDENCE_PURPOSE_CALLER;
    if (r == 0 && proof->credential.size > 0)
        r = bytes_copy(VIEW(proof->credential), &claims->credential);
    if (r == 0 && proof->response_key) {
        claims->purpose = EVIDENCE_PURPOSE_ROUND;
        claims->audience = strdup(proof->request->verifier.verifier_id);
        r = claims->audience
                ? jwk_emit(proof->response_key, NULL, "enc", "ECDH-ES+A256KW", &claims->jwk)
                : -ENOMEM;
    }
    return r;
}

static int make_claims(Proof *proof, unsigned members)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 };
    Digest ak;

    int r = fill_claims(proof, members, &claims);
    if (r == 0 && proof->has_vtpm) {
        r = digest_of(DIGEST_SHA384, VIEW(proof->ak_public), &ak);
        if (r == 0)
            memcpy(claims.ak_sha384, ak.data, sizeof(claims.ak_sha384));
    }
    if (r == 0)
        r = fill_gates(proof, &claims);
    if (r == 0)
        r = evidence_claims_emit(&claims, &proof->evidence.claims);
    return r;
}

static int take_log(Proof *proof, unsigned members, EvidenceMember member, Bytes *from, Bytes *to)
{
    if (!(members & member))
        return PROOF_OK;
    if (from->size == 0)
        return fail(proof, "evidence-event-log-unreadable", evidence_member_name(member),
                    "it exists, and did not come from the collect worker");
    *to = TAKE_STRUCT(*from);
    return PROOF_OK;
}

/* While it waits, an open session keeps everyone else from the TPM. */
static int ask_collect(Proof *proof, Collected *ret)
{
    const CollectPatience patience = {
        .usec = ROUND_GATES_PATIENCE_USEC,
        .over = round_gates_let_go,
        .userdata = proof->gates,
    };
    uint64_t *pacing = &proof->answer->timings_usec[TIMING_PACING];
    bool logs_only = proof->is_azure || proof->is_tpm_alone;

    int r = collect_ask(proof->request, VIEW(proof->evidence.claims),
                        proof->gates ? &patience : NULL, logs_only, proof->answer, ret);
    if (proof->gates && !logs_only && *pacing != USEC_INFINITY)
        *pacing += round_gates_waited_usec(proof->gates);
    return r;
}

/* Nothing here can make a report: why the paravisor could not belongs to it. */
static int fail_collect(Proof *proof, int r)
{
    if (r > 0 && strcmp(proof->request->evidence.source, "auto") == 0 &&
        findings_has(&proof->answer->findings, "evidence-no-source") &&
        proof->platform == AZURE_NONE)
        r = proof_azure_note_skipped(proof);
    return r < 0 ? r : PROOF_E_FAILED;
}

static int collect(Proof *proof, unsigned members)
{
    _cleanup_collected_ Collected collected = { 0 };

    int r = ask_collect(proof, &collected);
    if (r != COLLECTED_OK)
        return fail_collect(proof, r);

    proof->evidence.cpu = TAKE_STRUCT(collected.cpu);
    r = take_log(proof, members, EVIDENCE_MEMBER_EVENTLOG, &collected.eventlog,
                 &proof->evidence.eventlog);
    if (r != PROOF_OK)
        return r;
    return take_log(proof, members, EVIDENCE_MEMBER_EVENTLOG_USERSPACE,
                    &collected.eventlog_userspace, &proof->evidence.eventlog_userspace);
}

/* The report is read from the TPM, where there is one; the logs come from who may read them. */
static int collect_beside(Proof *proof, unsigned members)
{
    uint64_t start = clock_boottime_usec(&clock_system);

    int r = proof->is_azure ? proof_azure_collect(proof) : PROOF_OK;
    if (r == PROOF_OK && members & LOGS)
        r = collect(proof, members);
    proof->answer->timings_usec[TIMING_COLLECT] = clock_boottime_usec(&clock_system) - start;
    return r;
}

/* By the paravisor's word the vTPM's state is not kept. A hint: not all say it. */
static bool is_forgotten(const Proof *proof)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };
    HclReport hcl;

    return hcl_report_parse(VIEW(proof->evidence.hcl), &hcl) == HCL_REPORT_OK &&
           hcl_claims_parse(hcl.claims, &claims) == HCL_CLAIMS_OK &&
           json_is_false(json_object_get(hcl_claims_vm_configuration(&claims), "tpm-persisted"));
}

static int note_key(const Proof *proof, Vtpm *vtpm)
{
    AnswerTpmKey *key = &proof->answer->tpm_key;
    _cleanup_free_ char *name = hex_encode(vtpm_ak_name(vtpm));

    if (!name)
        return -ENOMEM;
    (void)snprintf(key->name, sizeof(key->name), "%s", name);
    key->is_forgotten = is_forgotten(proof);
    return 0;
}

static void note_clock(const Proof *proof)
{
    WorkerAnswer *answer = proof->answer;
    TpmAttest attest;

    if (tpm_attest_parse(VIEW(proof->evidence.vtpm.attest), &attest) != TPM_ATTEST_OK)
        return;
    answer->tpm_clock = (AnswerTpmClock){ .clock_msec = MIN(attest.clock_msec, (uint64_t)INT64_MAX),
                                          .reset_count = attest.reset_count,
                                          .restart_count = attest.restart_count };
    answer->has_tpm_clock = true;
}

/* Said before it is judged: by it the agent sees that the TPM was reset, or is another, even where
 * no verdict comes. */
static int note_tpm(const Proof *proof, Vtpm *vtpm)
{
    if (!proof->response_key)
        return 0;
    note_clock(proof);
    return note_key(proof, vtpm);
}

static int quote_with(Proof *proof, Vtpm *vtpm)
{
    uint8_t data[BINDING_QUALIFYING_DATA_SIZE];
    Findings *findings = &proof->answer->findings;

    int r = binding_qualifying_data(VIEW(proof->evidence.claims), data);
    if (r < 0)
        return r;
    r = proof->ek_public.size > 0 ? vtpm_load_endorsement(vtpm, findings) : VTPM_OK;
    if (r == VTPM_OK)
        r = vtpm_quote(vtpm, VIEW_OF_ARRAY(data), findings, &proof->evidence.vtpm);
    if (r != VTPM_OK)
        return r < 0 ? r : PROOF_E_FAILED;
    r = note_tpm(proof, vtpm);
    if (r < 0)
        return r;
    if (!view_equal(VIEW(proof->evidence.vtpm.ak_public), VIEW(proof->ak_public)))
        return fail(proof, "tpm-ak-changed", "vtpm", NULL);
    return proof->wants_token_key ? proof_make_token_key(proof, vtpm) : PROOF_OK;
}

/* With gates in the transaction of their session, which then waits with all object slots free. */
static int quote(Proof *proof)
{
    _cleanup_(vtpm_freep) Vtpm *own = NULL;
    Vtpm *held = proof->gates ? round_gates_vtpm(proof->gates) : NULL;

    if (!held) {
        int r = proof_open_vtpm(proof, &own);
        if (r != VTPM_OK)
            return r < 0 ? r : PROOF_E_FAILED;
        return quote_with(proof, own);
    }
    int r = quote_with(proof, held);
    vtpm_drop_keys(held);
    return r;
}

static int open_gates(Proof *proof)
{
    if (proof->request->n_gates == 0 || proof->request->asks_no_gates)
        return PROOF_OK;
    int r = round_gates_open(proof, &proof->gates);
    if (r == ROUND_GATES_OK && proof->gates)
        r = round_gates_wrapped(proof->gates, &proof->evidence.rewrap);
    return r > 0 ? PROOF_E_FAILED : r;
}

static int note_kinds(Proof *proof)
{
    unsigned members = evidence_members(&proof->evidence);
    WorkerAnswer *answer = proof->answer;

    for (unsigned member = 1; member & EVIDENCE_MEMBERS_ALL; member <<= 1) {
        if (!(members & member))
            continue;
        char *name = strdup(evidence_member_name((EvidenceMember)member));
        if (!name)
            return -ENOMEM;
        answer->evidence_kinds[answer->n_evidence_kinds++] = name;
    }
    return PROOF_OK;
}

/* What the hardware and the logs say may be too large; it is then said before it is sent. */
static int assemble(Proof *proof)
{
    _cleanup_evidence_ Evidence again = { 0 };
    EvidenceDetail detail = { 0 };

    int r = evidence_emit(&proof->evidence, &proof->json);
    if (r == -EINVAL)
        return fail(proof, "evidence-assembly-failed", "evidence", "a member is incomplete");
    if (r < 0)
        return r;
    r = evidence_parse(VIEW(proof->json), &detail, &again);
    if (r > 0)
        return fail(proof, "evidence-assembly-failed",
                    detail.member[0] ? detail.member : "evidence", evidence_reason(r));
    return r < 0 ? r : note_kinds(proof);
}

int proof_collect(Proof *proof)
{
    unsigned members = choose_members(proof);

    int r = open_gates(proof);
    if (r == PROOF_OK)
        r = make_claims(proof, members);
    if (r == PROOF_OK)
        r = proof->is_azure || proof->is_tpm_alone ? collect_beside(proof, members)
                                                   : collect(proof, members);
    if (r == PROOF_OK)
        r = proof_endorse(proof);
    if (r == PROOF_OK && proof->has_vtpm) {
        uint64_t start = clock_boottime_usec(&clock_system);
        r = quote(proof);
        proof_count_tpm_time(proof, start);
    }
    return r == PROOF_OK ? assemble(proof) : r;
}
