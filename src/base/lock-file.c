/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock, tried until the time is up: a blocked flock would have to be ended by a signal.
 */
#include "base/lock-file.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK_FILE_PAUSE_USEC 5000u /* a release is to take 25 ms in all */

#define LOCK_FILE_FLAGS (O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY)

/* Of one that root has made: who owns the directory has to open it, too. */
static int give_to_owner(int directory_fd, int fd)
{
    struct stat st;

    if (fstat(directory_fd, &st) < 0)
        return -errno;
    if (geteuid() != 0 || (st.st_uid == 0 && st.st_gid == getegid()))
        return 0;
    return fchown(fd, st.st_uid, st.st_gid) < 0 ? -errno : 0;
}

static int make_lock(int directory_fd, const char *name)
{
    _cleanup_close_ int fd = openat(directory_fd, name, LOCK_FILE_FLAGS | O_CREAT | O_EXCL, 0600);

    if (fd < 0 && errno == EEXIST) { /* somebody was quicker */
        int made = openat(directory_fd, name, LOCK_FILE_FLAGS);
        return made < 0 ? -errno : made;
    }
    if (fd < 0)
        return -errno;
    int r = give_to_owner(directory_fd, fd);
    return r < 0 ? r : TAKE_FD(fd);
}

static int open_lock(const char *directory, const char *name)
{
    _cleanup_close_ int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        return -errno;

    int fd = openat(directory_fd, name, LOCK_FILE_FLAGS);
    if (fd < 0 && errno == ENOENT)
        return make_lock(directory_fd, name);
    return fd < 0 ? -errno : fd;
}

int lock_file_take(const char *directory, const char *name, uint64_t wait_usec, int *ret_fd)
{
    _cleanup_close_ int fd = open_lock(directory, name);
    uint64_t start = clock_boottime_usec(&clock_system);

    if (fd < 0)
        return fd;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -errno;
        if (clock_boottime_usec(&clock_system) - start >= wait_usec)
            return LOCK_FILE_E_BUSY;
        (void)usleep(LOCK_FILE_PAUSE_USEC);
    }
    *ret_fd = TAKE_FD(fd);
    return LOCK_FILE_OK;
}
