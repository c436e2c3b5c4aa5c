/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes in and what comes out: limits, ownership, and calls that make no sense.
 */
#include "api.h"

#include "testing.h"

#include <errno.h>

static uint8_t large[20 << 20];

static void an_item_is_copied_and_bounded(void)
{
    attest_input *input;

    check_int(attest_input_new(&input), 0);
    check_int(attest_input_add(input, ATTEST_ITEM_SNP_REPORT, large, 4001), ATTEST_INPUT_E_SIZE);
    check_int(attest_input_add(input, ATTEST_ITEM_SNP_REPORT, large, 1184), ATTEST_INPUT_OK);
    check_int(attest_input_add(input, ATTEST_ITEM_SNP_REPORT, large, 1), ATTEST_INPUT_E_TWICE);
    check_int(attest_input_add(input, ATTEST_ITEM_EVIDENCE, large, sizeof(large)),
              ATTEST_INPUT_E_SIZE);
    check_int(attest_input_add(input, ATTEST_ITEM_EVENT_LOG, NULL, 0), ATTEST_INPUT_OK);
    check_int(attest_input_add(input, ATTEST_ITEM_REPORT_DATA, large, 65), ATTEST_INPUT_E_SIZE);
    attest_input_free(input);
    check(!attest_input_free(NULL));
}

static void hints_may_repeat_but_not_without_end(void)
{
    attest_input *input;
    size_t n = 0;

    check_int(attest_input_new(&input), 0);
    while (attest_input_add(input, ATTEST_ITEM_CERTIFICATE, large, 1) == ATTEST_INPUT_OK)
        n++;
    check_int(n, 32);
    check_int(attest_input_add(input, ATTEST_ITEM_CERTIFICATE, large, 1), ATTEST_INPUT_E_COUNT);
    check_int(attest_input_add(input, ATTEST_ITEM_CRL, large, 1), ATTEST_INPUT_OK);
    attest_input_free(input);
}

static void calls_that_make_no_sense_are_refused(void)
{
    attest_result *result = NULL;
    attest_input *input;

    check_int(attest_input_new(&input), 0);
    check_int(attest_input_add(input, (attest_item)0, large, 1), -EINVAL);
    check_int(attest_input_add(input, (attest_item)16, large, 1), -EINVAL);
    check_int(attest_input_add(input, (attest_item)99, large, 1), -EINVAL);
    check_int(attest_input_add(input, ATTEST_ITEM_NONCE, NULL, 1), -EINVAL);
    check_int(attest_verify(input, (attest_kind)0, &result), -EINVAL);
    check_int(attest_verify(input, (attest_kind)8, &result), -EINVAL);
    check_int(attest_inspect(NULL, 1, &result), -EINVAL);
    check_int(attest_policy_explain(NULL, 1, &result), -EINVAL);
    check(!result);
    attest_input_free(input);
    check(!attest_result_free(NULL));
}

static void every_no_has_a_word(void)
{
    for (int reason = ATTEST_INPUT_OK; reason <= ATTEST_INPUT_E_TWICE; reason++)
        check(strcmp(attest_input_reason(reason), "unknown") != 0);
    check_str(attest_input_reason(99), "unknown");
}

static void an_empty_input_misses_what_each_kind_needs(void)
{
    static const struct {
        attest_kind kind;
        const char *name;
        const char *subject;
    } kinds[] = {
        { ATTEST_KIND_EVIDENCE, "evidence", "evidence" },
        { ATTEST_KIND_SNP, "snp", "snp-report" },
        { ATTEST_KIND_QUOTE, "quote", "tpm-quote" },
        { ATTEST_KIND_EVENT_LOG, "event-log", "eventlog" },
        { ATTEST_KIND_HCL, "hcl", "hcl-report" },
        { ATTEST_KIND_TDX, "tdx", "td-quote" },
        { ATTEST_KIND_TOKEN, "token", "token" },
    };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        const ApiInput nothing = { 0 };
        _cleanup_answer_ ApiAnswer answer = api_verify(kinds[i].kind, &nothing);
        check_str(attest_result_kind_name(answer.result), kinds[i].name);
        api_check(&answer, ATTEST_E_UNREADABLE, "item-missing");
        const attest_finding *finding = attest_result_finding(answer.result, 0);
        check_str(attest_finding_subject(finding), kinds[i].subject);
        check_str(attest_finding_wanted(finding), "");
    }
}

static void getters_stop_behind_the_last_finding(void)
{
    const ApiInput nothing = { 0 };
    _cleanup_answer_ ApiAnswer answer = api_verify(ATTEST_KIND_SNP, &nothing);
    size_t n = attest_result_n_findings(answer.result);

    check(n > 0);
    check(attest_result_finding(answer.result, n - 1));
    check(!attest_result_finding(answer.result, n));
    check(!attest_result_finding(answer.result, SIZE_MAX));
}

static void the_version_is_that_of_the_header(void)
{
    check_str(attest_version(), ATTEST_VERSION);
    check_str(attest_version(), ATTESTD_VERSION);
}

static const Test tests[] = {
    { "an item is copied and bounded", an_item_is_copied_and_bounded },
    { "hints may repeat but not without end", hints_may_repeat_but_not_without_end },
    { "calls that make no sense are refused", calls_that_make_no_sense_are_refused },
    { "every no has a word", every_no_has_a_word },
    { "an empty input misses what each kind needs", an_empty_input_misses_what_each_kind_needs },
    { "getters stop behind the last finding", getters_stop_behind_the_last_finding },
    { "the version is that of the header", the_version_is_that_of_the_header },
};

TEST_MAIN(tests)
