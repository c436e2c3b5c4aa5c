/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second word of a command.
 */
#include "ctl/sub-verb.h"

#include "ctl/complain.h"

#include <string.h>

#define REMEDY_HELP "see \"attestctl --help\""

int sub_verb_run(const SubVerb *verbs, size_t n_verbs, const char *verb, const Options *options)
{
    const char *wanted = options->n_arguments > 0 ? options->arguments[0] : "list";

    for (size_t i = 0; i < n_verbs; i++) {
        if (strcmp(verbs[i].name, wanted) != 0)
            continue;
        if (options->n_arguments > 2 - (verbs[i].takes_name ? 0 : 1))
            return complain_of_usage(REMEDY_HELP, "argument %s is not expected here",
                                     options->arguments[1]);
        if (verbs[i].takes_name && options->n_arguments < 2)
            return complain_of_usage(REMEDY_HELP, "%s %s of what?", verb, wanted);
        return verbs[i].run(verbs[i].takes_name ? options->arguments[1] : NULL, options);
    }
    return complain_of_usage(REMEDY_HELP, "%s %s is not known", verb, wanted);
}
