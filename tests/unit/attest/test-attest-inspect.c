/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is it? By content, for every file of the vectors; and files that are damaged, nothing, or
 * two things at once.
 */
#include "api.h"

#include "base/encode.h"
#include "forge.h"
#include "format/snp-certs.h"
#include "testing.h"

#define TEXT(text)                                                                                 \
    (ByteView)                                                                                     \
    {                                                                                              \
        .data = (const uint8_t *)(text), .size = sizeof(text) - 1                                  \
    }

static void check_kind(const ApiAnswer *answer, const char *kind)
{
    if (strcmp(attest_result_kind_name(answer->result), kind) != 0)
        api_print(answer);
    check_str(attest_result_kind_name(answer->result), kind);
    check_int(answer->verdict, ATTEST_PASS);
    check(json_object_size(json_object_get(answer->json, "content")) > 0);
}

static void files_are_told_apart_by_their_content(void)
{
    static const struct {
        const char *file, *kind;
    } rows[] = {
        { "snp/milan-v3-vcek/report.bin", "snp-report" },
        { "snp/turin-v5-vcek/report.bin", "snp-report" },
        { "snp/v1-fake-a/report.bin", "snp-report" },
        { "snp-malformed/msg-resp-4000/response.bin", "snp-response" },
        { "snp/milan-v3-vlek/vlek.der", "certificate" },
        { "amd-roots/turin/ark.der", "certificate" },
        { "azure-snp/milan-v2-a/hcl_report.bin", "hcl-report" },
        { "azure-tdx/hcl-only/hcl_report.bin", "hcl-report" },
        { "tdx-quote/v5-a/td_quote.bin", "td-quote" },
        { "ccel/cos-113-tdx/td_quote.bin", "td-quote" },
        { "ccel/cos-113-tdx/table.bin", "ccel-table" },
        { "ccel/cos-113-tdx/log.bin", "event-log" },
        { "eventlog/option-rom/log.bin", "event-log" },
        { "eventlog/gdc-host/log.bin", "event-log" },
        { "eventlog-edge/short-no-action/log.bin", "event-log" },
        { "tpm-quote/keylime-a/quote.msg", "tpm-quote" },
        { "tpm-quote/keylime-a/quote.sig", "tpm-signature" },
        { "tpm-quote/keylime-a/ak.tpm2b", "tpm-public" },
        { "tpm-quote/keylime-a/ak.pem", "public-key" },
        { "tpm-quote/keylime-a/pcrs.bin", "pcrs" },
        { "tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public", "tpm-public" },
        { "eventlog/debian-10/pcrs.json", "pcrs" },
        { "azure-snp/milan-v2-a/pcrs.json", "pcrs" },
        { "maa/sgx-2021/token.jwt", "token" },
        { "maa/jwks-sample/jwks.json", "jwks" },
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        _cleanup_answer_ ApiAnswer answer = api_inspect_vector(rows[i].file);
        check_kind(&answer, rows[i].kind);
    }
}

/* "report": TCB by component, policy bits in words. */
static void a_report_is_shown_field_by_field(void)
{
    _cleanup_answer_ ApiAnswer answer = api_inspect_vector("snp/milan-v2-vcek-debug/report.bin");
    const json_t *content = json_object_get(answer.json, "content");

    check(json_is_true(json_object_get(json_object_get(content, "policy_bits"), "debug")));
    check(json_is_integer(json_object_get(json_object_get(content, "reported_tcb"), "microcode")));
    check_str(json_string_value(json_object_get(content, "signing_key")), "VCEK");
}

static void an_event_log_is_a_story(void)
{
    _cleanup_answer_ ApiAnswer answer =
        api_inspect_vector("eventlog/ubuntu-2404-amd-sevsnp/log.bin");
    const json_t *story = json_object_get(json_object_get(answer.json, "content"), "log");
    bool saw_secure_boot = false, saw_command_line = false;
    size_t i;
    json_t *event;

    json_array_foreach (story, i, event) {
        const char *text = json_string_value(json_object_get(event, "text"));
        check(text && json_string_value(json_object_get(event, "type")));
        saw_secure_boot = saw_secure_boot || strncmp(text, "SecureBoot", 10) == 0;
        saw_command_line = saw_command_line || strstr(text, "vmlinuz");
    }
    check(saw_secure_boot && saw_command_line);
    check_int(json_array_size(story), json_integer_value(json_object_get(
                                          json_object_get(answer.json, "content"), "events")));
}

static void put_le(Bytes *out, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const uint8_t byte = (uint8_t)(number >> 8 * i);
        check_int(bytes_append(out, (ByteView){ &byte, 1 }), 0);
    }
}

