/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence JSON: both directions, and a twin with one thing changed for each refusal.
 */
#include "build.h"
#include "format/bundle.h"

#include <errno.h>

static Bytes filled(uint8_t byte, size_t size)
{
    Bytes bytes = { 0 };

    put_fill(&bytes, byte, size);
    return bytes;
}

/* Every member there is. */
static Evidence make(void)
{
    Evidence evidence = {
        .claims = filled('c', 10),
        .cpu = { .provider = strdup("sev_guest"),
                 .outblob = filled(1, 5),
                 .auxblob = filled(2, 3) },
        .hcl = filled(14, 6),
        .td_quote = filled(15, 7),
        .vtpm = { .attest = filled(3, 4),
                  .signature = filled(4, 4),
                  .ak_public = filled(5, 4),
                  .ak_certificate = filled(6, 4),
                  .ek_public = filled(7, 4),
                  .ek_certificate = filled(8, 4),
                  .pcrs = { .bank = TPM_ALG_SHA256 } },
        .eventlog = filled(9, 33),
        .eventlog_userspace = filled(10, 3),
        .endorsements = { .vcek = filled(11, 2), .ask = filled(12, 2), .crl = filled(13, 2) },
    };
    uint8_t value[32];

    check_int(bytes_copy(view_of_string("[\"a.b.c.d.e\",\"a.b.c.d.f\"]"), &evidence.rewrap), 0);

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr += 4) {
        memset(value, (int)pcr, sizeof(value));
        check(evidence_pcrs_set(&evidence.vtpm.pcrs, pcr, VIEW_OF_ARRAY(value)));
    }
    return evidence;
}

static json_t *make_json(void)
{
    _cleanup_evidence_ Evidence evidence = make();
    _cleanup_bytes_ Bytes text = { 0 };

    check_int(evidence_emit(&evidence, &text), 0);
    json_t *json = json_loadb((const char *)text.data, text.size, 0, NULL);
    check(json != NULL);
    return json;
}

/* Refused for REASON, naming MEMBER? Takes JSON. */
static void check_json(json_t *json, int reason, const char *member)
{
    _cleanup_evidence_ Evidence evidence = { 0 };
    _cleanup_free_ char *text = json_text(json);
    EvidenceDetail detail = { "" };

    json_decref(json);
    check(text != NULL);
    int r = evidence_parse(view_of_string(text), &detail, &evidence);
    if (r != reason || strcmp(detail.member, member) != 0)
        (void)fprintf(stderr, "found \"%s\" at \"%s\", wanted \"%s\" at \"%s\"\n",
                      evidence_reason(r), detail.member, evidence_reason(reason), member);
    check_int(r, reason);
    check_str(detail.member, member);
}

static json_t *text_value(const char *text)
{
    _cleanup_free_ char *encoded = base64url_encode(view_of_string(text));
    json_t *json = json_string(encoded);

    check(json != NULL);
    return json;
}

/* Replaces the content of the record LABEL. */
static void set_content(json_t *json, const char *label, json_t *value)
{
    check_int(json_array_set_new(json_object_get(json, label), 1, value), 0);
}

static void set_object_content(json_t *json, const char *label, json_t *object)
{
    _cleanup_free_ char *text = json_text(object);

    check(text != NULL);
    set_content(json, label, text_value(text));
    json_decref(object);
}

/* The content of the record LABEL as a JSON object of its own. */
static json_t *get_object_content(json_t *json, const char *label)
{
    const char *encoded = json_string_value(json_array_get(json_object_get(json, label), 1));
    _cleanup_bytes_ Bytes text = { 0 };

    check_int(base64url_decode(view_of_string(encoded), &text), ENCODE_OK);
    json_t *object = json_loadb((const char *)text.data, text.size, 0, NULL);
    check(object != NULL);
    return object;
}

