/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, using and removing an entry (Linux: Documentation/ABI/testing/configfs-tsm-report).
 */
#include "evidence/tsm-entry.h"

#include "base/encode.h"
#include "crypto/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OWN_PREFIX   "attestd-"
#define RANDOM_SIZE  16 /* bytes, 32 digits in the name */
#define TEXT_LIMIT   64 /* bytes of a text attribute */
#define CHUNK        4096
#define NUMBER_LIMIT 20 /* digits of 2^64 */

static int kernel_openat(int directory_fd, const char *path, int flags)
{
    return openat(directory_fd, path, flags);
}

static int kernel_mkdirat(int directory_fd, const char *path)
{
    return mkdirat(directory_fd, path, 0700);
}

static int kernel_rmdirat(int directory_fd, const char *path)
{
    return unlinkat(directory_fd, path, AT_REMOVEDIR);
}

const TsmOps tsm_ops_kernel = {
    .openat = kernel_openat,
    .mkdirat = kernel_mkdirat,
    .rmdirat = kernel_rmdirat,
    .read = read,
    .write = write,
    .close = close,
};

static bool is_own_name(const char *name)
{
    const size_t prefix = strlen(OWN_PREFIX);

    return strncmp(name, OWN_PREFIX, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == 2 * (size_t)RANDOM_SIZE &&
           name[prefix + 2 * (size_t)RANDOM_SIZE] == 0;
}

static void remove_leftovers(const TsmEntry *entry)
{
    int fd = fcntl(entry->base_fd, F_DUPFD_CLOEXEC, 0);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

    if (!directory) {
        closep(&fd);
        return;
    }
    for (const struct dirent *item = readdir(directory); item; item = readdir(directory))
        if (is_own_name(item->d_name))
            (void)entry->ops->rmdirat(entry->base_fd, item->d_name);
    (void)closedir(directory);
}

static int choose_name(TsmEntry *entry)
{
    uint8_t bytes[RANDOM_SIZE];

    int r = random_fill(bytes, sizeof(bytes));
    if (r < 0)
        return r;
    _cleanup_free_ char *text = hex_encode(VIEW_OF_ARRAY(bytes));
    if (!text)
        return -ENOMEM;
    (void)snprintf(entry->name, sizeof(entry->name), OWN_PREFIX "%s", text);
    return 0;
}

/* Opens the entry and tries its input: an opening without a write commits nothing. */
static int open_entry(TsmEntry *entry)
{
    const TsmOps *ops = entry->ops;

    entry->fd =
        ops->openat(entry->base_fd, entry->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (entry->fd < 0)
        return -errno;
    int fd = ops->openat(entry->fd, "inblob", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    (void)ops->close(fd);
    return 0;
}

static int make(TsmEntry *entry)
{
    int r = choose_name(entry);

    if (r < 0)
        return r;
    if (entry->ops->mkdirat(entry->base_fd, entry->name) < 0)
        return -errno;
    entry->made = true;
    return open_entry(entry);
}

static bool is_denied(int r)
{
    return r == -EACCES || r == -EPERM || r == -EROFS;
}

static void entry_close(TsmEntry *entry)
{
    if (entry->fd >= 0)
        (void)entry->ops->close(entry->fd);
    if (entry->made)
        (void)entry->ops->rmdirat(entry->base_fd, entry->name);
    entry->fd = -EBADF;
    entry->made = false;
}

/* Root may have made one for us, whose files are ours to write. */
static int take_handed_over(TsmEntry *entry)
{
    entry_close(entry);
    (void)snprintf(entry->name, sizeof(entry->name), "%s", TSM_HANDED_OVER);
    return open_entry(entry) < 0 ? -EACCES : 0;
}

TsmEntry *tsm_entry_free(TsmEntry *entry)
{
    if (!entry)
        return NULL;
    entry_close(entry);
    if (entry->base_fd >= 0)
        (void)entry->ops->close(entry->base_fd);
    free(entry);
    return NULL;
}

int tsm_entry_new(const TsmOps *ops, const char *directory, TsmEntry **ret)
{
    _cleanup_(tsm_entry_freep) TsmEntry *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return -ENOMEM;
    *entry = (TsmEntry){ .ops = ops, .base_fd = -EBADF, .fd = -EBADF };
    entry->base_fd = ops->openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (entry->base_fd < 0)
        return -errno;

    remove_leftovers(entry);
    int r = make(entry);
    if (is_denied(r))
        r = take_handed_over(entry);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(entry);
    return 0;
}

static int read_all(const TsmEntry *entry, int fd, size_t limit, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    uint8_t chunk[CHUNK];

    for (;;) {
        ssize_t n = entry->ops->read(fd, chunk, sizeof(chunk));
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

int tsm_entry_read(const TsmEntry *entry, const char *attribute, size_t limit, Bytes *ret)
{
    int fd = entry->ops->openat(entry->fd, attribute, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return -errno;
    int r = read_all(entry, fd, limit, ret);
    (void)entry->ops->close(fd);
    return r;
}

int tsm_entry_read_text(const TsmEntry *entry, const char *attribute, char **ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = tsm_entry_read(entry, attribute, TEXT_LIMIT, &bytes);
    if (r < 0)
        return r;
    if (bytes.size > 0 && bytes.data[bytes.size - 1] == '\n')
        bytes.data[--bytes.size] = 0;
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i] < ' ' || bytes.data[i] > '~')
            return -EBADMSG;
    if (bytes.size == 0)
        return -EBADMSG;
    *ret = (char *)TAKE_PTR(bytes.data);
    return 0;
}

int tsm_entry_read_number(const TsmEntry *entry, const char *attribute, uint64_t *ret)
{
    _cleanup_free_ char *text = NULL;

    int r = tsm_entry_read_text(entry, attribute, &text);
    if (r < 0)
        return r;
    if (strlen(text) > NUMBER_LIMIT || strspn(text, "0123456789") != strlen(text))
        return -EBADMSG;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno != 0)
        return -EBADMSG;
    *ret = value;
    return 0;
}

int tsm_entry_write(const TsmEntry *entry, const char *attribute, ByteView bytes)
{
    int fd = entry->ops->openat(entry->fd, attribute, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return -errno;
    ssize_t n = entry->ops->write(fd, bytes.data, bytes.size);
    int error = n < 0 ? errno : EIO;
    if (entry->ops->close(fd) < 0 && n == (ssize_t)bytes.size)
        return -errno;
    return n == (ssize_t)bytes.size ? 0 : -error;
}
