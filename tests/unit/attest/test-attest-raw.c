/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw forms: what else the caller may demand, and how it is refused.
 */
#include "api.h"

#include "base/encode.h"
#include "format/snp-certs.h"
#include "testing.h"

#define TEXT(text)                                                                                 \
    {                                                                                              \
        .data = (const uint8_t *)(text), .size = sizeof(text) - 1                                  \
    }
#define FILE(kind, name)                                                                           \
    {                                                                                              \
        .item = ATTEST_ITEM_##kind, .vector = name                                                 \
    }

#define YEAR_2026 INT64_C(1767225600)
#define YEAR_2040 INT64_C(2208988800)

/* An input, and what it must come to; NAME NULL: a pass. */
typedef struct Case {
    attest_kind kind;
    ApiInput input;
    const char *name;
} Case;

static void check_cases(const Case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        _cleanup_answer_ ApiAnswer answer = api_verify(cases[i].kind, &cases[i].input);
        (void)printf("  %s\n", cases[i].name ? cases[i].name : "pass");
        (void)fflush(stdout);
        api_check(&answer, cases[i].name ? ATTEST_E_FAIL : ATTEST_PASS, cases[i].name);
    }
}

/* The report of a Milan, judged at a time, with one item more. */
#define SNP(at, ...)                                                                               \
    {                                                                                              \
        .items = { FILE(SNP_REPORT, "snp/milan-v3-vcek/report.bin"),                               \
                   FILE(CERTIFICATE, "snp/milan-v3-vcek/vcek.der"), __VA_ARGS__ },                 \
        .at_sec = (at)                                                                             \
    }
#define NOTHING                                                                                    \
    {                                                                                              \
        0                                                                                          \
    }

static void dates_are_judged_only_at_a_time(void)
{
    static const Case cases[] = {
        { ATTEST_KIND_SNP, SNP(0, NOTHING), NULL },
        { ATTEST_KIND_SNP, SNP(1, NOTHING), "snp-certificate-not-yet-valid" },
        { ATTEST_KIND_SNP, SNP(YEAR_2040, NOTHING), "snp-certificate-expired" },
        { ATTEST_KIND_TDX,
          { .items = { FILE(TD_QUOTE, "tdx-quote/v5-a/td_quote.bin") }, .at_sec = YEAR_2040 },
          "tdx-certificate-expired" },
        { ATTEST_KIND_TOKEN,
          { .items = { FILE(TOKEN, "maa/sgx-2021/token.jwt"),
                       FILE(JWKS, "maa/sgx-2021/jwks.json") },
            .at_sec = YEAR_2026 },
          "token-expired" },
        { ATTEST_KIND_TOKEN,
          { .items = { FILE(TOKEN, "maa/sgx-2021/token.jwt"),
                       FILE(JWKS, "maa/sgx-2021/jwks.json") },
            .at_sec = 1628901456 },
          "token-not-yet-valid" },
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/azure-trusted-launch-b/quote.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/azure-trusted-launch-b/quote.sig"),
                       FILE(TPM_AK, "tpm-quote/azure-trusted-launch-b/ak-cert.der"),
                       FILE(CERTIFICATE, "tpm-quote/azure-trusted-launch-b/ak-intermediate-0.der"),
                       FILE(CERTIFICATE, "tpm-quote/azure-trusted-launch-b/ak-intermediate-1.der"),
                       FILE(VTPM_ROOT, "azure-vtpm-roots/azure-virtual-tpm-root-2023/root.der") },
            .at_sec = YEAR_2040 },
          "tpm-certificate-untrusted" },
    };

    check_cases(cases, ELEMENTSOF(cases));
}

