/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a person names, which may be anything: read with a limit, never waited for without
 * end, and what is wrong with them said by name.
 */
#pragma once

#include "base/bytes.h"

#define INPUT_FILE_MAX (16u << 20) /* bytes; no evidence of any kind has as many */

enum {
    INPUT_FILE_OK,
    INPUT_FILE_E_MISSING,
    INPUT_FILE_E_UNREADABLE,
    INPUT_FILE_E_KIND, /* a directory, a socket, a FIFO that nobody writes to */
    INPUT_FILE_E_TOO_LARGE,
    INPUT_FILE_E_EMPTY,
};

/* What is wrong, and with what. */
typedef struct InputFileError {
    const char *name;  /* of the catalogue; static */
    const char *found; /* static, or strerror()'s */
} InputFileError;

/*
 * Reads PATH, "-" being standard input. INPUT_FILE_OK, or a named no that fills RETERR; -ENOMEM.
 */
_must_check_ int input_file_read(const char *path, Bytes *ret, InputFileError *reterr);
