/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: which verb is meant, and which options came with it. An option that the verb
 * does not take is an error, wherever it stands.
 */
#pragma once

#include "ctl/verb.h"

/* Every verb there is: lists of forms, each ended by a row without a name. */
typedef struct Verbs {
    const Verb *const *lists;
    size_t n_lists;
} Verbs;

enum {
    COMMAND_OK,
    COMMAND_E_HELP, /* --help; OPTIONS->verb begins the verb's list, or is NULL; ->argument is the
                     * word behind it */
    COMMAND_E_VERSION, /* --version */
    COMMAND_E_NONE,    /* no verb */
    COMMAND_E_USAGE,   /* said on stderr */
};

/* Fills OPTIONS, which arrives with the defaults. */
_must_check_ int command_parse(const Verbs *verbs, int argc, char **argv, Options *options);
