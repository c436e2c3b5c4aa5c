/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FDSTORE=1 and FDSTOREREMOVE=1.
 */
#include "agent/fd-store.h"

#include <errno.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

static int put(const char *name, const char *more, int fd)
{
    char state[320];

    int n = snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s%s", name, more);
    if (n < 0 || (size_t)n >= sizeof(state))
        return -EINVAL;
    int r = sd_pid_notify_with_fds(0, 0, state, &fd, 1);
    return r < 0 ? r : 0;
}

int fd_store_put(const char *name, int fd)
{
    return put(name, "", fd);
}

int fd_store_put_file(const char *name, int fd)
{
    return put(name, "\nFDPOLL=0", fd);
}

void fd_store_remove(const char *name)
{
    (void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}
