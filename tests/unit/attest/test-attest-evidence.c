/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of attestd, made to order, through the public API; and policies from it and about it.
 */
#include "api.h"

#include "lab.h"

#define TEXT(text)                                                                                 \
    {                                                                                              \
        .data = (const uint8_t *)(text), .size = sizeof(text) - 1                                  \
    }

#define OTHER_MEASUREMENT                                                                          \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaa"

static Lab *milan;

static Bytes evidence_json(const LabOrder *order)
{
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, order);
    Bytes json = { 0 };

    check_int(evidence_emit(&evidence, &json), 0);
    return json;
}

/* Evidence, the roots of the chip that made it, and one item more. */
static ApiInput input_of(const Bytes *json, ApiItem more)
{
    const SimChip *chip = lab_chip(milan);

    return (ApiInput){
        .items = {
            { .item = ATTEST_ITEM_EVIDENCE, .bytes = VIEW(*json) },
            { .item = ATTEST_ITEM_AMD_ROOT, .bytes = sim_chip_certificate(chip, "ark") },
            { .item = ATTEST_ITEM_AMD_ROOT, .bytes = sim_chip_certificate(chip, "ask") },
            more,
        },
        .at_sec = lab_now(),
    };
}

static ApiAnswer judge(const LabOrder *order, ApiItem more)
{
    _cleanup_bytes_ Bytes json = evidence_json(order);
    const ApiInput input = input_of(&json, more);

    return api_verify(ATTEST_KIND_EVIDENCE, &input);
}

static void good_evidence_passes_by_the_roots_that_were_given(void)
{
    const LabOrder order = { 0 };
    _cleanup_answer_ ApiAnswer answer = judge(&order, (ApiItem){ 0 });

    api_check(&answer, ATTEST_PASS, NULL);
    api_check_warning(&answer, "amd-root-foreign");
    check_str(attest_result_kind_name(answer.result), "evidence");
    check_str(api_claim_text(&answer, "cpu.facts.product"), "Milan");
    check_str(api_claim_text(&answer, "cpu.status"), "affirming");
    check_str(api_claim_text(&answer, "vtpm_root"), "host");
    check_str(api_claim_text(&answer, "said.audience"), LAB_AUDIENCE);
    check(json_is_false(api_claim(&answer, "simulated")));
    check(json_is_string(api_claim(&answer, "identity.ak_name")));
    check(json_is_true(api_claim(&answer, "boot.secure_boot")));
    check_str(api_claim_text(&answer, "boot.command_line"), LAB_COMMAND_LINE);
    check_str(api_claim_text(&answer, "report.signing_key"), "VCEK");
}

static void without_its_roots_the_hardware_is_nobody(void)
{
    const LabOrder order = { 0 };
    _cleanup_bytes_ Bytes json = evidence_json(&order);
    const ApiInput input = {
        .items = { { .item = ATTEST_ITEM_EVIDENCE, .bytes = VIEW(json) } },
        .at_sec = lab_now(),
    };
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_EVIDENCE, &input);

    api_check(&answer, ATTEST_E_FAIL, "snp-root-untrusted");
    check(!json_object_get(json_object_get(answer.json, "claims"), "report"));
}

static void the_nonce_is_judged_when_it_is_given(void)
{
    const LabOrder order = { 0 };
    const ApiItem right = { .item = ATTEST_ITEM_NONCE, .bytes = VIEW_OF_ARRAY(lab_nonce) };
    const ApiItem wrong = { .item = ATTEST_ITEM_NONCE, .bytes = TEXT("another nonce") };
    const ApiItem none = { .item = ATTEST_ITEM_NONCE, .bytes = TEXT("") };
    _cleanup_answer_ ApiAnswer first = judge(&order, right);
    _cleanup_answer_ ApiAnswer second = judge(&order, wrong);
    _cleanup_answer_ ApiAnswer third = judge(&order, none);

    api_check(&first, ATTEST_PASS, NULL);
    api_check(&second, ATTEST_E_FAIL, "claims-nonce-mismatch");
    api_check(&third, ATTEST_E_FAIL, "claims-nonce-mismatch");
}

