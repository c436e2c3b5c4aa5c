/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the hardware report to the paravisor's key: the report is genuine, it holds the hash of the
 * claims, the claims name the key. The first of these that cannot be read ends the walk.
 */
#include "verify/genuine-azure.h"

#include "base/wipe.h"
#include "verify/refuse.h"
#include "verify/tdx-report-digests.h"

#include <errno.h>
#include <string.h>

#define SUBJECT      "cpu"
#define VMPL_HIGHEST 0 /* where the paravisor runs: nobody below it can have such a report */

void genuine_azure_done(GenuineAzure *azure)
{
    hcl_claims_done(&azure->claims);
    key_free(azure->ak);
    *azure = (GenuineAzure){ 0 };
}

static DigestAlgorithm hash_of(HclHashType type)
{
    switch (type) {
    case HCL_HASH_SHA256:
        return DIGEST_SHA256;
    case HCL_HASH_SHA384:
        return DIGEST_SHA384;
    case HCL_HASH_SHA512:
        break;
    }
    return DIGEST_SHA512;
}

int hcl_claims_digest(const HclReport *report, Digest *ret)
{
    return digest_of(hash_of(report->hash_type), report->claims, ret);
}

/* REPORT_DATA = H(claims), then zeros. */
static int check_hash(const HclReport *report, Findings *findings)
{
    ByteView found = hcl_report_data(report);
    uint8_t wanted[HCL_USER_DATA_SIZE] = { 0 };
    char found_text[HEX_TEXT_MAX], wanted_text[HEX_TEXT_MAX];
    Digest digest;

    int r = hcl_claims_digest(report, &digest);
    if (r < 0)
        return r;
    memcpy(wanted, digest.data, digest.size);
    if (equal_constant_time(found, VIEW_OF_ARRAY(wanted)))
        return 0;
    hex_text(found, found_text);
    hex_text(VIEW_OF_ARRAY(wanted), wanted_text);
    return refuse(findings, "hcl-claims-hash-mismatch", SUBJECT, wanted_text, "REPORT_DATA %s",
                  found_text);
}

static bool is_vek(const Certificate *certificate)
{
    const char *subject = certificate_subject_cn(certificate);

    return strcmp(subject, snp_vek_subject(AMD_ASK)) == 0 ||
           strcmp(subject, snp_vek_subject(AMD_ASVK)) == 0;
}

static bool has_vek(const Endorsements *endorsements)
{
    for (size_t i = 0; i < endorsements->certificates.n_items; i++)
        if (is_vek(endorsements->certificates.items[i]))
            return true;
    return false;
}

static int say_unverified(const GenuineAzureInput *input, const char *missing, Findings *findings)
{
    return input->hardware_optional
               ? warn(findings, "hcl-hardware-unverified", SUBJECT, missing, "none was given")
               : refuse(findings, "hcl-hardware-unverified", SUBJECT, missing, "none was given");
}

/* All but what needs the certificate: the one finding about that becomes ours. */
static int check_snp_alone(const GenuineAzureInput *input, Findings *of_report, Findings *findings)
{
    int r = 0;

    for (size_t i = 0; i < of_report->n_items && r >= 0; i++) {
        const Finding *f = &of_report->items[i];
        if (strcmp(f->name, "snp-vek-missing") == 0)
            r = say_unverified(input, "the certificate of the report key", findings);
        else
            r = findings_add(findings, f->name, f->subject, f->result, f->found, f->wanted);
    }
    return r;
}

static int check_snp(const GenuineAzureInput *input, Findings *findings, GenuineAzure *azure)
{
    _cleanup_findings_ Findings of_report = { .source = findings->source };
    GenuineSnpInput snp = input->snp;
    SnpReport report;

    snp.report = azure->report.hardware;
    int r = genuine_snp_verify(&snp, &of_report, &azure->snp);
    if (r < 0)
        return r;
    azure->has_snp = azure->hardware_proven = r == GENUINE_SNP_OK;
    bool is_alone = input->hardware_optional && !has_vek(snp.endorsements);
    r = is_alone ? check_snp_alone(input, &of_report, findings)
                 : findings_move(findings, &of_report);
    if (r < 0 || snp_report_parse(snp.report, SNP_REPORT_ACCEPT_NEWER, &report) != SNP_REPORT_OK ||
        report.vmpl == VMPL_HIGHEST)
        return r;
    return refuse(findings, "hcl-vmpl-not-zero", SUBJECT, "VMPL 0", "VMPL %u", report.vmpl);
}