static void test_all_members_come_back(void)
{
    _cleanup_evidence_ Evidence before = make(), after = { 0 };
    _cleanup_bytes_ Bytes text = { 0 }, again = { 0 };

    check_int(evidence_emit(&before, &text), 0);
    check_int(evidence_parse(VIEW(text), NULL, &after), EVIDENCE_OK);
    check(view_equal(VIEW(after.claims), VIEW(before.claims)));
    check_str(after.cpu.provider, "sev_guest");
    check(view_equal(VIEW(after.cpu.outblob), VIEW(before.cpu.outblob)));
    check(view_equal(VIEW(after.cpu.auxblob), VIEW(before.cpu.auxblob)));
    check(view_equal(VIEW(after.hcl), VIEW(before.hcl)));
    check(view_equal(VIEW(after.td_quote), VIEW(before.td_quote)));
    check(view_equal(VIEW(after.vtpm.attest), VIEW(before.vtpm.attest)));
    check(view_equal(VIEW(after.vtpm.signature), VIEW(before.vtpm.signature)));
    check(view_equal(VIEW(after.vtpm.ak_public), VIEW(before.vtpm.ak_public)));
    check(view_equal(VIEW(after.vtpm.ak_certificate), VIEW(before.vtpm.ak_certificate)));
    check(view_equal(VIEW(after.vtpm.ek_public), VIEW(before.vtpm.ek_public)));
    check(view_equal(VIEW(after.vtpm.ek_certificate), VIEW(before.vtpm.ek_certificate)));
    check(view_equal(VIEW(after.eventlog), VIEW(before.eventlog)));
    check(view_equal(VIEW(after.eventlog_userspace), VIEW(before.eventlog_userspace)));
    check(view_equal(VIEW(after.endorsements.vcek), VIEW(before.endorsements.vcek)));
    check(view_equal(VIEW(after.endorsements.crl), VIEW(before.endorsements.crl)));
    check_int(after.endorsements.ark.size, 0);
    check(view_equal(VIEW(after.rewrap), VIEW(before.rewrap)));
    check(memcmp(&after.vtpm.pcrs, &before.vtpm.pcrs, sizeof(EvidencePcrs)) == 0);
    check_int(evidence_members(&after), EVIDENCE_MEMBERS_ALL);
    check_int(evidence_emit(&after, &again), 0);
    check(view_equal(VIEW(again), VIEW(text)));
}

static void test_absent_members_are_absent(void)
{
    _cleanup_evidence_ Evidence before = { .claims = filled('c', 1) }, after = { 0 };
    _cleanup_bytes_ Bytes text = { 0 };

    check_int(evidence_emit(&before, &text), 0);
    json_auto_t *json = json_loadb((const char *)text.data, text.size, 0, NULL);
    check_int(json_object_size(json), 2);
    check_int(evidence_parse(VIEW(text), NULL, &after), EVIDENCE_OK);
    check_int(evidence_members(&after), 0);
    check_int(after.rewrap.size, 0);
    check(after.cpu.provider == NULL && after.vtpm.pcrs.bank == 0);
}

static void test_the_record_types_are_those_of_the_specification(void)
{
    json_auto_t *json = make_json();
    static const char *const types[][2] = {
        { "claims", "application/eat-ucs+json; "
                    "eat_profile=\"tag:github.com,2026:attestd/evidence#1\"" },
        { "cpu", "application/vnd.veraison.tsm-report+json" },
        { "vtpm", "application/vnd.attestd.tpm2-quote+json" },
        { "eventlog", "application/vnd.attestd.tcg-eventlog" },
        { "eventlog-userspace", "application/vnd.attestd.systemd-eventlog" },
        { "hcl", "application/vnd.attestd.azure-hcl-report" },
        { "td-quote", "application/vnd.attestd.td-quote" },
        { "rewrap", "application/vnd.attestd.rewrap+json" },
    };

    check_str(json_string_value(json_object_get(json, "__cmwc_t")),
              "tag:github.com,2026:attestd/evidence#1");
    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        json_t *record = json_object_get(json, types[i][0]);
        check_str(json_string_value(json_array_get(record, 0)), types[i][1]);
        check_int(json_integer_value(json_array_get(record, 2)), 4);
    }
    json_t *vcek = json_object_get(json_object_get(json, "endorsements"), "vcek");
    check_str(json_string_value(json_array_get(vcek, 0)), "application/pkix-cert");
    check_int(json_integer_value(json_array_get(vcek, 2)), 2);
}

static void check_text(const char *text, int reason)
{
    _cleanup_evidence_ Evidence evidence = { 0 };

    check_int(evidence_parse(view_of_string(text), NULL, &evidence), reason);
}

