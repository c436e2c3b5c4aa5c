/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every vector through the public API: its verdict, and every field that is expected of it.
 */
#include "api.h"

#include "testing.h"

/* Of one vector: the kind and its files; names are relative to the vector unless they begin "/". */
typedef struct Row {
    const char *vector;
    attest_kind kind;
    struct {
        attest_item item;
        const char *file;
    } files[12];
    const char *expected_quote; /* member of expected that claims call "quote"; NULL: "quote" */
} Row;

#define REPORT                                                                                     \
    {                                                                                              \
        ATTEST_ITEM_SNP_REPORT, "report.bin"                                                       \
    }
#define VCEK                                                                                       \
    {                                                                                              \
        ATTEST_ITEM_CERTIFICATE, "vcek.der"                                                        \
    }
#define VLEK                                                                                       \
    {                                                                                              \
        ATTEST_ITEM_CERTIFICATE, "vlek.der"                                                        \
    }
#define HCL                                                                                        \
    {                                                                                              \
        ATTEST_ITEM_HCL_REPORT, "hcl_report.bin"                                                   \
    }
#define QUOTE                                                                                      \
    { ATTEST_ITEM_TPM_QUOTE, "quote.msg" },                                                        \
    {                                                                                              \
        ATTEST_ITEM_TPM_SIGNATURE, "quote.sig"                                                     \
    }
#define PCRS                                                                                       \
    {                                                                                              \
        ATTEST_ITEM_PCRS, "pcrs.json"                                                              \
    }
#define PCRS_BIN                                                                                   \
    {                                                                                              \
        ATTEST_ITEM_PCRS, "pcrs.bin"                                                               \
    }
#define LOG                                                                                        \
    {                                                                                              \
        ATTEST_ITEM_EVENT_LOG, "log.bin"                                                           \
    }
#define TD_QUOTE                                                                                   \
    {                                                                                              \
        ATTEST_ITEM_TD_QUOTE, "td_quote.bin"                                                       \
    }
#define AK(file)                                                                                   \
    {                                                                                              \
        ATTEST_ITEM_TPM_AK, file                                                                   \
    }
#define HINT(file)                                                                                 \
    {                                                                                              \
        ATTEST_ITEM_CERTIFICATE, file                                                              \
    }
#define AZURE_ROOT                                                                                 \
    {                                                                                              \
        ATTEST_ITEM_VTPM_ROOT, "/azure-vtpm-roots/azure-virtual-tpm-root-2023/root.der"            \
    }
#define GOOGLE_ROOT                                                                                \
    {                                                                                              \
        ATTEST_ITEM_VTPM_ROOT, "/tpm-certs/gce-tpm-ek-root-1/ca.der"                               \
    }
#define GOOGLE_CAS                                                                                 \
    HINT("/tpm-certs/gce-tpm-ek-intermediate-2/ca.der"),                                           \
        HINT("/tpm-certs/gce-tpm-ek-intermediate-3/ca.der")
#define AZURE_CAS HINT("ak-intermediate-0.der"), HINT("ak-intermediate-1.der")
#define QUOTE_OF(bank)                                                                             \
    { ATTEST_ITEM_TPM_QUOTE, "quote-" bank ".msg" },                                               \
        { ATTEST_ITEM_TPM_SIGNATURE, "quote-" bank ".sig" },                                       \
    {                                                                                              \
        ATTEST_ITEM_PCRS, "pcrs-" bank ".json"                                                     \
    }

