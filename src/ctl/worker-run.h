/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-release or attest-worker as a child, for what is done without attestd. The same exchange
 * as over a socket of the service manager: one line and a descriptor there, one line back.
 */
#pragma once

#include "format/worker-answer.h"

enum {
    WORKER_RUN_OK,
    WORKER_RUN_E_ABSENT,    /* PROGRAM cannot be started */
    WORKER_RUN_E_NO_ANSWER, /* it ended without one, or with one that is none */
};

/*
 * Runs "PROGRAM VERB" on LINE, which ends in its line feed, with FD as its one descriptor, or with
 * none when that is negative, until it answers. No time limit: FD may be a pipe that somebody
 * writes slowly. A named no or negative errno.
 */
_must_check_ int worker_run(const char *program, const char *verb, ByteView line, int fd,
                            WorkerAnswer *ret);
/* Complains of R, not WORKER_RUN_OK, about attest-release at PROGRAM; an exit class. */
int worker_run_refuse(const char *program, int r);
