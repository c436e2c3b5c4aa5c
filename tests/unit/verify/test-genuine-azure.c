/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCL reports of real VMs, and twins of them with one thing changed.
 */
#include "azure-vector.h"

#include <stdio.h>

static const ByteView not_asked;

static void check_header(const AzureVector *vector, const HclReport *report)
{
    const json_t *hcl = vector_at(vector->expected, "hcl");
    const json_t *runtime = vector_at(hcl, "runtime_data");
    bool is_snp = report->type == HCL_REPORT_TYPE_SNP;

    check_int(report->version, vector_number(hcl, "header_version"));
    check_int(report->report_size, vector_number(hcl, "report_size"));
    check_int(report->request_type, vector_number(hcl, "request_type"));
    check_int(report->status, vector_number(hcl, "status"));
    check_int(report->raw.size, vector_number(hcl, "file_size"));
    check_int(report->data_size, vector_number(runtime, "data_size"));
    check_int(report->data_version, vector_number(runtime, "version"));
    check_int(report->type, vector_number(runtime, "report_type"));
    check_str(hcl_report_type_name(report->type), lab_text(runtime, "report_type_name"));
    check_int(report->hash_type, vector_number(runtime, "hash_type"));
    check_str(hcl_hash_type_name(report->hash_type), lab_text(runtime, "hash_type_name"));
    check_int(report->claims.size, vector_number(runtime, "claims_size"));
    check(report->padding_is_zero);
    vector_check_hex(vector->expected, is_snp ? "report.report_data" : "tdreport_report_data",
                     hcl_report_data(report));
}

static void check_claims(const AzureVector *vector, const HclReport *report)
{
    const json_t *hcl = vector_at(vector->expected, "hcl");
    const json_t *ids = vector_at(hcl, "key_ids");
    _cleanup_hcl_claims_ HclClaims claims = { 0 };

    check_int(hcl_claims_parse(report->claims, &claims), HCL_CLAIMS_OK);
    check_int(json_array_size(hcl_claims_keys(&claims)), json_array_size(ids));
    for (size_t i = 0; i < json_array_size(ids); i++)
        check(json_equal(json_array_get(ids, i),
                         json_object_get(json_array_get(hcl_claims_keys(&claims), i), "kid")));
    check(json_equal(hcl_claims_vm_configuration(&claims), vector_at(hcl, "vm_configuration")));
    check(claims.vm_id[0] != 0);
    check_int(claims.ak.modulus_size, 256);
    check_int(claims.ek.modulus_size, json_array_size(ids) == 2 ? 256 : 0);
    check_int(claims.has_user_data, !json_is_null(vector_at(hcl, "user_data")));
    if (claims.has_user_data) {
        _cleanup_bytes_ Bytes wanted = lab_hex(lab_text(hcl, "user_data"));
        check(view_equal(VIEW(wanted), VIEW_OF_ARRAY(claims.user_data)));
    }
}

static void check_hardware(const AzureVector *vector, const GenuineAzure *azure,
                           const Findings *findings)
{
    bool is_proven = vector->vcek.size > 0 || vector->td_quote.size > 0;

    check_int(azure->hardware_proven, is_proven);
    check_int(azure->has_snp, vector->vcek.size > 0);
    check_int(azure->ak != NULL, 1);
    check_int(findings_has(findings, "hcl-hardware-unverified"), !is_proven);
    if (azure->has_snp)
        check_str(snp_product_name(azure->snp.product),
                  lab_text(vector->expected, "verification.product_from_chain"));
}

static void check_vector(const Vector *v)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector(v->path);
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_genuine_azure_ GenuineAzure azure = { 0 };
    HclReport report;

    check_int(hcl_report_parse(VIEW(vector.report), &report), HCL_REPORT_OK);
    check_header(&vector, &report);
    check_claims(&vector, &report);
    int r = azure_vector_judge(&vector, not_asked, &findings, &azure);
    check_int(r == GENUINE_AZURE_OK, vector_passes(v));
    check_int(!findings_has(&findings, "hcl-claims-hash-mismatch"),
              vector_number(v->expected, "runtime_claims_hash_matches_report_data"));
    if (vector_passes(v))
        check_hardware(&vector, &azure, &findings);
}

static void test_each_vector_has_its_verdict_and_its_fields(void)
{
    vectors_each("azure-snp", 8, check_vector);
    vectors_each("azure-tdx", 3, check_vector);
}

static void test_the_oldest_report_is_refused_for_all_its_reasons(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/hcl-v1-old");
    _cleanup_findings_ Findings findings = { 0 };

    check_int(azure_vector_judge(&vector, not_asked, &findings, NULL), GENUINE_AZURE_E_REFUSED);
    lab_check_failure(&findings, "snp-report-malformed");
    lab_check_failure(&findings, "hcl-claims-hash-mismatch");
}