static const Row rows[] = {
    { "snp/genoa-v3-vcek", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/genoa-v3-vcek-tsm", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/genoa-v5-vcek", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v2-nokey", ATTEST_KIND_SNP, { REPORT }, NULL },
    { "snp/milan-v2-vcek-a", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v2-vcek-aci", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v2-vcek-b", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v2-vcek-c", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v2-vcek-debug", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v2-vcek-maa-sample", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v3-vcek", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v3-vcek-aci-b", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/milan-v3-vlek", ATTEST_KIND_SNP, { REPORT, VLEK }, NULL },
    { "snp/turin-v5-vcek", ATTEST_KIND_SNP, { REPORT, VCEK }, NULL },
    { "snp/v1-fake-a", ATTEST_KIND_SNP, { REPORT }, NULL },
    { "snp-malformed/short-793", ATTEST_KIND_SNP, { REPORT }, NULL },
    { "snp-malformed/msg-resp-4000",
      ATTEST_KIND_SNP,
      { { ATTEST_ITEM_SNP_REPORT, "response.bin" } },
      NULL },

    { "azure-snp/genoa-v3-a", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, VCEK }, NULL },
    { "azure-snp/hcl-only-a", ATTEST_KIND_HCL, { HCL }, NULL },
    { "azure-snp/hcl-v1-old", ATTEST_KIND_HCL, { HCL }, NULL },
    { "azure-snp/milan-v2-a", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, VCEK }, NULL },
    { "azure-snp/milan-v3-a", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, VCEK }, NULL },
    { "azure-snp/milan-v3-b", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, VCEK }, NULL },
    { "azure-snp/milan-v3-c", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, VCEK }, NULL },
    { "azure-snp/milan-v3-e", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, VCEK }, NULL },
    { "azure-tdx/hcl-only", ATTEST_KIND_HCL, { HCL }, NULL },
    { "azure-tdx/tdx-a", ATTEST_KIND_HCL, { HCL, QUOTE, PCRS, TD_QUOTE }, NULL },
    { "azure-tdx/tdx-akchain",
      ATTEST_KIND_HCL,
      { HCL, QUOTE, PCRS, TD_QUOTE, HINT("ak-cert.der"), AZURE_CAS, AZURE_ROOT },
      NULL },

    { "tdx-quote/azure-outdated", ATTEST_KIND_TDX, { TD_QUOTE }, NULL },
    { "tdx-quote/azure-v4", ATTEST_KIND_TDX, { TD_QUOTE }, NULL },
    { "tdx-quote/v4-a", ATTEST_KIND_TDX, { TD_QUOTE }, NULL },
    { "tdx-quote/v4-spr-e4", ATTEST_KIND_TDX, { TD_QUOTE }, NULL },
    { "tdx-quote/v5-a", ATTEST_KIND_TDX, { TD_QUOTE }, NULL },

    { "tpm-quote/azure-cvm-challenge", ATTEST_KIND_QUOTE, { QUOTE, PCRS, AK("ak.pem") }, NULL },
    { "tpm-quote/azure-trusted-launch-a",
      ATTEST_KIND_QUOTE,
      { QUOTE, PCRS_BIN, AK("ak.pem") },
      NULL },
    { "tpm-quote/azure-trusted-launch-b",
      ATTEST_KIND_QUOTE,
      { QUOTE, AK("ak-cert.der"), AZURE_CAS, AZURE_ROOT },
      NULL },
    { "tpm-quote/gce-cos-85-no-nonce",
      ATTEST_KIND_QUOTE,
      { QUOTE_OF("sha1"), AK("ak.tpmt_public"), HINT("ak-cert.der"), GOOGLE_CAS, GOOGLE_ROOT },
      "quote-sha1" },
    { "tpm-quote/gce-cos-85-no-nonce",
      ATTEST_KIND_QUOTE,
      { QUOTE_OF("sha256"), AK("ak.tpmt_public") },
      "quote-sha256" },
    { "tpm-quote/gce-cos-85-no-nonce",
      ATTEST_KIND_QUOTE,
      { QUOTE_OF("sha384"), AK("ak.tpmt_public") },
      "quote-sha384" },
    { "tpm-quote/keylime-a", ATTEST_KIND_QUOTE, { QUOTE, PCRS_BIN, AK("ak.pem") }, NULL },
    { "tpm-quote/keylime-a", ATTEST_KIND_QUOTE, { QUOTE, PCRS_BIN, AK("ak.tpm2b") }, NULL },
    { "tpm-quote/windows-gcp-shielded",
      ATTEST_KIND_QUOTE,
      { QUOTE, PCRS, AK("ak.tpmt_public") },
      NULL },

    { "eventlog/arch-linux-workstation", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/confidential-gke-debug-251000_eventlog",
      ATTEST_KIND_EVENT_LOG,
      { LOG, PCRS },
      NULL },
    { "eventlog/cos-101-amd-sev", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/crypto-agile", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog/debian-10", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/eventlogwithsp800155", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/gce-cos-85-no-nonce",
      ATTEST_KIND_EVENT_LOG,
      { LOG, { ATTEST_ITEM_PCRS, "pcrs-sha1.json" } },
      NULL },
    { "eventlog/gce-cos-85-no-nonce",
      ATTEST_KIND_EVENT_LOG,
      { LOG, { ATTEST_ITEM_PCRS, "pcrs-sha256.json" } },
      NULL },
    { "eventlog/gce-cos-85-no-nonce",
      ATTEST_KIND_EVENT_LOG,
      { LOG, { ATTEST_ITEM_PCRS, "pcrs-sha384.json" } },
      NULL },
    { "eventlog/gdc-host", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/glinux-alex", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/intel-bios-12", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog/keylime-secureboot", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog/moklisttrusted", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/option-rom", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog/postcode-thinkpad", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/rhel8-uefi", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/rust-keylime-uefi", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog/tss-hcrtm", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog/ubuntu-2404-amd-sevsnp", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/uefi-sha1", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog/windows-gcp-shielded", ATTEST_KIND_EVENT_LOG, { LOG, PCRS }, NULL },
    { "eventlog-edge/append-cmdline", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog-edge/bogus-text", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog-edge/ccel-dupe-separator", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog-edge/ebs-event-missing", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog-edge/empty", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog-edge/short-no-action", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog-edge/single-uefivar", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "eventlog-edge/specid-vendordata", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "ccel/cos-113-tdx", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },
    { "ccel/grub", ATTEST_KIND_EVENT_LOG, { LOG }, NULL },

    { "maa/sgx-2021",
      ATTEST_KIND_TOKEN,
      { { ATTEST_ITEM_TOKEN, "token.jwt" }, { ATTEST_ITEM_JWKS, "jwks.json" } },
      NULL },
    { "maa/sevsnp-sample",
      ATTEST_KIND_TOKEN,
      { { ATTEST_ITEM_TOKEN, "token.jwt" }, { ATTEST_ITEM_JWKS, "/maa/sgx-2021/jwks.json" } },
      NULL },
};

