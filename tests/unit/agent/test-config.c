/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration as an operator writes it, right and wrong: every error names file, line, cause and
 * remedy.
 */
#include "config-files.h"

#include "config/config-basis.h"
#include "config/config-request.h"
#include "config/config-show.h"
#include "config/config-table.h"

#define MINIMAL "[Verifier lab]\nURL=https://v.example\nTrust=%s/trust.json\n"

/* The line of the one error that TEXT leads to. */
static char *only_error(const Files *files, const char *text)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;

    files_write(files, "attestd.conf", text);
    check_int(files_load(files, &findings, &config), CONFIG_E_INVALID);
    if (findings.n_items != 1)
        for (size_t i = 0; i < findings.n_items; i++)
            (void)fprintf(stderr, "%s\n", config_error_text(&findings.items[i]));
    check_int(findings.n_items, 1);
    check_str(findings.items[0].source, "agent");
    return config_error_text(&findings.items[0]);
}

/* An addition to a good configuration is refused as NAME in LINE (of the whole) with these words.
 */
typedef struct Refusal {
    const char *addition;
    const char *name;
    unsigned line;
    const char *found;
    const char *wanted;
} Refusal;

static void check_refusal(const Files *files, const Refusal *refusal)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    char text[8192], place[600];
    Config *config = NULL;

    (void)snprintf(text, sizeof(text), MINIMAL "%s", files->directory, refusal->addition);
    files_write(files, "attestd.conf", text);
    int r = files_load(files, &findings, &config);
    if (r != CONFIG_E_INVALID || findings.n_items != 1)
        (void)fprintf(stderr, "addition: %s\n", refusal->addition);
    check_int(r, CONFIG_E_INVALID);
    check_int(findings.n_items, 1);
    const Finding *finding = &findings.items[0];
    (void)snprintf(place, sizeof(place), "%s/attestd.conf:%u", files->directory, refusal->line);
    check_str(finding->name, refusal->name);
    check_str(finding->subject, place);
    if (!strstr(finding->found, refusal->found) || !strstr(finding->wanted, refusal->wanted))
        (void)fprintf(stderr, "found \"%s\", wanted \"%s\"\n", finding->found, finding->wanted);
    check(strstr(finding->found, refusal->found));
    check(strstr(finding->wanted, refusal->wanted));
    check(*finding->remedy);
}