static void test_what_is_not_an_object_of_ours_is_refused(void)
{
    check_text("", EVIDENCE_E_SYNTAX);
    check_text("[]", EVIDENCE_E_SYNTAX);
    check_text("{", EVIDENCE_E_SYNTAX);
    check_text("{}", EVIDENCE_E_MISSING);
    check_text("{\"a\":1,\"a\":2}", EVIDENCE_E_DUPLICATE);
    check_text("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", EVIDENCE_E_DEPTH);
    check_text("{\"__cmwc_t\":7}", EVIDENCE_E_TYPE);
    check_text("{\"__cmwc_t\":\"tag:github.com,2026:attestd/evidence#2\"}", EVIDENCE_E_PROFILE);
    check_text("{\"__cmwc_t\":\"tag:github.com,2026:attestd/evidence#1\"}", EVIDENCE_E_MISSING);
}

static void test_the_whole_is_bounded(void)
{
    _cleanup_evidence_ Evidence evidence = { 0 };
    _cleanup_bytes_ Bytes bytes = { 0 };

    check_int(bytes_new(EVIDENCE_SIZE_MAX + 1, &bytes), 0);
    memset(bytes.data, ' ', bytes.size);
    check_int(evidence_parse(VIEW(bytes), NULL, &evidence), EVIDENCE_E_SIZE);
}

static void test_a_member_is_bounded(void)
{
    _cleanup_bytes_ Bytes most = { 0 }, more = { 0 };
    json_t *json = make_json();

    check_int(bytes_new(EVIDENCE_MEMBER_SIZE_MAX, &most), 0);
    check_int(bytes_new(EVIDENCE_MEMBER_SIZE_MAX + 1, &more), 0);
    _cleanup_free_ char *most_text = base64url_encode(VIEW(most));
    _cleanup_free_ char *more_text = base64url_encode(VIEW(more));
    set_content(json, "eventlog", json_string(most_text));
    check_json(json, EVIDENCE_OK, "");
    json = make_json();
    set_content(json, "eventlog", json_string(more_text));
    check_json(json, EVIDENCE_E_SIZE, "eventlog");

    _cleanup_evidence_ Evidence evidence = make();
    bytes_done(&evidence.eventlog);
    evidence.eventlog = TAKE_STRUCT(more);
    check_int(evidence_emit(&evidence, &more), -E2BIG);
}

static void test_unknown_members_are_refused_everywhere(void)
{
    json_t *json = make_json();

    check_int(json_object_set_new(json, "gpu", json_array()), 0);
    check_json(json, EVIDENCE_E_UNKNOWN, "gpu");
    json = make_json();
    check_int(json_object_set_new(json_object_get(json, "endorsements"), "x\n", json_array()), 0);
    check_json(json, EVIDENCE_E_UNKNOWN, "endorsements.x?");
    json = make_json();
    json_t *cpu = get_object_content(json, "cpu");
    check_int(json_object_set_new(cpu, "generation", json_integer(1)), 0);
    set_object_content(json, "cpu", cpu);
    check_json(json, EVIDENCE_E_UNKNOWN, "cpu.generation");
    json = make_json();
    json_t *vtpm = get_object_content(json, "vtpm");
    check_int(json_object_set_new(vtpm, "nonce", json_null()), 0);
    set_object_content(json, "vtpm", vtpm);
    check_json(json, EVIDENCE_E_UNKNOWN, "vtpm.nonce");
}

static void test_records_have_three_parts_of_their_types(void)
{
    json_t *json = make_json();

    check_int(json_object_set_new(json, "cpu", json_null()), 0);
    check_json(json, EVIDENCE_E_RECORD, "cpu");
    json = make_json();
    check_int(json_array_append_new(json_object_get(json, "claims"), json_integer(4)), 0);
    check_json(json, EVIDENCE_E_RECORD, "claims");
    json = make_json();
    check_int(json_array_remove(json_object_get(json, "claims"), 2), 0);
    check_json(json, EVIDENCE_E_RECORD, "claims");
    json = make_json();
    check_int(json_array_set_new(json_object_get(json, "eventlog"), 2, json_integer(2)), 0);
    check_json(json, EVIDENCE_E_RECORD, "eventlog");
    json = make_json();
    set_content(json, "eventlog-userspace", json_integer(4));
    check_json(json, EVIDENCE_E_RECORD, "eventlog-userspace");
    json = make_json();
    check_int(json_array_set_new(json_object_get(json, "vtpm"), 0, json_string("text/plain")), 0);
    check_json(json, EVIDENCE_E_MEDIA, "vtpm");
    json = make_json();
    check_int(json_array_set_new(json_object_get(json, "hcl"), 0, json_string("text/plain")), 0);
    check_json(json, EVIDENCE_E_MEDIA, "hcl");
    json = make_json();
    check_int(json_array_set_new(json_object_get(json, "hcl"), 2, json_integer(2)), 0);
    check_json(json, EVIDENCE_E_RECORD, "hcl");
    json = make_json();
    set_content(json, "hcl", json_string(""));
    check_json(json, EVIDENCE_E_MISSING, "hcl");
    json = make_json();
    set_content(json, "td-quote", json_string(""));
    check_json(json, EVIDENCE_E_MISSING, "td-quote");
}

