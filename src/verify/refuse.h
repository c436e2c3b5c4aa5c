/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two words every check of this folder ends in: refuse and warn, with texts made on the spot.
 */
#pragma once

#include "base/bytes.h"
#include "format/finding.h"

/* Adds a failure. FOUND is a format; WANTED may be NULL. 0 or -ENOMEM. */
_must_check_ int refuse(Findings *findings, const char *name, const char *subject,
                        const char *wanted, const char *found, ...) _printf_(5, 6);
/* The same as a warning. */
_must_check_ int warn(Findings *findings, const char *name, const char *subject, const char *wanted,
                      const char *found, ...) _printf_(5, 6);

#define HEX_TEXT_MAX 161 /* a 64-byte digest and to spare */

/* Lower-case hex, cut with "…" as three dots where it does not fit; OUT of HEX_TEXT_MAX bytes. */
void hex_text(ByteView bytes, char out[static HEX_TEXT_MAX]);
