/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names in a directory, without looking into any file: gates, secrets.
 */
#pragma once

#include "config/config-value.h"

/*
 * Names that end in SUFFIX, which is cut off, sorted; none that begins with a dot, at most LIMIT of
 * them. No such directory is no names, and one behind a link is none (-ENOTDIR), as in
 * secret/store.h and for attestctl. -E2BIG: more than LIMIT; or negative errno.
 */
_must_check_ int directory_names(const char *directory, const char *suffix, size_t limit,
                                 Texts *ret);