/* The quote was made from this very TDREPORT. */
static int check_td_quote(const GenuineTdx *genuine, const TdxReport *report, Findings *findings)
{
    const TdxQuote *quote = &genuine->quote;
    const char *difference = NULL;

    if (memcmp(quote->report_data, report->report_data, sizeof(report->report_data)) != 0)
        difference = "REPORTDATA";
    else if (memcmp(&quote->td, &report->td, sizeof(report->td)) != 0)
        difference = "TDINFO";
    if (!difference)
        return 0;
    return refuse(findings, "hcl-quote-mismatch", SUBJECT, "a quote of the TDREPORT in it",
                  "another %s", difference);
}

/* A TDREPORT convinces its own machine only; off it, the quote does. */
static int check_tdx(const GenuineAzureInput *input, Findings *findings, GenuineAzure *azure)
{
    TdxReport report;

    int r = tdx_report_parse(azure->report.hardware, &report);
    if (r != TDX_REPORT_OK)
        return refuse(findings, "hcl-tdreport-malformed", SUBJECT, "a TDREPORT", "%s",
                      tdx_report_reason(r));
    r = tdx_report_digests_check(&report);
    if (r < 0)
        return r;
    if (r != TDX_REPORT_DIGESTS_OK)
        return refuse(findings, "hcl-tdreport-malformed", SUBJECT, "hashes of what it holds", "%s",
                      r == TDX_REPORT_DIGESTS_E_TCB_INFO ? "TEE_TCB_INFO_HASH is another"
                                                         : "TEE_INFO_HASH is another");
    if (!input->td_quote)
        return say_unverified(input, "a TD quote", findings);
    azure->hardware_proven = true;
    azure->tdx = input->td_quote;
    return check_td_quote(input->td_quote, &report, findings);
}

static int check_user_data(const HclClaims *claims, ByteView wanted, Findings *findings)
{
    char found_text[HEX_TEXT_MAX], wanted_text[HEX_TEXT_MAX];

    if (!wanted.data)
        return 0;
    hex_text(wanted, wanted_text);
    if (!claims->has_user_data)
        return refuse(findings, "hcl-user-data-missing", SUBJECT, wanted_text, "no user-data");
    if (equal_constant_time(VIEW_OF_ARRAY(claims->user_data), wanted))
        return 0;
    hex_text(VIEW_OF_ARRAY(claims->user_data), found_text);
    return refuse(findings, "hcl-user-data-mismatch", SUBJECT, wanted_text, "%s", found_text);
}

static int read_claims(const GenuineAzureInput *input, Findings *findings, GenuineAzure *azure)
{
    const HclKey *ak = &azure->claims.ak;

    int r = hcl_claims_parse(azure->report.claims, &azure->claims);
    if (r < 0)
        return r;
    if (r != HCL_CLAIMS_OK)
        return refuse(findings, "hcl-claims-malformed", SUBJECT, "the paravisor's JSON", "%s",
                      hcl_claims_reason(r));
    r = key_from_rsa((ByteView){ ak->modulus, ak->modulus_size },
                     (ByteView){ ak->exponent, ak->exponent_size }, &azure->ak);
    if (r > 0)
        r = refuse(findings, "hcl-claims-malformed", SUBJECT, "a usable HCLAkPub", "%s",
                   key_reason(r));
    return r < 0 ? r : check_user_data(&azure->claims, input->user_data, findings);
}

/* All findings into FINDINGS; AZURE is complete unless one of them is a failure. */
static int walk(const GenuineAzureInput *input, Findings *findings, GenuineAzure *azure)
{
    int r = hcl_report_parse(input->report, &azure->report);

    if (r != HCL_REPORT_OK)
        return refuse(findings, "hcl-report-malformed", SUBJECT, "an HCL report", "%s",
                      hcl_report_reason(r));
    r = azure->report.type == HCL_REPORT_TYPE_SNP ? check_snp(input, findings, azure)
                                                  : check_tdx(input, findings, azure);
    if (r >= 0 && !azure->report.padding_is_zero)
        r = warn(findings, "hcl-padding-not-zero", SUBJECT, "zeros", "something else");
    if (r >= 0)
        r = check_hash(&azure->report, findings);
    return r < 0 ? r : read_claims(input, findings, azure);
}

int genuine_azure_verify(const GenuineAzureInput *input, Findings *findings, GenuineAzure *ret)
{
    _cleanup_findings_ Findings own = { .source = findings->source };
    _cleanup_genuine_azure_ GenuineAzure azure = { 0 };

    int r = walk(input, &own, &azure);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    if (r)
        return r < 0 ? r : GENUINE_AZURE_E_REFUSED;
    *ret = TAKE_STRUCT(azure);
    return GENUINE_AZURE_OK;
}
