/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates of this machine: STATE_DIRECTORY/gates/NAME.json (docs/gates.md). Written here, read by
 * attestd and, through a request, by attest-worker, which look into the keys.
 */
#pragma once

#include "base/json.h"
#include "config/config.h"

#define GATE_FILE_MAX (16 * 1024) /* bytes; real ones have some 500 */

enum {
    GATE_FILE_OK,
    GATE_FILE_E_ABSENT,
    GATE_FILE_E_EXISTS,  /* another gate of this name is there */
    GATE_FILE_E_INVALID, /* not what gate_file_write() wrote */
};

/* Names of the gate files, sorted; no directory is no gates. Negative errno. */
_must_check_ int gate_file_names(const char *state_directory, Texts *ret);
/* New reference. GATE_FILE_OK, _E_ABSENT, _E_INVALID or negative errno. */
_must_check_ int gate_file_read(const char *state_directory, const char *name, json_t **ret);
/*
 * Writes GATE as NAME unless there is one; the same one again is fine. Makes the directory of gates
 * when only that is missing. GATE_FILE_OK, _E_EXISTS or negative errno.
 */
_must_check_ int gate_file_write(const char *state_directory, const char *name, json_t *gate);
/* GATE_FILE_OK, _E_ABSENT or negative errno. */
_must_check_ int gate_file_remove(const char *state_directory, const char *name);
