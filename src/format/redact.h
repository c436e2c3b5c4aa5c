/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts for eyes that should not see everything: what is kept of rounds, and what leaves the
 * machine with a report. Pure.
 */
#pragma once

#include "base/macro.h"

#define REDACT_RUN_MIN 16 /* characters; a shorter run of digits is no digest, key or identity */
#define REDACTED       "[hidden]"

/*
 * Hides, in place, whatever looks like a key, a token, a digest or an identity: long runs of
 * hexadecimal digits, of base64 and base64url. Names, numbers, hosts and paths stay.
 */
void redact_opaque(char *text);

/*
 * TEXT with every word hidden but those that attestd itself could have written: words of the
 * catalogue and of the C library's errors, small numbers, dates. So hosts, addresses, paths, names
 * of units, secrets and people go, whatever they look like. Owned; NULL: no memory.
 */
char *redact_foreign(const char *text);