static void what_is_wrong_is_named_with_its_line(void)
{
    static const Refusal refusals[] = {
        { "[Evidence]\nSorce=auto\n", "config-key-unknown", 5, "Sorce= in [Evidence]", "Source=" },
        { "\n\nIntervalSec=5\n", "config-key-unknown", 6, "IntervalSec= in [Verifier]", "URL=" },
        { "[Evidnce]\nSource=auto\n", "config-section-unknown", 4, "[Evidnce]", "[Evidence]" },
        { "[Evidence one]\n", "config-section-unknown", 4, "[Evidence one]", "[Evidence]" },
        { "[Verifier]\n", "config-section-unknown", 4, "[Verifier]", "[Verifier NAME]" },
        { "[Storage]\nWaitSec=5\n", "config-section-unknown", 4, "[Storage]", "[Schedule]" },
        { "[Schedule]\nIntervalSec=5 parsecs\n", "config-unit-unknown", 5, "unit \"parsecs\"",
          "min" },
        { "[Schedule]\nIntervalSec=5m\n", "config-unit-unknown", 5, "unit \"m\"", "min" },
        { "[Schedule]\nIntervalSec=1.5h\n", "config-unit-unknown", 5, "unit \".\"", "min" },
        { "[Schedule]\nIntervalSec=soon\n", "config-value-invalid", 5, "IntervalSec=: soon", "1s" },
        { "[Schedule]\nIntervalSec=-5\n", "config-value-invalid", 5, "-5", "1s to 1w" },
        { "[Schedule]\nIntervalSec=2w\n", "config-value-invalid", 5, "2w", "1s to 1w" },
        { "[Schedule]\nIntervalSec=99999999999999999999\n", "config-value-invalid", 5, "999",
          "1s to 1w" },
        { "[Schedule]\nRoundTimeoutSec=0\n", "config-value-invalid", 5, "0", "1s to 1h" },
        { "[Evidence]\nSource=tdx\n", "config-value-invalid", 5, "tdx", "auto|azure|sev-guest" },
        { "[Evidence]\nDevice=sev-guest\n", "config-value-invalid", 5, "sev-guest", "absolute" },
        { "[Evidence]\nPCRs=0-24\n", "config-value-invalid", 5, "0-24", "0 to 23" },
        { "[Evidence]\nPCRs=7-3\n", "config-value-invalid", 5, "7-3", "0 to 23" },
        { "[Evidence]\nPCRs=,\n", "config-value-invalid", 5, ",", "0 to 23" },
        { "[Evidence]\nPCRBank=sha1\n", "config-value-invalid", 5, "sha1", "sha256|sha384" },
        { "[Evidence]\nAttestationKey=0x80000001\n", "config-value-invalid", 5, "0x80", "0x81" },
        { "[Evidence]\nTCTI=/dev/tpm0\n", "config-value-invalid", 5, "/dev/tpm0", "device:" },
        { "[Evidence]\nPreflight=maybe\n", "config-value-invalid", 5, "maybe", "enforce|warn" },
        { "URL=http://v.example\n", "config-value-invalid", 4, "http://", "https://" },
        { "URL=https://user@v.example\n", "config-value-invalid", 4, "user@", "without user name" },
        { "URL=https://\n", "config-value-invalid", 4, "https://", "https://" },
        { "Protocol=trustee\n", "config-value-invalid", 4, "trustee", "native|maa" },
        { "AcceptSimulated=perhaps\n", "config-value-invalid", 4, "perhaps", "yes or no" },
        { "PinnedPublicKey=sha256//AAAA\n", "config-value-invalid", 4, "AAAA", "sha256//" },
        { "Algorithms=ES256 HS256\n", "config-value-invalid", 4, "HS256", "ES256" },
        { "Algorithms=ES\n", "config-value-invalid", 4, "ES", "ES256" },
        { "Algorithms=none\n", "config-value-invalid", 4, "none", "ES256" },
        { "Proxy=socks5://p:1080\n", "config-value-invalid", 4, "socks5", "http://HOST" },
        { "Require=ear_status = affirming\n", "config-value-invalid", 4, "the pointer", "/JSON" },
        { "Require=/a~2 = x\n", "config-value-invalid", 4, "the pointer", "/JSON" },
        { "Require=/a == x\n", "config-value-invalid", 4, "the operator", "contains" },
        { "Require=/a =\n", "config-value-invalid", 4, "the value", "contains" },
        { "Require=/a >= x\n", "config-value-invalid", 4, "the value", "whole number" },
        { "TimeoutSec=6min\n", "config-value-invalid", 4, "6min", "1s to 5min" },
        { "Issuer=caf\xc3\xa9\n", "config-value-invalid", 4, "caf", "printable ASCII" },
        { "Keys=/nonexistent\n", "config-path-unreadable", 4, "/nonexistent: No such file",
          "a readable file" },
        { "CACertificates=/nonexistent\n", "config-path-unreadable", 4, "/nonexistent: No such",
          "a readable file" },
        { "ApiKeyFile=/nonexistent\n", "config-path-unreadable", 4, "/nonexistent: No such",
          "a readable file" },
        { "ApiKeyFile=/dev\n", "config-path-unreadable", 4, "not a regular file", "a readable" },
        { "[Evidence]\nOwnerAuthorizationFile=/nonexistent\n", "config-path-unreadable", 5,
          "/nonexistent: No such", "a readable file" },
        { "[Evidence]\nOwnerAuthorizationFile=/etc/hostname\n", "config-path-exposed", 5,
          "/etc/hostname", "not everybody's" },
        { "ClientKey=/etc/hostname\n", "config-setting-conflict", 4, "ClientKey",
          "ClientCertificate=" },
        { "[Schedule]\nRetryMinSec=10min\nRetryMaxSec=1min\n", "config-setting-conflict", 6,
          "RetryMinSec= above", "at most" },
        { "[Verifier\n", "config-syntax", 4, "[Verifier", "[Section]" },
        { "[]\n", "config-syntax", 4, "[", "[Section]" },
        { "[Verifier a b/c]\n", "config-syntax", 4, "[", "[Section]" },
        { "just words\n", "config-syntax", 4, "just words", "Key=value" },
        { "Issuer=a\x01z\n", "config-syntax", 4, "control character", "plain text" },
        { "# comment\n\nIssuer=a\\\n b\nnonsense\n", "config-syntax", 8, "nonsense", "Key=value" },
    };
    Files files = files_new();

    files_write(&files, "trust.json", TRUST);
    for (size_t i = 0; i < ELEMENTSOF(refusals); i++)
        check_refusal(&files, &refusals[i]);
    files_done(&files);
}

