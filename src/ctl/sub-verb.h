/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs that take a verb: "gate add NAME", "secrets list".
 */
#pragma once

#include "ctl/verb.h"

typedef struct SubVerb {
    const char *name;
    int (*run)(const char *name, const Options *options);
    bool takes_name;
} SubVerb;

/* Runs the one that the first argument names, "list" without one. An exit class. */
int sub_verb_run(const SubVerb *verbs, size_t n_verbs, const char *verb, const Options *options);
