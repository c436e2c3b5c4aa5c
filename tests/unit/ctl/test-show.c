/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/show.h"

#include "ctl/output.h"
#include "testing.h"

/* What SHOW prints, in a file that takes the place of standard output. */
static void printed(void (*show)(const json_t *json), const json_t *json, const char *wanted)
{
    char path[] = "/tmp/test-show.XXXXXX";
    _cleanup_bytes_ Bytes found = { 0 };
    _cleanup_close_ int fd = mkstemp(path), kept = dup(STDOUT_FILENO);

    check(fd >= 0 && kept >= 0);
    (void)fflush(stdout);
    check(dup2(fd, STDOUT_FILENO) >= 0);
    show(json);
    (void)fflush(stdout);
    check(dup2(kept, STDOUT_FILENO) >= 0);
    check(file_read(path, 65536, &found) == 0);
    (void)unlink(path);
    check_str((const char *)found.data, wanted);
}

static json_t *parsed(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    check(json != NULL);
    return json;
}

static void show_hostile(const json_t *json)
{
    show_text(show_string(json, "a"));
    (void)putchar('\n');
    show_field(json, "Row", "a");
    show_tree(json);
}

static void test_only_printable_ascii_is_shown(void)
{
    json_auto_t *json = parsed("{\"a\": \"x\\u001b[2J\\r\\n\\t\\u007f\\u009b\\u202e\\u00e9\"}");

    printed(show_hostile, json,
            "x\\x1b[2J\\x0d\\x0a\\x09\\x7f\\xc2\\x9b\\xe2\\x80\\xae\\xc3\\xa9\n"
            "             Row: x\\x1b[2J\\x0d\\x0a\\x09\\x7f\\xc2\\x9b\\xe2\\x80\\xae\\xc3\\xa9\n"
            "  a = x\\x1b[2J\\x0d\\x0a\\x09\\x7f\\xc2\\x9b\\xe2\\x80\\xae\\xc3\\xa9\n");
}

static void test_names_of_members_are_as_hostile_as_values(void)
{
    json_auto_t *json = parsed("{\"\\u001b]0;x\\u0007\": {\"y = z\": 1}}");

    printed(show_tree, json, "  \\x1b]0;x\\x07.y = z = 1\n");
}

static void show_values(const json_t *json)
{
    static const char *const names[] = { "text", "number", "yes",  "no",  "list",
                                         "deep", "empty",  "null", "none" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        show_field(json, names[i], names[i]);
    show_field(json, "path", "object.b.c");
    show_field(json, "path", "object.b.c.d");
    show_field(json, "path", "text.b");
}

static void test_values_have_their_texts(void)
{
    json_auto_t *json = parsed("{\"text\": \"a b\", \"number\": -7, \"yes\": true, \"no\": false,"
                               " \"list\": [1, \"x\", true], \"deep\": [[1]], \"empty\": \"\","
                               " \"null\": null, \"object\": {\"b\": {\"c\": 3}}}");

    printed(show_values, json,
            "            text: a b\n"
            "          number: -7\n"
            "             yes: yes\n"
            "              no: no\n"
            "            list: 1, x, yes\n"
            "            deep: [[1]]\n"
            "            path: 3\n");
}

static void show_some_bits(const json_t *json)
{
    static const ShowBit bits[] = { { 4, "four", "not four" }, { 5, NULL, "not five" } };

    show_bits(json, "Bits", "a", bits, ELEMENTSOF(bits), 0xf);
    show_bits(json, "Bits", "b", bits, ELEMENTSOF(bits), 0xf);
    show_bits(json, "Bits", "c", bits, ELEMENTSOF(bits), 0xf);
    show_bits(json, "Bits", "d", bits, ELEMENTSOF(bits), 0xf);
}

static void test_bits_are_put_into_words(void)
{
    json_auto_t *json = parsed("{\"a\": \"0x1f\", \"b\": 96, \"c\": \"what\"}");

    printed(show_some_bits, json,
            "            Bits: 0x1f\n"
            "                  four\n"
            "                  not five\n"
            "            Bits: 96\n"
            "                  not four\n"
            "                  bits of no known meaning: 0x40\n");
}

static void show_registers(const json_t *json)
{
    char text[SHOW_REGISTERS_SIZE];

    show_registers_text(json, text);
    (void)printf("%s\n", text);
}

static void test_registers_in_a_row_are_a_range(void)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        { "[]", "\n" },
        { "[7]", "7\n" },
        { "[0, 1]", "0, 1\n" },
        { "[0, 1, 2, 3, 4, 7, 9, 11, 12, 13]", "0-4, 7, 9, 11-13\n" },
        { "[9223372036854775807, -9223372036854775808, \"x\"]",
          "9223372036854775807, -9223372036854775808, 0\n" },
        { "{}", "\n" },
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        json_auto_t *json = parsed(rows[i].json);
        printed(show_registers, json, rows[i].text);
    }
}

static void show_everything(const json_t *json)
{
    static const char *const kinds[] = {
        "snp-report",    "snp-response", "snp-certificates",
        "evidence",      "hcl-report",   "td-quote",
        "tpm-quote",     "tpm-public",   "event-log",
        "tpm-signature", "pcrs",         "userspace-log",
        "token",         "jwks",         "certificate",
        "public-key",    "policy",       "trust",
        "ccel-table",    "of no kind",
    };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        show_content(kinds[i], json);
}

/* JSON comes from a library of another version, so nothing in it may be taken for granted. */
static void test_content_of_any_shape_is_shown_somehow(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"report\": 1, \"policy\": [], \"reported_tcb\": \"x\", \"pcr_selection\": {}, \"log\": "
        "3}",
        "{\"log\": [1, null, {}, {\"type\": 5}, {\"type\": \"EV_IPL\"}], \"replayed\": "
        "{\"sha256\": 1}}",
        "{\"certificates\": [1, {}], \"entries\": 7, \"members\": [1], \"demands\": [{}],"
        " \"uncovered\": [1]}",
        "{\"claims\": 3, \"header\": [], \"boot\": 1, \"hcl\": 4, \"td_quote\": null, \"sha1\": "
        "{\"0\": 1}}",
        "{\"pcr_selection\": [1, {\"pcrs\": 2}, {\"bank\": 1, \"pcrs\": [\"x\"]}], \"clock\": "
        "\"x\"}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        json_auto_t *json = parsed(texts[i]);
        (void)printf("  %s\n", texts[i]);
        show_everything(json);
    }
}

static const Test tests[] = {
    { "only printable ASCII is shown", test_only_printable_ascii_is_shown },
    { "names of members are as hostile as values", test_names_of_members_are_as_hostile_as_values },
    { "values have their texts", test_values_have_their_texts },
    { "bits are put into words", test_bits_are_put_into_words },
    { "registers in a row are a range", test_registers_in_a_row_are_a_range },
    { "content of any shape is shown somehow", test_content_of_any_shape_is_shown_somehow },
};

int main(int argc, char **argv)
{
    output_set_color(COLOR_NEVER);
    return run_tests(tests, ELEMENTSOF(tests), argc, argv);
}
