/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry below the configfs-tsm report directory: made under a name nobody can guess and
 * removed when its variable leaves scope, or handed over by root as "attestd" and left in place.
 */
#pragma once

#include "base/bytes.h"

#define TSM_HANDED_OVER "attestd" /* made by the unit for a worker that may not make its own */
#define TSM_NAME_SIZE   48

/* System calls on the tree; errors as -1 and errno. */
typedef struct TsmOps {
    int (*openat)(int directory_fd, const char *path, int flags);
    int (*mkdirat)(int directory_fd, const char *path);
    int (*rmdirat)(int directory_fd, const char *path);
    ssize_t (*read)(int fd, void *buffer, size_t size);
    ssize_t (*write)(int fd, const void *buffer, size_t size);
    int (*close)(int fd);
} TsmOps;

extern const TsmOps tsm_ops_kernel;

typedef struct TsmEntry {
    const TsmOps *ops;
    int base_fd; /* the report directory */
    int fd;      /* the entry */
    bool made;   /* by us: to be removed */
    char name[TSM_NAME_SIZE];
} TsmEntry;

TsmEntry *tsm_entry_free(TsmEntry *entry);
DEFINE_CLEANUP(TsmEntry *, tsm_entry_free);

/*
 * Makes an entry in DIRECTORY, or takes the one handed over where making is not allowed. Removes
 * what killed processes of ours left behind; the caller holds report.lock, so they are dead.
 * 0 or negative errno: -ENOENT no such directory, -EACCES neither allowed, -ENXIO no provider.
 */
_must_check_ int tsm_entry_new(const TsmOps *ops, const char *directory, TsmEntry **ret);

/* Reads a whole attribute of at most LIMIT bytes. 0 or negative errno. */
_must_check_ int tsm_entry_read(const TsmEntry *entry, const char *attribute, size_t limit,
                                Bytes *ret);
/* A text attribute without its newline. -EBADMSG when it is not short printable text. */
_must_check_ int tsm_entry_read_text(const TsmEntry *entry, const char *attribute, char **ret);
/* A decimal attribute; -EBADMSG when it is none. */
_must_check_ int tsm_entry_read_number(const TsmEntry *entry, const char *attribute, uint64_t *ret);
/*
 * Writes an attribute in one write() and closes it: binary attributes are committed then, without
 * an error to be seen. 0 or negative errno.
 */
_must_check_ int tsm_entry_write(const TsmEntry *entry, const char *attribute, ByteView bytes);
