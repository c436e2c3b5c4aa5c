/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of real machines: every field that is parsed here against the values that were
 * established for it elsewhere, and every vector cut short.
 */
#include "build.h"
#include "format/event-log.h"
#include "format/snp-report.h"
#include "format/tpm-attest.h"
#include "format/tpm-public.h"
#include "format/uefi-image-load.h"
#include "format/uefi-signatures.h"

#include <dirent.h>
#include <jansson.h>

/* Calls RUN for each vector of KIND with what is expected of it; at least N_MIN of them. */
static void for_each(const char *kind, size_t n_min, void (*run)(const char *, const json_t *))
{
    _cleanup_bytes_ _unused_ Bytes there = test_vector("README.md"); /* else skipped */
    char path[512];
    size_t n = 0;

    (void)snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, kind);
    DIR *dir = opendir(path);
    check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/expected/%s__%s.json", VECTORS_DIR, kind,
                       entry->d_name);
        json_auto_t *expected = json_load_file(path, 0, NULL);
        check(expected != NULL);
        (void)printf("  %s/%s\n", kind, entry->d_name);
        (void)snprintf(path, sizeof(path), "%s/%s", kind, entry->d_name);
        run(path, expected);
        n++;
    }
    (void)closedir(dir);
    check(n >= n_min);
}

static Bytes read_role(const char *vector, const char *role)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", vector, role);
    return test_vector(path);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    check(text != NULL);
    return text;
}

static long long number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    check(json_is_integer(value) || json_is_boolean(value));
    return json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
}

static void check_hex(const json_t *object, const char *name, ByteView found)
{
    _cleanup_free_ char *hex = hex_encode(found);

    check_str(hex, text_of(object, name));
}

static void check_u64_text(const json_t *object, const char *name, uint64_t found)
{
    check(strtoull(text_of(object, name), NULL, 0) == found);
}

/* --- SNP reports */

static void check_tcb(const json_t *report, const char *name, SnpTcbRaw raw, SnpTcbLayout layout)
{
    const json_t *wanted = json_object_get(report, name);
    SnpTcb tcb = snp_tcb_decode(raw, layout);

    check_hex(wanted, "raw", VIEW_OF_ARRAY(raw.bytes));
    check_int(tcb.boot_loader, number_of(wanted, "bootloader"));
    check_int(tcb.tee, number_of(wanted, "tee"));
    check_int(tcb.snp, number_of(wanted, "snp"));
    check_int(tcb.microcode, number_of(wanted, "microcode"));
    check_int(tcb.has_fmc, json_object_get(wanted, "fmc") != NULL);
    if (tcb.has_fmc)
        check_int(tcb.fmc, number_of(wanted, "fmc"));
    check(snp_tcb_reserved_is_zero(raw, layout));
}

static void check_version(const json_t *report, const char *name, SnpFirmwareVersion version)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%d.%d.%d", version.major, version.minor, version.build);
    check_str(text, text_of(report, name));
}

/* Little-endian in 72 bytes, as the vectors note it. */
static void check_scalar(const json_t *report, const char *name,
                         const uint8_t big_endian[static SNP_SCALAR_SIZE])
{
    uint8_t wire[72] = { 0 };

    for (size_t i = 0; i < SNP_SCALAR_SIZE; i++)
        wire[i] = big_endian[SNP_SCALAR_SIZE - 1 - i];
    check_hex(report, name, VIEW_OF_ARRAY(wire));
}

static void check_policy(const json_t *expected, uint64_t policy)
{
    const json_t *bits = json_object_get(expected, "policy_bits");

    check_u64_text(expected, "policy", policy);
    check_int(snp_policy_abi_major(policy), number_of(bits, "abi_major"));
    check_int(snp_policy_abi_minor(policy), number_of(bits, "abi_minor"));
    check_int((policy & SNP_POLICY_SMT) != 0, number_of(bits, "smt"));
    check_int((policy & SNP_POLICY_RESERVED_ONE) != 0, number_of(bits, "reserved_one"));
    check_int((policy & SNP_POLICY_MIGRATE_MA) != 0, number_of(bits, "migrate_ma"));
    check_int((policy & SNP_POLICY_DEBUG) != 0, number_of(bits, "debug"));
    check_int((policy & SNP_POLICY_SINGLE_SOCKET) != 0, number_of(bits, "single_socket"));
}

