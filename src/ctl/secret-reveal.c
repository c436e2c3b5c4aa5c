/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the memfd to standard output, through memory that is wiped.
 */
#include "ctl/secret-reveal.h"

#include "base/file.h"
#include "base/wipe.h"
#include "ctl/complain.h"
#include "ctl/open-secret.h"
#include "secret/secret-file.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

void secret_hide_memory(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0);
}

int secret_write(ByteView bytes)
{
    static const uint8_t line_feed = '\n';

    int r = fd_write_all(STDOUT_FILENO, bytes);
    if (r == 0 && bytes.size > 0 && isatty(STDOUT_FILENO) &&
        bytes.data[bytes.size - 1] != line_feed)
        r = fd_write_all(STDOUT_FILENO, (ByteView){ &line_feed, 1 });
    return r;
}

/* Of the size that the descriptor has, which is sealed. */
static int read_secret(int fd, Bytes *ret)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    if (status.st_size < 1 || status.st_size > SECRET_SIZE_MAX)
        return -EBADMSG;
    int r = bytes_new((size_t)status.st_size, ret);
    if (r < 0)
        return r;
    (void)mlock(ret->data, ret->size); /* where the limit allows it */
    for (size_t used = 0; used < ret->size;) {
        ssize_t n = read(fd, ret->data + used, ret->size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EBADMSG;
        used += (size_t)n;
    }
    return 0;
}

int secret_reveal(const char *name)
{
    _cleanup_wiped_bytes_ Bytes secret = { 0 };
    _cleanup_close_ int fd = -EBADF;
    Digest header;

    secret_hide_memory();
    int r = open_secret(name, &header, &fd);
    if (r != 0)
        return r;
    r = read_secret(fd, &secret);
    if (r == 0)
        r = secret_write(VIEW(secret));
    return r < 0 ? complain_of_errno(r, name) : 0;
}
