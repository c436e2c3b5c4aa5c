/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options may stand before the verb that takes them, so they are gathered first, by the names that
 * any verb knows, and handed out when the verb is known.
 */
#include "ctl/command.h"

#include "ctl/complain.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX   96  /* different option names of all verbs */
#define GIVEN_MAX   128 /* options of one command line */
#define VALUE_FIRST 256 /* of getopt's values, above every character */

#define REMEDY_HELP "see \"attestctl --help\""

static const Option common[] = {
    TEXT_OPTION("color", color, "WHEN", "auto, always or never"),
    { 0 },
};

/* As it was given; not yet known to belong. */
typedef struct Given {
    const char *name;
    const char *value; /* NULL: a flag */
} Given;

typedef struct CommandLine {
    struct option names[NAMES_MAX + 1]; /* for getopt_long(); ended by zeros */
    size_t n_names;
    Given given[GIVEN_MAX];
    size_t n_given;
    bool has_help, has_version;
    char **words; /* verb, form, argument */
    size_t n_words;
} CommandLine;

static void add_name(CommandLine *line, const char *name, int has_argument)
{
    for (size_t i = 0; i < line->n_names; i++)
        if (strcmp(line->names[i].name, name) == 0)
            return;
    if (line->n_names == NAMES_MAX)
        return; /* a test has every option of every verb */
    line->names[line->n_names] =
        (struct option){ name, has_argument, NULL, VALUE_FIRST + (int)line->n_names };
    line->n_names++;
}

static int argument_of(OptionKind kind)
{
    if (kind == OPTION_FLAG)
        return no_argument;
    return kind == OPTION_MAYBE ? optional_argument : required_argument;
}

static void add_options(CommandLine *line, const Option *options)
{
    for (const Option *option = options; option && option->name; option++)
        add_name(line, option->name, argument_of(option->kind));
}

static void add_names(CommandLine *line, const Verbs *verbs)
{
    add_name(line, "help", no_argument);
    add_name(line, "version", no_argument);
    add_options(line, common);
    for (size_t i = 0; i < verbs->n_lists; i++)
        for (const Verb *verb = verbs->lists[i]; verb->name; verb++)
            add_options(line, verb->options);
}

/* getopt has said what is wrong with an option that it does not know. */
static int gather(CommandLine *line, int argc, char **argv)
{
    int c;

    while ((c = getopt_long(argc, argv, "h", line->names, NULL)) >= 0) {
        if (c == '?')
            return COMMAND_E_USAGE;
        const char *name = c == 'h' ? "help" : line->names[c - VALUE_FIRST].name;
        if (strcmp(name, "help") == 0)
            line->has_help = true;
        else if (strcmp(name, "version") == 0)
            line->has_version = true;
        else if (line->n_given < GIVEN_MAX)
            line->given[line->n_given++] = (Given){ name, optarg };
        else {
            (void)complain_of_usage(REMEDY_HELP, "more than %d options", GIVEN_MAX);
            return COMMAND_E_USAGE;
        }
    }
    line->words = argv + optind;
    line->n_words = (size_t)(argc - optind);
    return COMMAND_OK;
}

/* The list of verbs called NAME; NULL: there is none. */
static const Verb *find_list(const Verbs *verbs, const char *name)
{
    for (size_t i = 0; i < verbs->n_lists; i++)
        if (strcmp(verbs->lists[i]->name, name) == 0)
            return verbs->lists[i];
    return NULL;
}

/* How many of WORDS spell FORM, "add" or "file add"; 0: they do not. */
static size_t count_form(const char *form, char *const *words, size_t n_words)
{
    size_t first = strcspn(form, " ");

    if (n_words == 0 || strlen(words[0]) != first || memcmp(words[0], form, first) != 0)
        return 0;
    if (!form[first])
        return 1;
    return n_words > 1 && strcmp(words[1], form + first + 1) == 0 ? 2 : 0;
}

/*
 * By the WORDS behind the verb; RET_N of them are its form. A form that has no word of its own
 * takes any as its argument.
 */
static const Verb *find_form(const Verb *list, char *const *words, size_t n_words, size_t *ret_n)
{
    const Verb *plain = NULL;

    for (const Verb *verb = list; verb->name; verb++) {
        *ret_n = verb->form ? count_form(verb->form, words, n_words) : 0;
        if (*ret_n > 0)
            return verb;
        if (!verb->form || (n_words == 0 && verb->is_default))
            plain = verb;
    }
    return plain;
}

typedef struct Remedy {
    char text[64];
} Remedy;

/* Where the help of the verb called NAME is, which is one of ours. */
static Remedy remedy_of(const char *name)
{
    Remedy remedy;

    (void)snprintf(remedy.text, sizeof(remedy.text), "see \"attestctl %s --help\"", name);
    return remedy;
}

