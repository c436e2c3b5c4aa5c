/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptors that the service manager passed at the start, by name: sockets, and what the run
 * before left in the descriptor store (sd_listen_fds(3)). Each owner takes its own.
 */
#pragma once

#include "base/macro.h"

/* Owned: passed_fds_done(). Zeroed is empty. */
typedef struct PassedFds {
    char **names; /* by position; an empty name: taken */
    int n_fds;
} PassedFds;

/* Negative errno. */
_must_check_ int passed_fds_open(PassedFds *ret);
/* Closes what nobody took. */
void passed_fds_done(PassedFds *passed);
#define _cleanup_passed_fds_ _cleanup_(passed_fds_done)

/* The first one called NAME, now the caller's; -EBADF when there is none. */
int passed_fds_take(PassedFds *passed, const char *name);
/*
 * The first one called PREFIX with a number from 0 to LIMIT - 1 behind it, which goes to
 * RET_NUMBER; -EBADF when there is none.
 */
int passed_fds_take_numbered(PassedFds *passed, const char *prefix, unsigned limit,
                             unsigned *ret_number);
