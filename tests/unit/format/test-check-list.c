/* SPDX-License-Identifier: Apache-2.0 */
#include "format/check-list.h"

#include "testing.h"

static int read_text(const char *text, CheckList *ret)
{
    json_auto_t *array = json_loads(text, JSON_DECODE_ANY, NULL);

    check(array);
    return check_list_from_json(ret, array);
}

static void add(CheckList *list, const char *name, Check **ret)
{
    check_int(check_list_add(list, name, "worker", ret), 0);
}

static void add_finding(Check *one, const char *name, FindingResult result)
{
    check_int(findings_add(&one->findings, name, "vtpm", result, "found", "wanted"), 0);
}

static void test_states(void)
{
    _cleanup_check_list_ CheckList list = { 0 };
    Check *one;

    add(&list, "tpm", &one);
    check_int(check_state(one), CHECK_OK);
    add_finding(one, "tpm-ak-owner-hierarchy", FINDING_WARNING);
    check_int(check_state(one), CHECK_WARN);
    add_finding(one, "tpm-unreachable", FINDING_FAILURE);
    check_int(check_state(one), CHECK_NO);
    check_int(check_skip(one, "no %s", "root"), 0);
    check_int(check_state(one), CHECK_SKIPPED);
    check_str(one->said, "no root");
    check(check_list_find(&list, "tpm") == one && !check_list_find(&list, "dns"));
}

static void test_said_is_printable(void)
{
    _cleanup_check_list_ CheckList list = { 0 };
    char longer[2 * CHECK_SAID_MAX];
    Check *one;

    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    add(&list, "tpm", &one);
    check_int(check_say(one, "%s", "a\nb\x1b[31m\xff"), 0);
    check_str(one->said, "a?b?[31m?");
    check_int(check_say(one, "%s", longer), 0);
    check_int(strlen(one->said), CHECK_SAID_MAX);
}

static void test_round_trip(void)
{
    _cleanup_check_list_ CheckList list = { 0 }, again = { 0 };
    Check *one;

    add(&list, "tpm", &one);
    check_int(check_say(one, "it answers"), 0);
    add(&list, "pcr-bank", &one);
    for (int i = 0; i < 2 * CHECK_FINDINGS_MAX; i++)
        add_finding(one, "tpm-ak-owner-hierarchy", FINDING_WARNING);
    add_finding(one, "tpm-bank-inactive", FINDING_FAILURE);
    add(&list, "event-log", &one);
    check_int(check_skip(one, "why"), 0);

    json_auto_t *array = check_list_to_json(&list);
    check(array);
    check_int(check_list_from_json(&again, array), JSON_OK);
    check_int(again.n_items, 3);
    check_str(again.items[0].said, "it answers");
    check_int(check_state(&again.items[0]), CHECK_OK);
    /* What decides is never left out. */
    check_int(again.items[1].findings.n_items, CHECK_FINDINGS_MAX);
    check_int(check_state(&again.items[1]), CHECK_NO);
    check_str(again.items[1].findings.items[0].name, "tpm-bank-inactive");
    check_int(check_state(&again.items[2]), CHECK_SKIPPED);
}

#define GOOD(name) "{\"check\":\"" name "\",\"result\":\"ok\",\"said\":\"\",\"findings\":[]}"
#define WARNING                                                                                    \
    "{\"name\":\"a\",\"subject\":\"\",\"result\":\"warning\",\"found\":\"\",\"wanted\":\"\","      \
    "\"remedy\":\"\",\"source\":\"\"}"

static void test_refused(void)
{
    static const struct {
        const char *text;
        int reason;
    } cases[] = {
        { "{}", JSON_E_TYPE },
        { "[1]", JSON_E_TYPE },
        { "[{}]", JSON_E_TYPE },
        { "[{\"check\":\"a\",\"result\":\"ok\",\"said\":\"\"}]", JSON_E_TYPE },
        { "[{\"check\":\"a\",\"result\":\"ok\",\"said\":\"\",\"findings\":{}}]", JSON_E_TYPE },
        { "[{\"check\":\"a\",\"result\":\"ok\",\"said\":\"\",\"findings\":[],\"x\":1}]",
          JSON_E_TYPE },
        { "[" GOOD("a") "," GOOD("a") "]", JSON_E_TYPE },
        { "[" GOOD("") "]", JSON_E_TYPE },
        { "[" GOOD("A") "]", JSON_E_TYPE },
        { "[" GOOD("a b") "]", JSON_E_TYPE },
        { "[" GOOD("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") "]", JSON_E_TYPE },
        /* What is said of it is not what was found. */
        { "[{\"check\":\"a\",\"result\":\"no\",\"said\":\"\",\"findings\":[]}]", JSON_E_TYPE },
        { "[{\"check\":\"a\",\"result\":\"fine\",\"said\":\"\",\"findings\":[]}]", JSON_E_TYPE },
        { "[{\"check\":\"a\",\"result\":\"ok\",\"said\":\"\",\"findings\":[" WARNING "]}]",
          JSON_E_TYPE },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_check_list_ CheckList list = { 0 };
        int r = read_text(cases[i].text, &list);
        if (r != cases[i].reason)
            (void)printf("  %s\n", cases[i].text);
        check_int(r, cases[i].reason);
    }
}

static void test_bounded(void)
{
    json_auto_t *array = json_array(), *findings = json_array();
    _cleanup_check_list_ CheckList list = { 0 }, one = { 0 };

    check(array && findings);
    for (int i = 0; i <= CHECK_LIST_MAX; i++)
        check(json_array_append_new(array, json_loads(GOOD("a"), 0, NULL)) == 0);
    check_int(check_list_from_json(&list, array), JSON_E_SIZE);
    check_int(list.n_items, 0);

    for (int i = 0; i <= CHECK_FINDINGS_MAX; i++)
        check(json_array_append_new(findings, json_loads(WARNING, 0, NULL)) == 0);
    json_auto_t *many = json_pack("[{ss ss ss sO}]", "check", "a", "result", "warn", "said", "",
                                  "findings", findings);
    check(many);
    check_int(check_list_from_json(&one, many), JSON_E_SIZE);
}

static const Test tests[] = {
    { "a check is as bad as the worst of its findings", test_states },
    { "what is said is one printable line", test_said_is_printable },
    { "a list comes back as it went, and keeps what decides", test_round_trip },
    { "what is no list of checks is refused", test_refused },
    { "a list is bounded", test_bounded },
};
TEST_MAIN(tests)