/*
 * What is expected of a vector and is no claim of one verdict: names of files, words, results of
 * another verdict than that of the row, and comparisons that nobody asked for.
 */
static const char *const unclaimed[] = {
    "vector",
    "verdict",
    "expected",
    "quote-sha1",
    "quote-sha256",
    "quote-sha384",
    "quote_rtmr",
    "rtmr_equal",
    "td_quote",
    "ak-cert.der",
    "other-ak-cert.der",
    "wrong-vcek-legacy",
    "wrong-vcek-new",
    "ak_cert_trailing_bytes",
    "claims_equal_report",
    "x5c_self_signed",
    "policy_note",
    "nonce_matches",
    "pcrs_bin_size",
};
/* Inside a member, anywhere; texts of the parser that made them, and what a bad log may lack. */
static const char *const unclaimed_inside[] = { "file", "extra_data_text" };
static const char *const unclaimed_of_bad_logs[] = { "parse_error", "spec_id", "events",
                                                     "event_types", "bank",    "parse_ok" };

static bool is_in(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static unsigned n_members, n_wrong;

static void complain(const char *path, const json_t *wanted, const json_t *found)
{
    _cleanup_free_ char *wanted_text = json_dumps(wanted, JSON_ENCODE_ANY);
    _cleanup_free_ char *found_text = found ? json_dumps(found, JSON_ENCODE_ANY) : NULL;

    (void)fprintf(stderr, "  %s: wanted %s, found %s\n", path, wanted_text,
                  found_text ? found_text : "nothing");
    n_wrong++;
}

/* Every member of WANTED is in FOUND, which may have more. */
static void compare(const json_t *wanted, const json_t *found, const char *path, bool bad_log)
{
    const char *name;
    json_t *value;

    n_members++;
    if (!json_is_object(wanted) || !json_is_object(found)) {
        if (!json_equal(wanted, found))
            complain(path, wanted, found);
        return;
    }
    json_object_foreach ((json_t *)(uintptr_t)wanted, name, value) {
        char inner[256];
        if (is_in(name, unclaimed_inside, ELEMENTSOF(unclaimed_inside)) ||
            (bad_log && is_in(name, unclaimed_of_bad_logs, ELEMENTSOF(unclaimed_of_bad_logs))))
            continue;
        (void)snprintf(inner, sizeof(inner), "%s.%s", path, name);
        compare(value, json_object_get(found, name), inner, bad_log);
    }
}

static json_t *read_expected(const char *vector)
{
    char name[160];

    (void)snprintf(name, sizeof(name), "expected/%s.json", vector);
    char *slash = strchr(name + strlen("expected/"), '/');
    check(slash);
    size_t at = (size_t)(slash - name);
    (void)snprintf(name + at, sizeof(name) - at, "__%s.json", strchr(vector, '/') + 1);
    _cleanup_bytes_ Bytes text = test_vector(name);
    json_t *expected = json_loadb((const char *)text.data, text.size, JSON_ALLOW_NUL, NULL);
    check(expected);
    return expected;
}

static ApiAnswer judge(const Row *row)
{
    char names[ELEMENTSOF(row->files)][160];
    ApiInput input = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(row->files) && row->files[i].file; i++) {
        const char *file = row->files[i].file;
        if (file[0] == '/')
            (void)snprintf(names[i], sizeof(names[i]), "%s", file + 1);
        else
            (void)snprintf(names[i], sizeof(names[i]), "%s/%s", row->vector, file);
        input.items[i] = (ApiItem){ .item = row->files[i].item, .vector = names[i] };
    }
    return api_verify(row->kind, &input);
}

