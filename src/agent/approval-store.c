/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of approvals. The kernel copies them; their bytes do not pass through this process.
 */
#include "agent/approvals.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define DIRECTORY_MODE 0700
#define FILE_MODE      0600
#define WIPE_MAX       (64 * 1024) /* bytes overwritten in a file that is none of ours */

/* Room for "." GATE ".new" and its NUL. */
#define NEW_NAME_SIZE (GATE_NAME_LIMIT + 6)

int approval_store_open(const char *runtime_directory, ApprovalStore *ret)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/approvals", runtime_directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST)
        return -errno;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret = (ApprovalStore){ .fd = fd };
    return 0;
}

void approval_store_done(ApprovalStore *store)
{
    closep(&store->fd);
    *store = APPROVAL_STORE_INIT;
}

static int overwrite(int fd, size_t size)
{
    static const uint8_t zeros[APPROVAL_FILE_MAX];

    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, zeros, MIN(size - done, sizeof(zeros)), (off_t)done);
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += (size_t)n;
    }
    return 0;
}

static int wipe_file(const ApprovalStore *store, const char *name)
{
    _cleanup_close_ int fd =
        openat(store->fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int r = 0;

    /* What cannot be overwritten is removed all the same. */
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        r = overwrite(fd, MIN((size_t)st.st_size, (size_t)WIPE_MAX));
    if (unlinkat(store->fd, name, 0) < 0 && errno != ENOENT)
        r = -errno;
    return r;
}

static bool is_listed(const Approvals *approvals, const char *name)
{
    for (size_t i = 0; i < approvals->n_items; i++)
        if (approval_is_file(&approvals->items[i]) && strcmp(approvals->items[i].gate, name) == 0)
            return true;
    return false;
}

static int wipe_all_but(const ApprovalStore *store, const Approvals *approvals)
{
    _cleanup_closedir_ DIR *dir = fd_entries(store->fd);
    const struct dirent *entry;
    int result = 0;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            is_listed(approvals, entry->d_name))
            continue;
        int r = wipe_file(store, entry->d_name);
        result = result < 0 ? result : r;
    }
    return result;
}

static int copy(int from, int to)
{
    off_t offset = 0;

    for (;;) {
        ssize_t n = sendfile(to, from, &offset, APPROVAL_FILE_MAX);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

/*
 * Under a name of its own first, so that no reader ever meets half of one. The one before is
 * replaced and not overwritten: a release worker may be about to read it, and it is still good.
 */
static int store_file(const ApprovalStore *store, const GateApproval *approval)
{
    char name[NEW_NAME_SIZE];

    (void)snprintf(name, sizeof(name), ".%s.new", approval->gate);
    int r = wipe_file(store, name); /* of a run that died */
    if (r < 0)
        return r;
    _cleanup_close_ int fd =
        openat(store->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return -errno;
    r = fchmod(fd, FILE_MODE) < 0 ? -errno : copy(approval->fd, fd);
    if (r == 0 && renameat(store->fd, name, store->fd, approval->gate) < 0)
        r = -errno;
    if (r < 0)
        (void)wipe_file(store, name);
    return r;
}

/* Is the file of an approval there for as long as it lives? */
static int keep_one(const ApprovalStore *store, GateApproval *approval, uint64_t now)
{
    if (approval->expires_boottime_usec <= now)
        return -ETIME;
    if (!approval_is_file(approval))
        return approval->fd < 0 ? -ENOENT : 0;
    if (store->fd < 0)
        return -ENOTDIR;
    if (approval->fd < 0)
        return faccessat(store->fd, approval->gate, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
    int r = store_file(store, approval);
    closep(&approval->fd);
    approval->fd = -EBADF;
    return r;
}

static void drop(Approvals *approvals, size_t index)
{
    GateApproval *item = &approvals->items[index];

    free(item->gate);
    closep(&item->fd);
    memmove(item, item + 1, (approvals->n_items - index - 1) * sizeof(*item));
    approvals->n_items--;
}

int approval_store_keep(ApprovalStore *store, Approvals *approvals, uint64_t now)
{
    int result = 0;

    for (size_t i = 0; i < approvals->n_items;) {
        int r = keep_one(store, &approvals->items[i], now);
        if (r == 0) {
            i++;
            continue;
        }
        if (r != -ETIME && r != -ENOENT && result == 0)
            result = r;
        drop(approvals, i);
    }
    int r = store->fd < 0 ? 0 : wipe_all_but(store, approvals);
    return result < 0 ? result : r;
}

int approval_store_wipe(ApprovalStore *store)
{
    static const Approvals none;

    return store->fd < 0 ? 0 : wipe_all_but(store, &none);
}

int approval_store_read(const ApprovalStore *store, const char *gate)
{
    int fd = openat(store->fd, gate, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int approval_open(const ApprovalStore *store, const GateApproval *approval)
{
    if (approval_is_file(approval))
        return approval_store_read(store, approval->gate);
    int fd = fcntl(approval->fd, F_DUPFD_CLOEXEC, 3);
    return fd < 0 ? -errno : fd;
}
