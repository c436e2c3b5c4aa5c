/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs everything in order: claims, bindings, genuineness, root of the vTPM, replay, facts,
 * appraisal. What is not genuine is not appraised; all that can be judged is.
 */
#include "verify/verification.h"

#include "base/wipe.h"
#include "crypto/digest.h"
#include "format/tpm-attest.h"
#include "verify/appraise.h"
#include "verify/azure-ak.h"
#include "verify/facts.h"
#include "verify/refuse.h"
#include "verify/vtpm-root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void verification_done(Verification *v)
{
    boot_facts_done(&v->boot);
    replayed_log_free(v->log);
    genuine_tpm_done(&v->tpm);
    genuine_azure_done(&v->azure);
    endorsements_done(&v->endorsements);
    findings_done(&v->whole);
    findings_done(&v->cpu);
    findings_done(&v->vtpm);
}

Appraisal *appraisal_free(Appraisal *appraisal)
{
    if (!appraisal)
        return NULL;
    findings_done(&appraisal->findings);
    json_decref(appraisal->cpu.facts);
    json_decref(appraisal->vtpm.facts);
    json_decref(appraisal->identity);
    bytes_done(&appraisal->ak_name);
    evidence_claims_done(&appraisal->claims);
    free(appraisal);
    return NULL;
}

static void members_text(unsigned members, char *out, size_t size)
{
    size_t used = 0;

    out[0] = 0;
    for (unsigned bit = 1; bit <= EVIDENCE_MEMBERS_ALL; bit <<= 1)
        if (members & bit && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "",
                                     evidence_member_name((EvidenceMember)bit));
}

/* The collection holds exactly the members that were announced: nothing taken out or put in. */
static int judge_members(Verification *v)
{
    unsigned sent = evidence_members(v->input->evidence);
    unsigned announced = v->appraisal->claims.members;
    char found[96], wanted[96];
    int r = 0;

    if (sent != announced) {
        members_text(sent, found, sizeof(found));
        members_text(announced, wanted, sizeof(wanted));
        r = refuse(&v->whole, "claims-members-mismatch", "claims", wanted, "%s", found);
    }
    if (r >= 0 && (sent & EVIDENCE_MEMBER_CPU) && (sent & EVIDENCE_MEMBER_HCL))
        r = refuse(&v->whole, "hcl-beside-cpu", "cpu", "either cpu or hcl", "both");
    if (r >= 0 && !(sent & EVIDENCE_MEMBER_VTPM) &&
        (sent & (EVIDENCE_MEMBER_EVENTLOG | EVIDENCE_MEMBER_EVENTLOG_USERSPACE)))
        r = refuse(&v->whole, "eventlog-unproven", "eventlog", "a quote to replay it against",
                   "none was sent");
    return r;
}

static int judge_asked(Verification *v)
{
    const EvidenceClaims *claims = &v->appraisal->claims;
    const VerifyInput *input = v->input;
    int r = 0;

    if (input->nonce.data && !equal_constant_time(input->nonce, VIEW(claims->nonce)))
        r = refuse(&v->whole, "claims-nonce-mismatch", "claims", "the nonce of this challenge",
                   "another one");
    if (r >= 0 && claims->purpose == EVIDENCE_PURPOSE_CALLER && !input->caller_allowed)
        return refuse(&v->whole, "claims-purpose-mismatch", "claims", "round", "caller");
    if (r >= 0 && input->audience && claims->purpose == EVIDENCE_PURPOSE_ROUND &&
        (!claims->audience || strcmp(claims->audience, input->audience) != 0))
        r = refuse(&v->whole, "claims-audience-mismatch", "claims", input->audience, "%s",
                   claims->audience ? claims->audience : "none");
    return r;
}

static int judge_claims(Verification *v)
{
    EvidenceDetail detail = { 0 };

    int r = evidence_claims_parse(VIEW(v->input->evidence->claims), &detail, &v->appraisal->claims);
    if (r < 0)
        return r;
    v->appraisal->has_claims = r == CLAIMS_OK;
    if (r != CLAIMS_OK)
        return refuse(&v->whole, "claims-malformed", "claims", "the claims of docs/evidence.md",
                      "%s%s%s", detail.member, detail.member[0] ? ": " : "",
                      evidence_claims_reason(r));
    r = judge_asked(v);
    return r < 0 ? r : judge_members(v);
}