static void check_identity(const json_t *expected, const SnpReport *report)
{
    check_hex(expected, "family_id", VIEW_OF_ARRAY(report->family_id));
    check_hex(expected, "image_id", VIEW_OF_ARRAY(report->image_id));
    check_hex(expected, "report_data", VIEW_OF_ARRAY(report->report_data));
    check_hex(expected, "measurement", VIEW_OF_ARRAY(report->measurement));
    check_hex(expected, "host_data", VIEW_OF_ARRAY(report->host_data));
    check_hex(expected, "id_key_digest", VIEW_OF_ARRAY(report->id_key_digest));
    check_hex(expected, "author_key_digest", VIEW_OF_ARRAY(report->author_key_digest));
    check_hex(expected, "report_id", VIEW_OF_ARRAY(report->report_id));
    check_hex(expected, "report_id_ma", VIEW_OF_ARRAY(report->report_id_ma));
    check_hex(expected, "chip_id", VIEW_OF_ARRAY(report->chip_id));
}

static void check_platform(const json_t *expected, const SnpReport *report)
{
    SnpTcbLayout layout = snp_report_tcb_layout(report);
    const json_t *cpuid = json_object_get(expected, "cpuid");

    if (layout == SNP_TCB_LAYOUT_UNKNOWN)
        layout = SNP_TCB_LAYOUT_LEGACY;
    check_tcb(expected, "current_tcb", report->current_tcb, layout);
    check_tcb(expected, "reported_tcb", report->reported_tcb, layout);
    check_tcb(expected, "committed_tcb", report->committed_tcb, layout);
    check_tcb(expected, "launch_tcb", report->launch_tcb, layout);
    check_version(expected, "current_version", report->current_version);
    check_version(expected, "committed_version", report->committed_version);
    check_int(report->has_cpuid, cpuid != NULL);
    if (cpuid) {
        check_int(report->cpuid_family, number_of(cpuid, "family"));
        check_int(report->cpuid_model, number_of(cpuid, "model"));
        check_int(report->cpuid_stepping, number_of(cpuid, "stepping"));
        check_str(snp_product_name(snp_report_product(report)),
                  text_of(expected, "product_from_cpuid"));
    }
    check_int(report->has_mitigations, json_object_get(expected, "launch_mit_vector") != NULL);
    if (report->has_mitigations) {
        check_u64_text(expected, "launch_mit_vector", report->launch_mitigations);
        check_u64_text(expected, "current_mit_vector", report->current_mitigations);
    }
}

static void check_keys(const json_t *expected, const SnpReport *report)
{
    uint8_t r[SNP_SCALAR_SIZE], s[SNP_SCALAR_SIZE];
    bool is_vlek = snp_report_signing_key(report) == SNP_SIGNING_KEY_VLEK;

    check_str(is_vlek ? "VLEK" : "VCEK", text_of(expected, "signing_key"));
    check_int(snp_report_chip_key_is_masked(report), number_of(expected, "mask_chip_key"));
    check_int((report->key_info & SNP_KEY_INFO_AUTHOR_KEY_EN) != 0,
              number_of(expected, "author_key_en"));
    check_int(snp_report_signature(report, r, s), SNP_SIGNATURE_OK);
    check_scalar(expected, "signature_r", r);
    check_scalar(expected, "signature_s", s);
}

static void check_report(const json_t *expected, ByteView bytes)
{
    SnpReport report;

    check_int(snp_report_parse(bytes, 0, &report), SNP_REPORT_OK);
    check_int(report.version, number_of(expected, "version"));
    check_int(report.guest_svn, number_of(expected, "guest_svn"));
    check_int(report.vmpl, number_of(expected, "vmpl"));
    check_int(report.signature_algo, number_of(expected, "signature_algo"));
    check_u64_text(expected, "platform_info", report.platform_info);
    check_policy(expected, report.policy);
    check_identity(expected, &report);
    check_platform(expected, &report);
    check_keys(expected, &report);
    check(snp_report_reserved_is_zero(&report));
}

static void run_snp(const char *vector, const json_t *expected)
{
    _cleanup_bytes_ Bytes bytes = read_role(vector, "report.bin");
    const json_t *wanted = json_object_get(expected, "report");
    SnpReport report;

    if (number_of(wanted, "version") < 2) {
        check_int(snp_report_parse(VIEW(bytes), 0, &report), SNP_REPORT_E_VERSION);
        return;
    }
    check_report(wanted, VIEW(bytes));
    for (size_t size = 0; size < bytes.size; size++)
        check_int(snp_report_parse((ByteView){ bytes.data, size }, 0, &report), SNP_REPORT_E_SIZE);
}

