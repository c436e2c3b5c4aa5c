/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware's part of a verification: a report of SEV-SNP, by itself or under a paravisor, or
 * the TD quote of a paravisor's TDREPORT, or nothing at all, where that is enough.
 */
#include "verify/verification.h"

#include "base/wipe.h"
#include "crypto/digest.h"
#include "verify/appraise.h"
#include "verify/facts.h"
#include "verify/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* REPORT_DATA = SHA-512(claims bytes), all 64 bytes. */
static int judge_report_data(Verification *v)
{
    ByteView found = VIEW_OF_ARRAY(v->snp.report.report_data);
    char found_text[HEX_TEXT_MAX], wanted_text[HEX_TEXT_MAX];
    Digest wanted;

    int r = digest_of(DIGEST_SHA512, VIEW(v->input->evidence->claims), &wanted);
    v->cpu_is_bound = r >= 0 && equal_constant_time(found, digest_view(&wanted));
    if (r < 0 || v->cpu_is_bound)
        return r;
    hex_text(found, found_text);
    hex_text(digest_view(&wanted), wanted_text);
    return refuse(&v->cpu, "snp-report-data-mismatch", "cpu", wanted_text, "%s", found_text);
}

static int gather_endorsements(Verification *v)
{
    const VerifyInput *input = v->input;
    const EndorsementInput endorsements = {
        .evidence = input->evidence,
        .certificates = input->certificates,
        .n_certificates = input->n_certificates,
        .crls = input->crls,
        .n_crls = input->n_crls,
        .roots = v->roots,
    };

    return endorsements_gather(&endorsements, &v->cpu, &v->endorsements);
}

/* How an SNP report is judged, wherever it stands. */
static GenuineSnpInput snp_input(const Verification *v, ByteView report)
{
    const VerifyInput *input = v->input;
    const Policy *policy = input->policy;
    const unsigned newer = ~0U << (SNP_REPORT_VERSION_MAX + 1);

    return (GenuineSnpInput){
        .report = report,
        .endorsements = &v->endorsements,
        .roots = v->roots,
        .now_sec = input->now_sec,
        .newer_versions = policy && (policy->snp.report_versions & newer) != 0,
        .simulated_roots = input->simulated_roots,
        .n_simulated_roots = input->n_simulated_roots,
        .policy_roots = policy ? policy->simulated_roots : NULL,
        .n_policy_roots = policy ? policy->n_simulated_roots : 0,
    };
}

static int verify_snp(Verification *v)
{
    const EvidenceCpu *cpu = &v->input->evidence->cpu;

    if (strcmp(cpu->provider, "sev_guest") != 0)
        return refuse(&v->cpu, "cpu-provider-unknown", "cpu", "sev_guest", "%s", cpu->provider);
    const GenuineSnpInput input = snp_input(v, VIEW(cpu->outblob));
    int r = genuine_snp_verify(&input, &v->cpu, &v->snp);
    if (r < 0)
        return r;
    v->has_snp = r == GENUINE_SNP_OK;
    return v->has_snp ? judge_report_data(v) : 0;
}

/* What is wrong with it is said; then nothing vouches for the TDREPORT. */
static int verify_td_quote(Verification *v, GenuineTdx *ret, bool *ret_genuine)
{
    const VerifyInput *given = v->input;
    const Policy *policy = given->policy;
    const GenuineTdxInput input = {
        .quote = VIEW(given->evidence->td_quote),
        .now_sec = given->now_sec,
        .crls = given->crls,
        .n_crls = given->n_crls,
        .simulated_roots = given->simulated_roots,
        .n_simulated_roots = given->n_simulated_roots,
        .policy_roots = policy ? policy->simulated_roots : NULL,
        .n_policy_roots = policy ? policy->n_simulated_roots : 0,
    };

    *ret_genuine = false;
    if (input.quote.size == 0)
        return 0;
    int r = genuine_tdx_verify(&input, &v->cpu, NULL, ret);
    *ret_genuine = r == GENUINE_TDX_OK;
    return r < 0 ? r : 0;
}

/* user-data = SHA-512(claims bytes); REPORT_DATA is the hash of the runtime claims it stands in. */
static int verify_hcl(Verification *v)
{
    GenuineTdx quote = { 0 };
    bool has_quote = false;
    Digest wanted;

    int r = digest_of(DIGEST_SHA512, VIEW(v->input->evidence->claims), &wanted);
    if (r == 0)
        r = verify_td_quote(v, &quote, &has_quote);
    if (r < 0)
        return r;
    const GenuineAzureInput input = {
        .report = VIEW(v->input->evidence->hcl),
        .snp = snp_input(v, (ByteView){ 0 }),
        .user_data = digest_view(&wanted),
        .td_quote = has_quote ? &quote : NULL,
    };
    r = genuine_azure_verify(&input, &v->cpu, &v->azure);
    if (r < 0)
        return r;
    v->has_azure = r == GENUINE_AZURE_OK;
    v->has_snp = v->has_azure && v->azure.has_snp;
    v->has_tdx = v->has_azure && v->azure.tdx;
    v->cpu_is_bound = v->has_snp || v->has_tdx; /* user-data was compared */
    if (v->has_snp)
        v->snp = v->azure.snp;
    if (v->has_tdx) {
        v->tdx = quote;
        v->azure.tdx = &v->tdx;
    }
    return 0;
}