/* The claims, and so the hardware report, name the key that quotes. */
static int judge_ak_binding(Verification *v)
{
    const EvidenceClaims *claims = &v->appraisal->claims;
    char found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX];
    Digest digest;

    if (!v->appraisal->has_claims || !(claims->members & EVIDENCE_MEMBER_VTPM))
        return 0; /* a finding says so already */
    int r = digest_of(DIGEST_SHA384, VIEW(v->input->evidence->vtpm.ak_public), &digest);
    v->tpm_is_bound =
        r >= 0 && equal_constant_time(digest_view(&digest), VIEW_OF_ARRAY(claims->ak_sha384));
    if (r < 0 || v->tpm_is_bound)
        return r;
    hex_text(digest_view(&digest), found);
    hex_text(VIEW_OF_ARRAY(claims->ak_sha384), wanted);
    return refuse(&v->vtpm, "tpm-ak-not-bound", "vtpm", wanted, "ak_public hashes to %s", found);
}

static int verify_quote(Verification *v)
{
    Digest wanted;

    int r = judge_ak_binding(v);
    if (r >= 0)
        r = digest_of(DIGEST_SHA256, VIEW(v->input->evidence->claims), &wanted);
    if (r < 0)
        return r;
    r = genuine_tpm_verify(&v->input->evidence->vtpm, digest_view(&wanted), &v->vtpm, &v->tpm);
    if (r < 0)
        return r;
    v->has_tpm = r == GENUINE_TPM_OK;
    v->tpm_is_bound = v->tpm_is_bound && v->has_tpm;
    if (!v->tpm_is_bound)
        return 0;
    const ByteView name = { .data = v->tpm.ak_name, .size = v->tpm.ak_name_size };
    return bytes_copy(name, &v->appraisal->ak_name);
}

/* The paravisor, and so the hardware report, names the key that quotes. */
static int judge_paravisor_key(Verification *v)
{
    TpmAttest attest;

    if (!v->has_azure)
        return 0;
    if (tpm_attest_parse(VIEW(v->input->evidence->vtpm.attest), &attest) != TPM_ATTEST_OK)
        return 0; /* a finding says so already */
    int r = azure_ak_judge(&v->azure, &v->tpm.ak_public, attest.qualified_signer, AZURE_AK_SENT,
                           &v->vtpm);
    if (r >= 0)
        v->azure_names_ak = r == AZURE_AK_OK;
    return r < 0 ? r : 0;
}

static int derive_root(Verification *v)
{
    const PolicyTpm *policy = v->input->policy ? &v->input->policy->tpm : NULL;
    const VtpmRootInput input = {
        .vtpm = &v->input->evidence->vtpm,
        .tpm = &v->tpm,
        .azure = v->azure_names_ak ? &v->azure : NULL,
        .paravisors = policy ? policy->paravisors : v->input->paravisors,
        .n_paravisors = policy ? policy->n_paravisors : v->input->n_paravisors,
        .anchors = policy ? &policy->certificate_roots : v->input->vtpm_roots,
        .ak_anchors = policy ? &policy->ak_certificate_roots : NULL,
        .ek_anchors = policy ? &policy->ek_certificate_roots : NULL,
        .intermediates = &v->endorsements.certificates,
        .now_sec = v->input->now_sec,
        .credential_wanted = v->input->credential,
        .credential_shown = VIEW(v->appraisal->claims.credential),
    };

    return vtpm_root_derive(&input, &v->vtpm, &v->appraisal->vtpm_root);
}

static int replay_logs(Verification *v)
{
    const Evidence *evidence = v->input->evidence;
    const ReplayInput input = {
        .firmware_log = VIEW(evidence->eventlog),
        .userspace_log = VIEW(evidence->eventlog_userspace),
        .quoted = &v->tpm.pcrs,
    };

    if (input.firmware_log.size == 0 && input.userspace_log.size == 0)
        return 0;
    int r = replay(&input, &v->vtpm, &v->log);
    if (r != REPLAY_OK)
        return r < 0 ? r : 0;
    return boot_facts_read(v->log, &v->boot);
}

static int judge_vtpm(Verification *v)
{
    SubmoduleAppraisal *vtpm = &v->appraisal->vtpm;
    const Policy *policy = v->input->policy;

    vtpm->present = v->input->evidence->vtpm.attest.size > 0;
    if (!vtpm->present)
        return policy ? appraise_absent_tpm(&policy->tpm, &v->whole) : 0;
    int r = verify_quote(v);
    if (r >= 0 && v->has_tpm)
        r = judge_paravisor_key(v);
    if (r >= 0 && v->has_tpm)
        r = derive_root(v);
    if (r >= 0 && v->has_tpm)
        r = replay_logs(v);
    if (r < 0)
        return r;
    if (!v->has_tpm) {
        vtpm->vector.hardware = TRUST_UNRECOGNISED;
        return 0;
    }
    const BootFacts *boot = v->log ? &v->boot : NULL;
    const AppraiseTpmInput input = {
        .policy = policy ? &policy->tpm : NULL,
        .root = v->appraisal->vtpm_root,
        .tpm = &v->tpm,
        .log = v->log,
        .boot = boot,
    };
    if (policy)
        r = appraise_tpm(&input, &v->vtpm, &vtpm->vector);
    else if (v->appraisal->vtpm_root != VTPM_ROOT_HOST)
        vtpm->vector.hardware = TRUST_APPROVED;
    if (r < 0 || !v->tpm_is_bound)
        return r;
    vtpm->facts = facts_of_vtpm(v->appraisal->vtpm_root, &v->tpm, v->log, boot);
    return vtpm->facts ? 0 : -ENOMEM;
}

