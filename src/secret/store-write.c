/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing whole files or none: everything that needs space is on disk before the first rename. The
 * secret's rename comes before its version's, so a loss of power between them leaves a file that is
 * newer than remembered, never an older one.
 */
#include "base/file.h"
#include "secret/store-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

/* A file to be renamed into place; removed when its variable leaves scope. */
typedef struct Prepared {
    const SecretStore *store;
    StoreName from; /* "": nothing is there */
    StoreName to;
} Prepared;

static void prepared_done(Prepared *prepared)
{
    if (prepared->from.text[0])
        (void)unlinkat(prepared->store->fd, prepared->from.text, 0);
    prepared->from.text[0] = 0;
}

static int fill(const SecretStore *store, int fd, ByteView bytes)
{
    /* root writes for whoever owns the directory, and will read. */
    if (store->uid != geteuid() && fchown(fd, store->uid, store->gid) < 0)
        return -errno;
    if (fchmod(fd, S_IRUSR | S_IWUSR) < 0)
        return -errno;
    int r = fd_write_all(fd, bytes);
    if (r < 0)
        return r;
    return fsync(fd) < 0 ? -errno : 0;
}

static int prepare(Prepared *prepared, const char *name, const char *suffix, ByteView bytes)
{
    StoreName from = store_new_name(name, suffix);
    int directory = prepared->store->fd;

    if (unlinkat(directory, from.text, 0) < 0 && errno != ENOENT)
        return -errno;
    _cleanup_close_ int fd =
        openat(directory, from.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    prepared->from = from;
    prepared->to = store_name(name, suffix);
    return fill(prepared->store, fd, bytes);
}

static int prepare_version(Prepared *prepared, const char *name, uint64_t version)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)version);
    return prepare(prepared, name, STORE_VERSION_SUFFIX, view_of_string(text));
}

/* From here on it is there, also after a loss of power. */
static int place(Prepared *prepared)
{
    int directory = prepared->store->fd;

    if (renameat(directory, prepared->from.text, directory, prepared->to.text) < 0)
        return -errno;
    prepared->from.text[0] = 0;
    return fsync(directory) < 0 ? -errno : 0;
}

static int write_locked(const SecretStore *store, const SecretFile *file)
{
    _cleanup_(prepared_done) Prepared secret = { .store = store }, version = { .store = store };
    const SecretHeader *header = &file->header;
    _cleanup_bytes_ Bytes json = { 0 };
    uint64_t known = 0;

    int r = secret_store_version(store, header->name, &known);
    if (r)
        return r;
    if (header->version <= known)
        return SECRET_STORE_E_VERSION;
    r = secret_file_emit(file, &json);
    if (r == 0)
        r = prepare(&secret, header->name, STORE_SECRET_SUFFIX, VIEW(json));
    if (r == 0)
        r = prepare_version(&version, header->name, header->version);
    if (r == 0)
        r = place(&secret);
    if (r == 0)
        r = place(&version);
    return r;
}

static int remove_locked(const SecretStore *store, const char *name)
{
    _cleanup_(prepared_done) Prepared version = { .store = store };
    const StoreName full = store_name(name, STORE_SECRET_SUFFIX);
    uint64_t known = 0;

    int r = secret_store_version(store, name, &known);
    if (r)
        return r;
    if (unlinkat(store->fd, full.text, 0) < 0)
        return errno == ENOENT ? SECRET_STORE_E_ABSENT : -errno;
    r = prepare_version(&version, name, MIN(known + 1, SECRET_VERSION_MAX));
    return r < 0 ? r : place(&version);
}

/* Unlocked when its variable leaves scope. */
static void unlockp(const int *fd)
{
    (void)flock(*fd, LOCK_UN);
}

static int lock(const SecretStore *store)
{
    while (flock(store->fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int secret_store_write(const SecretStore *store, const SecretFile *file)
{
    if (!file->header.name || !secret_name_is_valid(file->header.name))
        return -EINVAL;
    int r = lock(store);
    if (r < 0)
        return r;
    _cleanup_(unlockp) _unused_ int locked = store->fd;
    return write_locked(store, file);
}

int secret_store_remove(const SecretStore *store, const char *name)
{
    if (!secret_name_is_valid(name))
        return SECRET_STORE_E_ABSENT;
    int r = lock(store);
    if (r < 0)
        return r;
    _cleanup_(unlockp) _unused_ int locked = store->fd;
    return remove_locked(store, name);
}
