/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl: the list of verbs.
 */
#include "ctl/command.h"
#include "ctl/help.h"
#include "ctl/output.h"
#include "format/catalog.h"

#include <stdio.h>
#include <string.h>

#define STATE_DIRECTORY_DEFAULT   "/var/lib/attestd"
#define RUNTIME_DIRECTORY_DEFAULT "/run/attestd"

static const Verb *const lists[] = {
    verb_status,  verb_explain, verb_doctor,  verb_attest,  verb_wait,     verb_evidence,
    verb_token,   verb_verify,  verb_inspect, verb_policy,  verb_baseline, verb_gate,
    verb_seal,    verb_secrets, verb_volume,  verb_hold,    verb_loss,     verb_reseal,
    verb_recover, verb_config,  verb_reload,  verb_version,
};

static int parse_color(const char *text)
{
    static const char *const names[] = { "auto", "always", "never" };
    static const ColorMode modes[] = { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(text, names[i]) == 0) {
            output_set_color(modes[i]);
            return 0;
        }
    (void)fprintf(stderr,
                  "attestctl: --color=%s is not auto, always or never\n"
                  "Remedy: see \"attestctl --help\".\n",
                  text);
    return EXIT_CLASS_USAGE;
}

static int help(const Verbs *verbs, const Options *options)
{
    if (options->verb)
        help_print_verb(stdout, options->verb, options->argument);
    else
        help_print(stdout, verbs);
    return 0;
}

static int run(const Options *options)
{
    if (options->color && parse_color(options->color) != 0)
        return EXIT_CLASS_USAGE;
    return options->verb->run(options);
}

int main(int argc, char **argv)
{
    static const Verbs verbs = { lists, ELEMENTSOF(lists) };
    Options options = { .runtime_directory = RUNTIME_DIRECTORY_DEFAULT,
                        .state_directory = STATE_DIRECTORY_DEFAULT };

    output_set_color(COLOR_AUTO);
    switch (command_parse(&verbs, argc, argv, &options)) {
    case COMMAND_OK:
        return run(&options);
    case COMMAND_E_HELP:
        return help(&verbs, &options);
    case COMMAND_E_VERSION:
        return verb_version->run(&options);
    case COMMAND_E_NONE:
        help_print(stderr, &verbs);
        return EXIT_CLASS_USAGE;
    }
    return EXIT_CLASS_USAGE;
}