static void compare_claims(const Row *row, const json_t *expected, const json_t *claims)
{
    const json_t *replayed_of = json_object_get(expected, "parse_ok");
    bool bad_log = json_is_string(json_object_get(expected, "parse_error")) ||
                   (replayed_of && json_integer_value(json_object_get(expected, "size")) == 0);
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)expected, name, value) {
        const json_t *found = json_object_get(claims, name);
        if (row->expected_quote && strcmp(name, row->expected_quote) == 0)
            found = json_object_get(claims, "quote");
        else if (is_in(name, unclaimed, ELEMENTSOF(unclaimed)) &&
                 !(row->kind != ATTEST_KIND_EVENT_LOG && strcmp(name, "td_quote") == 0))
            continue;
        if (bad_log && is_in(name, unclaimed_of_bad_logs, ELEMENTSOF(unclaimed_of_bad_logs)))
            continue;
        /* One bank at a time is judged of the log that has three. */
        if (strcmp(name, "compare_with_stated_pcrs") == 0 && json_object_size(found) == 1 &&
            json_object_size(value) == 3) {
            const char *bank = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)found));
            compare(json_object_get(value, bank), json_object_get(found, bank), name, false);
            continue;
        }
        compare(value, found, name, bad_log);
    }
}

static void every_vector_gives_its_verdict_and_its_fields(void)
{
    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        json_t *expected = read_expected(rows[i].vector);
        const char *verdict = json_string_value(json_object_get(expected, "verdict"));
        _cleanup_answer_ ApiAnswer answer = judge(&rows[i]);
        const char *found = json_string_value(json_object_get(answer.json, "verdict"));
        unsigned before = n_wrong;

        if (strcmp(verdict, "n/a") != 0 && strcmp(verdict, found) != 0) {
            (void)fprintf(stderr, "  verdict: wanted %s, found %s\n", verdict, found);
            api_print(&answer);
            n_wrong++;
        }
        compare_claims(&rows[i], expected, json_object_get(answer.json, "claims"));
        if (n_wrong != before)
            (void)fprintf(stderr, "^ %s\n", rows[i].vector);
        json_decref(expected);
    }
    (void)printf("  %zu rows, %u fields compared\n", ELEMENTSOF(rows), n_members);
    check_int(n_wrong, 0);
}