/* A TD quote says nothing but of a TDREPORT; anywhere else it would be a word that nobody hears. */
static int judge_td_quote_place(Verification *v)
{
    const Evidence *evidence = v->input->evidence;

    if (evidence->td_quote.size == 0 || v->appraisal->hardware == HARDWARE_TDX)
        return 0;
    return refuse(&v->cpu, "td-quote-unwanted", "cpu", "a paravisor's report of TDX",
                  "a TD quote without one");
}

/* Where there are two, there is a finding, and neither is believed. */
static int verify_hardware(Verification *v)
{
    unsigned sent = evidence_members(v->input->evidence);

    int r = gather_endorsements(v);
    if (r < 0 || ((sent & EVIDENCE_MEMBER_CPU) && (sent & EVIDENCE_MEMBER_HCL)))
        return r;
    return sent & EVIDENCE_MEMBER_HCL ? verify_hcl(v) : verify_snp(v);
}

/* By what was sent: what cannot be read is refused under another name. */
static Hardware hardware_of(const Evidence *evidence)
{
    unsigned sent = evidence_members(evidence);
    HclReport hcl;

    if (!(sent & (EVIDENCE_MEMBER_CPU | EVIDENCE_MEMBER_HCL)))
        return HARDWARE_NONE;
    if (!(sent & EVIDENCE_MEMBER_HCL) ||
        hcl_report_parse(VIEW(evidence->hcl), &hcl) != HCL_REPORT_OK)
        return HARDWARE_SNP;
    return hcl.type == HCL_REPORT_TYPE_TDX ? HARDWARE_TDX : HARDWARE_SNP;
}

/* "snp, tdx". */
static const char *hardware_text(unsigned hardware, char out[static 32])
{
    size_t used = 0;

    (void)snprintf(out, 32, "nothing that exists");
    for (Hardware i = HARDWARE_NONE; i < HARDWARE_MAX; i++)
        if (hardware & 1U << i)
            used += (size_t)snprintf(out + used, 32 - used, "%s%s", used > 0 ? ", " : "",
                                     hardware_name(i));
    return out;
}

/* Nothing vouches for the machine but what stands behind its vTPM: only where that was asked for.
 */
static int judge_absence(Verification *v)
{
    const VerifyInput *input = v->input;
    bool is_enough = input->policy ? (input->policy->hardware & 1U << HARDWARE_NONE) != 0
                                   : input->hardware_unneeded;

    if (is_enough && input->evidence->vtpm.attest.size > 0)
        return 0;
    return refuse(&v->whole, "cpu-missing", "cpu", "a hardware report", "none was sent");
}

static bool is_accepted(const Verification *v)
{
    const Policy *policy = v->input->policy;

    return !policy || (policy->hardware & 1U << v->appraisal->hardware) != 0;
}

static int judge_kind(Verification *v)
{
    Hardware found = v->appraisal->hardware;
    char wanted[32];

    if (found == HARDWARE_NONE)
        return judge_absence(v);
    if (is_accepted(v))
        return 0;
    return refuse(&v->cpu, "hardware-not-accepted", "cpu",
                  hardware_text(v->input->policy->hardware, wanted), "%s", hardware_name(found));
}

static int appraise_of_snp(Verification *v)
{
    const PolicySnp *policy = v->input->policy ? &v->input->policy->snp : NULL;
    SubmoduleAppraisal *cpu = &v->appraisal->cpu;
    const PolicyMeasurement *match = NULL;

    v->appraisal->simulated = v->snp.simulated;
    int r = policy ? appraise_snp(policy, &v->snp, &v->cpu, &cpu->vector) : 0;
    if (r < 0 || !v->cpu_is_bound)
        return r;
    if (policy)
        match = policy_measurement_find(policy->measurements, policy->n_measurements,
                                        v->snp.report.measurement);
    cpu->facts = facts_of_cpu(&v->snp, match);
    return cpu->facts ? 0 : -ENOMEM;
}

static int appraise_of_tdx(Verification *v)
{
    const PolicyTdx *policy = v->input->policy ? &v->input->policy->tdx : NULL;
    SubmoduleAppraisal *cpu = &v->appraisal->cpu;
    const PolicyMeasurement *match = NULL;

    v->appraisal->simulated = v->tdx.simulated;
    int r = policy ? appraise_tdx(policy, &v->tdx, &v->cpu, &cpu->vector) : 0;
    if (r < 0)
        return r;
    if (policy)
        match = policy_measurement_find(policy->measurements, policy->n_measurements,
                                        v->tdx.quote.td.mr_td);
    cpu->facts = facts_of_tdx(&v->tdx, match);
    return cpu->facts ? 0 : -ENOMEM;
}

int verification_judge_hardware(Verification *v)
{
    SubmoduleAppraisal *cpu = &v->appraisal->cpu;

    v->appraisal->hardware = hardware_of(v->input->evidence);
    cpu->present = v->appraisal->hardware != HARDWARE_NONE;
    int r = judge_kind(v);
    if (r >= 0)
        r = judge_td_quote_place(v);
    if (r >= 0)
        r = cpu->present ? verify_hardware(v) : gather_endorsements(v);
    if (r < 0 || !cpu->present)
        return r;
    cpu->vector.hardware = v->has_snp || v->has_tdx ? TRUST_APPROVED : TRUST_UNRECOGNISED;
    if (v->has_snp)
        r = appraise_of_snp(v);
    else if (v->has_tdx)
        r = appraise_of_tdx(v);
    if (!is_accepted(v))
        cpu->vector.hardware = TRUST_UNRECOGNISED;
    return r;
}
