/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates of this machine by name: the files in STATE_DIRECTORY/gates (docs/gates.md). Written
 * here, read by attestd too.
 */
#pragma once

#include "config/config.h"
#include "format/gate-file.h"

/* Beside those of gate-file.h. */
enum {
    GATE_DIRECTORY_E_ABSENT = 64,
    GATE_DIRECTORY_E_EXISTS, /* another gate of this name is there */
};

/* Names of the gate files, sorted; no directory is no gates. Negative errno. */
_must_check_ int gate_directory_names(const char *state_directory, Texts *ret);
/* A named no of gate-file.h, GATE_DIRECTORY_E_ABSENT, or negative errno. */
_must_check_ int gate_directory_read(const char *state_directory, const char *name, GateFile *ret);
/*
 * Writes GATE unless there is one of its name; the same one again is fine. Makes the directory of
 * gates when only that is missing. 0, GATE_DIRECTORY_E_EXISTS or negative errno.
 */
_must_check_ int gate_directory_write(const char *state_directory, const GateFile *gate);
/* Writes GATE over what is there of its name. Negative errno. */
_must_check_ int gate_directory_replace(const char *state_directory, const GateFile *gate);
/* 0, GATE_DIRECTORY_E_ABSENT or negative errno. */
_must_check_ int gate_directory_remove(const char *state_directory, const char *name);
