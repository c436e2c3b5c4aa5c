/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quotes of real machines: each field, each step and the verdict against what was established
 * for them elsewhere.
 */
#include "attest/describe-tdx.h"

#include "lab.h"
#include "tdx-lab.h"
#include "tdx-quotes.h"
#include "vectors.h"

/* Every member of WANTED is in FOUND with the same value. */
static void check_members(const json_t *wanted, const json_t *found)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)wanted, name, value) {
        bool is_equal = json_equal(value, json_object_get(found, name));
        if (!is_equal)
            (void)fprintf(stderr, "%s is not what is expected\n", name);
        check(is_equal);
    }
}

/* Calls RUN for every vector that has a TDX quote. */
static void each_quote(void (*run)(const Vector *))
{
    vectors_each("tdx-quote", 5, run);
    vectors_each("ccel", 2, run);
    vectors_each("azure-tdx", 3, run);
}

static void check_quote(const Vector *vector)
{
    if (!vector_has(vector, "td_quote.bin"))
        return;
    _cleanup_bytes_ Bytes bytes = vector_read(vector, "td_quote.bin");
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_tdx_steps_ TdxSteps steps = { 0 };
    json_auto_t *json = NULL;

    check_int(judge(VIEW(bytes), &findings, &steps) == GENUINE_TDX_OK, vector_passes(vector));
    if (!vector_passes(vector))
        return;
    const TdxQuote quote = parse(VIEW(bytes));
    lab_check_warning(&findings, "tdx-tcb-not-evaluated");
    check(findings_has(&findings, "tdx-quote-trailing") == !tdx_quote_trailing_is_zero(&quote));
    check_int(describe_tdx_quote(&quote, &steps, &json), 0);
    check_members(json_object_get(vector->expected, "td_quote"), json);
    check_str(lab_text(json, "tcb_status"), "not-evaluated");
}

static void test_public_quotes_are_genuine_and_read_right(void)
{
    each_quote(check_quote);
}

static void test_a_quote_that_was_only_parsed_has_no_verdict(void)
{
    static const char *const judged[] = { "quote_signature_valid",
                                          "qe_report_data_binds_key",
                                          "qe_report_signature_valid",
                                          "pck_chain_valid",
                                          "pck_chain",
                                          "pck",
                                          "tcb_status" };
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "v4-a");
    const TdxQuote quote = parse(VIEW(bytes));
    json_auto_t *json = NULL;

    check_int(describe_tdx_quote(&quote, NULL, &json), 0);
    for (size_t i = 0; i < ELEMENTSOF(judged); i++)
        check(!json_object_get(json, judged[i]));
    /* Debugging is a fact here; a policy makes a failure of it. */
    check(json_is_true(json_object_get(json_object_get(json, "td_attributes_bits"), "debug")));
}

static void test_the_root_is_the_one_compiled_in(void)
{
    _cleanup_(key_freep) Key *key = NULL;
    Digest digest;

    check_int(key_from_ec(KEY_P256, VIEW_OF_ARRAY(intel_root.x), VIEW_OF_ARRAY(intel_root.y), &key),
              KEY_OK);
    check_int(key_spki_sha384(key, &digest), 0);
    check(memcmp(digest.data, intel_root.digest.bytes, sizeof(intel_root.digest.bytes)) == 0);
    check(intel_root_is_pinned(&intel_root.digest));
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "v5-a");
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_tdx_steps_ TdxSteps steps = { 0 };
    check_int(judge(VIEW(bytes), &findings, &steps), GENUINE_TDX_OK);
    check(key_equal(key, certificate_key(steps.chain.certificates.items[TDX_CHAIN_ROOT])));
}

static void check_dates(const Vector *vector)
{
    const json_t *pck = vector_at(vector->expected, "td_quote.pck");

    if (!pck)
        return;
    _cleanup_bytes_ Bytes bytes = vector_read(vector, "td_quote.bin");
    const int64_t from = lab_seconds(lab_text(pck, "not_before"));
    const int64_t until = lab_seconds(lab_text(pck, "not_after"));
    const struct {
        int64_t now_sec;
        const char *failure;
    } times[] = { { from - 1, "tdx-certificate-not-yet-valid" },
                  { from, NULL },
                  { until, NULL },
                  { until + 1, "tdx-certificate-expired" } };
    for (size_t i = 0; i < ELEMENTSOF(times); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        const GenuineTdxInput input = { .quote = VIEW(bytes), .now_sec = times[i].now_sec };
        GenuineTdx genuine;
        check(genuine_tdx_verify(&input, &findings, NULL, &genuine) >= 0);
        if (times[i].failure)
            lab_check_failure(&findings, times[i].failure);
        else
            lab_check_no_failure(&findings);
    }
}

static void test_dates_are_judged_when_there_is_a_time(void)
{
    each_quote(check_dates);
}

static const Test tests[] = {
    { "public quotes are genuine and read right", test_public_quotes_are_genuine_and_read_right },
    { "a quote that was only parsed has no verdict",
      test_a_quote_that_was_only_parsed_has_no_verdict },
    { "the root is the one compiled in", test_the_root_is_the_one_compiled_in },
    { "dates are judged when there is a time", test_dates_are_judged_when_there_is_a_time },
};

TEST_MAIN(tests)
