/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exclusive flock on a named file of the lock directory, waited for with a limit.
 */
#pragma once

#include "base/macro.h"

enum { LOCK_FILE_OK, LOCK_FILE_E_BUSY };

/*
 * Opens DIRECTORY/NAME (made with 0600 when absent, and for the owner of DIRECTORY where root makes
 * it; never through a symbolic link) and takes the lock, trying for WAIT_USEC. RET_FD is O_CLOEXEC;
 * closing it unlocks. LOCK_FILE_OK, LOCK_FILE_E_BUSY or negative errno.
 */
_must_check_ int lock_file_take(const char *directory, const char *name, uint64_t wait_usec,
                                int *ret_fd);
