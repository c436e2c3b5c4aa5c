/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded JSON.
 */
#include "base/json.h"

#include "testing.h"

static int parse(const char *text, size_t limit)
{
    json_auto_t *json = NULL;

    return json_parse(view_of_string(text), limit, &json);
}

static void each_malformed_text_has_its_name(void)
{
    check_int(parse("{\"a\":1}", 100), JSON_OK);
    check_int(parse("[]", 100), JSON_OK);
    check_int(parse("{\"a\":1}", 6), JSON_E_SIZE);
    check_int(parse("{\"a\":1,\"a\":2}", 100), JSON_E_DUPLICATE);
    check_int(parse("", 100), JSON_E_SYNTAX);
    check_int(parse("\"text\"", 100), JSON_E_SYNTAX);
    check_int(parse("{} {}", 100), JSON_E_SYNTAX);
    check_int(parse("{\"a\":\"\\u0000\"}", 100), JSON_E_SYNTAX);
    check_int(parse("{\"a\":\"\xff\"}", 100), JSON_E_SYNTAX);
}

static void nesting_is_bounded_and_brackets_in_strings_do_not_count(void)
{
    check_int(parse("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", 100), JSON_OK);
    check_int(parse("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", 100), JSON_E_DEPTH);
    check_int(parse("[\"[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[\"]", 100), JSON_OK);
}

/* Four megabytes of "{}," would become hundreds in the parser's memory. */
static void very_many_values_are_refused_before_they_are_parsed(void)
{
    size_t size = 3 * (JSON_VALUES_LIMIT / 2) + 2;
    _cleanup_free_ char *text = malloc(size + 1);

    check(text);
    for (size_t i = 0; i < size; i++)
        text[i] = "{},"[i % 3];
    text[size] = 0;
    _cleanup_free_ char *whole = NULL;
    check(asprintf(&whole, "[%s]", text) > 0);
    check_int(parse(whole, 1 << 20), JSON_E_VALUES);
    check_int(parse("[\"{},{},{},{}\"]", 100), JSON_OK);
}

static void members_are_taken_by_exact_type(void)
{
    json_auto_t *json = json_pack("{ss si sb s{} s[] sf si}", "text", "t", "number", 7, "flag", 1,
                                  "object", "array", "real", 1.5, "negative", -1);
    const char *text;
    uint64_t number;
    bool flag;
    json_t *inner;

    check(json);
    check_int(json_get_string(json, "text", &text), JSON_OK);
    check_str(text, "t");
    check_int(json_get_u64(json, "number", &number), JSON_OK);
    check_int(number, 7);
    check_int(json_get_bool(json, "flag", &flag), JSON_OK);
    check(flag);
    check_int(json_get_object(json, "object", &inner), JSON_OK);
    check_int(json_get_array(json, "array", &inner), JSON_OK);
    check_int(json_get_string(json, "absent", &text), JSON_E_MISSING);
    check_int(json_get_string(json, "number", &text), JSON_E_TYPE);
    check_int(json_get_u64(json, "real", &number), JSON_E_TYPE);
    check_int(json_get_u64(json, "negative", &number), JSON_E_TYPE);
    check_int(json_get_bool(json, "text", &flag), JSON_E_TYPE);
    check_int(json_get_object(json, "array", &inner), JSON_E_TYPE);
    check_int(json_get_array(json, "object", &inner), JSON_E_TYPE);
}

static void base64url_members_are_strict_and_limited(void)
{
    json_auto_t *json =
        json_pack("{ss ss ss}", "good", "Zm9v", "padded", "Zg==", "long", "Zm9vYmFyYmF6");
    _cleanup_bytes_ Bytes bytes = { 0 };
    Bytes none = { 0 };

    check_int(json_get_base64url(json, "good", 3, &bytes), JSON_OK);
    check(view_equal(VIEW(bytes), view_of_string("foo")));
    check_int(json_get_base64url(json, "good", 2, &none), JSON_E_SIZE);
    check_int(json_get_base64url(json, "long", 3, &none), JSON_E_SIZE);
    check_int(json_get_base64url(json, "padded", 9, &none), JSON_E_ENCODING);
    check_int(json_get_base64url(json, "absent", 9, &none), JSON_E_MISSING);
    check(!none.data);
}

static void an_unknown_member_is_named(void)
{
    json_auto_t *json = json_pack("{si si}", "known", 1, "surprise", 2);
    static const char *const known[] = { "known", NULL };
    static const char *const both[] = { "known", "surprise", NULL };

    check_str(json_unknown_member(json, known), "surprise");
    check(!json_unknown_member(json, both));
}

static const Test tests[] = {
    { "each malformed text has its name", each_malformed_text_has_its_name },
    { "nesting is bounded", nesting_is_bounded_and_brackets_in_strings_do_not_count },
    { "very many values are refused before they are parsed",
      very_many_values_are_refused_before_they_are_parsed },
    { "members are taken by exact type", members_are_taken_by_exact_type },
    { "base64url members are strict and limited", base64url_members_are_strict_and_limited },
    { "an unknown member is named", an_unknown_member_is_named },
};

TEST_MAIN(tests)
