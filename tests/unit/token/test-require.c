/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Require= rules: how they are read, and when they hold.
 */
#include "token/require.h"

#include "testing.h"

static const char claims_text[] =
    "{\"submods\":{\"cpu\":{\"facts\":{\"debug\":false,\"level\":7,\"name\":\"Genoa\","
    "\"list\":[\"a\",2,null],\"nothing\":null,\"text\":\"true\",\"ratio\":1.5}}},"
    "\"a/b\":1,\"m~n\":2,\"sp ace\":3,\"\":4,\"x = y\":5}";

static int evaluate(const char *rule)
{
    _cleanup_require_ Require require = { 0 };
    json_t *claims = NULL;

    check_int(json_parse(view_of_string(claims_text), sizeof(claims_text), &claims), JSON_OK);
    check_int(require_parse(rule, &require), REQUIRE_OK);
    int r = require_evaluate(&require, claims, NULL);
    json_decref(claims);
    return r;
}

static int parse(const char *rule)
{
    _cleanup_require_ Require require = { 0 };

    return require_parse(rule, &require);
}

#define FACTS "/submods/cpu/facts/"

static void rules_that_hold(void)
{
    static const char *const rules[] = {
        FACTS "debug = false",
        FACTS "debug != true",
        FACTS "level = 7",
        FACTS "level != 8",
        FACTS "level >= 7",
        FACTS "level >= -1",
        FACTS "level <= 7",
        FACTS "name = Genoa",
        FACTS "name = \"Genoa\"",
        FACTS "name != Milan",
        FACTS "name contains eno",
        FACTS "list contains a",
        FACTS "list contains 2",
        FACTS "list contains null",
        FACTS "list/1 = 2",
        FACTS "nothing = null",
        FACTS "text = \"true\"",
        "  /a~1b   =\t1  ",
        "/m~0n = 2",
        "/sp ace = 3",
        "/ = 4",
    };

    for (size_t i = 0; i < ELEMENTSOF(rules); i++)
        check_int(evaluate(rules[i]), REQUIRE_OK);
}

static void rules_that_do_not_hold(void)
{
    static const char *const rules[] = {
        FACTS "debug = true",        FACTS "debug != false",  FACTS "level = 8",
        FACTS "level >= 8",          FACTS "level <= 6",      FACTS "name = genoa",
        FACTS "name contains G3noa", FACTS "list contains b", FACTS "list contains \"2\"",
    };

    for (size_t i = 0; i < ELEMENTSOF(rules); i++)
        check_int(evaluate(rules[i]), REQUIRE_E_UNMET);
}

static void another_type_never_satisfies(void)
{
    static const char *const rules[] = {
        FACTS "debug = \"false\"", FACTS "debug != 1",     FACTS "debug != \"true\"",
        FACTS "level = \"7\"",     FACTS "level != \"8\"", FACTS "text = true",
        FACTS "name >= 1",         FACTS "ratio >= 1",     FACTS "ratio <= 2",
        FACTS "level contains 7",  FACTS "list = a",       FACTS "nothing != 1",
        FACTS "name contains 1",
    };

    for (size_t i = 0; i < ELEMENTSOF(rules); i++)
        check_int(evaluate(rules[i]), REQUIRE_E_UNMET);
}

static void what_is_absent_satisfies_nothing(void)
{
    static const char *const rules[] = {
        FACTS "missing = null",
        FACTS "missing != true",
        FACTS "missing >= 0",
        FACTS "list/3 != x",
        FACTS "list/01 = 2",
        FACTS "list/- = 2",
        FACTS "list/1x = 2",
        FACTS "list/99999999999 = 2",
        FACTS "debug/deeper = 1",
        "/submods/cpu/Facts = 1",
        "/a/b = 1",
        FACTS "name/0 = G",
    };

    for (size_t i = 0; i < ELEMENTSOF(rules); i++)
        check_int(evaluate(rules[i]), REQUIRE_E_ABSENT);
}

static void the_first_operator_ends_the_pointer(void)
{
    _cleanup_require_ Require require = { 0 };

    check_int(require_parse("/a b = c = d", &require), REQUIRE_OK);
    check_str(require.pointer, "/a b");
    check_str(json_string_value(require.value), "c = d");
}