static void roots_that_are_given_replace_amds(void)
{
    static const Case cases[] = {
        { ATTEST_KIND_SNP, SNP(0, FILE(AMD_ROOT, "amd-roots/genoa/ark.der")),
          "snp-root-untrusted" },
        { ATTEST_KIND_SNP,
          { .items = { FILE(SNP_REPORT, "snp/milan-v3-vcek/report.bin"),
                       FILE(CERTIFICATE, "snp/milan-v3-vcek/vcek.der"),
                       FILE(AMD_ROOT, "amd-roots/milan/ark.der"),
                       FILE(AMD_ROOT, "amd-roots/milan/ask.der"),
                       FILE(AMD_ROOT, "amd-roots/milan/asvk.der"),
                       FILE(AMD_ROOT, "amd-roots/genoa/ark.der"),
                       FILE(AMD_ROOT, "amd-roots/genoa/ask.der"),
                       FILE(AMD_ROOT, "amd-roots/genoa/asvk.der"),
                       FILE(AMD_ROOT, "amd-roots/turin/ark.der"),
                       FILE(AMD_ROOT, "amd-roots/turin/ask.der"),
                       FILE(AMD_ROOT, "amd-roots/turin/asvk.der") } },
          NULL },
        /* The ASK may come along as a hint: its root is what counts. */
        { ATTEST_KIND_SNP,
          { .items = { FILE(SNP_REPORT, "snp/milan-v3-vcek/report.bin"),
                       FILE(CERTIFICATE, "snp/milan-v3-vcek/vcek.der"),
                       FILE(CERTIFICATE, "amd-roots/milan/ask.der"),
                       FILE(AMD_ROOT, "amd-roots/milan/ark.der") } },
          NULL },
    };

    check_cases(cases, ELEMENTSOF(cases));
}

static void what_the_caller_demands_is_compared(void)
{
    static const uint8_t zeros[64] = { 0 }, other[64] = { 1 };
    static const Case cases[] = {
        { ATTEST_KIND_SNP,
          SNP(0, { .item = ATTEST_ITEM_REPORT_DATA, .bytes = VIEW_OF_ARRAY(other) }),
          "snp-report-data-mismatch" },
        { ATTEST_KIND_SNP, SNP(0, { .item = ATTEST_ITEM_REPORT_DATA, .bytes = TEXT("short") }),
          "snp-report-data-mismatch" },
        { ATTEST_KIND_SNP,
          { .items = { FILE(SNP_REPORT, "snp/turin-v5-vcek/report.bin"),
                       FILE(CERTIFICATE, "snp/turin-v5-vcek/vcek.der"),
                       { .item = ATTEST_ITEM_REPORT_DATA, .bytes = VIEW_OF_ARRAY(zeros) } } },
          NULL },
        { ATTEST_KIND_TDX,
          { .items = { FILE(TD_QUOTE, "tdx-quote/v5-a/td_quote.bin"),
                       { .item = ATTEST_ITEM_REPORT_DATA, .bytes = VIEW_OF_ARRAY(zeros) } } },
          "tdx-report-data-mismatch" },
        { ATTEST_KIND_TDX,
          { .items = { FILE(TD_QUOTE, "tdx-quote/v5-a/td_quote.bin"),
                       { .item = ATTEST_ITEM_REPORT_DATA, .bytes = TEXT("") } } },
          "tdx-report-data-mismatch" },
        { ATTEST_KIND_TDX,
          { .items = { FILE(TD_QUOTE, "ccel/cos-113-tdx/td_quote.bin"),
                       { .item = ATTEST_ITEM_REPORT_DATA, .bytes = VIEW_OF_ARRAY(zeros) } } },
          NULL },
        { ATTEST_KIND_HCL,
          { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin"),
                       { .item = ATTEST_ITEM_REPORT_DATA, .bytes = VIEW_OF_ARRAY(zeros) } } },
          NULL },
        { ATTEST_KIND_HCL,
          { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin"),
                       { .item = ATTEST_ITEM_REPORT_DATA, .bytes = TEXT("other") } } },
          "hcl-user-data-mismatch" },
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/azure-cvm-challenge/quote.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/azure-cvm-challenge/quote.sig"),
                       FILE(TPM_AK, "tpm-quote/azure-cvm-challenge/ak.pem"),
                       { .item = ATTEST_ITEM_NONCE, .bytes = TEXT("challenge") } } },
          NULL },
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/azure-cvm-challenge/quote.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/azure-cvm-challenge/quote.sig"),
                       FILE(TPM_AK, "tpm-quote/azure-cvm-challenge/ak.pem"),
                       { .item = ATTEST_ITEM_NONCE, .bytes = TEXT("") } } },
          "tpm-qualifying-data-mismatch" },
        { ATTEST_KIND_TOKEN,
          { .items = { FILE(TOKEN, "maa/sgx-2021/token.jwt"),
                       FILE(JWKS, "maa/sgx-2021/jwks.json"),
                       { .item = ATTEST_ITEM_NONCE, .bytes = TEXT("challenge") } } },
          "token-nonce-missing" },
    };

    check_cases(cases, ELEMENTSOF(cases));
}

