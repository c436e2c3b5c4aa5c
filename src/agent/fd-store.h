/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service manager's file-descriptor store, as far as it is written to (sd_notify(3)). Without a
 * manager nothing happens. Reading it is passed-fds.
 */
#pragma once

#include "base/macro.h"

/* Puts a copy of FD into the store. The manager drops it when its peer hangs up. Negative errno. */
_must_check_ int fd_store_put(const char *name, int fd);
/* The same for what nobody can hang up: files. Negative errno. */
_must_check_ int fd_store_put_file(const char *name, int fd);
/* Removes every copy called NAME. */
void fd_store_remove(const char *name);
