/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: bounded, printable, and no decision is ever lost.
 */
#include "format/catalog.h"
#include "format/finding.h"
#include "testing.h"

static const char *known(void)
{
    return catalog_at(0)->name;
}

static void test_a_finding_takes_its_remedy_from_the_catalogue(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(findings_add(&findings, known(), "cpu", FINDING_FAILURE, "1", "2"), 0);
    check_int(findings.n_items, 1);
    check_str(findings.items[0].name, known());
    check_str(findings.items[0].subject, "cpu");
    check_str(findings.items[0].found, "1");
    check_str(findings.items[0].wanted, "2");
    check_str(findings.items[0].remedy, catalog_at(0)->remedy);
    check_str(findings.items[0].source, "worker");
}

static void test_absent_texts_are_empty(void)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };

    check_int(findings_add(&findings, known(), "cpu", FINDING_WARNING, NULL, NULL), 0);
    check_str(findings.items[0].found, "");
    check_str(findings.items[0].wanted, "");
    check_str(findings.items[0].source, "verifier");
}

static void test_texts_are_printable_and_cut(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    char text[FINDING_TEXT_MAX + 100];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    check_int(findings_add(&findings, known(), "a\nb\033[31m\xff", FINDING_FAILURE, text, NULL), 0);
    check_str(findings.items[0].subject, "a?b?[31m?");
    check_int(strlen(findings.items[0].found), FINDING_TEXT_MAX);
}

static void test_a_failure_replaces_the_last_warning_when_full(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    for (int i = 0; i < FINDINGS_MAX; i++)
        check_int(findings_add(&findings, known(), i < 2 ? "early" : "late",
                               i < 2 ? FINDING_WARNING : FINDING_FAILURE, NULL, NULL),
                  0);
    check_int(findings_add(&findings, known(), "warning", FINDING_WARNING, NULL, NULL), 0);
    check_int(findings.n_items, FINDINGS_MAX);
    check_str(findings.items[1].subject, "early");

    check_int(findings_add(&findings, known(), "decisive", FINDING_FAILURE, NULL, NULL), 0);
    check_int(findings.n_items, FINDINGS_MAX);
    check_str(findings.items[1].subject, "decisive");
    check_int(findings.items[0].result, FINDING_WARNING);
    check_str(findings_first_failure(&findings)->subject, "decisive");
}

static void test_the_first_failure_is_found_behind_warnings(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check(findings_first_failure(&findings) == NULL);
    check_int(findings_add(&findings, known(), "a", FINDING_WARNING, NULL, NULL), 0);
    check(findings_first_failure(&findings) == NULL);
    check_int(findings_add(&findings, known(), "b", FINDING_FAILURE, NULL, NULL), 0);
    check_int(findings_add(&findings, known(), "c", FINDING_FAILURE, NULL, NULL), 0);
    check_str(findings_first_failure(&findings)->subject, "b");
    check(findings_has(&findings, known()));
    check(!findings_has(&findings, "no-such-name"));
}

static void test_moving_leaves_nothing_behind(void)
{
    _cleanup_findings_ Findings a = { 0 }, b = { .source = "verifier" };

    check_int(findings_add(&a, known(), "a", FINDING_WARNING, NULL, NULL), 0);
    check_int(findings_add(&b, known(), "b", FINDING_FAILURE, NULL, NULL), 0);
    check_int(findings_move(&a, &b), 0);
    check_int(a.n_items, 2);
    check_int(b.n_items, 0);
    check_str(a.items[1].source, "verifier");
}

