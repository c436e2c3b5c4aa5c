/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table-text.h"

#include "testing.h"

static const char *const texts[] = {
    "",
    "\n",
    "# comment",
    "# comment\n",
    "root  /dev/vda2  none  luks\n",
    "root  /dev/vda2  none  luks",
    "\t# attestctl volume data\n\nroot /dev/vda none\n\n\n",
    "# attestctl volume data2\ndata2 /dev/vdb x luks\n",
    "# attestctl volume data\nother /dev/vdb x luks\n",
    "# attestctl volume data\n",
    "# attestctl volume data",
};

static void test_undone(void)
{
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_free_ char *with = table_with(texts[i], "data", "data /dev/vdz key opts");
        check(with && strstr(with, "\ndata /dev/vdz key opts\n"));
        _cleanup_free_ char *again = table_with(with, "data", "data /dev/vdz key opts");
        check_str(again, with);
        _cleanup_free_ char *changed = table_with(with, "data", "data /dev/vdy key opts");
        check(strstr(changed, "\ndata /dev/vdy key opts\n") && !strstr(changed, "vdz"));
        _cleanup_free_ char *without = table_without(changed, "data");
        check_str(without, texts[i]);
        _cleanup_free_ char *twice = table_without(without, "data");
        check_str(twice, texts[i]);
    }
}

static void test_several(void)
{
    _cleanup_free_ char *one = table_with("a b c\nend", "data", "data 1");
    _cleanup_free_ char *two = table_with(one, "more", "/dev/mapper/more 2");
    _cleanup_free_ char *only_two = table_without(two, "data");
    _cleanup_free_ char *none = table_without(only_two, "more");
    TableCursor cursor = { .text = two };
    TableLine line;

    for (int i = 0; i < 2; i++)
        check(table_next(&cursor, &line) && !line.is_ours);
    check(table_next(&cursor, &line) && line.is_ours);
    check_int(line.number, 4);
    check_str(table_volume(&line), "data");
    check(table_next(&cursor, &line) && line.is_ours);
    check_str(table_volume(&line), "more");
    check(!table_next(&cursor, &line));
    check(strstr(only_two, "/dev/mapper/more 2\n") && !strstr(only_two, "data"));
    /* The line feed behind "end" is the second line's by then. */
    check_str(none, "a b c\nend\n");
}

static void test_new_file(void)
{
    _cleanup_free_ char *with = table_with(NULL, "data", "data 1");
    _cleanup_free_ char *without = table_without(with, "data");

    check(table_is_void(without));
    check(!table_is_void(with) && !table_is_void(""));
}

static void test_ours(void)
{
    static const struct {
        const char *text;
        bool is_ours;
    } cases[] = {
        { "# attestctl volume data\ndata x\n", true },
        { "# attestctl volume data\n\ndata x\n", false },
        { "# attestctl volume data\n# more\ndata x\n", false },
        { "# attestctl volume data2\ndata x\n", false },
        { "# attestctl volume dat\ndata x\n", false },
        { " # attestctl volume data\ndata x\n", false },
        { "# attestctl volume data \ndata x\n", false },
        { "# attestctl volume data\ndata2 x\n", false },
        { "data x\n", false },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        TableCursor cursor = { .text = cases[i].text };
        TableLine line;
        check(table_next(&cursor, &line));
        check_int(line.is_ours, cases[i].is_ours);
        _cleanup_free_ char *without = table_without(cases[i].text, "data");
        check_int(strcmp(without, cases[i].text) != 0, cases[i].is_ours);
    }
}

static void test_fields(void)
{
    char text[3 * TABLE_FIELD_SIZE];
    TableCursor cursor = { .text = "  a\tb  c,d=e   f g\r\n" };
    TableLine line;

    check(table_next(&cursor, &line));
    check_int(line.n_fields, TABLE_FIELDS);
    check_str(line.fields[0], "a");
    check_str(line.fields[2], "c,d=e");
    check_str(line.fields[3], "f");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    cursor = (TableCursor){ .text = text };
    check(table_next(&cursor, &line));
    check_int(line.n_fields, 1);
    check_int(strlen(line.fields[0]), TABLE_FIELD_SIZE - 1);
}

static void test_options(void)
{
    _cleanup_free_ char *header = table_option("luks,header=/a/b,noauto", "header");

    check_str(header, "/a/b");
    check(!table_option("luks,headers=/a", "header"));
    check(!table_option("luks,header", "header"));
    check(table_has_option("luks,noauto", "noauto") && table_has_option("noauto", "noauto"));
    check(!table_has_option("luks,noautox", "noauto") && !table_has_option("", "noauto"));
    check(table_has_option("headless=true", "headless") && table_has_option(",,a", "a"));
}

static const Test tests[] = {
    { "a line that is put in and taken out leaves every byte as it was", test_undone },
    { "several lines are told apart", test_several },
    { "a file that was begun is known to be empty again", test_new_file },
    { "a line is ours only right behind its own comment", test_ours },
    { "fields are read as blanks divide them", test_fields },
    { "options are found by their whole name", test_options },
};
TEST_MAIN(tests)