static void test_claims_are_required(void)
{
    json_t *json = make_json();

    check_int(json_object_del(json, "claims"), 0);
    check_json(json, EVIDENCE_E_MISSING, "claims");
    json = make_json();
    set_content(json, "claims", json_string(""));
    check_json(json, EVIDENCE_E_MISSING, "claims");
}

static void test_base64url_is_strict(void)
{
    static const char *const refused[] = { "AA==", "AB", "A", "A+AA", "A/AA", "AA AA", "AAAA\n" };

    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        json_t *json = make_json();
        set_content(json, "eventlog", json_string(refused[i]));
        check_json(json, EVIDENCE_E_ENCODING, "eventlog");
    }
    json_t *json = make_json(), *cpu = get_object_content(json, "cpu");
    check_int(json_object_set_new(cpu, "outblob", json_string("AA==")), 0);
    set_object_content(json, "cpu", cpu);
    check_json(json, EVIDENCE_E_ENCODING, "cpu.outblob");
}

/* The cpu member with NAME set to VALUE, or without it. */
static void check_cpu(const char *name, json_t *value, int reason, const char *member)
{
    json_t *json = make_json(), *cpu = get_object_content(json, "cpu");

    check_int(value ? json_object_set_new(cpu, name, value) : json_object_del(cpu, name), 0);
    set_object_content(json, "cpu", cpu);
    check_json(json, reason, member);
}

static void test_the_cpu_member_is_strict(void)
{
    check_cpu("auxblob", NULL, EVIDENCE_OK, "");
    check_cpu("auxblob", json_string(""), EVIDENCE_E_MISSING, "cpu.auxblob");
    check_cpu("auxblob", json_null(), EVIDENCE_E_TYPE, "cpu.auxblob");
    check_cpu("outblob", NULL, EVIDENCE_E_MISSING, "cpu.outblob");
    check_cpu("outblob", json_integer(1), EVIDENCE_E_TYPE, "cpu.outblob");
    check_cpu("provider", NULL, EVIDENCE_E_MISSING, "cpu.provider");
    check_cpu("provider", json_string(""), EVIDENCE_E_TYPE, "cpu.provider");
    check_cpu("provider", json_string("Sev"), EVIDENCE_E_TYPE, "cpu.provider");
    check_cpu("provider", json_string("tdx_guest"), EVIDENCE_OK, "");

    json_t *json = make_json();
    set_content(json, "cpu", text_value("[]"));
    check_json(json, EVIDENCE_E_SYNTAX, "cpu");
    json = make_json();
    set_content(json, "cpu", text_value("{\"provider\":\"a\",\"provider\":\"b\"}"));
    check_json(json, EVIDENCE_E_DUPLICATE, "cpu");
}

static void check_vtpm(const char *name, json_t *value, int reason, const char *member)
{
    json_t *json = make_json(), *vtpm = get_object_content(json, "vtpm");

    check_int(value ? json_object_set_new(vtpm, name, value) : json_object_del(vtpm, name), 0);
    set_object_content(json, "vtpm", vtpm);
    check_json(json, reason, member);
}