static void rules_that_cannot_be_read(void)
{
    check_int(parse(""), REQUIRE_E_POINTER);
    check_int(parse("a = b"), REQUIRE_E_POINTER);
    check_int(parse("= b"), REQUIRE_E_POINTER);
    check_int(parse("/a~ = b"), REQUIRE_E_POINTER);
    check_int(parse("/a~2 = b"), REQUIRE_E_POINTER);
    check_int(parse("/\xff = b"), REQUIRE_E_POINTER);
    check_int(parse("/a"), REQUIRE_E_OPERATOR);
    check_int(parse("/a b"), REQUIRE_E_OPERATOR);
    check_int(parse("/a=b"), REQUIRE_E_OPERATOR);
    check_int(parse("/a == b"), REQUIRE_E_OPERATOR);
    check_int(parse("/a > 1"), REQUIRE_E_OPERATOR);
    check_int(parse("/a Contains b"), REQUIRE_E_OPERATOR);
    check_int(parse("/a ="), REQUIRE_E_VALUE);
    check_int(parse("/a =   "), REQUIRE_E_VALUE);
    check_int(parse("/a = []"), REQUIRE_E_VALUE);
    check_int(parse("/a = {}"), REQUIRE_E_VALUE);
    check_int(parse("/a = 1.5"), REQUIRE_E_VALUE);
    check_int(parse("/a >= x"), REQUIRE_E_VALUE);
    check_int(parse("/a >= 1.0"), REQUIRE_E_VALUE);
    check_int(parse("/a <= \"1\""), REQUIRE_E_VALUE);
    check_int(parse("/a contains \"\""), REQUIRE_E_VALUE);
    check_int(parse("/a = \xff"), REQUIRE_E_VALUE);
}

static void a_rule_is_bounded(void)
{
    char rule[REQUIRE_TEXT_MAX + 2];

    memset(rule, 'a', sizeof(rule) - 1);
    memcpy(rule, "/", 1);
    memcpy(rule + sizeof(rule) - 6, " = 1", 4);
    rule[sizeof(rule) - 1] = 0;
    check_int(parse(rule), REQUIRE_E_SIZE);
}

static void a_rule_survives_json_and_text(void)
{
    static const char *const rules[] = { "/a = 1",    "/a != \"x y\"",
                                         "/a >= -3",  "/b~1c contains null",
                                         "/a = true", "/a = \"5\"" };

    for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
        _cleanup_require_ Require first = { 0 };
        _cleanup_require_ Require by_json = { 0 };
        _cleanup_require_ Require by_text = { 0 };
        check_int(require_parse(rules[i], &first), REQUIRE_OK);
        json_t *object = require_to_json(&first);
        check_int(require_from_json(object, &by_json), REQUIRE_OK);
        json_decref(object);
        _cleanup_free_ char *text = require_text(&first);
        check_int(require_parse(text, &by_text), REQUIRE_OK);
        check_str(text, rules[i]);
        check_str(by_json.pointer, first.pointer);
        check(by_json.operation == first.operation && by_text.operation == first.operation);
        check(json_equal(by_json.value, first.value) && json_equal(by_text.value, first.value));
    }
}

static int from_json(const char *text)
{
    _cleanup_require_ Require require = { 0 };
    json_t *object = NULL;

    check_int(json_parse(view_of_string(text), strlen(text), &object), JSON_OK);
    int r = require_from_json(object, &require);
    json_decref(object);
    return r;
}

static void json_rules_are_read_strictly(void)
{
    check_int(from_json("{\"pointer\":\"/a\",\"operator\":\"=\",\"value\":1}"), REQUIRE_OK);
    check_int(from_json("{\"pointer\":\"/a\",\"operator\":\"=\",\"value\":1,\"x\":1}"),
              REQUIRE_E_POINTER);
    check_int(from_json("{\"pointer\":\"a\",\"operator\":\"=\",\"value\":1}"), REQUIRE_E_POINTER);
    check_int(from_json("{\"pointer\":1,\"operator\":\"=\",\"value\":1}"), REQUIRE_E_POINTER);
    check_int(from_json("{\"pointer\":\"/a\",\"operator\":\"~\",\"value\":1}"), REQUIRE_E_OPERATOR);
    check_int(from_json("{\"pointer\":\"/a\",\"operator\":\">=\",\"value\":\"1\"}"),
              REQUIRE_E_VALUE);
    check_int(from_json("{\"pointer\":\"/a\",\"operator\":\"=\",\"value\":[]}"), REQUIRE_E_VALUE);
    check_int(from_json("{\"pointer\":\"/a\",\"operator\":\"=\",\"valeu\":1}"), REQUIRE_E_VALUE);
    check_int(from_json("[]"), REQUIRE_E_POINTER);
}

static void what_was_found_is_handed_back(void)
{
    _cleanup_require_ Require require = { 0 };
    json_t *claims = json_pack("{s:i}", "a", 5);
    const json_t *found = NULL;

    check_int(require_parse("/a = 6", &require), REQUIRE_OK);
    check_int(require_evaluate(&require, claims, &found), REQUIRE_E_UNMET);
    check_int(json_integer_value(found), 5);
    json_decref(claims);
}

static const Test tests[] = {
    { "rules that hold", rules_that_hold },
    { "rules that do not hold", rules_that_do_not_hold },
    { "another type never satisfies", another_type_never_satisfies },
    { "what is absent satisfies nothing", what_is_absent_satisfies_nothing },
    { "the first operator ends the pointer", the_first_operator_ends_the_pointer },
    { "rules that cannot be read", rules_that_cannot_be_read },
    { "a rule is bounded", a_rule_is_bounded },
    { "a rule survives JSON and text", a_rule_survives_json_and_text },
    { "JSON rules are read strictly", json_rules_are_read_strictly },
    { "what was found is handed back", what_was_found_is_handed_back },
};

TEST_MAIN(tests)