static void test_snp_reports(void)
{
    for_each("snp", 15, run_snp);
}

static void test_malformed_snp_reports(void)
{
    _cleanup_bytes_ Bytes response = test_vector("snp-malformed/msg-resp-4000/response.bin");
    _cleanup_bytes_ Bytes truncated = test_vector("snp-malformed/short-793/report.bin");
    json_auto_t *expected =
        json_load_file(VECTORS_DIR "/expected/snp-malformed__msg-resp-4000.json", 0, NULL);
    ByteView inner = { 0 };
    uint32_t status = 99;
    SnpReport report;

    check_int(snp_report_parse(VIEW(truncated), 0, &report), SNP_REPORT_E_SIZE);
    check_int(snp_report_parse(VIEW(response), 0, &report), SNP_REPORT_E_SIZE);
    check_int(snp_response_parse(VIEW(response), &status, &inner), SNP_RESPONSE_OK);
    check_int(status, number_of(expected, "status"));
    check_int(inner.size, number_of(expected, "report_size"));
    check_report(json_object_get(expected, "report"), inner);
}

/* --- TPM quotes */

static void check_selections(const json_t *expected, const TpmAttest *attest)
{
    const json_t *selections = json_object_get(expected, "pcr_selection"), *selection, *pcr;
    size_t i, k;

    check_int(json_array_size(selections), attest->n_selections);
    json_array_foreach (selections, i, selection) {
        uint32_t mask = 0;
        json_array_foreach (json_object_get(selection, "pcrs"), k, pcr)
            mask |= UINT32_C(1) << json_integer_value(pcr);
        check_str(tpm_alg_name(attest->selections[i].bank), text_of(selection, "bank"));
        check_int(attest->selections[i].pcrs, mask);
    }
}

static void check_cut_quote(ByteView bytes)
{
    TpmAttest attest;

    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(tpm_attest_parse((ByteView){ copy, size }, &attest), TPM_ATTEST_E_TRUNCATED);
    }
}

/* NAME: "quote", "quote-sha256", … */
static void check_quote(const char *vector, const char *name, const json_t *expected)
{
    char role[64];
    TpmAttest attest;
    TpmSignature signature;
    const json_t *wanted = json_object_get(expected, "signature");

    (void)snprintf(role, sizeof(role), "%s.msg", name);
    _cleanup_bytes_ Bytes message = read_role(vector, role);
    (void)snprintf(role, sizeof(role), "%s.sig", name);
    _cleanup_bytes_ Bytes bytes = read_role(vector, role);
    check_int(tpm_attest_parse(VIEW(message), &attest), TPM_ATTEST_OK);
    check_hex(expected, "qualified_signer", attest.qualified_signer);
    check_hex(expected, "extra_data", attest.extra_data);
    check_int(attest.clock_msec, number_of(expected, "clock"));
    check_int(attest.reset_count, number_of(expected, "reset_count"));
    check_int(attest.restart_count, number_of(expected, "restart_count"));
    check_int(attest.safe, number_of(expected, "safe"));
    check(strtoull(text_of(expected, "firmware_version"), NULL, 16) == attest.firmware_version);
    check_hex(expected, "pcr_digest", attest.pcr_digest);
    check_selections(expected, &attest);
    check_cut_quote(VIEW(message));

    /* Azure's and Google's tools store the bare RSA number. */
    if (bytes.size == 256)
        return;
    check_int(tpm_signature_parse(VIEW(bytes), &signature), TPM_SIGNATURE_OK);
    check_str(tpm_alg_name(signature.algorithm), text_of(wanted, "scheme"));
    check_str(tpm_alg_name(signature.hash), text_of(wanted, "hash"));
}

static void run_quote(const char *vector, const json_t *expected)
{
    static const char *const names[] = { "quote", "quote-sha1", "quote-sha256", "quote-sha384" };
    size_t n = 0;

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        const json_t *quote = json_object_get(expected, names[i]);
        if (quote) {
            check_quote(vector, names[i], quote);
            n++;
        }
    }
    check(n > 0);
}

static void test_tpm_quotes(void)
{
    for_each("tpm-quote", 6, run_quote);
}

/* The quotes of confidential VMs say no more about themselves than that they parse. */
static void run_azure(const char *vector, const json_t *expected)
{
    const json_t *quote = json_object_get(expected, "quote");

    if (quote)
        check_quote(vector, "quote", quote);
}