/* Finds the verb, and the argument behind it. */
static int find_verb(const Verbs *verbs, const CommandLine *line, Options *options)
{
    const char *name = line->words[0], *word = line->n_words > 1 ? line->words[1] : NULL;
    const Verb *list = find_list(verbs, name);

    if (!list) {
        (void)complain_of_usage(REMEDY_HELP, "%s is not a verb", name);
        return COMMAND_E_USAGE;
    }
    options->verb = list;
    options->argument = word;
    if (line->has_help)
        return COMMAND_E_HELP;
    size_t n_form;
    const Verb *verb = find_form(list, line->words + 1, line->n_words - 1, &n_form);
    if (!verb) {
        (void)complain_of_usage(remedy_of(name).text, "%s %s is not known", name,
                                word ? word : "alone");
        return COMMAND_E_USAGE;
    }
    size_t n_used = 1 + n_form, n_wanted = n_used + (verb->argument ? 1 : 0);
    if (verb->takes_any_number) {
        options->verb = verb;
        options->arguments = line->words + n_used;
        options->n_arguments = line->n_words - n_used;
        return COMMAND_OK;
    }
    if (line->n_words > n_wanted) {
        (void)complain_of_usage(REMEDY_HELP, "argument %s is not expected here",
                                line->words[n_wanted]);
        return COMMAND_E_USAGE;
    }
    if (line->n_words < n_wanted) {
        (void)complain_of_usage(remedy_of(name).text, "%s%s%s needs %s", name,
                                verb->form ? " " : "", verb->form ? verb->form : "",
                                verb->argument);
        return COMMAND_E_USAGE;
    }
    options->verb = verb;
    options->argument = verb->argument ? line->words[n_used] : NULL;
    return COMMAND_OK;
}

static const Option *find_option(const Option *options, const char *name)
{
    for (const Option *option = options; option && option->name; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

static int complain_of_option(const Verb *verb, const char *name, const char *what)
{
    (void)complain_of_usage(remedy_of(verb->name).text, "%s%s%s %s --%s", verb->name,
                            verb->form ? " " : "", verb->form ? verb->form : "", what, name);
    return COMMAND_E_USAGE;
}

static int take_option(const Option *option, const char *value, Options *options)
{
    char *place = (char *)options + option->offset;
    OptionTexts *texts;

    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)place = true;
        return COMMAND_OK;
    case OPTION_ONE:
        if (*(const char **)(void *)place)
            return complain_of_option(options->verb, option->name, "takes only one");
        *(const char **)(void *)place = value;
        return COMMAND_OK;
    case OPTION_TEXT:
        *(const char **)(void *)place = value;
        return COMMAND_OK;
    case OPTION_MAYBE:
        *(const char **)(void *)place = value ? value : "";
        return COMMAND_OK;
    case OPTION_TEXTS:
        texts = (OptionTexts *)(void *)place;
        if (texts->n_items == OPTION_TEXTS_MAX) {
            (void)complain_of_usage(REMEDY_HELP, "--%s=%s is not one of at most %d", option->name,
                                    value, OPTION_TEXTS_MAX);
            return COMMAND_E_USAGE;
        }
        texts->items[texts->n_items++] = value;
        return COMMAND_OK;
    }
    return COMMAND_E_USAGE;
}

/* Was the option of this name given? */
static bool has_option(const CommandLine *line, const char *name)
{
    for (size_t i = 0; i < line->n_given; i++)
        if (strcmp(line->given[i].name, name) == 0)
            return true;
    return false;
}

static int take_options(const CommandLine *line, Options *options)
{
    const Verb *verb = options->verb;
    int r = COMMAND_OK;

    for (size_t i = 0; i < line->n_given && r == COMMAND_OK; i++) {
        const Given *given = &line->given[i];
        const Option *option = find_option(verb->options, given->name);
        if (!option)
            option = find_option(common, given->name);
        r = option ? take_option(option, given->value, options)
                   : complain_of_option(verb, given->name, "does not take");
    }
    for (const Option *option = verb->options; r == COMMAND_OK && option && option->name; option++)
        if (option->is_required && !has_option(line, option->name))
            r = complain_of_option(verb, option->name, "needs");
    return r;
}

int command_parse(const Verbs *verbs, int argc, char **argv, Options *options)
{
    CommandLine line = { 0 };

    add_names(&line, verbs);
    int r = gather(&line, argc, argv);
    if (r != COMMAND_OK)
        return r;
    if (line.has_version)
        return COMMAND_E_VERSION;
    if (line.n_words == 0)
        return line.has_help ? COMMAND_E_HELP : COMMAND_E_NONE;
    r = find_verb(verbs, &line, options);
    return r == COMMAND_OK ? take_options(&line, options) : r;
}
