/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock on a directory that the store of approvals is in anyway.
 */
#include "agent/instance.h"

#include "agent/approvals.h"
#include "base/clock.h"

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

#define PAUSE_USEC 20000u

int instance_take(const char *runtime_directory, uint64_t wait_usec, int *ret_fd)
{
    ApprovalStore store = APPROVAL_STORE_INIT;
    uint64_t start = clock_boottime_usec(&clock_system);

    int r = approval_store_open(runtime_directory, &store);
    if (r < 0)
        return r;
    _cleanup_close_ int fd = store.fd;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -errno;
        if (clock_boottime_usec(&clock_system) - start >= wait_usec)
            return INSTANCE_E_OTHER;
        (void)usleep(PAUSE_USEC);
    }
    *ret_fd = TAKE_FD(fd);
    return INSTANCE_OK;
}
