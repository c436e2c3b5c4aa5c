/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the directory and reading from it. store-write.c writes, store-list.c lists.
 */
#include "secret/store.h"

#include "base/file.h"
#include "secret/store-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define VERSION_TEXT_MAX 32 /* bytes; 16 digits and a line feed */

const char *secret_store_finding(int no)
{
    switch (no) {
    case SECRET_STORE_E_ABSENT:
        return "secret-missing";
    case SECRET_STORE_E_UNSAFE:
        return "secret-file-unsafe";
    case SECRET_STORE_E_GATE_KIND:
        return "secret-gate-unknown";
    case SECRET_STORE_E_NAME:
        return "secret-name-mismatch";
    case SECRET_STORE_E_VERSION:
        return "secret-version-lower";
    }
    return "secret-file-malformed"; /* SECRET_STORE_E_TOO_LARGE, SECRET_STORE_E_MALFORMED */
}

const char *secret_store_reason(int reason)
{
    switch (reason) {
    case SECRET_STORE_OK:
        return "ok";
    case SECRET_STORE_E_ABSENT:
        return "not there";
    case SECRET_STORE_E_UNSAFE:
        return "a link, no regular file, or open to others than its owner";
    case SECRET_STORE_E_TOO_LARGE:
        return "too large";
    case SECRET_STORE_E_MALFORMED:
        return "cannot be read as what it should be";
    case SECRET_STORE_E_GATE_KIND:
        return "of a kind of gate that this version does not have";
    case SECRET_STORE_E_NAME:
        return "its header names another secret";
    case SECRET_STORE_E_VERSION:
        return "not the newest version";
    }
    return "unknown";
}

static int open_failure(int error)
{
    if (error == ENOENT)
        return SECRET_STORE_E_ABSENT;
    /* A link at the end of the path, a socket, a directory that is none. */
    if (error == ELOOP || error == ENOTDIR || error == ENXIO || error == EISDIR)
        return SECRET_STORE_E_UNSAFE;
    return -error;
}

int secret_store_open(const char *directory, SecretStore **ret)
{
    _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return open_failure(errno);
    if (fstat(fd, &status) < 0)
        return -errno;
    bool is_ours = status.st_uid == 0 || status.st_uid == geteuid() || geteuid() == 0;
    if (!is_ours || status.st_mode & (S_IWGRP | S_IWOTH))
        return SECRET_STORE_E_UNSAFE;

    SecretStore *store = malloc(sizeof(*store));
    if (!store)
        return -ENOMEM;
    *store = (SecretStore){ .fd = TAKE_FD(fd), .uid = status.st_uid, .gid = status.st_gid };
    *ret = store;
    return SECRET_STORE_OK;
}

SecretStore *secret_store_free(SecretStore *store)
{
    if (!store)
        return NULL;
    closep(&store->fd);
    free(store);
    return NULL;
}

StoreName store_name(const char *name, const char *suffix)
{
    StoreName full;

    (void)snprintf(full.text, sizeof(full.text), "%s%s", name, suffix);
    return full;
}

StoreName store_new_name(const char *name, const char *suffix)
{
    StoreName full;

    (void)snprintf(full.text, sizeof(full.text), ".%s%s" STORE_NEW_SUFFIX, name, suffix);
    return full;
}

static bool is_safe(const SecretStore *store, const struct stat *status)
{
    bool is_ours =
        status->st_uid == 0 || status->st_uid == geteuid() || status->st_uid == store->uid;

    return is_ours && S_ISREG(status->st_mode) && !(status->st_mode & (S_IRWXG | S_IRWXO));
}

static int read_file(const SecretStore *store, const StoreName *name, size_t limit, Bytes *ret)
{
    _cleanup_close_ int fd =
        openat(store->fd, name->text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return open_failure(errno);
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!is_safe(store, &status))
        return SECRET_STORE_E_UNSAFE;
    int r = fd_read_all(fd, limit, ret);
    return r == -EFBIG ? SECRET_STORE_E_TOO_LARGE : r;
}

/* Decimal digits and one line feed, nothing else. */
static int parse_version(ByteView text, uint64_t *ret)
{
    uint64_t version = 0;

    if (text.size < 2 || text.data[text.size - 1] != '\n')
        return SECRET_STORE_E_MALFORMED;
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || version > SECRET_VERSION_MAX / 10)
            return SECRET_STORE_E_MALFORMED;
        version = version * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (version > SECRET_VERSION_MAX)
        return SECRET_STORE_E_MALFORMED;
    *ret = version;
    return SECRET_STORE_OK;
}

int store_read_version(const SecretStore *store, const char *name, uint64_t *ret)
{
    const StoreName full = store_name(name, STORE_VERSION_SUFFIX);
    _cleanup_bytes_ Bytes text = { 0 };

    int r = read_file(store, &full, VERSION_TEXT_MAX, &text);
    if (r == SECRET_STORE_E_ABSENT) {
        *ret = 0;
        return SECRET_STORE_OK;
    }
    if (r == SECRET_STORE_E_TOO_LARGE)
        return SECRET_STORE_E_MALFORMED;
    return r == SECRET_STORE_OK ? parse_version(VIEW(text), ret) : r;
}

int store_read_secret(const SecretStore *store, const char *name, SecretFile *ret)
{
    const StoreName full = store_name(name, STORE_SECRET_SUFFIX);
    _cleanup_secret_file_ SecretFile file = { 0 };
    _cleanup_bytes_ Bytes json = { 0 };

    if (!secret_name_is_valid(name))
        return SECRET_STORE_E_ABSENT;
    int r = read_file(store, &full, SECRET_FILE_SIZE_MAX, &json);
    if (r)
        return r;
    r = secret_file_parse(VIEW(json), &file, NULL);
    if (r < 0)
        return r;
    if (r == SECRET_FILE_E_GATE_KIND)
        return SECRET_STORE_E_GATE_KIND;
    if (r != SECRET_FILE_OK)
        return SECRET_STORE_E_MALFORMED;
    if (strcmp(file.header.name, name) != 0)
        return SECRET_STORE_E_NAME;
    *ret = TAKE_STRUCT(file);
    return SECRET_STORE_OK;
}

int secret_store_load(const SecretStore *store, const char *name, SecretFile *ret)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    uint64_t remembered = 0;

    int r = store_read_secret(store, name, &file);
    if (r == SECRET_STORE_OK)
        r = store_read_version(store, name, &remembered);
    if (r)
        return r;
    if (file.header.version < remembered)
        return SECRET_STORE_E_VERSION;
    *ret = TAKE_STRUCT(file);
    return SECRET_STORE_OK;
}

int secret_store_version(const SecretStore *store, const char *name, uint64_t *ret)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    uint64_t remembered = 0;

    int r = store_read_version(store, name, &remembered);
    if (r)
        return r;
    r = store_read_secret(store, name, &file);
    if (r < 0)
        return r;
    *ret = r == SECRET_STORE_OK ? MAX(remembered, file.header.version) : remembered;
    return SECRET_STORE_OK;
}
