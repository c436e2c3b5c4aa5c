/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/secret-name.h"

#include "testing.h"

static void fill(char *text, size_t size, char c)
{
    memset(text, c, size);
    text[size] = 0;
}

static void test_names_of_secrets(void)
{
    static const char *const good[] = { "a", "db-password", "Data_1.key", "9", "with-dash_x.y" };
    static const char *const bad[] = {
        "",    ".",    "..",  ".hidden", "-x",        "_x",      "a/b", "../x",
        "a b", "a\nb", "a:b", "a@b",     "d\xc3\xa9", "a\\x2db", "a*",  "a%b",
    };
    char text[SECRET_NAME_LIMIT + 2];

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(secret_name_is_valid(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!secret_name_is_valid(bad[i]));
    fill(text, SECRET_NAME_LIMIT, 'a');
    check(secret_name_is_valid(text));
    fill(text, SECRET_NAME_LIMIT + 1, 'a');
    check(!secret_name_is_valid(text));
}

static const char *const askers[] = {
    "unit:db.service",
    "unit:db@main.service",
    "unit:db@a@b.service",
    "unit:t-inst@x\\x2dy.service",
    "unit:run-u12.service",
    "unit:dbus-org.example.X1.service",
    "unit:a.service.service",
    "volume:data",
    "volume:luks-1.2_x",
    "user:0",
    "user:1000",
    "user:4294967294",
};

static const char *const nobody[] = {
    "",
    "unit:",
    "unit:.service",
    "unit:db",
    "unit:db.socket",
    "unit:db.service ",
    "unit:db.Service",
    "Unit:db.service",
    "db.service",
    "volume:",
    "volume:a/b",
    "volume:-a",
    "volume:a+b", /* no secret can have its name */
    "volume:*",
    "Volume:data",
    "user:",
    "user:root",
    "user:-1",
    "user:01",
    "user:00",
    "user:1 ",
    "user:1.0",
    "user:0x1",
    "user:*",
    "user:4294967295",
    "user:18446744073709551616",
    "unit:a/b.service",
    "unit:../db.service",
    "unit:a b.service",
    "unit:d\xc3\xa9.service",
    "unit:db\n.service",
    "unit:@main.service",
    "unit:db@.service", /* a template runs nowhere */
    "unit:*.service",
    "unit:d*.service",
    "unit:db@m*.service",
    "unit:db@**.service",
    "unit:*@main.service",
    "unit:db@a@*.service",
};

static void test_one_that_asks_is_one_unit_volume_or_user(void)
{
    for (size_t i = 0; i < ELEMENTSOF(askers); i++)
        check(secret_asker_is_valid(askers[i]));
    for (size_t i = 0; i < ELEMENTSOF(nobody); i++)
        check(!secret_asker_is_valid(nobody[i]));
    check(!secret_asker_is_valid("unit:db@*.service"));
}

static void test_one_that_may_ask_is_a_unit_or_all_instances_of_a_template(void)
{
    for (size_t i = 0; i < ELEMENTSOF(askers); i++)
        check(secret_who_is_valid(askers[i]));
    for (size_t i = 0; i < ELEMENTSOF(nobody); i++)
        check(!secret_who_is_valid(nobody[i]));
    check(secret_who_is_valid("unit:db@*.service"));
}

static void test_names_have_the_length_that_systemd_gives_them(void)
{
    char text[SECRET_UNIT_LIMIT + 16];

    (void)snprintf(text, sizeof(text), "unit:%*s.service", SECRET_UNIT_LIMIT - 8, "");
    for (char *c = text; *c; c++)
        if (*c == ' ')
            *c = 'u';
    check(secret_asker_is_valid(text));
    (void)snprintf(text, sizeof(text), "unit:%*s.service", SECRET_UNIT_LIMIT - 7, "");
    for (char *c = text; *c; c++)
        if (*c == ' ')
            *c = 'u';
    check(!secret_asker_is_valid(text));
}

static void test_a_unit_is_itself_and_no_other(void)
{
    for (size_t i = 0; i < ELEMENTSOF(askers); i++)
        for (size_t j = 0; j < ELEMENTSOF(askers); j++)
            check((i == j) == secret_who_names(askers[i], askers[j]));
    check(!secret_who_names("unit:db.service", "unit:db2.service"));
    check(!secret_who_names("unit:db2.service", "unit:db.service"));
    check(!secret_who_names("unit:db.service", "unit:db@main.service"));
    check(!secret_who_names("unit:db.service", "unit:DB.service"));
    check(!secret_who_names("volume:1000", "user:1000"));
    check(!secret_who_names("user:100", "user:1000"));
}

static void test_the_star_is_every_instance_of_its_template_and_nothing_else(void)
{
    const char *who = "unit:db@*.service";

    check(secret_who_names(who, "unit:db@main.service"));
    check(secret_who_names(who, "unit:db@a@b.service"));
    check(secret_who_names(who, "unit:db@x\\x2dy.service"));
    check(!secret_who_names(who, "unit:db.service"));
    check(!secret_who_names(who, "unit:db@.service"));
    check(!secret_who_names(who, "unit:dbx@main.service"));
    check(!secret_who_names(who, "unit:xdb@main.service"));
    check(!secret_who_names(who, "unit:d@b@main.service"));
    check(!secret_who_names(who, "unit:db@main.socket"));
    /* One that asks is no pattern, not even the same. */
    check(!secret_who_names(who, who));
}

static void test_what_is_not_valid_names_nobody(void)
{
    for (size_t i = 0; i < ELEMENTSOF(nobody); i++) {
        check(!secret_who_names(nobody[i], nobody[i]));
        check(!secret_who_names("unit:db@*.service", nobody[i]));
        check(!secret_who_names(nobody[i], "unit:db.service"));
    }
}

static const Test tests[] = {
    { "names of secrets", test_names_of_secrets },
    { "one that asks is one unit, volume or user", test_one_that_asks_is_one_unit_volume_or_user },
    { "one that may ask is a unit, or all instances of a template",
      test_one_that_may_ask_is_a_unit_or_all_instances_of_a_template },
    { "names have the length that systemd gives them",
      test_names_have_the_length_that_systemd_gives_them },
    { "a unit is itself and no other", test_a_unit_is_itself_and_no_other },
    { "the star is every instance of its template and nothing else",
      test_the_star_is_every_instance_of_its_template_and_nothing_else },
    { "what is not valid names nobody", test_what_is_not_valid_names_nobody },
};

TEST_MAIN(tests)