/* Genuine twins: what goes with a vector but is of another. */
static void forged_twins_are_refused_by_name(void)
{
    static const struct {
        Row row;
        const char *name;
    } twins[] = {
        { { "snp/milan-v2-vcek-b",
            ATTEST_KIND_SNP,
            { REPORT, HINT("wrong-vcek-legacy.der") },
            NULL },
          "snp-signature-invalid" },
        { { "snp/milan-v2-vcek-b", ATTEST_KIND_SNP, { REPORT, HINT("wrong-vcek-new.der") }, NULL },
          "snp-chain-invalid" },
        { { "snp/milan-v3-vcek",
            ATTEST_KIND_SNP,
            { REPORT, HINT("/snp/milan-v3-vcek-aci-b/vcek.der") },
            NULL },
          "snp-signature-invalid" },
        { { "azure-snp/milan-v3-a",
            ATTEST_KIND_HCL,
            { HCL,
              { ATTEST_ITEM_TPM_QUOTE, "/azure-snp/milan-v3-b/quote.msg" },
              { ATTEST_ITEM_TPM_SIGNATURE, "/azure-snp/milan-v3-b/quote.sig" },
              VCEK },
            NULL },
          "tpm-signature-invalid" },
        { { "azure-tdx/tdx-a",
            ATTEST_KIND_HCL,
            { HCL, { ATTEST_ITEM_TD_QUOTE, "/azure-tdx/tdx-akchain/td_quote.bin" } },
            NULL },
          "hcl-quote-mismatch" },
        { { "tpm-quote/azure-trusted-launch-a",
            ATTEST_KIND_QUOTE,
            { QUOTE, PCRS_BIN, AK("other-ak-cert.der") },
            NULL },
          "tpm-signature-invalid" },
        { { "tpm-quote/gce-cos-85-no-nonce",
            ATTEST_KIND_QUOTE,
            { QUOTE_OF("sha256"), AK("ak.tpmt_public"), HINT("ak-cert.der"), AZURE_ROOT },
            NULL },
          "tpm-certificate-untrusted" },
        { { "eventlog/debian-10",
            ATTEST_KIND_EVENT_LOG,
            { LOG, { ATTEST_ITEM_PCRS, "/eventlog/uefi-sha1/pcrs.json" } },
            NULL },
          "eventlog-replay-mismatch" },
        { { "eventlog/debian-10",
            ATTEST_KIND_EVENT_LOG,
            { LOG, { ATTEST_ITEM_PCRS, "/eventlog/gdc-host/pcrs.json" } },
            NULL },
          "eventlog-bank-missing" },
        { { "ccel/cos-113-tdx",
            ATTEST_KIND_TDX,
            { TD_QUOTE, { ATTEST_ITEM_EVENT_LOG, "/ccel/grub/log.bin" } },
            NULL },
          "eventlog-replay-mismatch" },
    };

    for (size_t i = 0; i < ELEMENTSOF(twins); i++) {
        _cleanup_answer_ ApiAnswer answer = judge(&twins[i].row);
        (void)printf("  %s: %s\n", twins[i].row.vector, twins[i].name);
        api_check(&answer, ATTEST_E_FAIL, twins[i].name);
    }
}

static void a_td_and_its_event_log_agree(void)
{
    static const Row row = { "ccel/cos-113-tdx", ATTEST_KIND_TDX, { TD_QUOTE, LOG }, NULL };
    _cleanup_answer_ ApiAnswer answer = judge(&row);
    json_t *expected = read_expected(row.vector);

    api_check(&answer, ATTEST_PASS, NULL);
    compare(json_object_get(expected, "rtmr_equal"), api_claim(&answer, "rtmr_equal"), "rtmr_equal",
            false);
    compare(json_object_get(expected, "td_quote"), api_claim(&answer, "td_quote"), "td_quote",
            false);
    compare(json_object_get(expected, "replayed"), api_claim(&answer, "ccel.replayed"), "replayed",
            false);
    check_int(n_wrong, 0);
    json_decref(expected);
}

static const Test tests[] = {
    { "every vector gives its verdict and its fields",
      every_vector_gives_its_verdict_and_its_fields },
    { "forged twins are refused by name", forged_twins_are_refused_by_name },
    { "a TD and its event log agree", a_td_and_its_event_log_agree },
};

TEST_MAIN(tests)