static void a_policy_refuses_what_is_genuine(void)
{
    const LabOrder order = { .fields = { { "policy", "0x00000000000b0000" } } };
    static const char strict[] =
        "{\"attestd_policy\":1,\"id\":\"strict\",\"tpm\":{\"roots\":[\"host\"]}}";
    const ApiItem policy = { .item = ATTEST_ITEM_POLICY, .bytes = TEXT(strict) };
    _cleanup_answer_ ApiAnswer without = judge(&order, (ApiItem){ 0 });
    _cleanup_answer_ ApiAnswer with = judge(&order, policy);

    api_check(&without, ATTEST_PASS, NULL); /* a debug bit is a fact */
    check(json_is_true(api_claim(&without, "cpu.facts.debug")));
    api_check(&with, ATTEST_E_FAIL, "snp-debug-enabled");
}

static void what_cannot_be_read_is_not_judged(void)
{
    const LabOrder order = { 0 };
    static const struct {
        ApiItem item;
        const char *name;
    } rows[] = {
        { { .item = ATTEST_ITEM_POLICY, .bytes = TEXT("{\"attestd_policy\":1,\"x\":1}") },
          "item-unreadable" },
        { { .item = ATTEST_ITEM_POLICY, .bytes = TEXT("") }, "item-unreadable" },
        { { .item = ATTEST_ITEM_VTPM_ROOT, .bytes = TEXT("no root") }, "item-unreadable" },
        { { .item = ATTEST_ITEM_AMD_ROOT, .bytes = TEXT("no root") }, "item-unreadable" },
        { { .item = ATTEST_ITEM_PCRS, .bytes = TEXT("{}") }, "item-unwanted" },
        { { .item = ATTEST_ITEM_REPORT_DATA, .bytes = TEXT("0123") }, "item-unwanted" },
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        _cleanup_answer_ ApiAnswer answer = judge(&order, rows[i].item);
        api_check(&answer, ATTEST_E_UNREADABLE, rows[i].name);
    }
}

static void damaged_evidence_is_unreadable_and_tampered_fails(void)
{
    const LabOrder order = { .other_report_data = true };
    _cleanup_answer_ ApiAnswer tampered = judge(&order, (ApiItem){ 0 });
    _cleanup_bytes_ Bytes json = evidence_json(&(LabOrder){ 0 });

    api_check(&tampered, ATTEST_E_FAIL, "snp-report-data-mismatch");
    json.size /= 2;
    const ApiInput input = input_of(&json, (ApiItem){ 0 });
    _cleanup_answer_ ApiAnswer cut = api_verify(ATTEST_KIND_EVIDENCE, &input);
    api_check(&cut, ATTEST_E_UNREADABLE, "item-unreadable");
}

static void hints_that_cannot_be_read_are_a_warning(void)
{
    const LabOrder order = { 0 };
    const ApiItem junk = { .item = ATTEST_ITEM_CERTIFICATE, .bytes = TEXT("0 no certificate") };
    _cleanup_answer_ ApiAnswer answer = judge(&order, junk);

    api_check(&answer, ATTEST_PASS, NULL);
    api_check_warning(&answer, "item-ignored");
}

static void a_certificate_may_come_from_elsewhere(void)
{
    const LabOrder bare = { .table = SIM_TABLE_NONE };
    const ApiItem vcek = { .item = ATTEST_ITEM_CERTIFICATE,
                           .bytes = sim_chip_certificate(lab_chip(milan), "vcek") };
    _cleanup_answer_ ApiAnswer without = judge(&bare, (ApiItem){ 0 });
    _cleanup_answer_ ApiAnswer with = judge(&bare, vcek);

    api_check(&without, ATTEST_E_FAIL, "snp-vek-missing");
    api_check(&with, ATTEST_PASS, NULL);
}

static ApiAnswer baseline(const LabOrder *order)
{
    _cleanup_bytes_ Bytes json = evidence_json(order);
    const ApiInput wanted = input_of(&json, (ApiItem){ 0 });
    attest_input *input = api_input(&wanted);
    attest_result *result = NULL;

    int r = attest_baseline(input, &result);
    attest_input_free(input);
    return api_answer(r, result);
}

