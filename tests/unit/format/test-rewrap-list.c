/* SPDX-License-Identifier: Apache-2.0 */
#include "format/rewrap-list.h"

#include "testing.h"

#include <errno.h>

static void test_what_looks_like_a_jwe(void)
{
    static const char *const good[] = { "a.b.c.d.e", "aA0-_.b.c.d.e" };
    static const char *const bad[] = {
        "",           "a",           ".b.c.d.e",   "a..c.d.e",  "a.b.c.d.",    "a.b.c.d",
        "a.b.c.d.e.", "a.b.c.d.e.f", "a.b.c.d.e=", "a.b.c.d.+", "a.b.c.d.e\n", " a.b.c.d.e",
        "a.b.c.d/.e",
    };
    char text[JWE_TEXT_MAX + 2];

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(jwe_text_is_valid(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!jwe_text_is_valid(bad[i]));
    memset(text, 'a', sizeof(text));
    memcpy(text, "a.b.c.d.", 8);
    text[JWE_TEXT_MAX] = 0;
    check(jwe_text_is_valid(text));
    text[JWE_TEXT_MAX] = 'a';
    text[JWE_TEXT_MAX + 1] = 0;
    check(!jwe_text_is_valid(text));
}

static void test_the_longest_list_comes_back(void)
{
    _cleanup_rewrap_list_ RewrapList list = { 0 }, again = { 0 };
    _cleanup_bytes_ Bytes json = { 0 };
    char text[JWE_TEXT_MAX + 1];

    memset(text, 'a', sizeof(text));
    memcpy(text + 2, ".b.c.d.", 7);
    text[JWE_TEXT_MAX] = 0;
    for (int i = 0; i < REWRAP_LIST_MAX; i++) {
        text[0] = (char)('a' + i % 26);
        text[1] = (char)('a' + i / 26);
        check_int(rewrap_list_add(&list, text), 0);
    }
    check_int(rewrap_list_add(&list, text), -ENOBUFS);
    check_int(rewrap_list_emit(&list, &json), 0);
    check(json.size < REWRAP_LIST_SIZE_MAX);
    check_int(rewrap_list_parse(VIEW(json), &again), REWRAP_LIST_OK);
    check_int(again.n_jwes, REWRAP_LIST_MAX);
    for (size_t i = 0; i < REWRAP_LIST_MAX; i++)
        check_str(again.jwes[i], list.jwes[i]);
}

static void test_what_would_not_be_read_is_not_written(void)
{
    RewrapList list = { 0 };
    Bytes json = { 0 };

    check_int(rewrap_list_emit(&list, &json), -EINVAL);
    check_int(rewrap_list_add(&list, "a.b.c.d"), -EINVAL);
    check(!json.data && list.n_jwes == 0);
}

static void test_what_is_no_list_is_refused_by_name(void)
{
    static const struct {
        const char *text;
        int reason;
    } bad[] = {
        { "", REWRAP_LIST_E_SYNTAX },
        { "{}", REWRAP_LIST_E_SYNTAX },
        { "[", REWRAP_LIST_E_SYNTAX },
        { "[]", REWRAP_LIST_E_SIZE },
        { "[7]", REWRAP_LIST_E_JWE },
        { "[null]", REWRAP_LIST_E_JWE },
        { "[[\"a.b.c.d.e\"]]", REWRAP_LIST_E_JWE },
        { "[\"\"]", REWRAP_LIST_E_JWE },
        { "[\"a.b.c.d.e\",\"a.b.c.d\"]", REWRAP_LIST_E_JWE },
        { "[\"a.b.c.d.e\",\"a.b.c.d.e\"]", REWRAP_LIST_E_TWICE },
    };
    _cleanup_bytes_ Bytes large = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        RewrapList list = { 0 };
        check_int(rewrap_list_parse(view_of_string(bad[i].text), &list), bad[i].reason);
        check_int(list.n_jwes, 0);
    }
    RewrapList list = { 0 };
    check_int(bytes_new(REWRAP_LIST_SIZE_MAX + 1, &large), 0);
    memset(large.data, ' ', large.size);
    check_int(rewrap_list_parse(VIEW(large), &list), REWRAP_LIST_E_SIZE);
}

static void test_one_too_many_is_refused(void)
{
    json_auto_t *array = json_array();
    RewrapList list = { 0 };
    char text[32];

    for (int i = 0; i <= REWRAP_LIST_MAX; i++) {
        (void)snprintf(text, sizeof(text), "a.b.c.d.e%d", i);
        check_int(json_array_append_new(array, json_string(text)), 0);
    }
    _cleanup_free_ char *json = json_text(array);
    check_int(rewrap_list_parse(view_of_string(json), &list), REWRAP_LIST_E_SIZE);
}

static const Test tests[] = {
    { "what looks like a JWE", test_what_looks_like_a_jwe },
    { "the longest list comes back", test_the_longest_list_comes_back },
    { "what would not be read is not written", test_what_would_not_be_read_is_not_written },
    { "what is no list is refused by name", test_what_is_no_list_is_refused_by_name },
    { "one too many is refused", test_one_too_many_is_refused },
};

TEST_MAIN(tests)