static void what_is_wrong_about_a_cloud_is_named(void)
{
    static const Refusal refusals[] = {
        { "APIVersion=latest\n", "config-value-invalid", 4, "latest", "2022-08-01" },
        { "APIVersion=2022-08-01&x=y\n", "config-value-invalid", 4, "x=y", "2022-08-01" },
        { "Protocol=maa\nURL=https://b.example\n", "config-setting-conflict", 5,
          "several URL=", "one: each" },
        { "AttestationType=AzureGuest\n", "config-setting-conflict", 4,
          "AttestationType=", "Protocol=maa" },
        { "APIVersion=2022-08-01\n", "config-setting-conflict", 4, "APIVersion=", "Protocol=maa" },
        { "Protocol=maa\nAudience=us\n", "config-setting-conflict", 5, "Audience=", "name none" },
        { "[Evidence]\nAzureUserDataIndex=0x01400001\n", "config-setting-conflict", 5, "one",
          "three" },
        { "[Evidence]\nAzureReportIndex=0x01C101D0\n", "config-setting-conflict", 5, "one",
          "three" },
        { "[Evidence]\nMetadataURL=http://metadata.example\n", "config-value-invalid", 5,
          "metadata.example", "169.254" },
        { "[Evidence]\nMetadataURL=https://169.254.169.254\n", "config-value-invalid", 5, "https",
          "http://ADDRESS" },
        { "[Evidence]\nMetadataURL=http://127.0.0.1:80/path\n", "config-value-invalid", 5, "path",
          "http://ADDRESS" },
        { "[Evidence]\nMetadataURL=http://10.0.0.1\n", "config-value-invalid", 5, "10.0.0.1",
          "or none" },
        { "[Evidence]\nAzureReportIndex=0x81000003\n", "config-value-invalid", 5, "0x81000003",
          "an NV index" },
        { "[Evidence]\nAzureUserDataIndex=0x0140000g\n", "config-value-invalid", 5, "0x0140000g",
          "an NV index" },
        { "[Evidence]\nSource=tdx\n", "config-value-invalid", 5, "tdx", "auto|azure|sev-guest" },
    };
    Files files = files_new();

    files_write(&files, "trust.json", TRUST);
    for (size_t i = 0; i < ELEMENTSOF(refusals); i++)
        check_refusal(&files, &refusals[i]);
    files_done(&files);
}

static void every_error_is_reported_not_the_first(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;
    Files files = files_new();

    files_write(&files, "trust.json", TRUST);
    files_writef(&files, "attestd.conf",
                 MINIMAL "Protocol=x\n[Evidence]\nSorce=a\nPCRs=99\n[Nothing]\na=b\nc=d\n",
                 files.directory);
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check_int(findings.n_items, 4);
    files_done(&files);
}

static void an_error_is_one_line_with_cause_and_remedy(void)
{
    Files files = files_new();

    files_write(&files, "trust.json", TRUST);
    char text[1024];
    (void)snprintf(text, sizeof(text), "Source=auto\n" MINIMAL, files.directory);
    _cleanup_free_ char *line = only_error(&files, text);
    check(strstr(line, "/attestd.conf:1: a line is no section, assignment or comment: found "
                       "Source, wanted a [Section] before the first key; correct the line"));
    files_done(&files);
}

static void a_missing_file_is_one_error(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;

    check_int(config_load("/nonexistent/attestd.conf", &findings, &config), CONFIG_E_INVALID);
    check_int(findings.n_items, 1);
    check_str(findings.items[0].name, "config-file-unreadable");
    check_str(findings.items[0].subject, "/nonexistent/attestd.conf");
}

static void a_file_too_large_or_with_nul_bytes_is_refused(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;
    Files files = files_new();
    _cleanup_free_ char *large = malloc(CONFIG_FILE_MAX + 2);

    memset(large, '#', CONFIG_FILE_MAX + 1);
    large[CONFIG_FILE_MAX + 1] = 0;
    files_write(&files, "attestd.conf", large);
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check_str(findings.items[0].name, "config-file-unreadable");
    check_str(findings.items[0].found, "more than 256 KiB");

    findings_done(&findings);
    files_write_bytes(&files, "attestd.conf", "[Evidence]\n\0", 12);
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check_str(findings.items[0].name, "config-syntax");
    check_str(findings.items[0].found, "a NUL byte");
    files_done(&files);
}