static void a_quote_needs_its_own_values_and_logs(void)
{
    static const Case cases[] = {
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/keylime-a/quote.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/keylime-a/quote.sig"),
                       FILE(TPM_AK, "tpm-quote/keylime-a/ak.tpm2b"),
                       FILE(PCRS, "tpm-quote/azure-trusted-launch-a/pcrs.bin") } },
          "tpm-selection-mismatch" },
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/keylime-a/quote.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/keylime-a/quote.sig"),
                       FILE(TPM_AK, "tpm-quote/keylime-a/ek.tpm2b"),
                       FILE(PCRS, "tpm-quote/keylime-a/pcrs.bin") } },
          "tpm-ak-unrestricted" },
        /* The log of this very machine is in another vector. */
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.sig"),
                       FILE(TPM_AK, "tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public"),
                       FILE(PCRS, "tpm-quote/gce-cos-85-no-nonce/pcrs-sha256.json"),
                       FILE(EVENT_LOG, "eventlog/gce-cos-85-no-nonce/log.bin") } },
          NULL },
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.sig"),
                       FILE(TPM_AK, "tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public"),
                       FILE(EVENT_LOG, "eventlog/gce-cos-85-no-nonce/log.bin") } },
          "eventlog-unproven" },
        { ATTEST_KIND_QUOTE,
          { .items = { FILE(TPM_QUOTE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.msg"),
                       FILE(TPM_SIGNATURE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.sig"),
                       FILE(TPM_AK, "tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public"),
                       FILE(PCRS, "tpm-quote/gce-cos-85-no-nonce/pcrs-sha256.json"),
                       FILE(EVENT_LOG, "eventlog/gdc-host/log.bin") } },
          "eventlog-replay-mismatch" },
    };

    check_cases(cases, ELEMENTSOF(cases));
}

/* Spec ID event and no other: a log in form, of which no register speaks. */
static const uint8_t log_of_nothing[] = {
    0,   0,   0,   0, 3, 0, 0,  0, 0, 0, 0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   0, 0, 0, 33, 0, 0, 0, 'S', 'p', 'e', 'c', ' ', 'I', 'D', ' ', 'E', 'v', 'e', 'n',
    't', '0', '3', 0, 0, 0, 0,  0, 0, 2, 0,   2,   1,   0,   0,   0,   11,  0,   32,  0,   0,
};

