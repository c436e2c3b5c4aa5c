/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SEV-SNP report with the certificates that came along.
 */
#include "attest/judge.h"

#include "attest/describe-snp.h"
#include "base/wipe.h"
#include "verify/appraise.h"
#include "verify/refuse.h"
#include "verify/vek.h"

#include <errno.h>
#include <string.h>

#define SUBJECT "cpu"

/* The report inside the firmware's response, where that is what was given. */
static ByteView unwrap(ByteView bytes)
{
    uint32_t status;
    ByteView report;

    if (bytes.size != SNP_REPORT_SIZE &&
        snp_response_parse(bytes, &status, &report) == SNP_RESPONSE_OK)
        return report;
    return bytes;
}

static int judge_report_data(const Judgement *j, const GenuineSnp *snp)
{
    ByteView wanted = items_get(j->input, ATTEST_ITEM_REPORT_DATA);
    ByteView found = VIEW_OF_ARRAY(snp->report.report_data);
    char found_text[HEX_TEXT_MAX], wanted_text[HEX_TEXT_MAX];

    if (!wanted.data || equal_constant_time(found, wanted))
        return 0;
    hex_text(found, found_text);
    hex_text(wanted, wanted_text);
    return refuse(&j->outcome->findings, "snp-report-data-mismatch", SUBJECT, wanted_text, "%s",
                  found_text);
}

static int appraise(const Judgement *j, const GenuineSnp *snp)
{
    TrustVector vector = { 0 };

    return appraise_snp(&j->trust->policy->snp, snp, &j->outcome->findings, &vector);
}

/* Was it made for the TCB and the chip that the report names? */
static bool is_made_for(const Certificate *candidate, const SnpReport *report)
{
    Vek vek;

    if (vek_parse(candidate, &vek) != VEK_OK)
        return false;
    SnpTcb tcb = snp_tcb_decode(report->reported_tcb,
                                vek.tcb.has_fmc ? SNP_TCB_LAYOUT_FMC : SNP_TCB_LAYOUT_LEGACY);
    return snp_tcb_is_equal(&tcb, &vek.tcb) &&
           (vek.hwid_size == 0 || memcmp(vek.hwid, report->chip_id, vek.hwid_size) == 0);
}

/* The certificate to show: of the right kind, and of the report's chip and TCB where one is. */
static const Certificate *find_vek(const Endorsements *endorsements, const SnpReport *report)
{
    bool is_vlek = snp_report_signing_key(report) == SNP_SIGNING_KEY_VLEK;
    const CertificateList *list = &endorsements->certificates;
    const Certificate *first = NULL;

    for (size_t i = 0; i < list->n_items; i++) {
        const Certificate *candidate = list->items[i];
        if (strcmp(certificate_subject_cn(candidate),
                   snp_vek_subject(is_vlek ? AMD_ASVK : AMD_ASK)) != 0)
            continue;
        if (is_made_for(candidate, report))
            return candidate;
        first = first ? first : candidate;
    }
    return first;
}

int judge_add_verification(const Judgement *j, const SnpJudged *judged)
{
    const SnpVerification verification = {
        .report = judged->report,
        .vek = find_vek(judged->endorsements, judged->report),
        .genuine = judged->genuine,
        .findings = judged->findings,
    };
    json_t *described = NULL;

    if (!verification.vek)
        return 0;
    int r = describe_snp_verification(&verification, &described);
    return r < 0 ? r : outcome_claim(j->outcome, "verification", described);
}

/* What the report says is shown even when it is refused; what it is worth, the verdict says. */
static int add_claims(const Judgement *j, ByteView bytes, const SnpJudged *judged)
{
    SnpProduct product = judged->genuine ? judged->genuine->product : SNP_PRODUCT_UNKNOWN;
    SnpJudged shown = *judged;
    json_t *described = NULL;
    SnpReport report;

    if (snp_report_parse(bytes, SNP_REPORT_ACCEPT_NEWER | SNP_REPORT_ACCEPT_FIRST, &report) !=
        SNP_REPORT_OK)
        return 0;
    shown.report = &report;
    int r = describe_snp_report(&report, product, &described);
    if (r >= 0)
        r = outcome_claim(j->outcome, "report", described);
    return r < 0 ? r : judge_add_verification(j, &shown);
}

int judge_gather_endorsements(const Judgement *j, Findings *findings, Endorsements *ret)
{
    const Evidence nothing = { 0 };
    const EndorsementInput gathered = {
        .evidence = &nothing,
        .certificates = j->trust->hints,
        .n_certificates = j->trust->n_hints,
        .crls = j->trust->crls,
        .n_crls = j->trust->n_crls,
    };

    return endorsements_gather(&gathered, findings, ret);
}

static int judge_report(const Judgement *j, ByteView report, GenuineSnp *ret, bool *ret_genuine)
{
    const Policy *policy = j->trust->policy;
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings own = { .source = OUTCOME_SOURCE };

    int r = judge_gather_endorsements(j, &own, &endorsements);
    if (r < 0)
        return r;
    const GenuineSnpInput input = {
        .report = report,
        .endorsements = &endorsements,
        .roots = j->trust->amd_roots,
        .now_sec = j->trust->now_sec,
        .newer_versions = true,
        .policy_roots = policy ? policy->simulated_roots : NULL,
        .n_policy_roots = policy ? policy->n_simulated_roots : 0,
    };
    r = genuine_snp_verify(&input, &own, ret);
    if (r < 0)
        return r;
    *ret_genuine = r == GENUINE_SNP_OK;
    const SnpJudged judged = {
        .endorsements = &endorsements,
        .findings = &own,
        .genuine = *ret_genuine ? ret : NULL,
    };
    r = add_claims(j, report, &judged);
    return r < 0 ? r : findings_move(&j->outcome->findings, &own);
}

/* What is there besides the report, or in its place. */
static int add_size(const Judgement *j, ByteView given, ByteView report)
{
    uint32_t status = 0;
    ByteView inner;

    if (given.size == SNP_REPORT_SIZE)
        return 0;
    int r = outcome_claim(j->outcome, "size", json_integer((json_int_t)given.size));
    if (r < 0 || report.data == given.data ||
        snp_response_parse(given, &status, &inner) != SNP_RESPONSE_OK)
        return r;
    r = outcome_claim(j->outcome, "status", json_integer(status));
    return r < 0 ? r
                 : outcome_claim(j->outcome, "report_size", json_integer((json_int_t)inner.size));
}

int judge_snp(const Judgement *j)
{
    ByteView given = items_get(j->input, ATTEST_ITEM_SNP_REPORT), report = unwrap(given);
    GenuineSnp snp;
    bool genuine = false;

    int r = add_size(j, given, report);
    if (r >= 0)
        r = judge_report(j, report, &snp, &genuine);
    if (r < 0 || !genuine)
        return r;
    r = judge_report_data(j, &snp);
    if (r >= 0 && j->trust->policy)
        r = appraise(j, &snp);
    return r;
}
