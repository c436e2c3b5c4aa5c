/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading with a limit, writing atomically.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define READ_CHUNK 16384 /* bytes; a firmware log is some tens of KiB */

int fd_read_all(int fd, size_t limit, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    uint8_t chunk[READ_CHUNK];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if ((size_t)n > limit - bytes.size)
            return -EFBIG;
        int r = bytes_append(&bytes, (ByteView){ .data = chunk, .size = (size_t)n });
        if (r < 0)
            return r;
        if (n == 0)
            break;
    }
    *ret = TAKE_STRUCT(bytes);
    return 0;
}

int file_read(const char *path, size_t limit, Bytes *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return -errno;
    return fd_read_all(fd, limit, ret);
}

int fd_write_all(int fd, ByteView bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes.data += n;
        bytes.size -= (size_t)n;
    }
    return 0;
}

int file_sync_parent(const char *path)
{
    _cleanup_free_ char *copy = strdup(path);
    if (!copy)
        return -ENOMEM;

    char *slash = strrchr(copy, '/');
    if (slash)
        slash[slash == copy ? 1 : 0] = 0;

    _cleanup_close_ int fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

static int write_and_sync(int fd, ByteView bytes, unsigned mode)
{
    if (fchmod(fd, mode) < 0)
        return -errno;
    int r = fd_write_all(fd, bytes);
    if (r < 0)
        return r;
    return fsync(fd) < 0 ? -errno : 0;
}

int file_write_atomic(const char *path, ByteView bytes, unsigned mode)
{
    _cleanup_free_ char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }

    _cleanup_close_ int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;

    int r = write_and_sync(fd, bytes, mode);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlink(temporary);
        return r;
    }
    return file_sync_parent(path);
}

DIR *fd_entries(int fd)
{
    _cleanup_close_ int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own < 0 ? NULL : fdopendir(own);

    if (dir)
        (void)TAKE_FD(own);
    return dir;
}

int fd_make_directory(int at, const char *name, unsigned mode)
{
    if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
        return -errno;
    return TAKE_FD(fd);
}

int memfd_sealed(const char *name, ByteView bytes)
{
    _cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;

    int r = fd_write_all(fd, bytes);
    if (r < 0)
        return r;
    if (lseek(fd, 0, SEEK_SET) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -errno;
    return TAKE_FD(fd);
}