static void a_log_that_proves_nothing_is_no_log(void)
{
#define GCE_QUOTE                                                                                  \
    FILE(TPM_QUOTE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.msg"),                             \
        FILE(TPM_SIGNATURE, "tpm-quote/gce-cos-85-no-nonce/quote-sha256.sig"),                     \
        FILE(TPM_AK, "tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public"),                              \
        FILE(PCRS, "tpm-quote/gce-cos-85-no-nonce/pcrs-sha256.json")
    static const Case cases[] = {
        { ATTEST_KIND_QUOTE,
          { .items = { GCE_QUOTE, { .item = ATTEST_ITEM_EVENT_LOG, .bytes = TEXT("") } } },
          "eventlog-malformed" },
        { ATTEST_KIND_QUOTE,
          { .items = { GCE_QUOTE, { .item = ATTEST_ITEM_USERSPACE_LOG, .bytes = TEXT("") } } },
          "eventlog-userspace-malformed" },
        { ATTEST_KIND_QUOTE,
          { .items = { GCE_QUOTE,
                       FILE(EVENT_LOG, "eventlog/gce-cos-85-no-nonce/log.bin"),
                       { .item = ATTEST_ITEM_USERSPACE_LOG, .bytes = TEXT("") } } },
          "eventlog-userspace-malformed" },
        { ATTEST_KIND_QUOTE,
          { .items = { GCE_QUOTE,
                       { .item = ATTEST_ITEM_EVENT_LOG,
                         .bytes = VIEW_OF_ARRAY(log_of_nothing) } } },
          "eventlog-unproven" },
    };
#undef GCE_QUOTE

    check_cases(cases, ELEMENTSOF(cases));
}

static void a_believed_log_tells_of_the_boot(void)
{
    static const ApiInput input = { .items = {
                                        FILE(EVENT_LOG, "eventlog/ubuntu-2404-amd-sevsnp/log.bin"),
                                        FILE(PCRS, "eventlog/ubuntu-2404-amd-sevsnp/pcrs.json"),
                                    } };
    _cleanup_answer_ ApiAnswer believed = api_verify(ATTEST_KIND_EVENT_LOG, &input);
    ApiInput alone = input;

    api_check(&believed, ATTEST_PASS, NULL);
    check_str(api_claim_text(&believed, "boot.bank"), "sha256");
    check(json_is_false(api_claim(&believed, "boot.secure_boot")));
    check(json_array_size(api_claim(&believed, "boot.proven_pcrs")) > 7);
    alone.items[1] = (ApiItem){ 0 };
    _cleanup_answer_ ApiAnswer computed = api_verify(ATTEST_KIND_EVENT_LOG, &alone);
    api_check(&computed, ATTEST_PASS, NULL);
    check(!json_object_get(json_object_get(computed.json, "claims"), "boot"));
    check(json_is_string(api_claim(&computed, "replayed.sha256.7")));
}

static void a_changed_log_is_caught_where_it_was_changed(void)
{
    _cleanup_bytes_ Bytes log = test_vector("eventlog/debian-10/log.bin");
    const ApiInput input = { .items = { { .item = ATTEST_ITEM_EVENT_LOG, .bytes = VIEW(log) },
                                        FILE(PCRS, "eventlog/debian-10/pcrs.json") } };

    log.data[8 + 5] ^= 1; /* digest of the first event, which extends PCR 0 */
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_EVENT_LOG, &input);
    api_check(&answer, ATTEST_E_FAIL, "eventlog-replay-mismatch");
    check_str(attest_finding_subject(attest_result_finding(answer.result, 0)), "pcr 0");
}

/* The host's certificate table is as good as single certificates. */
static void a_certificate_table_is_a_hint(void)
{
    _cleanup_bytes_ Bytes vcek = test_vector("snp/milan-v3-vcek/vcek.der");
    const SnpCertInput items[] = { { .kind = SNP_CERT_VCEK, .blob = VIEW(vcek) } };
    _cleanup_bytes_ Bytes table = { 0 };

    check_int(snp_certs_build(items, ELEMENTSOF(items), &table), 0);
    const ApiInput input = { .items = {
                                 FILE(SNP_REPORT, "snp/milan-v3-vcek/report.bin"),
                                 { .item = ATTEST_ITEM_CERTIFICATE, .bytes = VIEW(table) } } };
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_SNP, &input);
    api_check(&answer, ATTEST_PASS, NULL);
}

