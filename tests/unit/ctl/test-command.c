/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/command.h"

#include "testing.h"

#include <getopt.h>

static int run(const Options *options)
{
    (void)options;
    return 0;
}

static const Option go_options[] = {
    FLAG_OPTION("json", json, "as JSON"),
    TEXT_OPTION("nonce", nonce, "HEX", "a nonce"),
    LIST_OPTION("for", who, "WHO", "who"),
    MAYBE_OPTION("cap-pcr", cap_pcr, "PCR", "a number, or none"),
    { 0 },
};

static const Option stop_options[] = {
    { .name = "report",
      .kind = OPTION_ONE,
      .offset = offsetof(Options, report),
      .value = "FILE",
      .help = "a report",
      .is_required = true },
    { 0 },
};

static const Verb go[] = {
    { .name = "go", .argument = "FILE", .help = "goes", .run = run, .options = go_options },
    { .name = "go", .form = "stop", .help = "stops", .run = run, .options = stop_options },
    { 0 },
};

static const Verb gate[] = {
    { .name = "gate", .form = "add", .argument = "NAME", .help = "adds", .run = run },
    { .name = "gate", .form = "list", .is_default = true, .help = "lists", .run = run },
    { .name = "gate", .form = "file add", .argument = "NAME", .help = "files", .run = run },
    { 0 },
};

static const Verb plain[] = { { .name = "plain", .help = "is", .run = run }, { 0 } };

static const Verb many[] = {
    { .name = "many",
      .argument = "[NAME...]",
      .takes_any_number = true,
      .help = "takes some",
      .run = run,
      .options = go_options },
    { 0 },
};

static const Verb *const lists[] = { go, gate, plain, many };
static const Verbs verbs = { lists, ELEMENTSOF(lists) };

/* LINE in words, the program's name before them. */
static int parse(const char *line, Options *options)
{
    static char copy[8192];
    char *words[512] = { copy }, *rest = NULL;
    int n = 1;

    *options = (Options){ 0 };
    (void)snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[n++] = word;
    words[0] = copy + sizeof(copy) - 1;
    optind = 0; /* getopt(3): start anew */
    return command_parse(&verbs, n, words, options);
}

static void test_options_stand_before_and_behind_the_verb(void)
{
    Options options;

    check_int(parse("--json go evidence.json --nonce=aa --for a --for=b", &options), COMMAND_OK);
    check(options.verb == &go[0]);
    check(options.json);
    check_str(options.argument, "evidence.json");
    check_str(options.nonce, "aa");
    check_int(options.who.n_items, 2);
    check_str(options.who.items[1], "b");
    check_int(parse("go - --nonce bb --nonce=cc", &options), COMMAND_OK);
    check_str(options.argument, "-");
    check_str(options.nonce, "cc");
}

static void test_the_word_behind_a_verb_chooses_its_form(void)
{
    Options options;

    check_int(parse("go stop --report=r", &options), COMMAND_OK);
    check(options.verb == &go[1] && !options.argument);
    check_int(parse("go ./stop", &options), COMMAND_OK);
    check(options.verb == &go[0]);
    check_int(parse("gate", &options), COMMAND_OK);
    check(options.verb == &gate[1]);
    check_int(parse("gate list", &options), COMMAND_OK);
    check(options.verb == &gate[1]);
    check_int(parse("gate add x", &options), COMMAND_OK);
    check(options.verb == &gate[0]);
    check_str(options.argument, "x");
    check_int(parse("plain --color=never", &options), COMMAND_OK);
    check_str(options.color, "never");
    check_int(parse("go -- --json", &options), COMMAND_OK);
    check_str(options.argument, "--json");
    check(!options.json);
}

static void test_a_form_may_be_of_two_words(void)
{
    Options options;

    check_int(parse("gate file add x", &options), COMMAND_OK);
    check_str(options.verb->form, "file add");
    check_str(options.argument, "x");
    check_int(parse("gate file --help", &options), COMMAND_E_HELP);
}

static void test_a_value_may_be_left_out_where_there_is_a_usual_one(void)
{
    Options options;

    check_int(parse("go x", &options), COMMAND_OK);
    check(!options.cap_pcr);
    check_int(parse("go --cap-pcr x", &options), COMMAND_OK);
    check_str(options.cap_pcr, "");
    check_str(options.argument, "x");
    check_int(parse("go x --cap-pcr=8", &options), COMMAND_OK);
    check_str(options.cap_pcr, "8");
}

static void test_a_verb_may_take_any_number_of_arguments(void)
{
    Options options;

    check_int(parse("many", &options), COMMAND_OK);
    check_int(options.n_arguments, 0);
    check_int(parse("many --json a b --nonce=00 c", &options), COMMAND_OK);
    check_int(options.n_arguments, 3);
    check_str(options.arguments[0], "a");
    check_str(options.arguments[2], "c");
    check_int(parse("many a --report=r", &options), COMMAND_E_USAGE);
}

static void test_what_does_not_belong_is_refused(void)
{
    static const char *const lines[] = {
        "dance",           "go",
        "go a b",          "go stop",
        "go stop x",       "go stop --report=r --report=s",
        "gate dance",      "gate add",
        "gate file",       "gate file add",
        "gate add file x", "gate file x",
        "gate fileadd x",  "gate file add x y",
        "gate add x y",    "gate list x",
        "plain x",         "plain --json",
        "gate --json",     "go stop --report=r --nonce=aa",
        "go x --report=r", "go x --unknown",
        "go x --nonce",    "go x --json=yes",
    };
    Options options;

    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        (void)printf("  %s\n", lines[i]);
        check_int(parse(lines[i], &options), COMMAND_E_USAGE);
    }
}

static void test_help_and_version_come_first(void)
{
    Options options;

    check_int(parse("", &options), COMMAND_E_NONE);
    check_int(parse("--help", &options), COMMAND_E_HELP);
    check(!options.verb);
    check_int(parse("go -h", &options), COMMAND_E_HELP);
    check(options.verb == go);
    check_int(parse("gate add --help", &options), COMMAND_E_HELP);
    check(options.verb == gate);
    check_int(parse("--version go", &options), COMMAND_E_VERSION);
}

static void test_lists_and_lines_have_limits(void)
{
    char line[8192] = "go x";
    Options options;

    for (size_t i = 0; i < OPTION_TEXTS_MAX; i++)
        (void)strncat(line, " --for=a", sizeof(line) - strlen(line) - 1);
    check_int(parse(line, &options), COMMAND_OK);
    (void)strncat(line, " --for=a", sizeof(line) - strlen(line) - 1);
    check_int(parse(line, &options), COMMAND_E_USAGE);
    for (size_t i = 0; i < 128; i++)
        (void)strncat(line, " --json", sizeof(line) - strlen(line) - 1);
    check_int(parse(line, &options), COMMAND_E_USAGE);
}

static const Test tests[] = {
    { "options stand before and behind the verb", test_options_stand_before_and_behind_the_verb },
    { "the word behind a verb chooses its form", test_the_word_behind_a_verb_chooses_its_form },
    { "a form may be of two words", test_a_form_may_be_of_two_words },
    { "a value may be left out where there is a usual one",
      test_a_value_may_be_left_out_where_there_is_a_usual_one },
    { "a verb may take any number of arguments", test_a_verb_may_take_any_number_of_arguments },
    { "what does not belong is refused", test_what_does_not_belong_is_refused },
    { "help and version come first", test_help_and_version_come_first },
    { "lists and lines have limits", test_lists_and_lines_have_limits },
};

TEST_MAIN(tests)