static void test_a_warning_that_is_there_already_is_not_merged(void)
{
    _cleanup_findings_ Findings ours = { 0 }, theirs = { .source = "verifier" };

    check_int(findings_add(&ours, known(), "cpu", FINDING_WARNING, "a", NULL), 0);
    check_int(findings_add(&theirs, known(), "cpu", FINDING_WARNING, "b", NULL), 0);
    check_int(findings_add(&theirs, known(), "vtpm", FINDING_WARNING, "a", NULL), 0);
    check_int(findings_add(&theirs, known(), "cpu", FINDING_FAILURE, "a", NULL), 0);
    check_int(findings_merge(&ours, &theirs), 0);
    check_int(theirs.n_items, 0);
    check_int(ours.n_items, 3);
    check_str(ours.items[0].source, "worker");
    check_str(ours.items[1].subject, "vtpm");
    check_int(ours.items[2].result, FINDING_FAILURE);
}

static void test_json_carries_all_of_it(void)
{
    _cleanup_findings_ Findings before = { 0 }, after = { 0 };

    check_int(findings_add(&before, known(), "pcr 7", FINDING_FAILURE, "aa", "bb"), 0);
    check_int(findings_add(&before, known(), "pcr 8", FINDING_WARNING, NULL, NULL), 0);
    json_auto_t *json = findings_to_json(&before);
    check(json != NULL);
    check_int(findings_from_json(&after, json), JSON_OK);
    check_int(after.n_items, 2);
    check_str(after.items[0].subject, "pcr 7");
    check_int(after.items[0].result, FINDING_FAILURE);
    check_str(after.items[0].found, "aa");
    check_str(after.items[0].remedy, before.items[0].remedy);
    check_int(after.items[1].result, FINDING_WARNING);
}

static int read_text(const char *text, Findings *findings)
{
    json_auto_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

    check(json != NULL);
    return findings_from_json(findings, json);
}

static void test_strange_json_is_refused(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(read_text("{}", &findings), JSON_E_TYPE);
    check_int(read_text("[1]", &findings), JSON_E_TYPE);
    check_int(read_text("[{}]", &findings), JSON_E_TYPE);
    check_int(read_text("[{\"name\":\"\"}]", &findings), JSON_E_TYPE);
    check_int(read_text("[{\"name\":7}]", &findings), JSON_E_TYPE);
    check_int(findings.n_items, 0);

    json_auto_t *many = json_array();
    for (int i = 0; i <= FINDINGS_MAX; i++)
        check_int(json_array_append_new(many, json_pack("{ss}", "name", "x")), 0);
    check_int(findings_from_json(&findings, many), JSON_E_SIZE);
}

static void test_an_outsiders_finding_is_a_failure_unless_it_says_warning(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(read_text("[{\"name\":\"x\"},{\"name\":\"y\",\"result\":\"warning\"},"
                        "{\"name\":\"z\\u0007\",\"result\":\"ok\"}]",
                        &findings),
              JSON_OK);
    check_int(findings.items[0].result, FINDING_FAILURE);
    check_int(findings.items[1].result, FINDING_WARNING);
    check_int(findings.items[2].result, FINDING_FAILURE);
    check_str(findings.items[2].name, "z?");
    check_str(findings.items[0].remedy, "");
}

static const Test tests[] = {
    { "a finding takes its remedy from the catalogue",
      test_a_finding_takes_its_remedy_from_the_catalogue },
    { "absent texts are empty", test_absent_texts_are_empty },
    { "texts are printable and cut", test_texts_are_printable_and_cut },
    { "a failure replaces the last warning when full",
      test_a_failure_replaces_the_last_warning_when_full },
    { "the first failure is found behind warnings",
      test_the_first_failure_is_found_behind_warnings },
    { "moving leaves nothing behind", test_moving_leaves_nothing_behind },
    { "a warning that is there already is not merged",
      test_a_warning_that_is_there_already_is_not_merged },
    { "JSON carries all of it", test_json_carries_all_of_it },
    { "strange JSON is refused", test_strange_json_is_refused },
    { "an outsider's finding is a failure unless it says warning",
      test_an_outsiders_finding_is_a_failure_unless_it_says_warning },
};

TEST_MAIN(tests)
