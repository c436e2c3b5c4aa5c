/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs and options in columns.
 */
#include "ctl/help.h"

#include <string.h>

#define COLUMN_VERB   24 /* where the help of a verb begins */
#define COLUMN_OPTION 27 /* and that of an option */

/* "gate add NAME", and what it does. */
static void print_form(FILE *out, const Verb *verb)
{
    char text[64];

    (void)snprintf(text, sizeof(text), verb->is_default ? "%s%s[%s]%s%s" : "%s%s%s%s%s", verb->name,
                   verb->form ? " " : "", verb->form ? verb->form : "", verb->argument ? " " : "",
                   verb->argument ? verb->argument : "");
    (void)fprintf(out, "  %-*s %s\n", COLUMN_VERB, text, verb->help);
}

static void print_option(FILE *out, const Option *option)
{
    char text[64];

    (void)snprintf(text, sizeof(text), option->kind == OPTION_MAYBE ? "--%s[%s%s]" : "--%s%s%s",
                   option->name, option->value ? "=" : "", option->value ? option->value : "");
    (void)fprintf(out, "      %-*s %s%s%s\n", COLUMN_OPTION, text, option->help,
                  option->kind == OPTION_TEXTS ? "; may be given again" : "",
                  option->is_required ? " (needed)" : "");
}

static void print_options(FILE *out, const Option *options)
{
    for (const Option *option = options; option && option->name; option++)
        print_option(out, option);
}

void help_print(FILE *out, const Verbs *verbs)
{
    (void)fputs("attestctl VERB [ARGUMENT] [OPTION...]\n\nVerbs:\n", out);
    for (size_t i = 0; i < verbs->n_lists; i++)
        for (const Verb *verb = verbs->lists[i]; verb->name; verb++)
            print_form(out, verb);
    (void)fputs("\nOptions of every verb; \"attestctl VERB --help\" lists its own:\n"
                "  --color=WHEN                auto, always or never\n"
                "  -h, --help                  this text\n"
                "  --version                   the version\n"
                "\nExit: 0 attested, passed or done, 1 internal, 2 usage, configuration or\n"
                "      unreadable, 3 not attested, 4 verifier unreachable, 5 refused or failed,\n"
                "      6 not a confidential VM. Manual: attestctl(1).\n",
                out);
}

static bool has_form(const Verb *verb, const char *word)
{
    for (; verb->name; verb++)
        if (verb->form && word && strcmp(verb->form, word) == 0)
            return true;
    return false;
}

void help_print_verb(FILE *out, const Verb *verb, const char *word)
{
    bool is_one = has_form(verb, word);

    for (bool is_first = true; verb->name; verb++) {
        if (is_one && (!verb->form || strcmp(verb->form, word) != 0))
            continue;
        (void)fputs(is_first ? "attestctl\n" : "\n", out);
        print_form(out, verb);
        print_options(out, verb->options);
        is_first = false;
    }
}