/* A log of one event in PCR 7: who authorised the boot. */
static Bytes log_of_authority(ByteView certificate)
{
    static const uint8_t guid[] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
                                    0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
    static const uint8_t name[] = { 'd', 0, 'b', 0 }, zeros[20] = { 0 };
    Bytes log = { 0 };

    put_le(&log, 7, 4);
    put_le(&log, 0x800000e0, 4); /* EV_EFI_VARIABLE_AUTHORITY */
    check_int(bytes_append(&log, VIEW_OF_ARRAY(zeros)), 0);
    put_le(&log, sizeof(guid) + 16 + sizeof(name) + 16 + certificate.size, 4);
    check_int(bytes_append(&log, VIEW_OF_ARRAY(guid)), 0);
    put_le(&log, sizeof(name) / 2, 8);
    put_le(&log, 16 + certificate.size, 8);
    check_int(bytes_append(&log, VIEW_OF_ARRAY(name)), 0);
    check_int(bytes_append(&log, (ByteView){ zeros, 16 }), 0); /* owner */
    check_int(bytes_append(&log, certificate), 0);
    return log;
}

/* The longest a certificate can have, 64 characters of four bytes: cut inside one it would be no
 * text that JSON can hold. */
static void the_longest_name_is_shown_whole(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = forge_pkey("P-256");
    char name[64 * 4 + 1];

    for (size_t i = 0; i < 64; i++)
        memcpy(name + 4 * i, "\xf0\x9f\x98\x80", 5);
    const ForgeCertificate wanted = {
        .subject = name, .issuer = "x", .key = key, .issuer_key = key, .serial = 1
    };
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);
    _cleanup_bytes_ Bytes log = log_of_authority(VIEW(der));
    _cleanup_answer_ ApiAnswer answer = api_inspect(VIEW(log));
    check_kind(&answer, "event-log");
    const json_t *story = json_object_get(json_object_get(answer.json, "content"), "log");
    check(strstr(json_string_value(json_object_get(json_array_get(story, 0), "text")), name));
}

static void texts_of_ours_are_known(void)
{
    static const struct {
        ByteView text;
        const char *kind;
    } rows[] = {
        { TEXT("{\"attestd_policy\":1,\"id\":\"x\",\"snp\":{}}"), "policy" },
        { TEXT(" \n{\"attestd_trust\":1,\"verifier_id\":\"v\"}"), "trust" },
        { TEXT("{\"sha1\":{\"0\":\"0000000000000000000000000000000000000000\"}}\n"), "pcrs" },
        { TEXT("\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":"
               "\"0000000000000000000000000000000000000000000000000000000000000000\"}],"
               "\"content_type\":\"systemd\",\"content\":{\"string\":\"enter-initrd\","
               "\"eventType\":\"phase\"}}\n"),
          "userspace-log" },
        { TEXT("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.AA\n"), "token" },
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        _cleanup_answer_ ApiAnswer answer = api_inspect(rows[i].text);
        check_kind(&answer, rows[i].kind);
    }
}

static void a_certificate_table_is_shown_entry_by_entry(void)
{
    _cleanup_bytes_ Bytes vcek = test_vector("snp/milan-v3-vcek/vcek.der");
    _cleanup_bytes_ Bytes ark = test_vector("amd-roots/milan/ark.der");
    const SnpCertInput items[] = { { .kind = SNP_CERT_VCEK, .blob = VIEW(vcek) },
                                   { .kind = SNP_CERT_ARK, .blob = VIEW(ark) } };
    _cleanup_bytes_ Bytes table = { 0 };

    check_int(snp_certs_build(items, ELEMENTSOF(items), &table), 0);
    _cleanup_answer_ ApiAnswer answer = api_inspect(VIEW(table));
    check_kind(&answer, "snp-certificates");
    const json_t *entries = json_object_get(json_object_get(answer.json, "content"), "entries");
    check_int(json_array_size(entries), 2);
    check(json_is_string(json_object_get(json_array_get(entries, 1), "subject")));
}

static void a_bundle_of_certificates_is_a_list(void)
{
    _cleanup_bytes_ Bytes pem = { 0 };
    static const char *const files[] = { "amd-roots/milan/ark.der", "amd-roots/milan/ask.der" };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        _cleanup_bytes_ Bytes der = test_vector(files[i]);
        _cleanup_free_ char *text = base64_encode(VIEW(der));
        check_int(bytes_append(&pem, view_of_string("-----BEGIN CERTIFICATE-----\n")), 0);
        for (size_t k = 0; k < strlen(text); k += 64) {
            check_int(bytes_append(
                          &pem, (ByteView){ (const uint8_t *)text + k, MIN(strlen(text) - k, 64) }),
                      0);
            check_int(bytes_append(&pem, view_of_string("\n")), 0);
        }
        check_int(bytes_append(&pem, view_of_string("-----END CERTIFICATE-----\n")), 0);
    }
    _cleanup_answer_ ApiAnswer answer = api_inspect(VIEW(pem));
    check_kind(&answer, "certificate");
    const json_t *content = json_object_get(answer.json, "content");
    check_int(json_array_size(json_object_get(content, "certificates")), 2);
}

