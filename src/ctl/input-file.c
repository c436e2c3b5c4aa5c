/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opened without waiting, so that a FIFO without a writer is empty and not forever.
 */
#include "ctl/input-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST_ROOM 65536 /* bytes; most evidence fits */

static int fail(int reason, const char *found, InputFileError *reterr)
{
    static const char *const names[] = {
        [INPUT_FILE_E_MISSING] = "input-missing", [INPUT_FILE_E_UNREADABLE] = "input-unreadable",
        [INPUT_FILE_E_KIND] = "input-not-a-file", [INPUT_FILE_E_TOO_LARGE] = "input-too-large",
        [INPUT_FILE_E_EMPTY] = "input-empty",
    };

    *reterr = (InputFileError){ .name = names[reason], .found = found };
    return reason;
}

static int fail_by_errno(int error, InputFileError *reterr)
{
    if (error == ENOMEM)
        return -ENOMEM;
    if (error == ENOENT || error == ENOTDIR)
        return fail(INPUT_FILE_E_MISSING, NULL, reterr);
    if (error == EISDIR)
        return fail(INPUT_FILE_E_KIND, "a directory", reterr);
    if (error == ENXIO)
        return fail(INPUT_FILE_E_KIND, "a socket", reterr);
    if (error == EFBIG)
        return fail(INPUT_FILE_E_TOO_LARGE, NULL, reterr);
    return fail(INPUT_FILE_E_UNREADABLE, strerror(error), reterr);
}

/* From here on whoever writes may be waited for. */
static int make_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

/* Doubles the room: a log may come in many small pieces. */
static int grow(Bytes *bytes)
{
    _cleanup_bytes_ Bytes larger = { 0 };

    int r = bytes_new(MIN(2 * bytes->size, (size_t)INPUT_FILE_MAX + 1), &larger);
    if (r < 0)
        return r;
    memcpy(larger.data, bytes->data, bytes->size);
    bytes_done(bytes);
    *bytes = TAKE_STRUCT(larger);
    return 0;
}

/* Negative errno; -EFBIG for more than INPUT_FILE_MAX bytes. */
static int read_all(int fd, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    size_t used = 0;

    int r = bytes_new(FIRST_ROOM, &bytes);
    while (r == 0) {
        ssize_t n = read(fd, bytes.data + used, bytes.size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        used += (size_t)n;
        if (used > INPUT_FILE_MAX)
            return -EFBIG;
        if (n == 0)
            return bytes_copy((ByteView){ .data = bytes.data, .size = used }, ret);
        if (used == bytes.size)
            r = grow(&bytes);
    }
    return r;
}

static int read_open(int fd, Bytes *ret, InputFileError *reterr)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    struct stat status;

    if (fstat(fd, &status) < 0)
        return fail_by_errno(errno, reterr);
    if (S_ISDIR(status.st_mode))
        return fail_by_errno(EISDIR, reterr);
    if (S_ISREG(status.st_mode) && status.st_size > (off_t)INPUT_FILE_MAX)
        return fail_by_errno(EFBIG, reterr);
    int r = read_all(fd, &bytes);
    if (r < 0)
        return fail_by_errno(-r, reterr);
    if (bytes.size == 0)
        return fail(INPUT_FILE_E_EMPTY,
                    S_ISFIFO(status.st_mode) ? "a FIFO that nobody writes to" : NULL, reterr);
    *ret = TAKE_STRUCT(bytes);
    return INPUT_FILE_OK;
}

int input_file_read(const char *path, Bytes *ret, InputFileError *reterr)
{
    if (strcmp(path, "-") == 0)
        return read_open(STDIN_FILENO, ret, reterr);

    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail_by_errno(errno, reterr);
    int r = make_blocking(fd);
    return r < 0 ? fail_by_errno(-r, reterr) : read_open(fd, ret, reterr);
}