static void conclude_submodule(SubmoduleAppraisal *submodule, const Findings *findings)
{
    if (!submodule->present)
        return;
    submodule->status = findings_first_failure(findings) ? TIER_CONTRAINDICATED
                                                         : trust_vector_tier(&submodule->vector);
}

/* No better than its parts: one that affirms nothing leaves nothing affirmed of the whole. */
static TrustTier conclude_whole(const SubmoduleAppraisal *cpu, const SubmoduleAppraisal *vtpm)
{
    bool is_silent =
        (cpu->present && cpu->status == TIER_NONE) || (vtpm->present && vtpm->status == TIER_NONE);
    TrustTier worst = MAX(cpu->status, vtpm->status);

    return worst == TIER_AFFIRMING && is_silent ? TIER_NONE : worst;
}

/* Which VM it is, by the word of a paravisor that is believed. */
static int name_machine(const Verification *v)
{
    const char *vm_id = v->azure.claims.vm_id;

    if (v->appraisal->vtpm_root != VTPM_ROOT_PARAVISOR || vm_id[0] == 0)
        return 0;
    return json_object_set_new(v->appraisal->identity, "vm_id", json_string(vm_id)) < 0 ? -ENOMEM
                                                                                        : 0;
}

/* Findings in the order of their subjects; the status is that of the worst. */
static int conclude(Verification *v)
{
    Appraisal *appraisal = v->appraisal;

    conclude_submodule(&appraisal->cpu, &v->cpu);
    conclude_submodule(&appraisal->vtpm, &v->vtpm);
    appraisal->status = conclude_whole(&appraisal->cpu, &appraisal->vtpm);
    int r = findings_move(&appraisal->findings, &v->whole);
    if (r >= 0)
        r = findings_move(&appraisal->findings, &v->cpu);
    if (r >= 0)
        r = findings_move(&appraisal->findings, &v->vtpm);
    if (r < 0)
        return r;
    if (findings_first_failure(&appraisal->findings))
        appraisal->status = TIER_CONTRAINDICATED;
    appraisal->identity = facts_of_identity(v->has_snp && v->cpu_is_bound ? &v->snp : NULL,
                                            v->tpm_is_bound ? &v->tpm : NULL);
    return appraisal->identity ? name_machine(v) : -ENOMEM;
}

static int show_believed(const Verification *v)
{
    const bool has_log = v->log && v->tpm_is_bound;
    const Believed believed = {
        .snp = v->has_snp && v->cpu_is_bound ? &v->snp : NULL,
        .tdx = v->has_tdx && v->cpu_is_bound ? &v->tdx : NULL,
        .tpm = v->tpm_is_bound ? &v->tpm : NULL,
        .log = has_log ? v->log : NULL,
        .boot = has_log ? &v->boot : NULL,
        .appraisal = v->appraisal,
    };

    return v->input->on_believed ? v->input->on_believed(&believed, v->input->userdata) : 0;
}

int verify_evidence(const VerifyInput *input, Appraisal **ret)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = calloc(1, sizeof(*appraisal));
    _cleanup_(amd_roots_freep) AmdRoots *own_roots = NULL;
    _cleanup_(verification_done) Verification v = {
        .input = input,
        .roots = input->roots,
        .whole = { .source = input->source },
        .cpu = { .source = input->source },
        .vtpm = { .source = input->source },
        .appraisal = appraisal,
    };
    int r = 0;

    if (!appraisal)
        return -ENOMEM;
    if (!v.roots) {
        r = amd_roots_new(&own_roots);
        v.roots = own_roots;
    }
    if (r >= 0)
        r = judge_claims(&v);
    if (r >= 0)
        r = verification_judge_hardware(&v);
    if (r >= 0)
        r = judge_vtpm(&v);
    if (r >= 0)
        r = conclude(&v);
    if (r >= 0)
        r = show_believed(&v);
    if (r < 0)
        return r;
    r = appraisal->status == TIER_CONTRAINDICATED ? VERIFY_E_REFUSED : VERIFY_OK;
    *ret = TAKE_PTR(appraisal);
    return r;
}
