/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret as a file on a tmpfs, with owner and mode, for programs that know of no credentials: it
 * is there while a verdict is held.
 */
#pragma once

#include "ctl/verb.h"

#include <sys/types.h>

#define SECRET_FILE_DIRECTORY "/run/attestd-files"
#define SECRET_FILE_MAX       (1024 * 1024) /* bytes; systemd's limit on credentials */

/* The forms of attestctl secrets. */
int secret_file_add(const Options *options);
int secret_file_remove(const Options *options);
/* What attestd-file@.service runs. */
int secret_file_place(const Options *options);
int secret_file_clear(const Options *options);

extern const Option secret_file_add_options[];
extern const Option secret_file_remove_options[];
extern const Option secret_file_place_options[];
extern const Option secret_file_clear_options[];

/* What becomes of it; nothing is left to a default. */
typedef struct SecretPlace {
    const char *path;
    uid_t uid;
    gid_t gid;
    mode_t mode;
} SecretPlace;

/* "0400" to "0770": octal, nothing for others, no bits but those. */
bool secret_file_mode(const char *text, mode_t *ret);
/*
 * Writes what SOURCE_FD holds, a regular file, to a new file that then takes the place of what was
 * there; on a tmpfs or ramfs only, in a directory that only root or the owner may write. The bytes
 * do not pass through this process. What fails is said; 0, else an exit class.
 */
_must_check_ int secret_file_write(int source_fd, const SecretPlace *place);
/* Overwrites the file with zeros and removes it; absent is fine. 0, else an exit class. */
_must_check_ int secret_file_wipe(const char *path);