static void test_azure_quotes(void)
{
    for_each("azure-snp", 8, run_azure);
}

static void check_key(ByteView bytes, uint16_t type, bool is_signing)
{
    TpmPublic public;

    check_int(tpm_public_parse(bytes, &public), TPM_PUBLIC_OK);
    check_int(public.type, type);
    check_int(public.rsa_bits, 2048);
    check_int(public.rsa_exponent, 65537);
    check_int(tpm_public_is_restricted_signing(&public), is_signing);
    check_int(tpm_public_is_restricted_decrypting(&public), !is_signing);
    check(tpm_public_is_bound_to_tpm(&public));
    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(tpm_public_parse((ByteView){ copy, size }, &public), TPM_PUBLIC_E_TRUNCATED);
    }
}

static void test_tpm_keys(void)
{
    _cleanup_bytes_ Bytes gce = test_vector("tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public");
    _cleanup_bytes_ Bytes windows = test_vector("tpm-quote/windows-gcp-shielded/ak.tpmt_public");
    _cleanup_bytes_ Bytes ak = test_vector("tpm-quote/keylime-a/ak.tpm2b");
    _cleanup_bytes_ Bytes ek = test_vector("tpm-quote/keylime-a/ek.tpm2b");
    TpmPublic public;

    check_key(VIEW(gce), TPM_ALG_RSA, true);
    check_key(VIEW(windows), TPM_ALG_RSA, true);
    check_key((ByteView){ ak.data + 2, ak.size - 2 }, TPM_ALG_RSA, true);
    check_key((ByteView){ ek.data + 2, ek.size - 2 }, TPM_ALG_RSA, false);
    check(tpm_public_parse(VIEW(ak), &public) != TPM_PUBLIC_OK);
}

/* --- event logs */

static void check_header(const json_t *expected, const EventLog *log)
{
    const json_t *spec_id = json_object_get(expected, "spec_id"), *alg;
    const json_t *algorithms = json_object_get(spec_id, "algorithms");
    char version[16];
    size_t i;

    check_int(log->is_agile, spec_id != NULL);
    check_int(log->is_agile, strcmp(text_of(expected, "format"), "crypto-agile") == 0);
    if (!spec_id)
        return;
    (void)snprintf(version, sizeof(version), "%d.%d", log->version_major, log->version_minor);
    check_str(version, text_of(spec_id, "version"));
    check_int(log->platform_class, number_of(spec_id, "platform_class"));
    check_int(log->version_errata, number_of(spec_id, "errata"));
    check_int(log->uintn_size, number_of(spec_id, "uintn_size"));
    check_hex(spec_id, "vendor_info", log->vendor_info);
    check_int(log->n_banks, json_array_size(algorithms));
    json_array_foreach (algorithms, i, alg) {
        check_int(log->banks[i].alg, number_of(alg, "id"));
        check_int(log->banks[i].digest_size, number_of(alg, "size"));
        check_str(tpm_alg_name(log->banks[i].alg), text_of(alg, "alg"));
    }
}

/* Counts EVENT under the name of its type. */
static void count_type(json_t *types, const Event *event)
{
    const char *name = event_type_name(event->type);
    char number[16];

    (void)snprintf(number, sizeof(number), "0x%x", event->type);
    if (!name)
        name = number;
    json_int_t n = json_integer_value(json_object_get(types, name));
    check_int(json_object_set_new(types, name, json_integer(n + 1)), 0);
}

/* What is inside events parses too, with slack only where old versions of shim left it. */
static void check_content(const Event *event, const json_t *expected)
{
    UefiImageLoad load;
    UefiVariable variable;

    if (event->type == EV_EFI_VARIABLE_DRIVER_CONFIG || event->type == EV_EFI_VARIABLE_AUTHORITY ||
        event->type == EV_EFI_VARIABLE_BOOT) {
        check_int(uefi_variable_parse(event->data, &variable), UEFI_VARIABLE_OK);
        check(variable.rest.size == 0 ||
              (variable.rest.size == 6 && event->type == EV_EFI_VARIABLE_AUTHORITY));
        if (uefi_variable_is(&variable, uefi_guid_global_variable, "SecureBoot"))
            check_hex(expected, "secure_boot_variable", variable.data);
        if (uefi_variable_is(&variable, uefi_guid_security_database, "db") &&
            event->type == EV_EFI_VARIABLE_DRIVER_CONFIG) {
            UefiSignatures signatures = uefi_signatures_over(variable.data);
            UefiSignature signature;
            int r;
            while ((r = uefi_signatures_next(&signatures, &signature)) == UEFI_SIGNATURES_OK)
                check(signature.data.size > 0);
            check_int(r, UEFI_SIGNATURES_END);
        }
    }
    if (event->type == EV_EFI_BOOT_SERVICES_APPLICATION)
        check_int(uefi_image_load_parse(event->data, &load), UEFI_IMAGE_LOAD_OK);
}

