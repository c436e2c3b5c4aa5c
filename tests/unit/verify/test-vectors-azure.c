/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every Azure vector as JSON, member by member what was established elsewhere.
 */
#include "attest/describe-hcl.h"

#include "azure-vector.h"

#include <stdio.h>

static SnpProduct product_of(const Vector *v)
{
    const json_t *name = vector_at(v->expected, "verification.product_from_chain");

    return name ? snp_product_by_name(json_string_value(name)) : SNP_PRODUCT_UNKNOWN;
}

/* FOUND may say more. */
static void check_holds(const char *name, json_t *found, json_t *wanted)
{
    const char *key;
    json_t *value;

    if (json_is_object(wanted) && json_is_object(found)) {
        json_object_foreach (wanted, key, value)
            check_holds(key, json_object_get(found, key), value);
        return;
    }
    if (!json_equal(found, wanted)) {
        _cleanup_free_ char *found_text = json_text(found), *wanted_text = json_text(wanted);
        (void)fprintf(stderr, "%s is %s, wanted %s\n", name, found_text, wanted_text);
    }
    check(json_equal(found, wanted));
}

static void check_described(const Vector *v)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector(v->path);
    json_auto_t *described = NULL;
    const char *name;
    HclReport report;
    json_t *value;

    check_int(hcl_report_parse(VIEW(vector.report), &report), HCL_REPORT_OK);
    check_int(describe_hcl(&report, product_of(v), &described), 0);
    json_object_foreach (described, name, value)
        check_holds(name, value, json_object_get(v->expected, name));
    check(json_equal(json_object_get(described, "hcl"), json_object_get(v->expected, "hcl")));
    check_int(json_object_size(described), report.type == HCL_REPORT_TYPE_SNP ? 4 : 3);
}

static void test_each_vector_is_described_as_it_is(void)
{
    vectors_each("azure-snp", 8, check_described);
    vectors_each("azure-tdx", 3, check_described);
}

static void test_claims_that_cannot_be_read_are_null(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/genoa-v3-a");
    json_auto_t *described = NULL;
    HclReport report;

    vector.report.data[HCL_CLAIMS_OFFSET] = '[';
    check_int(hcl_report_parse(VIEW(vector.report), &report), HCL_REPORT_OK);
    check_int(describe_hcl(&report, SNP_PRODUCT_GENOA, &described), 0);
    const json_t *hcl = json_object_get(described, "hcl");
    check(json_is_null(json_object_get(hcl, "key_ids")));
    check(json_is_null(json_object_get(hcl, "vm_configuration")));
    check(json_is_null(json_object_get(hcl, "user_data")));
    check(json_is_false(json_object_get(described, "runtime_claims_hash_matches_report_data")));
}

static const Test tests[] = {
    { "each vector is described as it is", test_each_vector_is_described_as_it_is },
    { "claims that cannot be read are null", test_claims_that_cannot_be_read_are_null },
};

TEST_MAIN(tests)
