/* SPDX-License-Identifier: Apache-2.0 */
#include "format/unit-escape.h"

#include "testing.h"

static void check_escaped(char *found, const char *wanted)
{
    check_str(found, wanted);
    free(found);
}

static void test_escape(void)
{
    check_escaped(unit_escape("with-dash_x.y"), "with\\x2ddash_x.y");
    check_escaped(unit_escape(".a"), "\\x2ea");
    check_escaped(unit_escape("a/b c"), "a-b\\x20c");
    check_escaped(unit_escape("\xff"), "\\xff");
    check_escaped(unit_escape(""), "");
    check_escaped(unit_escape_path("/dev/disk/by-uuid/ab-c"), "dev-disk-by\\x2duuid-ab\\x2dc");
    check_escaped(unit_escape_path("/.a/.b"), "\\x2ea-.b");
    check_escaped(unit_escape_path("/"), "-");
    check_escaped(unit_of_volume("my-data"), "systemd-cryptsetup@my\\x2ddata.service");
}

static void test_services(void)
{
    const char *const good[] = { "a.service", "db@main.service", "x\\x2dy@a\\x2db.service",
                                 "-.service", "a@b@c.service",   "a:b_c.d.service" };
    const char *const bad[] = { "",
                                ".service",
                                "a",
                                "a.socket",
                                "db@.service",
                                "@x.service",
                                "a b.service",
                                "a/b.service",
                                "../a.service",
                                "a*.service",
                                "a.service\n",
                                "\xff.service" };
    char longest[UNIT_NAME_LIMIT + 2];

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(unit_is_service(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!unit_is_service(bad[i]));
    memset(longest, 'a', sizeof(longest));
    memcpy(longest + UNIT_NAME_LIMIT - 8, ".service", 9);
    check(unit_is_service(longest));
    memcpy(longest + UNIT_NAME_LIMIT - 7, ".service", 9);
    check(!unit_is_service(longest));
}

static const Test tests[] = {
    { "names are escaped as systemd-escape does", test_escape },
    { "a service is told from what is none", test_services },
};
TEST_MAIN(tests)
