/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/raw-member.h"

#include "testing.h"

static void check_member(const char *text, const char *wanted)
{
    ByteView found = raw_member(view_of_string(text), "gates");

    check_int(found.size, strlen(wanted));
    check(found.size == 0 || memcmp(found.data, wanted, found.size) == 0);
}

static void test_a_member_is_found_as_it_stands(void)
{
    check_member("{\"gates\":{}}", "{}");
    check_member("{\"token\":\"a.b.c\",\"gates\":{}}", "{}");
    check_member("{\"gates\":{\"a\":{\"b\":[1,2]}},\"token\":\"x\"}", "{\"a\":{\"b\":[1,2]}}");
    check_member(" {\n \"token\" : \"x\" ,\r\n\t\"gates\" : { \"a\" :  1 } \n} ", "{ \"a\" :  1 }");
    check_member("{\"gates\":\"\"}", "\"\"");
    check_member("{\"gates\":null}", "null");
    check_member("{\"gates\": 12 ,\"a\":1}", "12");
    check_member("{\"gates\":[]}", "[]");
}

static void test_what_looks_like_it_is_passed_over(void)
{
    check_member("{}", "");
    check_member("[]", "");
    check_member("{\"token\":\"\\\",\\\"gates\\\":1\"}", "");
    check_member("{\"token\":\"\\\\\",\"gates\":2}", "2");
    check_member("{\"a\":{\"gates\":1},\"b\":[\"gates\",{\"gates\":2}],\"gates\":3}", "3");
    check_member("{\"a\":\"}{][,\",\"gates\":{\"b\":\"}\\\"\"}}", "{\"b\":\"}\\\"\"}");
    check_member("{\"Gates\":1,\"gate\":2,\"gatess\":3}", "");
    check_member("{\"g\\u0061tes\":1}", "");
}

static void test_bytes_that_are_no_json_harm_nothing(void)
{
    static const char *const texts[] = {
        "",         "{",         "{\"",      "{\"gates",     "{\"gates\"",       "{\"gates\":",
        "{\"a\\",   "{\"a\":\"", "{,",       "{\"gates\":}", "{\"gates\":]",     "{\"gates\"}",
        "{\"a\":]", "\"gates\"", "{\"a\":[", "{\"a\"\"b\"",  "{\"gates\":{\"\\", "   ",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        ByteView text = view_of_string(texts[i]);
        ByteView found = raw_member(text, "gates");
        check(found.size == 0 ||
              (found.data >= text.data && found.data + found.size <= text.data + text.size));
    }
}

static const Test tests[] = {
    { "a member is found as it stands", test_a_member_is_found_as_it_stands },
    { "what looks like it is passed over", test_what_looks_like_it_is_passed_over },
    { "bytes that are no JSON harm nothing", test_bytes_that_are_no_json_harm_nothing },
};

TEST_MAIN(tests)
