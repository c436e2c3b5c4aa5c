/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure's HCL report: hardware report, the paravisor's claims, and the quote of the vTPM whose key
 * they name.
 */
#include "attest/judge-quote.h"

#include "attest/describe-hcl.h"
#include "base/wipe.h"
#include "verify/azure-ak.h"
#include "verify/refuse.h"

#include <errno.h>

static int add_claims(const Judgement *j, ByteView bytes, SnpProduct product)
{
    json_auto_t *described = NULL;
    HclReport report;

    if (hcl_report_parse(bytes, &report) != HCL_REPORT_OK)
        return 0;
    int r = describe_hcl(&report, product, &described);
    if (r < 0)
        return r;
    return json_object_update(j->outcome->claims, described) ? -ENOMEM : 0;
}

static int add_verification(const Judgement *j, const SnpJudged *judged, ByteView bytes)
{
    SnpJudged shown = *judged;
    HclReport hcl;
    SnpReport report;

    if (hcl_report_parse(bytes, &hcl) != HCL_REPORT_OK || hcl.type != HCL_REPORT_TYPE_SNP ||
        snp_report_parse(hcl.hardware, SNP_REPORT_ACCEPT_NEWER, &report) != SNP_REPORT_OK)
        return 0;
    shown.report = &report;
    return judge_add_verification(j, &shown);
}

/* A certificate that was meant to prove the hardware, and cannot be read, is not as good as none.
 */
static int judge_report(const Judgement *j, const GenuineTdx *td_quote, GenuineAzure *ret,
                        bool *ret_genuine)
{
    ByteView bytes = items_get(j->input, ATTEST_ITEM_HCL_REPORT);
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings own = { .source = OUTCOME_SOURCE };
    GenuineAzureInput input = {
        .report = bytes,
        .snp = {
            .endorsements = &endorsements,
            .roots = j->trust->amd_roots,
            .now_sec = j->trust->now_sec,
            .newer_versions = true,
        },
        .td_quote = td_quote,
        .user_data = items_get(j->input, ATTEST_ITEM_REPORT_DATA),
    };

    int r = judge_gather_endorsements(j, &own, &endorsements);
    input.hardware_optional = !findings_has(&own, "snp-endorsement-unreadable") &&
                              !findings_has(&j->outcome->findings, "item-ignored");
    if (r >= 0)
        r = genuine_azure_verify(&input, &own, ret);
    if (r < 0)
        return r;
    *ret_genuine = r == GENUINE_AZURE_OK;
    const SnpJudged judged = {
        .endorsements = &endorsements,
        .findings = &own,
        .genuine = *ret_genuine && ret->has_snp ? &ret->snp : NULL,
    };
    r = add_claims(j, bytes, judged.genuine ? judged.genuine->product : SNP_PRODUCT_UNKNOWN);
    if (r >= 0)
        r = add_verification(j, &judged, bytes);
    return r < 0 ? r : findings_move(&j->outcome->findings, &own);
}

/* Does the quote hold what the claims hash to? Of a TDREPORT that was asked already; beside a
 * report of SEV-SNP there is nothing for a quote to vouch for. */
static int add_quote_binding(const Judgement *j, const GenuineAzure *azure,
                             const GenuineTdx *td_quote)
{
    ByteView data = VIEW_OF_ARRAY(td_quote->quote.report_data);
    bool matches = equal_constant_time(data, hcl_report_data(&azure->report));

    int r = outcome_claim(j->outcome, "runtime_claims_hash_matches_quote", json_boolean(matches));
    if (r < 0 || azure->report.type == HCL_REPORT_TYPE_TDX)
        return r;
    return refuse(&j->outcome->findings, "hcl-quote-mismatch", "cpu", "a report of TDX",
                  "a TD quote beside a report of SEV-SNP");
}

/* Quote and signature come together. */
static int check_pair(const Judgement *j, bool *ret_there)
{
    bool quote = items_get(j->input, ATTEST_ITEM_TPM_QUOTE).data != NULL;
    bool signature = items_get(j->input, ATTEST_ITEM_TPM_SIGNATURE).data != NULL;
    bool others = items_get(j->input, ATTEST_ITEM_PCRS).data ||
                  items_get(j->input, ATTEST_ITEM_NONCE).data ||
                  items_get(j->input, ATTEST_ITEM_EVENT_LOG).data ||
                  items_get(j->input, ATTEST_ITEM_USERSPACE_LOG).data;

    *ret_there = quote && signature;
    if (quote == signature && (quote || !others))
        return 0;
    return outcome_unreadable(j->outcome, "item-missing", quote ? "tpm-signature" : "tpm-quote",
                              NULL, "what was given with it cannot be judged");
}

/* The key is the one that the paravisor's claims name; its public area, that of its template. */
static int judge_vtpm(const Judgement *j, const GenuineAzure *azure)
{
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    _cleanup_bytes_ Bytes ak = { 0 };
    bool genuine;

    int r = azure_ak_public(&azure->claims.ak, &ak);
    if (r == -EINVAL)
        return refuse(&j->outcome->findings, "tpm-ak-malformed", "vtpm", "RSA of 2048 to 4096 bits",
                      "HCLAkPub is another key");
    if (r >= 0)
        r = judge_quote_by(j, VIEW(ak), &quote, &genuine);
    if (r < 0 || j->outcome->unreadable || !genuine)
        return r;
    r = azure_ak_judge(azure, &quote.ak_public, quote.attest.qualified_signer, AZURE_AK_TEMPLATE,
                       &j->outcome->findings);
    return r < 0 ? r : 0;
}

static int judge_rest(const Judgement *j, const GenuineAzure *azure, const GenuineTdx *td_quote,
                      bool has_quote)
{
    const JudgeAkCertificate ask = { .ak = azure->ak, .same_key = "ak_cert_key_is_HCLAkPub" };
    int r = td_quote ? add_quote_binding(j, azure, td_quote) : 0;

    if (r >= 0 && has_quote)
        r = judge_vtpm(j, azure);
    return r < 0 || j->outcome->unreadable ? r : judge_ak_certificate(j, &ask);
}

int judge_hcl(const Judgement *j)
{
    _cleanup_genuine_azure_ GenuineAzure azure = { 0 };
    GenuineTdx tdx;
    bool has_td_quote = false, genuine = false, has_quote = false;

    int r = check_pair(j, &has_quote);
    if (r < 0 || j->outcome->unreadable)
        return r;
    if (items_get(j->input, ATTEST_ITEM_TD_QUOTE).data)
        r = judge_td_quote(j, (ByteView){ 0 }, &tdx, &has_td_quote);
    if (r >= 0)
        r = judge_report(j, has_td_quote ? &tdx : NULL, &azure, &genuine);
    if (r < 0 || !genuine)
        return r;
    return judge_rest(j, &azure, has_td_quote ? &tdx : NULL, has_quote);
}