/* A report inside the firmware's answer is judged as itself. */
static void a_report_inside_a_response_is_found(void)
{
    _cleanup_bytes_ Bytes report = test_vector("snp/milan-v3-vcek/report.bin");
    _cleanup_bytes_ Bytes response = { 0 };

    check_int(bytes_new(4000, &response), 0);
    response.data[4] = 0xa0; /* size 0x4a0 */
    response.data[5] = 0x04;
    memcpy(response.data + 32, report.data, report.size);
    const ApiInput input = { .items = { { .item = ATTEST_ITEM_SNP_REPORT, .bytes = VIEW(response) },
                                        FILE(CERTIFICATE, "snp/milan-v3-vcek/vcek.der") } };
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_SNP, &input);
    api_check(&answer, ATTEST_PASS, NULL);
}

static void a_policy_holds_for_a_raw_report_too(void)
{
    static const char text[] =
        "{\"attestd_policy\":1,\"id\":\"x\",\"snp\":{\"products\":[\"Genoa\"]}}";
    static const Case cases[] = {
        { ATTEST_KIND_SNP, SNP(0, { .item = ATTEST_ITEM_POLICY, .bytes = TEXT(text) }),
          "snp-product-not-accepted" },
    };

    check_cases(cases, ELEMENTSOF(cases));
}

static void what_judges_must_be_readable(void)
{
    static const ApiInput inputs[] = {
        { .items = { FILE(TPM_QUOTE, "tpm-quote/keylime-a/quote.msg"),
                     FILE(TPM_SIGNATURE, "tpm-quote/keylime-a/quote.sig"),
                     { .item = ATTEST_ITEM_TPM_AK, .bytes = TEXT("no key") } } },
        { .items = { FILE(TPM_QUOTE, "tpm-quote/keylime-a/quote.msg"),
                     FILE(TPM_SIGNATURE, "tpm-quote/keylime-a/quote.sig"),
                     FILE(TPM_AK, "tpm-quote/keylime-a/ak.pem"),
                     { .item = ATTEST_ITEM_PCRS, .bytes = TEXT("no values") } } },
    };

    for (size_t i = 0; i < ELEMENTSOF(inputs); i++) {
        _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_QUOTE, &inputs[i]);
        api_check(&answer, ATTEST_E_UNREADABLE, "item-unreadable");
    }
    static const ApiInput token = { .items = { FILE(TOKEN, "maa/sgx-2021/token.jwt"),
                                               { .item = ATTEST_ITEM_JWKS,
                                                 .bytes = TEXT("{\"keys\":[]}") } } };
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_TOKEN, &token);
    api_check(&answer, ATTEST_E_UNREADABLE, "item-unreadable");
}

/* Without a certificate the hardware is only not proven; with one that is damaged it must be. */
static void a_damaged_certificate_is_not_as_good_as_none(void)
{
    static const Case cases[] = {
        { ATTEST_KIND_HCL,
          { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin") } },
          NULL },
        { ATTEST_KIND_HCL,
          { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin"),
                       { .item = ATTEST_ITEM_CERTIFICATE, .bytes = TEXT("0 damaged") } } },
          "snp-vek-missing" },
    };

    check_cases(cases, ELEMENTSOF(cases));
}

static void a_revocation_list_must_be_readable(void)
{
    static const ApiInput input = SNP(0, { .item = ATTEST_ITEM_CRL, .bytes = TEXT("no list") });
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_SNP, &input);

    api_check(&answer, ATTEST_E_UNREADABLE, "item-unreadable");
}

