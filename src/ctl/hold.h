/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits for the end of the standing file "trusted", which attestd writes while it holds a verdict:
 * its removal, or the moment that it names, on the boot clock. It runs as long as a verdict does,
 * so it needs libc and nothing else.
 */
#pragma once

#include "base/macro.h"

enum {
    HOLD_OK,          /* there is no verdict, or no longer */
    HOLD_E_MALFORMED, /* the file is not what attestd writes */
};

/* "expires_boottime_usec=N" and a line feed. HOLD_OK or HOLD_E_MALFORMED. */
_must_check_ int hold_parse(const char *text, size_t size, uint64_t *ret_boottime_usec);
/*
 * Returns when DIRECTORY/trusted is gone, or expired: then it has been removed, unless attestd has
 * just renewed it. READY=1 goes to NOTIFY_SOCKET (NULL: to nobody) once it is known to be there.
 * HOLD_OK, HOLD_E_MALFORMED or negative errno.
 */
_must_check_ int hold(const char *directory, const char *notify_socket);