static void test_the_vtpm_member_is_strict(void)
{
    check_vtpm("attest", NULL, EVIDENCE_E_MISSING, "vtpm.attest");
    check_vtpm("signature", NULL, EVIDENCE_E_MISSING, "vtpm.signature");
    check_vtpm("ak_public", NULL, EVIDENCE_E_MISSING, "vtpm.ak_public");
    check_vtpm("ak_public", json_true(), EVIDENCE_E_TYPE, "vtpm.ak_public");
    check_vtpm("ak_certificate", NULL, EVIDENCE_OK, "");
    check_vtpm("ek_public", NULL, EVIDENCE_OK, "");
    check_vtpm("ek_certificate", json_string(""), EVIDENCE_E_MISSING, "vtpm.ek_certificate");
    check_vtpm("pcr_bank", NULL, EVIDENCE_E_MISSING, "vtpm.pcr_bank");
    check_vtpm("pcr_bank", json_string("md5"), EVIDENCE_E_TYPE, "vtpm.pcr_bank");
    check_vtpm("pcr_bank", json_string("rsassa"), EVIDENCE_E_TYPE, "vtpm.pcr_bank");
    check_vtpm("pcr_bank", json_string("sha384"), EVIDENCE_E_TYPE, "vtpm.pcrs.0");
    check_vtpm("pcrs", NULL, EVIDENCE_E_MISSING, "vtpm.pcrs");
    check_vtpm("pcrs", json_array(), EVIDENCE_E_TYPE, "vtpm.pcrs");
    check_vtpm("pcrs", json_object(), EVIDENCE_OK, "");
}

static void test_pcr_names_have_one_spelling(void)
{
    static const char *const names[] = { "24", "-1", "01", "+1", "1 ", "", "0x1", "4294967296" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        char member[64];
        (void)snprintf(member, sizeof(member), "vtpm.pcrs.%s", names[i]);
        check_vtpm("pcrs", json_pack("{ss}", names[i], "AA"), EVIDENCE_E_UNKNOWN, member);
    }
    check_vtpm("pcrs", json_pack("{ss}", "23", "AA"), EVIDENCE_E_TYPE, "vtpm.pcrs.23");
    check_vtpm("pcrs", json_pack("{ss}", "23", "AA="), EVIDENCE_E_ENCODING, "vtpm.pcrs.23");
    check_vtpm("pcrs", json_pack("{si}", "23", 1), EVIDENCE_E_TYPE, "vtpm.pcrs.23");
}

static void test_endorsements_are_a_collection_of_their_own(void)
{
    json_t *json = make_json();

    check_int(json_object_set_new(json, "endorsements", json_array()), 0);
    check_json(json, EVIDENCE_E_TYPE, "endorsements");
    json = make_json();
    check_int(json_object_del(json_object_get(json, "endorsements"), "__cmwc_t"), 0);
    check_json(json, EVIDENCE_E_MISSING, "endorsements.__cmwc_t");
    json = make_json();
    json_t *endorsements = json_object_get(json, "endorsements");
    check_int(json_object_set_new(endorsements, "__cmwc_t", json_string("other")), 0);
    check_json(json, EVIDENCE_E_PROFILE, "endorsements.__cmwc_t");
    json = make_json();
    endorsements = json_object_get(json, "endorsements");
    check_int(json_array_set_new(json_object_get(endorsements, "crl"), 0,
                                 json_string("application/pkix-cert")),
              0);
    check_json(json, EVIDENCE_E_MEDIA, "endorsements.crl");
}

static void test_pcr_values_are_put_in_by_their_bank(void)
{
    EvidencePcrs pcrs = { .bank = TPM_ALG_SHA256 };
    uint8_t value[48] = { 7 };

    check(!evidence_pcrs_set(&pcrs, 24, (ByteView){ value, 32 }));
    check(!evidence_pcrs_set(&pcrs, 1, (ByteView){ value, 48 }));
    check(!evidence_pcrs_set(&pcrs, 1, (ByteView){ 0 }));
    check(pcrs.mask == 0);
    check(evidence_pcrs_set(&pcrs, 23, (ByteView){ value, 32 }));
    check(evidence_pcr(&pcrs, 23).size == 32 && evidence_pcr(&pcrs, 23).data[0] == 7);
    check_int(evidence_pcr(&pcrs, 22).size, 0);
    check_int(evidence_pcr(&pcrs, 24).size, 0);
    pcrs.bank = TPM_ALG_RSA;
    check(!evidence_pcrs_set(&pcrs, 1, (ByteView){ 0 }));
}