/* Registers that the expected replay lists, of whichever bank. */
static uint32_t replayed_pcrs(const json_t *expected)
{
    const char *bank, *pcr;
    json_t *values, *value;
    uint32_t pcrs = 0;

    json_object_foreach (json_object_get(expected, "replayed"), bank, values)
        json_object_foreach (values, pcr, value)
            pcrs |= UINT32_C(1) << strtoul(pcr, NULL, 10);
    return pcrs;
}

static void check_log(ByteView bytes, unsigned flags, const json_t *expected)
{
    json_auto_t *types = json_object();
    EventLogSummary summary;
    size_t index;
    EventLog log;
    Event event;
    int r;

    check_int(event_log_open(bytes, flags, &log), EVENT_LOG_OK);
    check_header(expected, &log);
    while ((r = event_log_next(&log, &event)) == EVENT_LOG_OK) {
        count_type(types, &event);
        check_content(&event, expected);
    }
    check_int(r, EVENT_LOG_END);
    check(json_equal(types, json_object_get(expected, "event_types")));

    check_int(event_log_summarise(bytes, flags, &index, &summary), EVENT_LOG_OK);
    check_int(summary.n_events, number_of(expected, "events"));
    check_int(summary.pcrs, replayed_pcrs(expected));
    check_int(summary.has_locality, json_object_get(expected, "startup_locality") != NULL);
    if (summary.has_locality)
        check_int(summary.locality, number_of(expected, "startup_locality"));
    check_int(summary.has_hcrtm, json_is_true(json_object_get(expected, "hcrtm_event")));
}

/* Cut anywhere, a log is refused or has fewer events. */
static void check_cut_log(ByteView bytes, unsigned flags)
{
    EventLogSummary whole, part;
    size_t index, stride = bytes.size / 500 + 1;

    check_int(event_log_summarise(bytes, flags, &index, &whole), EVENT_LOG_OK);
    for (size_t size = 0; size < bytes.size; size += stride) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        int r = event_log_summarise((ByteView){ copy, size }, flags, &index, &part);
        check(r > 0 || part.n_events < whole.n_events || flags == EVENT_LOG_PADDED);
    }
}

static void run_log(const char *vector, const json_t *expected)
{
    _cleanup_bytes_ Bytes bytes = read_role(vector, "log.bin");
    unsigned flags = json_object_get(expected, "padding_offset") ? EVENT_LOG_PADDED : 0;

    check_log(VIEW(bytes), flags, expected);
    check_cut_log(VIEW(bytes), flags);
    if (flags) {
        EventLogSummary summary;
        check(event_log_summarise(VIEW(bytes), 0, NULL, &summary) > 0);
    }
}

static void run_edge(const char *vector, const json_t *expected)
{
    _cleanup_bytes_ Bytes bytes = read_role(vector, "log.bin");
    EventLogSummary summary;

    if (strcmp(text_of(expected, "verdict"), "pass") == 0) {
        check_log(VIEW(bytes), 0, expected);
        return;
    }
    int r = event_log_summarise(VIEW(bytes), 0, NULL, &summary);
    check(r > 0);
    (void)printf("    refused: %s\n", event_log_reason(r));
}

static void test_event_logs(void)
{
    for_each("eventlog", 20, run_log);
}

static void test_event_log_edges(void)
{
    for_each("eventlog-edge", 8, run_edge);
}

static void test_padded_logs(void)
{
    for_each("ccel", 2, run_log);
}

static const Test tests[] = {
    { "SNP reports have the fields they should", test_snp_reports },
    { "malformed SNP reports are refused or unwrapped", test_malformed_snp_reports },
    { "TPM quotes have the fields they should", test_tpm_quotes },
    { "quotes of confidential VMs are read", test_azure_quotes },
    { "TPM keys are read", test_tpm_keys },
    { "event logs have the events they should", test_event_logs },
    { "odd event logs are read or refused", test_event_log_edges },
    { "padded logs end where the padding begins", test_padded_logs },
};

TEST_MAIN(tests)
