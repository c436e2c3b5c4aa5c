/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text files below a root directory ("/", or an image's): read whole, replaced atomically with the
 * owner and mode they have. Links in the path are followed inside the root only; the file itself is
 * never a link.
 */
#pragma once

#include "base/macro.h"

#include <sys/types.h>

#define ETC_FILE_MAX (1024 * 1024) /* bytes; a crypttab of thousands of lines */

enum {
    ETC_FILE_OK,
    ETC_FILE_E_ABSENT,
    ETC_FILE_E_NOT_TEXT, /* NUL bytes, too large, or no regular file */
};

typedef struct EtcFile {
    char *text;
    mode_t mode;
    uid_t uid;
    gid_t gid;
} EtcFile;

void etc_file_done(EtcFile *file);
#define _cleanup_etc_file_ _cleanup_(etc_file_done)

/* ROOT NULL: this machine's. The fd or negative errno. */
_must_check_ int etc_root_open(const char *root);
/* The same, and says what is wrong: 0, else an exit class. */
_must_check_ int etc_root_open_or_complain(const char *root, int *ret);
/* PATH is relative to the root: "etc/fstab". A named no or negative errno. */
_must_check_ int etc_file_read(int root_fd, const char *path, EtcFile *ret);
/*
 * TEXT takes the place of PATH; BEFORE is what etc_file_read() found, NULL when there was nothing:
 * it is then made, root's and 0644, with its directories. Negative errno: PATH is as it was.
 */
_must_check_ int etc_file_write(int root_fd, const char *path, const EtcFile *before,
                                const char *text);
/* Removes PATH and, when it is empty then, the ".d" it was in. Absent is fine. */
_must_check_ int etc_file_remove(int root_fd, const char *path);
