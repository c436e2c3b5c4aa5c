/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every worker program does before and after its work.
 */
#pragma once

#include "worker/serve.h"
#include "worker/verb.h"

#define PROGRAM_EXIT_USAGE 2

/*
 * Gives up dumps and traces, takes the one accepted connection that the service manager passed and
 * serves it with RUN. Says in the log what goes wrong. The exit status.
 */
_must_check_ int program_serve(ServeRun *run, const void *context);

/* A program that is told by its one argument what to do. */
typedef struct ProgramVerbs {
    const Verb *items;
    size_t n_items;
    const char *help; /* for --help and for whoever uses it wrongly */
} ProgramVerbs;

/* Serves the one connection with the verb of ARGV. The exit status. */
_must_check_ int program_run_verb(const ProgramVerbs *verbs, int argc, char **argv);