static void a_line_of_more_than_8_kib_is_refused(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;
    Files files = files_new();
    char text[10001];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    files_write(&files, "attestd.conf", text);
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check(strstr(findings.items[0].found, "8 KiB"));
    files_done(&files);
}

static void without_a_verifier_there_is_nothing_to_do(void)
{
    Files files = files_new();
    _cleanup_free_ char *line = only_error(&files, "[Evidence]\nSource=auto\n");

    check(strstr(line, "attestd.conf: no verifier is configured"));
    check(strstr(line, "URL= and Trust="));
    files_done(&files);
}

static void of_several_verifiers_one_must_be_enabled(void)
{
    Files files = files_new();
    char text[2048];
    Config *config;

    files_write(&files, "trust.json", TRUST);
    (void)snprintf(text, sizeof(text),
                   "[Verifier a]\nTrust=%s/trust.json\n[Verifier b]\nTrust=%s/trust.json\n",
                   files.directory, files.directory);
    _cleanup_free_ char *line = only_error(&files, text);
    check(strstr(line, "more than one verifier is enabled"));
    check(strstr(line, "a (") && strstr(line, "attestd.conf:1), b (") &&
          strstr(line, "attestd.conf:3)"));

    (void)snprintf(text, sizeof(text),
                   "[Verifier a]\nTrust=/nonexistent\nEnabled=no\n"
                   "[Verifier b]\nTrust=%s/trust.json\n",
                   files.directory);
    files_write(&files, "attestd.conf", text);
    config = files_load_good(&files);
    check_str(config->verifier->name, "b");
    (void)config_free(config);

    (void)snprintf(text, sizeof(text), "[Verifier a]\nTrust=%s/trust.json\nEnabled=no\n",
                   files.directory);
    _cleanup_free_ char *none = only_error(&files, text);
    check(strstr(none, "no verifier is configured"));
    files_done(&files);
}

static void a_section_without_a_line_is_no_verifier(void)
{
    Files files = files_new();
    char text[2048];
    Config *config;

    _cleanup_free_ char *none = only_error(&files, "[Verifier default]\n#URL=https://x.example\n");
    check(strstr(none, "no verifier is configured"));

    /* As the package has it, beside an administrator's own. */
    files_write(&files, "trust.json", TRUST);
    (void)snprintf(text, sizeof(text), "[Verifier default]\n[Verifier b]\nTrust=%s/trust.json\n",
                   files.directory);
    files_write(&files, "attestd.conf", text);
    config = files_load_good(&files);
    check_str(config->verifier->name, "b");
    (void)config_free(config);
    files_done(&files);
}

static void what_a_verifier_lacks_is_named(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;
    Files files = files_new();

    files_write(&files, "attestd.conf", "\n[Verifier lab]\nEnabled=yes\n");
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check_int(findings.n_items, 3);
    for (size_t i = 0; i < findings.n_items; i++) {
        check_str(findings.items[i].name, "config-setting-missing");
        check(strstr(findings.items[i].subject, "attestd.conf:2"));
    }
    check_str(findings.items[0].wanted, "URL= or Trust=");
    check_str(findings.items[1].wanted, "Issuer= or Trust=");
    check_str(findings.items[2].wanted, "Keys= or Trust=");
    files_done(&files);
}

static void too_many_items_are_refused(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Config *config = NULL;
    Files files = files_new();
    char text[8192];
    size_t used = (size_t)snprintf(text, sizeof(text), MINIMAL, files.directory);

    files_write(&files, "trust.json", TRUST);
    for (int i = 0; i < 16; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "URL=https://v%d.example\n", i);
    for (int i = 0; i < 8; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "[Verifier v%d]\n", i);
    files_write(&files, "attestd.conf", text);
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check(findings_has(&findings, "config-list-too-long"));
    files_done(&files);
}

static void errors_count_where_there_is_no_room_to_name_them(void)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    Files files = files_new();
    Config *config = NULL;

    for (size_t i = 0; i < FINDINGS_MAX; i++)
        check_int(findings_add(&findings, "gate-file-invalid", "of somebody else", FINDING_FAILURE,
                               NULL, NULL),
                  0);
    files_writef(&files, "attestd.conf", MINIMAL "[Evidence]\nSorce=auto\n", files.directory);
    check_int(files_load(&files, &findings, &config), CONFIG_E_INVALID);
    check(!config);
    check_int(findings.n_items, FINDINGS_MAX);
    files_done(&files);
}

