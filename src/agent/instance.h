/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attestd a runtime directory: a second would take the other's approvals and standing for its
 * own, and wipe them.
 */
#pragma once

#include "base/macro.h"

/* A restart may overlap with the end of the run before by less. */
#define INSTANCE_WAIT_USEC (UINT64_C(3) * 1000 * 1000)

enum {
    INSTANCE_OK,
    INSTANCE_E_OTHER, /* another attestd uses it, and went on doing so */
};

/*
 * Takes RUNTIME_DIRECTORY/approvals, made when absent, for this process: an flock on the directory,
 * which is closed to other users. RET_FD keeps it. A named no or negative errno.
 */
_must_check_ int instance_take(const char *runtime_directory, uint64_t wait_usec, int *ret_fd);
