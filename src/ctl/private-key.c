/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read into one buffer that is wiped: a private key leaves no copy behind.
 */
#include "ctl/private-key.h"

#include "base/wipe.h"
#include "ctl/complain.h"
#include "format/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_TO_OTHERS 077
#define ENCRYPTED      "ENCRYPTED" /* PKCS #8's label, and the header of older formats */

#define REMEDY_KEY "give the private key that belongs to --recovery-key of the gate, as PEM"

static void warn_of_mode(int fd, const char *path)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & OPEN_TO_OTHERS))
        (void)fprintf(
            stderr,
            "attestctl: warning: others may read or change %s: it opens every secret that "
            "was sealed with this recovery key\nRemedy: chmod 600, and keep it offline.\n",
            path);
}

/* At most the size of BUFFER; -EFBIG. */
static int read_all(int fd, Bytes *buffer)
{
    size_t used = 0;

    for (;;) {
        ssize_t n = read(fd, buffer->data + used, buffer->size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        used += (size_t)n;
        if (used == buffer->size)
            return -EFBIG;
        if (n == 0) {
            buffer->size = used; /* the rest was never written to */
            return 0;
        }
    }
}

/* 0, else an exit class. */
static int read_file(const char *path, Bytes *ret)
{
    _cleanup_wiped_bytes_ Bytes buffer = { 0 };
    bool is_stdin = strcmp(path, "-") == 0;
    _cleanup_close_ int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                      : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    int r = fd < 0 ? -errno : bytes_new(KEY_FILE_SIZE_MAX + 1, &buffer);
    if (r == 0) {
        warn_of_mode(fd, path);
        r = read_all(fd, &buffer);
    }
    if (r < 0)
        return complain_of_usage(REMEDY_KEY, "%s cannot be read: %s",
                                 is_stdin ? "standard input" : path, strerror(-r));
    *ret = TAKE_STRUCT(buffer);
    return 0;
}

static bool is_encrypted(ByteView pem)
{
    return memmem(pem.data, pem.size, ENCRYPTED, strlen(ENCRYPTED));
}

static int parse(const char *path, ByteView pem, Key **ret)
{
    _cleanup_(key_freep) Key *key = NULL;

    if (is_encrypted(pem))
        return complain_of_usage("openssl pkey -in FILE | attestctl recover … --key=-",
                                 "%s is encrypted with a password", path);
    int r = key_from_pem(pem, &key);
    if (r < 0)
        return complain_of_errno(r, path);
    if (r != KEY_OK)
        return complain_of_usage(REMEDY_KEY, "%s is no key: %s", path, key_reason(r));
    if (!key_is_private(key))
        return complain_of_usage(REMEDY_KEY, "%s has only the public half", path);
    if (key_type(key) != KEY_P256 && key_type(key) != KEY_P384)
        return complain_of_usage(REMEDY_KEY, "%s is a key of type %s, which recovers nothing", path,
                                 key_type_name(key_type(key)));
    *ret = TAKE_PTR(key);
    return 0;
}

int private_key_read(const char *path, Key **ret)
{
    _cleanup_wiped_bytes_ Bytes pem = { 0 };

    int r = read_file(path, &pem);
    return r == 0 ? parse(path, VIEW(pem), ret) : r;
}
