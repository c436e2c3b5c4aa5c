/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl verify: judges evidence that a person has in hand. All judging is libattest's.
 */
#include "ctl/collateral.h"
#include "ctl/complain.h"
#include "ctl/input.h"
#include "ctl/judged.h"
#include "ctl/verb.h"
#include "format/catalog.h"

#include <attest/verify.h>

static int judge(const Options *options, const attest_input *input, const Findings *notes)
{
    _cleanup_(attest_result_freep) attest_result *result = NULL;

    int r = attest_verify(input, (attest_kind)options->verb->kind, &result);
    if (r < 0)
        return complain_of_errno(r, options->verb->name);
    return judged_print(options, result, notes);
}

static int run(const Options *options)
{
    _cleanup_(attest_input_freep) attest_input *input = NULL;
    _cleanup_findings_ Findings notes = { .source = "attestctl" };
    _cleanup_bytes_ Bytes evidence = { 0 };
    bool is_evidence = options->verb->kind == ATTEST_KIND_EVIDENCE;

    int r = collateral_check_options(options);
    if (r == 0)
        r = input_gather(options, &input);
    if (r == 0 && is_evidence)
        r = input_read_file(options, options->argument, &evidence);
    if (r == 0 && is_evidence)
        r = input_add_bytes(options, input, ATTEST_ITEM_EVIDENCE, VIEW(evidence),
                            options->argument);
    /* Evidence is judged as a verifier would judge it now; the raw forms as papers in a drawer. */
    if (r == 0)
        r = input_set_time(options, input, is_evidence);
    if (r == 0)
        r = collateral_complete(options, VIEW(evidence), input, &notes);
    return r == 0 ? judge(options, input, &notes) : r;
}

#define JSON_OPTION  FLAG_OPTION("json", json, "verdict, checks and claims as JSON")
#define ROOTS_OPTION TEXT_OPTION("roots", roots, "DIR", "AMD's roots instead of those built in")
#define AT_OPTION    TEXT_OPTION("at", at, "TIME", "judge dates at this time")

/* What every form takes. */
#define COMMON_OPTIONS ROOTS_OPTION, AT_OPTION, JSON_OPTION
/* What those take that need a certificate of AMD. */
#define COLLATERAL_OPTIONS                                                                         \
    FILES_OPTION("crl", crls, ATTEST_ITEM_CRL, "AMD's list of revoked certificates"),              \
        FLAG_OPTION("fetch", fetch, "fetch what is missing from AMD, and keep it"),                \
        TEXT_OPTION("cache", cache, "DIR", "where it is kept; without --fetch, only look there"),  \
        TEXT_OPTION("kds", kds, "URL", "ask there instead of " COLLATERAL_KDS_URL),                \
        TEXT_OPTION("kds-ca", kds_ca, "FILE", "trust these CAs (PEM) there, and no other"),        \
        TEXT_OPTION("timeout", timeout, "SECONDS", "for each request there; 30"),                  \
        TEXT_OPTION("worker", worker, "FILE", "instead of the installed attest-worker")

static const Option evidence_options[] = {
    FILE_OPTION("policy", policy, ATTEST_ITEM_POLICY, EXTRA, "demand what this policy demands"),
    HEX_OPTION("nonce", nonce, ATTEST_ITEM_NONCE, "the challenge that it must answer"),
    COLLATERAL_OPTIONS,
    COMMON_OPTIONS,
    { 0 },
};

static const Option snp_options[] = {
    FILE_OPTION("report", report, ATTEST_ITEM_SNP_REPORT, NEEDED, "the report, 1184 bytes"),
    FILES_OPTION("cert", certificates, ATTEST_ITEM_CERTIFICATE,
                 "VCEK, VLEK, ASK, or the host's table of them"),
    HEX_OPTION("report-data", report_data, ATTEST_ITEM_REPORT_DATA, "what REPORT_DATA must be"),
    COLLATERAL_OPTIONS,
    COMMON_OPTIONS,
    { 0 },
};