static void parts_that_belong_together_come_together(void)
{
    static const ApiInput inputs[] = {
        { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin"),
                     FILE(TPM_QUOTE, "azure-snp/milan-v2-a/quote.msg") } },
        { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin"),
                     FILE(TPM_SIGNATURE, "azure-snp/milan-v2-a/quote.sig") } },
        { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin"),
                     FILE(PCRS, "azure-snp/milan-v2-a/pcrs.json") } },
    };

    for (size_t i = 0; i < ELEMENTSOF(inputs); i++) {
        _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_HCL, &inputs[i]);
        api_check(&answer, ATTEST_E_UNREADABLE, "item-missing");
    }
}

/* It would stand beside the report as if it said something of it. */
static void a_quote_of_another_machine_is_refused(void)
{
    static const Case cases[] = {
        { ATTEST_KIND_HCL,
          { .items = { FILE(HCL_REPORT, "azure-snp/milan-v2-a/hcl_report.bin"),
                       FILE(TD_QUOTE, "tdx-quote/azure-v4/td_quote.bin") } },
          "hcl-quote-mismatch" },
    };

    check_cases(cases, ELEMENTSOF(cases));
}

static void a_token_is_refused_by_what_is_wrong_with_it(void)
{
    _cleanup_bytes_ Bytes token = test_vector("maa/sgx-2021/token.jwt");
    const ApiInput input = { .items = { { .item = ATTEST_ITEM_TOKEN, .bytes = VIEW(token) },
                                        FILE(JWKS, "maa/sgx-2021/jwks.json") } };
    static const Case cases[] = {
        { ATTEST_KIND_TOKEN,
          { .items = { { .item = ATTEST_ITEM_TOKEN, .bytes = TEXT("no token") },
                       FILE(JWKS, "maa/sgx-2021/jwks.json") } },
          "token-malformed" },
        { ATTEST_KIND_TOKEN,
          { .items = { { .item = ATTEST_ITEM_TOKEN,
                         .bytes = TEXT("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.AA") },
                       FILE(JWKS, "maa/sgx-2021/jwks.json") } },
          "token-algorithm-refused" },
        { ATTEST_KIND_TOKEN,
          { .items = { FILE(TOKEN, "maa/sevsnp-sample/token.jwt"),
                       FILE(JWKS, "maa/sgx-2021/jwks.json") } },
          "token-key-unknown" },
    };

    check_cases(cases, ELEMENTSOF(cases));
    size_t dots = 0, at = 0;
    while (dots < 2)
        dots += token.data[at++] == '.';
    token.data[at + 8] = token.data[at + 8] == 'A' ? 'B' : 'A';
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_TOKEN, &input);
    api_check(&answer, ATTEST_E_FAIL, "token-signature-invalid");
    check(json_is_false(api_claim(&answer, "signature_valid")));
}

static const Test tests[] = {
    { "dates are judged only at a time", dates_are_judged_only_at_a_time },
    { "roots that are given replace AMD's", roots_that_are_given_replace_amds },
    { "what the caller demands is compared", what_the_caller_demands_is_compared },
    { "a quote needs its own values and logs", a_quote_needs_its_own_values_and_logs },
    { "a log that proves nothing is no log", a_log_that_proves_nothing_is_no_log },
    { "a believed log tells of the boot", a_believed_log_tells_of_the_boot },
    { "a changed log is caught where it was changed",
      a_changed_log_is_caught_where_it_was_changed },
    { "a certificate table is a hint", a_certificate_table_is_a_hint },
    { "a report inside a response is found", a_report_inside_a_response_is_found },
    { "a policy holds for a raw report too", a_policy_holds_for_a_raw_report_too },
    { "what judges must be readable", what_judges_must_be_readable },
    { "a damaged certificate is not as good as none",
      a_damaged_certificate_is_not_as_good_as_none },
    { "a revocation list must be readable", a_revocation_list_must_be_readable },
    { "parts that belong together come together", parts_that_belong_together_come_together },
    { "a quote of another machine is refused", a_quote_of_another_machine_is_refused },
    { "a token is refused by what is wrong with it", a_token_is_refused_by_what_is_wrong_with_it },
};

TEST_MAIN(tests)
