/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/who.h"

#include "testing.h"

static void check_parsed(const char *text, const char *wanted)
{
    _cleanup_free_ char *who = NULL;

    check_int(who_parse(text, &who), WHO_OK);
    check_str(who, wanted);
}

static void test_users_become_numbers_and_others_stay(void)
{
    check_parsed("user:root", "user:0");
    check_parsed("user:0", "user:0");
    check_parsed("user:4294967294", "user:4294967294");
    check_parsed("unit:db@*.service", "unit:db@*.service");
    check_parsed("volume:data", "volume:data");
}

static void test_who_is_nobody_is_refused_by_name(void)
{
    static const char *const nobodies[] = { "",           "user:",         "user:007",
                                            "user:*",     "db.service",    "volume:../x",
                                            "unit:db@.x", "volume:",       "user:4294967295",
                                            "group:root", "unit:a.socket", "User:root" };
    char *who = NULL;

    for (size_t i = 0; i < ELEMENTSOF(nobodies); i++) {
        int r = who_parse(nobodies[i], &who);
        (void)printf("  \"%s\"\n", nobodies[i]);
        check(r == (strcmp(nobodies[i], "user:*") == 0 ? WHO_E_USER : WHO_E_GRAMMAR));
    }
    check_int(who_parse("user:no-such-user-here", &who), WHO_E_USER);
    check(!who);
}

static void check_text(const char *who, const char *wanted)
{
    _cleanup_free_ char *text = who_text(who);

    check_str(text, wanted);
}

static void test_a_person_reads_names(void)
{
    check_text("user:0", "user:root");
    check_text("user:4294967294", "user:4294967294");
    check_text("unit:db.service", "unit:db.service");
    check_text("volume:data", "volume:data");
    check_text("user:", "user:");
}

static void test_options_become_a_list_or_a_complaint(void)
{
    Options options = { .who = { .items = { "user:root", "unit:db.service" }, .n_items = 2 } };
    json_auto_t *list = NULL;

    check_int(who_of_options(&options, &list), 0);
    check_int(json_array_size(list), 2);
    check_str(json_string_value(json_array_get(list, 0)), "user:0");
    options.who.items[1] = "user:no-such-user-here";
    check_int(who_of_options(&options, &list), 2);
    options.who.items[1] = "db.service";
    check_int(who_of_options(&options, &list), 2);
}

static void test_a_header_gives_the_same_list(void)
{
    SecretHeader header = { .who = { (char[]){ "user:0" } }, .n_who = 1 };
    json_auto_t *list = who_of_header(&header);

    check_int(json_array_size(list), 1);
    check_str(json_string_value(json_array_get(list, 0)), "user:0");
}

static const Test tests[] = {
    { "users become numbers and others stay", test_users_become_numbers_and_others_stay },
    { "who is nobody is refused by name", test_who_is_nobody_is_refused_by_name },
    { "a person reads names", test_a_person_reads_names },
    { "options become a list or a complaint", test_options_become_a_list_or_a_complaint },
    { "a header gives the same list", test_a_header_gives_the_same_list },
};

TEST_MAIN(tests)