/* Flips each bit, or every STEPth, from FROM to TO; each must be refused, all of them by NAME if it
 * is not NULL. */
typedef struct Range {
    size_t from, to, step;
    const char *name;
} Range;

static void check_flips(AzureVector *vector, const Range *range)
{
    for (size_t bit = range->from * 8; bit < range->to * 8; bit += range->step) {
        _cleanup_findings_ Findings findings = { 0 };
        vector->report.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        int r = azure_vector_judge(vector, not_asked, &findings, NULL);
        if (r == GENUINE_AZURE_OK)
            (void)fprintf(stderr, "byte 0x%zx, bit %zu: passes\n", bit / 8, bit % 8);
        check_int(r, GENUINE_AZURE_E_REFUSED);
        if (range->name)
            lab_check_failure(&findings, range->name);
        vector->report.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

/* Without the certificate, whose signature would hide what else refuses. */
static void test_every_bit_that_the_report_data_or_a_length_covers_counts(void)
{
    static const char *const names[] = { "azure-snp/genoa-v3-a", "azure-snp/hcl-only-a" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_azure_vector_ AzureVector vector = azure_vector(names[i]);
        bytes_done(&vector.vcek);
        vector.vcek = (Bytes){ 0 };
        size_t end = HCL_CLAIMS_OFFSET +
                     (size_t)json_integer_value(json_object_get(
                         json_object_get(json_object_get(vector.expected, "hcl"), "runtime_data"),
                         "claims_size"));
        check_flips(&vector, &(Range){ 0, 4, 1, "hcl-report-malformed" });
        check_flips(&vector, &(Range){ 0xc, 0x20, 1, "hcl-report-malformed" });
        check_flips(&vector, &(Range){ 0x70, 0xb0, 1, "hcl-claims-hash-mismatch" });
        check_flips(&vector, &(Range){ 0x4c0, 0x4cc, 1, "hcl-report-malformed" });
        check_flips(&vector, &(Range){ 0x4cc, 0x4d4, 1, NULL });
        check_flips(&vector, &(Range){ HCL_CLAIMS_OFFSET, end, 1, "hcl-claims-hash-mismatch" });
    }
}

static void test_every_bit_of_a_tdreport_that_counts_is_covered(void)
{
    static const char *const names[] = { "azure-tdx/tdx-akchain", "azure-tdx/hcl-only" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_azure_vector_ AzureVector vector = azure_vector(names[i]);
        bytes_done(&vector.td_quote);
        vector.td_quote = (Bytes){ 0 };
        check_flips(&vector, &(Range){ 0xa0, 0xe0, 1, "hcl-claims-hash-mismatch" });
        check_flips(&vector, &(Range){ 0x120, 0x120 + 239, 3, "hcl-tdreport-malformed" });
        check_flips(&vector, &(Range){ 0x220, 0x220 + 512, 3, "hcl-tdreport-malformed" });
    }
}

static void test_a_signed_bit_of_the_hardware_report_counts(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/milan-v3-a");

    check_flips(&vector, &(Range){ 0x20, 0x20 + SNP_SIGNED_SIZE, 331, NULL });
    check_flips(&vector, &(Range){ 0x20 + SNP_OFFSET_SIGNATURE, 0x20 + SNP_OFFSET_SIGNATURE + 48,
                                   97, NULL });
    check_flips(&vector, &(Range){ 0x90 + 32, 0x90 + 33, 1, "snp-signature-invalid" });
}

static void test_the_header_versions_are_no_part_of_what_is_proven(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/genoa-v3-a");
    _cleanup_findings_ Findings findings = { 0 };

    vector.report.data[4] = 1;
    check_int(azure_vector_judge(&vector, not_asked, &findings, NULL), GENUINE_AZURE_OK);
}

static void check_truncations(const Vector *v)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector(v->path);
    size_t used = (size_t)vector_number(v->expected, "hcl.report_size");
    AzureVector cut = { .path = v->path, .report = vector.report };
    HclReport report;

    check_int(used, HCL_CLAIMS_OFFSET + vector_number(v->expected, "hcl.runtime_data.claims_size"));
    for (cut.report.size = 0; cut.report.size < used; cut.report.size++) {
        _cleanup_findings_ Findings findings = { 0 };
        (void)azure_vector_judge(&cut, not_asked, &findings, NULL);
        lab_check_failure(&findings, "hcl-report-malformed");
        check_int(findings.n_items, 1);
    }
    check_int(hcl_report_parse((ByteView){ vector.report.data, used }, &report), HCL_REPORT_OK);
}

static void test_every_truncation_is_refused_by_name(void)
{
    vectors_each("azure-snp", 8, check_truncations);
    vectors_each("azure-tdx", 3, check_truncations);
}

static void test_padding_is_noted_and_no_more(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/genoa-v3-a");
    _cleanup_findings_ Findings findings = { 0 };

    vector.report.data[vector.report.size - 1] = 1;
    check_int(azure_vector_judge(&vector, not_asked, &findings, NULL), GENUINE_AZURE_OK);
    lab_check_warning(&findings, "hcl-padding-not-zero");
}

static void test_another_chips_certificate_is_refused(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/milan-v3-a");
    _cleanup_azure_vector_ AzureVector other = azure_vector("azure-snp/milan-v2-a");
    _cleanup_findings_ Findings findings = { 0 };

    bytes_done(&vector.vcek);
    check_int(bytes_copy(VIEW(other.vcek), &vector.vcek), 0);
    check_int(azure_vector_judge(&vector, not_asked, &findings, NULL), GENUINE_AZURE_E_REFUSED);
    lab_check_failure(&findings, "snp-signature-invalid");
}

/* The claims of one VM behind the hardware report of another. */
static void test_claims_of_another_vm_are_refused(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/milan-v3-a");
    _cleanup_azure_vector_ AzureVector other = azure_vector("azure-snp/milan-v3-b");
    _cleanup_findings_ Findings findings = { 0 };

    check_int(vector.report.size, other.report.size);
    memcpy(vector.report.data + HCL_RUNTIME_OFFSET, other.report.data + HCL_RUNTIME_OFFSET,
           vector.report.size - HCL_RUNTIME_OFFSET);
    check_int(azure_vector_judge(&vector, not_asked, &findings, NULL), GENUINE_AZURE_E_REFUSED);
    lab_check_failure(&findings, "hcl-claims-hash-mismatch");
}

static void test_another_td_quote_is_refused(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-tdx/tdx-a");
    _cleanup_azure_vector_ AzureVector other = azure_vector("azure-tdx/tdx-akchain");
    _cleanup_findings_ Findings findings = { 0 };

    bytes_done(&vector.td_quote);
    check_int(bytes_copy(VIEW(other.td_quote), &vector.td_quote), 0);
    check_int(azure_vector_judge(&vector, not_asked, &findings, NULL), GENUINE_AZURE_E_REFUSED);
    lab_check_failure(&findings, "hcl-quote-mismatch");
}

static void test_user_data_is_what_was_asked(void)
{
    static const uint8_t zeros[HCL_USER_DATA_SIZE], stale[HCL_USER_DATA_SIZE] = { 1 };
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/genoa-v3-a");
    _cleanup_azure_vector_ AzureVector old = azure_vector("azure-snp/hcl-only-a");
    _cleanup_findings_ Findings good = { 0 }, bad = { 0 }, cut = { 0 }, none = { 0 };

    check_int(azure_vector_judge(&vector, VIEW_OF_ARRAY(zeros), &good, NULL), GENUINE_AZURE_OK);
    (void)azure_vector_judge(&vector, VIEW_OF_ARRAY(stale), &bad, NULL);
    lab_check_failure(&bad, "hcl-user-data-mismatch");
    (void)azure_vector_judge(&vector, (ByteView){ zeros, 32 }, &cut, NULL);
    lab_check_failure(&cut, "hcl-user-data-mismatch");
    (void)azure_vector_judge(&old, VIEW_OF_ARRAY(zeros), &none, NULL);
    lab_check_failure(&none, "hcl-user-data-missing");
}

static const Test tests[] = {
    { "each vector has its verdict and its fields",
      test_each_vector_has_its_verdict_and_its_fields },
    { "the oldest report is refused for all its reasons",
      test_the_oldest_report_is_refused_for_all_its_reasons },
    { "every bit that the report data or a length covers counts",
      test_every_bit_that_the_report_data_or_a_length_covers_counts },
    { "every bit of a TDREPORT that counts is covered",
      test_every_bit_of_a_tdreport_that_counts_is_covered },
    { "a signed bit of the hardware report counts",
      test_a_signed_bit_of_the_hardware_report_counts },
    { "the header versions are no part of what is proven",
      test_the_header_versions_are_no_part_of_what_is_proven },
    { "every truncation is refused by name", test_every_truncation_is_refused_by_name },
    { "padding is noted and no more", test_padding_is_noted_and_no_more },
    { "another chip's certificate is refused", test_another_chips_certificate_is_refused },
    { "claims of another VM are refused", test_claims_of_another_vm_are_refused },
    { "another TD quote is refused", test_another_td_quote_is_refused },
    { "user data is what was asked", test_user_data_is_what_was_asked },
};

TEST_MAIN(tests)