static const Option quote_options[] = {
    FILE_OPTION("attest", attest, ATTEST_ITEM_TPM_QUOTE, NEEDED, "what the TPM signed"),
    FILE_OPTION("signature", signature, ATTEST_ITEM_TPM_SIGNATURE, NEEDED, "its signature"),
    FILE_OPTION("ak", ak, ATTEST_ITEM_TPM_AK, NEEDED, "the attestation key, or its certificate"),
    FILE_OPTION("pcrs", pcrs, ATTEST_ITEM_PCRS, EXTRA, "the PCR values that were quoted"),
    HEX_OPTION("nonce", nonce, ATTEST_ITEM_NONCE, "the qualifying data that it must have"),
    COMMON_OPTIONS,
    { 0 },
};

static const Option event_log_options[] = {
    FILE_OPTION("log", log, ATTEST_ITEM_EVENT_LOG, NEEDED, "the log of the firmware"),
    FILE_OPTION("pcrs", pcrs, ATTEST_ITEM_PCRS, EXTRA, "the PCR values it must replay to"),
    COMMON_OPTIONS,
    { 0 },
};

static const Option hcl_options[] = {
    FILE_OPTION("report", report, ATTEST_ITEM_HCL_REPORT, NEEDED, "the report of Azure's vTPM"),
    FILES_OPTION("cert", certificates, ATTEST_ITEM_CERTIFICATE, "VCEK, ASK, chain of the AK"),
    FILE_OPTION("attest", attest, ATTEST_ITEM_TPM_QUOTE, EXTRA, "what the TPM signed"),
    FILE_OPTION("signature", signature, ATTEST_ITEM_TPM_SIGNATURE, EXTRA, "its signature"),
    FILE_OPTION("pcrs", pcrs, ATTEST_ITEM_PCRS, EXTRA, "the PCR values that were quoted"),
    FILE_OPTION("quote", quote, ATTEST_ITEM_TD_QUOTE, EXTRA, "the TDX quote, on a TDX machine"),
    HEX_OPTION("nonce", nonce, ATTEST_ITEM_NONCE, "the qualifying data of what the TPM signed"),
    COLLATERAL_OPTIONS,
    COMMON_OPTIONS,
    { 0 },
};

static const Option tdx_options[] = {
    FILE_OPTION("quote", quote, ATTEST_ITEM_TD_QUOTE, NEEDED, "the quote, version 4 or 5"),
    COMMON_OPTIONS,
    { 0 },
};

static const Option token_options[] = {
    FILE_OPTION("token", token, ATTEST_ITEM_TOKEN, NEEDED, "the token, a JWT"),
    FILE_OPTION("jwks", jwks, ATTEST_ITEM_JWKS, NEEDED, "the keys of its issuer"),
    COMMON_OPTIONS,
    { 0 },
};

const Verb verb_verify[] = {
    { .name = "verify",
      .argument = "EVIDENCE",
      .help = "judge evidence of attestd",
      .run = run,
      .options = evidence_options,
      .kind = ATTEST_KIND_EVIDENCE },
    { .name = "verify",
      .form = "snp",
      .help = "judge an SEV-SNP report",
      .run = run,
      .options = snp_options,
      .kind = ATTEST_KIND_SNP },
    { .name = "verify",
      .form = "quote",
      .help = "judge a quote of a TPM",
      .run = run,
      .options = quote_options,
      .kind = ATTEST_KIND_QUOTE },
    { .name = "verify",
      .form = "eventlog",
      .help = "replay an event log",
      .run = run,
      .options = event_log_options,
      .kind = ATTEST_KIND_EVENT_LOG },
    { .name = "verify",
      .form = "hcl",
      .help = "judge what Azure's paravisor says",
      .run = run,
      .options = hcl_options,
      .kind = ATTEST_KIND_HCL },
    { .name = "verify",
      .form = "tdx",
      .help = "judge a TDX quote",
      .run = run,
      .options = tdx_options,
      .kind = ATTEST_KIND_TDX },
    { .name = "verify",
      .form = "token",
      .help = "judge a token by its issuer's keys",
      .run = run,
      .options = token_options,
      .kind = ATTEST_KIND_TOKEN },
    { 0 },
};
