/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which version of attestd the state directory was written by: the file "format" there, one line
 * "NUMBER VERSION", where VERSION is the first that wrote NUMBER. A package's preinst reads it too
 * (tools/debian/attestd.preinst), so that no older version is put in a newer one's place.
 */
#pragma once

#include "format/finding.h"

/* Raised when what is written below the state directory is no longer read by the version before. */
#define STATE_FORMAT       1
#define STATE_FORMAT_SINCE "0.1.0" /* the first version that wrote STATE_FORMAT */

#define STATE_FORMAT_FILE "format"
#define STATE_FORMAT_MAX  64 /* bytes of the file; preinst reads as many */

enum {
    STATE_FORMAT_OK,
    STATE_FORMAT_E_NEWER,   /* written by a version that is newer than this one */
    STATE_FORMAT_E_INVALID, /* the file says no format, or cannot be read */
};

/*
 * Whether this version may use STATE_DIRECTORY. A directory without the file, or no directory, is
 * OK: nothing newer was there. Each no adds a finding. Negative errno: -ENOMEM.
 */
_must_check_ int state_format_check(const char *state_directory, Findings *findings);
/* The same, and writes the file where it is missing or of an older format. Negative errno. */
_must_check_ int state_format_claim(const char *state_directory, Findings *findings);
