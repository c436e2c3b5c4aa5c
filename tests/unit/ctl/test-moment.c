/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/moment.h"

#include "testing.h"

static int64_t parsed(const char *text)
{
    int64_t seconds = -1;

    check_int(moment_parse(text, &seconds), MOMENT_OK);
    return seconds;
}

static void test_rfc_3339_is_read_with_its_zone(void)
{
    check_int(parsed("1970-01-01T00:00:00Z"), 0);
    check_int(parsed("2026-11-22T06:05:00Z"), 1795327500);
    check_int(parsed("2026-11-22T07:05:00+01:00"), 1795327500);
    check_int(parsed("2026-11-21T22:35:00-07:30"), 1795327500);
    check_int(parsed("2026-11-22t06:05:00z"), 1795327500);
    check_int(parsed("2026-11-22 06:05:00.123456789Z"), 1795327500);
    check_int(parsed("2000-02-29T23:59:59Z"), 951868799);
    check_int(parsed("2100-03-01T00:00:00Z"), 4107542400);
    check_int(parsed("9999-12-31T23:59:59Z"), 253402300799);
}

static void test_a_number_is_seconds(void)
{
    check_int(parsed("0"), 0);
    check_int(parsed("1795327500"), 1795327500);
    check_int(parsed("253402300799"), 253402300799);
}

static void test_everything_else_is_refused(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "now",
        "-1",
        "1.5",
        "253402300800",
        "99999999999999999999999999",
        "2026-11-22",
        "2026-11-22T06:05:00",
        "2026-11-22T06:05Z",
        "2026-11-22T06:05:00Zx",
        "2026-11-22T06:05:00.Z",
        "2026-11-22T06:05:00+1:00",
        "2026-11-22T06:05:00+01:60",
        "2026-11-22T24:00:00Z",
        "2026-11-22T06:60:00Z",
        "2026-11-22T06:05:61Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "2026-13-10T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-04-00T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "26-11-22T06:05:00Z",
        "2026/11/22T06:05:00Z",
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        int64_t seconds = 7;
        (void)printf("  \"%s\"\n", bad[i]);
        check_int(moment_parse(bad[i], &seconds), MOMENT_E_FORM);
        check_int(seconds, 7);
    }
}

static void test_a_span_has_a_limit(void)
{
    int64_t seconds = 7;

    check_int(seconds_parse("300", 300, &seconds), MOMENT_OK);
    check_int(seconds, 300);
    check_int(seconds_parse("301", 300, &seconds), MOMENT_E_FORM);
    check_int(seconds_parse("", 300, &seconds), MOMENT_E_FORM);
    check_int(seconds_parse("+3", 300, &seconds), MOMENT_E_FORM);
    check_int(seconds_parse("3s", 300, &seconds), MOMENT_E_FORM);
    check_int(seconds, 300);
}

static const Test tests[] = {
    { "RFC 3339 is read with its zone", test_rfc_3339_is_read_with_its_zone },
    { "a number is seconds", test_a_number_is_seconds },
    { "everything else is refused", test_everything_else_is_refused },
    { "a span has a limit", test_a_span_has_a_limit },
};

TEST_MAIN(tests)
