/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, read with a limit and written whole or not at all; memfds to hand bytes over.
 */
#pragma once

#include "base/bytes.h"

#include <dirent.h>

/*
 * Reads to end of file (stat's size is not believed: securityfs and configfs say 0). LIMIT is in
 * bytes; one byte more is -EFBIG. Negative errno.
 */
_must_check_ int fd_read_all(int fd, size_t limit, Bytes *ret);
_must_check_ int file_read(const char *path, size_t limit, Bytes *ret);

/* Writes every byte; EINTR and short writes are handled. Negative errno. */
_must_check_ int fd_write_all(int fd, ByteView bytes);

/*
 * Replaces PATH atomically: temporary file beside it, fsync, rename, fsync of the directory. MODE
 * is applied exactly. On failure PATH is as it was. Negative errno.
 */
_must_check_ int file_write_atomic(const char *path, ByteView bytes, unsigned mode);
/* Names in the directory of PATH, as they are now, outlast a loss of power. Negative errno. */
_must_check_ int file_sync_parent(const char *path);

DEFINE_CLEANUP(DIR *, closedir);
#define _cleanup_closedir_ _cleanup_(closedirp)

/*
 * The entries of the directory FD, from the first; FD stays as it is and where it is. Owned; NULL:
 * errno says why.
 */
DIR *fd_entries(int fd);
/*
 * The directory NAME of the directory AT, never through a link, made where it is missing and given
 * MODE. The fd or negative errno.
 */
_must_check_ int fd_make_directory(int at, const char *name, unsigned mode);

/* A memfd with BYTES in it, sealed against every change, offset 0. The fd or negative errno. */
_must_check_ int memfd_sealed(const char *name, ByteView bytes);
