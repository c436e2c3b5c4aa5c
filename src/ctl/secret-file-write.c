/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a credential to a file and away again. The directory is opened once, without following
 * links, and everything happens in it.
 */
#include "ctl/complain.h"
#include "ctl/secret-as-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MODE_MAX 0770 /* whoever is not named has no part in it */

bool secret_file_mode(const char *text, mode_t *ret)
{
    mode_t mode = 0;

    if (strlen(text) < 3 || strlen(text) > 4 || strspn(text, "01234567") != strlen(text))
        return false;
    for (; *text; text++)
        mode = mode * 8 + (mode_t)(*text - '0');
    if (mode == 0 || (mode & ~(mode_t)MODE_MAX))
        return false;
    *ret = mode;
    return true;
}

/*
 * The directory of PATH, and the rest of it. No part of the way may be a link: so it is gone step
 * by step, since systemd's RestrictSUIDSGID= leaves a service no openat2(2).
 */
static int open_parent(const char *path, const char **ret_name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    _cleanup_close_ int fd = open("/", flags);
    char part[NAME_MAX + 1];

    for (const char *slash = strchr(++path, '/'); fd >= 0 && slash; slash = strchr(path, '/')) {
        int length = snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        if (length < 0 || (size_t)length >= sizeof(part))
            return -ENAMETOOLONG;
        int next = openat(fd, part, flags);
        if (next < 0)
            return -errno;
        (void)close(fd);
        fd = next;
        path = slash + 1;
    }
    if (fd < 0)
        return -errno;
    *ret_name = path;
    return TAKE_FD(fd);
}

static bool is_in_memory(int fd)
{
    struct statfs status;

    return fstatfs(fd, &status) == 0 && ((unsigned long)status.f_type == TMPFS_MAGIC ||
                                         (unsigned long)status.f_type == RAMFS_MAGIC);
}

/* Root's or the owner's, and written by nobody else. */
static bool is_safe(int fd, uid_t owner)
{
    struct stat status;

    return fstat(fd, &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
           (status.st_uid == 0 || status.st_uid == owner || status.st_uid == geteuid());
}

/* The kernel copies, page by page. 0 or negative errno. */
static int copy(int from_fd, int to_fd, size_t size)
{
    while (size > 0) {
        ssize_t n = sendfile(to_fd, from_fd, NULL, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        size -= (size_t)n;
    }
    return 0;
}

/* Mode before owner: afterwards it is another's file, which takes more rights to change. */
static int fill(int source_fd, int fd, size_t size, const SecretPlace *place)
{
    int r = copy(source_fd, fd, size);

    if (r < 0)
        return r;
    if (fchmod(fd, place->mode) < 0 || fchown(fd, place->uid, place->gid) < 0)
        return -errno;
    return 0;
}

/* Zeros over what is there, for whoever still has it open too. */
static int wipe_file(int fd)
{
    static const char zeros[4096] = { 0 };
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    for (off_t at = 0; at < status.st_size;) {
        size_t size = (size_t)MIN(status.st_size - at, (off_t)sizeof(zeros));
        ssize_t n = pwrite(fd, zeros, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        at += n;
    }
    return 0;
}

static int wipe_at(int parent_fd, const char *name)
{
    _cleanup_close_ int fd =
        openat(parent_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    /* A link has nothing of ours in it; where it leads is nobody's business here. */
    if (fd < 0 && errno != ELOOP)
        return errno == ENOENT ? 0 : -errno;
    int r = fd >= 0 ? wipe_file(fd) : 0;
    if (unlinkat(parent_fd, name, 0) < 0 && errno != ENOENT)
        return r < 0 ? r : -errno;
    return r;
}

/* In the directory, under a name of its own until it is whole. */
static int write_in(int parent_fd, const char *name, int source_fd, size_t size,
                    const SecretPlace *place)
{
    char temporary[NAME_MAX + 1];
    int length = snprintf(temporary, sizeof(temporary), ".%s.new", name);

    if (length < 0 || (size_t)length >= sizeof(temporary))
        return -ENAMETOOLONG;
    int r = wipe_at(parent_fd, temporary);
    if (r < 0)
        return r;
    _cleanup_close_ int fd =
        openat(parent_fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = fill(source_fd, fd, size, place);
    if (r == 0 && renameat(parent_fd, temporary, parent_fd, name) < 0)
        r = -errno;
    if (r < 0) {
        (void)wipe_file(fd);
        (void)unlinkat(parent_fd, temporary, 0);
    }
    return r;
}

int secret_file_write(int source_fd, const SecretPlace *place)
{
    const char *name;
    struct stat status;

    if (fstat(source_fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size == 0 ||
        status.st_size > SECRET_FILE_MAX)
        return complain("secret-file-credential", place->path, NULL);
    _cleanup_close_ int parent_fd = open_parent(place->path, &name);
    if (parent_fd < 0)
        return complain("secret-file-unwritten", place->path, strerror(-parent_fd));
    if (!is_in_memory(parent_fd))
        return complain("secret-file-not-tmpfs", place->path, NULL);
    if (!is_safe(parent_fd, place->uid))
        return complain("secret-file-directory-unsafe", place->path, NULL);
    int r = write_in(parent_fd, name, source_fd, (size_t)status.st_size, place);
    return r < 0 ? complain("secret-file-unwritten", place->path, strerror(-r)) : 0;
}

int secret_file_wipe(const char *path)
{
    const char *name;

    _cleanup_close_ int parent_fd = open_parent(path, &name);
    if (parent_fd == -ENOENT)
        return 0;
    int r = parent_fd < 0 ? parent_fd : wipe_at(parent_fd, name);
    return r < 0 ? complain("secret-file-unwritten", path, strerror(-r)) : 0;
}
