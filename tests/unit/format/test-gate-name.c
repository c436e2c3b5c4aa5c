/* SPDX-License-Identifier: Apache-2.0 */
#include "format/gate-name.h"

#include "testing.h"

static void test_names_of_gates(void)
{
    static const char *const good[] = { "db", "0", "a-b", "a-", "9lives", "z" };

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(gate_name_is_valid(good[i]));
}

static void test_what_is_no_name_of_a_gate(void)
{
    static const char *const bad[] = {
        "",  "-",  "-a",  ".", "..", "a.b",      "a_b",   "a/b",  "a b",
        "A", "aB", "a\n", "*", "a:", "\xc3\xa9", "a\x7f", "a%00",
    };

    check(!gate_name_is_valid(NULL));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!gate_name_is_valid(bad[i]));
}

static void test_names_have_a_length(void)
{
    char name[GATE_NAME_LIMIT + 2];

    memset(name, 'g', sizeof(name));
    name[GATE_NAME_LIMIT + 1] = 0;
    check(!gate_name_is_valid(name));
    check(gate_name_is_valid(name + 1));
}

static const Test tests[] = {
    { "names of gates", test_names_of_gates },
    { "what is no name of a gate", test_what_is_no_name_of_a_gate },
    { "names have a length", test_names_have_a_length },
};

TEST_MAIN(tests)
