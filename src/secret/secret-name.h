/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What secrets are called, and who asks for them (docs/secrets.md). Pure.
 */
#pragma once

#include "base/macro.h"

#define SECRET_NAME_LIMIT                                                                          \
    64                        /* characters; a credential's ID may be longer, a file name as well  \
                               */
#define SECRET_UNIT_LIMIT 255 /* characters; UNIT_NAME_MAX of systemd */

#define SECRET_UNIT   "unit:"   /* a service: its credential */
#define SECRET_VOLUME "volume:" /* a volume of crypttab(5): its key */
#define SECRET_USER   "user:"   /* a user of the system bus: OpenSecret */

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: at once a file name and the ID of a credential. */
bool secret_name_is_valid(const char *name);

/*
 * One that asks:
 * - "unit:NAME.service" with the full name of a unit as systemd writes it, an instance
 *   ("unit:db@main.service") or not; never a template, never a wildcard;
 * - "volume:NAME", the name of a secret as well: a volume asks for the secret of its own name;
 * - "user:UID", decimal without leading zeros, 0 to 4294967294.
 */
bool secret_asker_is_valid(const char *asker);

/*
 * One that may ask: the same, or "unit:NAME@*.service" for every instance of a template. The star
 * stands for a whole instance and nowhere else.
 */
bool secret_who_is_valid(const char *who);

/* Does WHO (of an authenticated header) name ASKER? False when either is not valid. */
bool secret_who_names(const char *who, const char *asker);
