/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments and spans of time as a person writes them.
 */
#pragma once

#include "base/macro.h"

enum { MOMENT_OK, MOMENT_E_FORM };

/*
 * Seconds since 1970: RFC 3339 with a zone ("2026-11-22T06:05:00Z", "…+01:00", fractions dropped),
 * or the number itself. Years 1970 to 9999. MOMENT_OK or MOMENT_E_FORM.
 */
_must_check_ int moment_parse(const char *text, int64_t *ret_sec);
/* A whole number of seconds, 0 to MOST. MOMENT_OK or MOMENT_E_FORM. */
_must_check_ int seconds_parse(const char *text, int64_t most_sec, int64_t *ret_sec);
