/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent of the serving processes: starts them on one socket, replaces one that dies, puts a
 * new generation in place when SIGHUP brings a new policy, and leaves none behind.
 */
#pragma once

#include "verifier/instance.h"

/* A process that lived shorter than this is replaced only after as long a wait. */
#define SUPERVISE_PACE_SEC 1
/* Until a process that was told to end is killed: twice what it may drain. */
#define SUPERVISE_STOP_SEC 6

typedef struct SuperviseOptions {
    const char *directory;
    const char *listen; /* NULL: what the configuration says */
    uint64_t processes; /* 0: what the configuration says */
} SuperviseOptions;

enum { SUPERVISE_OK, SUPERVISE_E_INVALID };

/*
 * Serves until SIGTERM or SIGINT. SUPERVISE_E_INVALID: it could not begin, FINDINGS say why.
 * Negative errno.
 */
_must_check_ int supervise(const SuperviseOptions *options, Findings *findings);