static void a_baseline_accepts_its_own_machine_and_no_other(void)
{
    const LabOrder order = { 0 };
    const LabOrder other = { .fields = { { "guest_svn", "9" },
                                         { "measurement", OTHER_MEASUREMENT } } };
    _cleanup_answer_ ApiAnswer answer = baseline(&order);

    check_int(answer.verdict, ATTEST_PASS);
    check_str(attest_result_kind_name(answer.result), "policy-baseline");
    check(json_array_size(json_object_get(answer.json, "notes")) > 0);
    _cleanup_free_ char *text = json_dumps(json_object_get(answer.json, "policy"), 0);
    check(text);
    const ApiItem policy = { .item = ATTEST_ITEM_POLICY, .bytes = view_of_string(text) };
    _cleanup_answer_ ApiAnswer same = judge(&order, policy);
    _cleanup_answer_ ApiAnswer changed = judge(&other, policy);
    api_check(&same, ATTEST_PASS, NULL);
    api_check(&changed, ATTEST_E_FAIL, "snp-measurement-unknown");
}

static void nothing_is_drafted_from_what_does_not_pass(void)
{
    const LabOrder order = { .other_report_data = true };
    _cleanup_answer_ ApiAnswer answer = baseline(&order);
    attest_input *empty;
    attest_result *result = NULL;

    check_int(answer.verdict, ATTEST_E_FAIL);
    check(json_is_null(json_object_get(answer.json, "policy")));
    check(json_array_size(json_object_get(answer.json, "checks")) > 0);
    check_int(attest_input_new(&empty), 0);
    int r = attest_baseline(empty, &result);
    _cleanup_answer_ ApiAnswer missing = api_answer(r, result);
    check_int(r, ATTEST_E_UNREADABLE);
    api_check_failure(&missing, "item-missing");
    check(json_is_null(json_object_get(missing.json, "policy")));
    attest_input_free(empty);
}

static ApiAnswer explain(const char *text)
{
    attest_result *result = NULL;
    int r = attest_policy_explain(text, strlen(text), &result);

    return api_answer(r, result);
}

static void a_policy_is_explained_or_named_unreadable(void)
{
    _cleanup_answer_ ApiAnswer good = explain("{\"attestd_policy\":1,\"id\":\"x\"}");
    _cleanup_answer_ ApiAnswer bad = explain("{\"attestd_policy\":1,\"id\":\"x\",\"snpp\":{}}");

    check_int(good.verdict, ATTEST_PASS);
    check_str(attest_result_kind_name(good.result), "policy-explanation");
    check(json_array_size(json_object_get(good.json, "demands")) > 0);
    check(json_array_size(json_object_get(good.json, "uncovered")) > 0);
    check_int(bad.verdict, ATTEST_E_UNREADABLE);
    api_check_failure(&bad, "item-unreadable");
    check(strstr(attest_finding_found(attest_result_finding(bad.result, 0)), "snpp"));
}

static const Test tests[] = {
    { "good evidence passes by the roots that were given",
      good_evidence_passes_by_the_roots_that_were_given },
    { "without its roots the hardware is nobody", without_its_roots_the_hardware_is_nobody },
    { "the nonce is judged when it is given", the_nonce_is_judged_when_it_is_given },
    { "a policy refuses what is genuine", a_policy_refuses_what_is_genuine },
    { "what cannot be read is not judged", what_cannot_be_read_is_not_judged },
    { "damaged evidence is unreadable and tampered fails",
      damaged_evidence_is_unreadable_and_tampered_fails },
    { "hints that cannot be read are a warning", hints_that_cannot_be_read_are_a_warning },
    { "a certificate may come from elsewhere", a_certificate_may_come_from_elsewhere },
    { "a baseline accepts its own machine and no other",
      a_baseline_accepts_its_own_machine_and_no_other },
    { "nothing is drafted from what does not pass", nothing_is_drafted_from_what_does_not_pass },
    { "a policy is explained or named unreadable", a_policy_is_explained_or_named_unreadable },
};

int main(int argc, char **argv)
{
    milan = lab_new(SIM_MILAN, false);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    milan = lab_free(milan);
    return r;
}