static void test_what_is_to_be_wrapped_anew_is_a_list_of_jwes(void)
{
    static const char *const refused[] = {
        "{}", "[]", "[7]", "[\"a.b.c.d\"]", "[\"a.b.c.d.e\",\"a.b.c.d.e\"]", "[\"a.b.c.d.e\"",
    };
    json_t *json = make_json();

    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        json_t *one = make_json();
        set_content(one, "rewrap", text_value(refused[i]));
        check_json(one, EVIDENCE_E_TYPE, "rewrap");
    }
    set_content(json, "rewrap", json_string(""));
    check_json(json, EVIDENCE_E_MISSING, "rewrap");
    json = make_json();
    check_int(json_array_set_new(json_object_get(json, "rewrap"), 0, json_string("text/plain")), 0);
    check_json(json, EVIDENCE_E_MEDIA, "rewrap");
    json = make_json();
    check_int(json_object_del(json, "rewrap"), 0);
    check_json(json, EVIDENCE_OK, "");
}

/* It vouches for itself, and whether it is there says nothing about the evidence. */
static void test_what_is_to_be_wrapped_anew_is_no_member_that_counts(void)
{
    _cleanup_evidence_ Evidence evidence = { 0 };

    check_int(bytes_copy(view_of_string("[\"a.b.c.d.e\"]"), &evidence.rewrap), 0);
    check_int(evidence_members(&evidence), 0);
}

static void test_incomplete_evidence_is_not_written(void)
{
    _cleanup_bytes_ Bytes text = { 0 };
    _cleanup_evidence_ Evidence no_claims = make(), no_report = make(), no_signature = make(),
                                no_bank = make(), odd_provider = make(), odd_list = make();

    bytes_done(&no_claims.claims);
    check_int(evidence_emit(&no_claims, &text), -EINVAL);
    bytes_done(&no_report.cpu.outblob);
    check_int(evidence_emit(&no_report, &text), -EINVAL);
    bytes_done(&no_signature.vtpm.signature);
    check_int(evidence_emit(&no_signature, &text), -EINVAL);
    no_bank.vtpm.pcrs.bank = 0;
    check_int(evidence_emit(&no_bank, &text), -EINVAL);
    odd_provider.cpu.provider[0] = 'S';
    check_int(evidence_emit(&odd_provider, &text), -EINVAL);
    odd_list.rewrap.data[0] = '{';
    check_int(evidence_emit(&odd_list, &text), -EINVAL);
    check(text.data == NULL);
}

static void test_every_refusal_has_a_reason_and_every_member_a_name(void)
{
    for (int reason = EVIDENCE_OK; reason <= EVIDENCE_E_ENCODING; reason++)
        check(strcmp(evidence_reason(reason), "unknown") != 0);
    check_str(evidence_reason(99), "unknown");
    check_str(evidence_member_name(EVIDENCE_MEMBER_CPU), "cpu");
    check_str(evidence_member_name(EVIDENCE_MEMBER_EVENTLOG_USERSPACE), "eventlog-userspace");
    check_str(evidence_member_name(EVIDENCE_MEMBER_HCL), "hcl");
}

static const Test tests[] = {
    { "all members come back", test_all_members_come_back },
    { "absent members are absent", test_absent_members_are_absent },
    { "the record types are those of the specification",
      test_the_record_types_are_those_of_the_specification },
    { "what is not an object of ours is refused", test_what_is_not_an_object_of_ours_is_refused },
    { "the whole is bounded", test_the_whole_is_bounded },
    { "a member is bounded", test_a_member_is_bounded },
    { "unknown members are refused everywhere", test_unknown_members_are_refused_everywhere },
    { "records have three parts of their types", test_records_have_three_parts_of_their_types },
    { "claims are required", test_claims_are_required },
    { "base64url is strict", test_base64url_is_strict },
    { "the cpu member is strict", test_the_cpu_member_is_strict },
    { "the vtpm member is strict", test_the_vtpm_member_is_strict },
    { "PCR names have one spelling", test_pcr_names_have_one_spelling },
    { "endorsements are a collection of their own",
      test_endorsements_are_a_collection_of_their_own },
    { "PCR values are put in by their bank", test_pcr_values_are_put_in_by_their_bank },
    { "what is to be wrapped anew is a list of JWEs",
      test_what_is_to_be_wrapped_anew_is_a_list_of_jwes },
    { "what is to be wrapped anew is no member that counts",
      test_what_is_to_be_wrapped_anew_is_no_member_that_counts },
    { "incomplete evidence is not written", test_incomplete_evidence_is_not_written },
    { "every refusal has a reason and every member a name",
      test_every_refusal_has_a_reason_and_every_member_a_name },
};

TEST_MAIN(tests)
