/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --help prints, made from the tables.
 */
#pragma once

#include "ctl/command.h"

#include <stdio.h>

/* All verbs, a line each. */
void help_print(FILE *out, const Verbs *verbs);
/*
 * All forms of VERB, which begins its list, and their options; or the one form that is called WORD,
 * when there is one.
 */
void help_print_verb(FILE *out, const Verb *verb, const char *word);
