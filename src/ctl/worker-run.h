/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-release or attest-worker as a child, for what is done without attestd. The same exchange
 * as over a socket of the service manager: one line and descriptors there, one line back.
 */
#pragma once

#include "format/worker-answer.h"

#include <sys/types.h>

enum {
    WORKER_RUN_OK,
    WORKER_RUN_E_ABSENT,    /* PROGRAM cannot be started */
    WORKER_RUN_E_NO_ANSWER, /* it ended without one, or with one that is none */
    WORKER_RUN_E_SILENT,    /* no answer within the order's time; it was ended */
};

#define WORKER_RUN_FDS    8
#define WORKER_RUN_GROUPS 64

/* As whom the worker runs, where root starts it. */
typedef struct WorkerUser {
    uid_t uid;
    gid_t gid;
    gid_t groups[WORKER_RUN_GROUPS];
    int n_groups;
} WorkerUser;

/* Borrowed. */
typedef struct WorkerOrder {
    const char *program, *verb;
    ByteView line;           /* ends in its line feed */
    int fds[WORKER_RUN_FDS]; /* go with the first bytes */
    size_t n_fds;
    const WorkerUser *user; /* NULL: as whom we run */
    uint64_t timeout_usec;  /* for all of it, until the worker is gone; 0: none */
} WorkerOrder;

/* Runs "PROGRAM VERB" until it answers. A named no or negative errno. */
_must_check_ int worker_run_order(const WorkerOrder *order, WorkerAnswer *ret);

/*
 * Runs "PROGRAM VERB" on LINE, which ends in its line feed, with FD as its one descriptor, or with
 * none when that is negative, until it answers. No time limit: FD may be a pipe that somebody
 * writes slowly. A named no or negative errno.
 */
_must_check_ int worker_run(const char *program, const char *verb, ByteView line, int fd,
                            WorkerAnswer *ret);
/* Complains of R, not WORKER_RUN_OK, about attest-release at PROGRAM; an exit class. */
int worker_run_refuse(const char *program, int r);