/* What an attestation provider's section comes to, as the worker gets it; a new reference. */
static json_t *maa_request(const char *addition)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_(config_freep) Config *config = NULL;
    Files files = files_new();
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "[Verifier maa]\nProtocol=maa\nURL=https://sharedweu.weu.attest.azure.net/\n%s",
                   addition);
    files_write(&files, "attestd.conf", text);
    check_int(files_load(&files, &findings, &config), CONFIG_OK);
    files_done(&files);
    json_t *request = config_verifier_request(config->verifier);
    check(request);
    return request;
}

static void maa_needs_its_url_alone(void)
{
    json_auto_t *request = maa_request("");
    const json_t *algorithms = json_object_get(request, "algorithms");

    check_str(json_string_value(json_object_get(request, "issuer")),
              "https://sharedweu.weu.attest.azure.net");
    check_str(json_string_value(json_object_get(request, "verifier_id")),
              "https://sharedweu.weu.attest.azure.net");
    check_int(json_array_size(algorithms), 1);
    check_str(json_string_value(json_array_get(algorithms, 0)), "RS256");
    check(!json_object_get(request, "token_keys") && !json_object_get(request, "api_version"));
}

static void what_is_written_out_for_maa_wins(void)
{
    json_auto_t *request = maa_request("APIVersion=2025-06-01\nAlgorithms=PS256\nIssuer=other\n");

    check_str(json_string_value(json_object_get(request, "issuer")), "other");
    check_str(json_string_value(json_object_get(request, "api_version")), "2025-06-01");
    check_str(json_string_value(json_array_get(json_object_get(request, "algorithms"), 0)),
              "PS256");
}

/* What a verdict rests on, with ADDITION. */
static char *basis_of(const char *addition)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_(config_freep) Config *config = NULL;
    Files files = files_new();
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "[Verifier maa]\nProtocol=maa\nURL=https://sharedweu.weu.attest.azure.net\n%s",
                   addition);
    files_write(&files, "attestd.conf", text);
    check_int(files_load(&files, &findings, &config), CONFIG_OK);
    files_done(&files);
    char *basis = config_basis(config);
    check(basis);
    return basis;
}

static void a_verdict_rests_on_what_is_judged(void)
{
    _cleanup_free_ char *plain = basis_of(""), *usual = basis_of("AttestationType=auto\n"),
                        *guest = basis_of("AttestationType=AzureGuest\n"),
                        *alone = basis_of("[Evidence]\nSource=tpm\n"),
                        *named = basis_of("[Evidence]\nSource=azure\n");

    check_str(usual, plain);
    check_str(named, plain);
    check(strcmp(guest, plain) != 0 && strcmp(alone, plain) != 0 && strcmp(guest, alone) != 0);
}

static const Test tests[] = {
    { "a verdict rests on what is judged", a_verdict_rests_on_what_is_judged },
    { "MAA needs its URL alone", maa_needs_its_url_alone },
    { "what is written out for MAA wins", what_is_written_out_for_maa_wins },
    { "what is wrong is named with its line", what_is_wrong_is_named_with_its_line },
    { "what is wrong about a cloud is named", what_is_wrong_about_a_cloud_is_named },
    { "every error is reported, not the first", every_error_is_reported_not_the_first },
    { "an error is one line with cause and remedy", an_error_is_one_line_with_cause_and_remedy },
    { "a missing file is one error", a_missing_file_is_one_error },
    { "a file too large or with NUL bytes is refused",
      a_file_too_large_or_with_nul_bytes_is_refused },
    { "a line of more than 8 KiB is refused", a_line_of_more_than_8_kib_is_refused },
    { "without a verifier there is nothing to do", without_a_verifier_there_is_nothing_to_do },
    { "of several verifiers one must be enabled", of_several_verifiers_one_must_be_enabled },
    { "a section without a line is no verifier", a_section_without_a_line_is_no_verifier },
    { "what a verifier lacks is named", what_a_verifier_lacks_is_named },
    { "too many items are refused", too_many_items_are_refused },
    { "errors count where there is no room to name them",
      errors_count_where_there_is_no_room_to_name_them },
};

TEST_MAIN(tests)