static void what_is_nothing_known_is_named_so(void)
{
    static const ByteView rows[] = {
        { (const uint8_t *)"", 0 },
        TEXT("hello"),
        TEXT("{}"),
        TEXT("[1,2]"),
        TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        TEXT("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"),
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        _cleanup_answer_ ApiAnswer answer = api_inspect(rows[i]);
        api_check(&answer, ATTEST_E_UNREADABLE, "item-unknown");
        check_str(attest_result_kind_name(answer.result), "");
        check_int(json_object_size(json_object_get(answer.json, "content")), 0);
    }
    static uint8_t large[(16 << 20) + 1];
    _cleanup_answer_ ApiAnswer answer = api_inspect(VIEW_OF_ARRAY(large));
    api_check(&answer, ATTEST_E_UNREADABLE, "item-unknown");
}

static void what_is_damaged_is_named_by_its_kind(void)
{
    static const struct {
        const char *file, *kind;
        size_t size; /* cut to */
    } rows[] = {
        { "azure-snp/milan-v2-a/hcl_report.bin", "hcl-report", 1300 },
        { "tdx-quote/v4-a/td_quote.bin", "td-quote", 1500 },
        { "eventlog/gdc-host/log.bin", "event-log", 1000 },
        { "tpm-quote/keylime-a/quote.msg", "tpm-quote", 100 },
        { "ccel/cos-113-tdx/table.bin", "ccel-table", 50 },
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        _cleanup_bytes_ Bytes bytes = test_vector(rows[i].file);
        bytes.size = rows[i].size;
        _cleanup_answer_ ApiAnswer answer = api_inspect(VIEW(bytes));
        api_check(&answer, ATTEST_E_UNREADABLE, "item-damaged");
        check_str(attest_result_kind_name(answer.result), rows[i].kind);
    }
    _cleanup_answer_ ApiAnswer policy = api_inspect(TEXT("{\"snp\":{\"no_such\":1}}"));
    api_check(&policy, ATTEST_E_UNREADABLE, "item-damaged");
    _cleanup_answer_ ApiAnswer evidence = api_inspect(TEXT("{\"__cmwc_t\":\"x\"}"));
    api_check(&evidence, ATTEST_E_UNREADABLE, "item-damaged");
}

/* JSON with the marks of two kinds is neither, for sure. */
static void what_might_be_two_things_is_named_so(void)
{
    static const char text[] =
        "{\"attestd_trust\":1,\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\","
        "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
    _cleanup_answer_ ApiAnswer answer = api_inspect(TEXT(text));

    api_check(&answer, ATTEST_E_UNREADABLE, "item-ambiguous");
}

/* Every prefix of a few files, and every byte changed: an answer, and never a crash. */
static void hostile_bytes_get_an_answer(void)
{
    static const char *const files[] = { "snp/milan-v3-vcek/report.bin",
                                         "azure-tdx/hcl-only/hcl_report.bin",
                                         "tpm-quote/keylime-a/quote.msg",
                                         "tpm-quote/keylime-a/pcrs.bin", "maa/sgx-2021/token.jwt" };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        _cleanup_bytes_ Bytes bytes = test_vector(files[i]);
        for (size_t size = 0; size <= bytes.size; size += 1 + bytes.size / 200) {
            _cleanup_answer_ ApiAnswer answer =
                api_inspect((ByteView){ .data = bytes.data, .size = size });
            check(answer.verdict == ATTEST_PASS || answer.verdict == ATTEST_E_UNREADABLE);
        }
        for (size_t k = 0; k < bytes.size; k += 1 + bytes.size / 200) {
            bytes.data[k] ^= 0xff;
            _cleanup_answer_ ApiAnswer answer = api_inspect(VIEW(bytes));
            check(answer.verdict == ATTEST_PASS || answer.verdict == ATTEST_E_UNREADABLE);
            bytes.data[k] ^= 0xff;
        }
    }
}

static const Test tests[] = {
    { "files are told apart by their content", files_are_told_apart_by_their_content },
    { "a report is shown field by field", a_report_is_shown_field_by_field },
    { "an event log is a story", an_event_log_is_a_story },
    { "the longest name is shown whole", the_longest_name_is_shown_whole },
    { "texts of ours are known", texts_of_ours_are_known },
    { "a certificate table is shown entry by entry", a_certificate_table_is_shown_entry_by_entry },
    { "a bundle of certificates is a list", a_bundle_of_certificates_is_a_list },
    { "what is nothing known is named so", what_is_nothing_known_is_named_so },
    { "what is damaged is named by its kind", what_is_damaged_is_named_by_its_kind },
    { "what might be two things is named so", what_might_be_two_things_is_named_so },
    { "hostile bytes get an answer", hostile_bytes_get_an_answer },
};

TEST_MAIN(tests)
