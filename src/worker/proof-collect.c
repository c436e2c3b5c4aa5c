/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From claims to evidence. The claims name the members before anything is collected, since the
 * hardware signs their hash; a member that then does not come fails the round.
 */
#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/jwk.h"
#include "evidence/binding.h"
#include "evidence/source-tpm.h"
#include "format/evidence-claims.h"
#include "worker/proof-tpm.h"
#include "worker/proof.h"

#include <errno.h>
#include <string.h>

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
    unsigned members = EVIDENCE_MEMBER_CPU;

    if (!proof->has_vtpm)
        return members;
    members |= EVIDENCE_MEMBER_VTPM;
    if (is_there(settings->event_log))
        members |= EVIDENCE_MEMBER_EVENTLOG;
    if (is_there(settings->userspace_log))
        members |= EVIDENCE_MEMBER_EVENTLOG_USERSPACE;
    return members;
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

static int collect(Proof *proof, unsigned members)
{
    _cleanup_collected_ Collected collected = { 0 };
    uint8_t report_data[BINDING_REPORT_DATA_SIZE];

    int r = binding_report_data(VIEW(proof->evidence.claims), report_data);
    if (r < 0)
        return r;
    r = collect_ask(proof->request, VIEW_OF_ARRAY(report_data), proof->answer, &collected);
    if (r != COLLECTED_OK)
        return r < 0 ? r : PROOF_E_FAILED;

    proof->evidence.cpu = TAKE_STRUCT(collected.cpu);
    r = take_log(proof, members, EVIDENCE_MEMBER_EVENTLOG, &collected.eventlog,
                 &proof->evidence.eventlog);
    if (r != PROOF_OK)
        return r;
    return take_log(proof, members, EVIDENCE_MEMBER_EVENTLOG_USERSPACE,
                    &collected.eventlog_userspace, &proof->evidence.eventlog_userspace);
}

static int quote(Proof *proof)
{
    _cleanup_(vtpm_freep) Vtpm *vtpm = NULL;
    uint8_t data[BINDING_QUALIFYING_DATA_SIZE];
    Findings *findings = &proof->answer->findings;

    int r = binding_qualifying_data(VIEW(proof->evidence.claims), data);
    if (r < 0)
        return r;
    r = proof_open_vtpm(proof, &vtpm);
    if (r == VTPM_OK && proof->ek_public.size > 0)
        r = vtpm_load_endorsement(vtpm, findings);
    if (r == VTPM_OK)
        r = vtpm_quote(vtpm, VIEW_OF_ARRAY(data), findings, &proof->evidence.vtpm);
    if (r != VTPM_OK)
        return r < 0 ? r : PROOF_E_FAILED;
    if (!view_equal(VIEW(proof->evidence.vtpm.ak_public), VIEW(proof->ak_public)))
        return fail(proof, "tpm-ak-changed", "vtpm", NULL);
    return PROOF_OK;
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

    int r = make_claims(proof, members);
    if (r < 0)
        return r;
    r = collect(proof, members);
    if (r == PROOF_OK && proof->has_vtpm) {
        uint64_t start = clock_boottime_usec(&clock_system);
        r = quote(proof);
        proof_count_tpm_time(proof, start);
    }
    return r == PROOF_OK ? assemble(proof) : r;
}
