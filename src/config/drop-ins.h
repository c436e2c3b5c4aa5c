/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which drop-in files there are and in which order they count.
 */
#pragma once

#include "config/config-value.h"

#define DROP_INS_MAX 64 /* files of one configuration */

/*
 * The paths of NAME.conf in DIRECTORIES (strongest first), in the order of NAME; a name in a
 * stronger directory hides the same name in a weaker one. Directories that are not there are
 * skipped. RET must be empty; it is untouched on failure. -ENOMEM,
 * -E2BIG, or what opening a directory failed with.
 */
_must_check_ int drop_ins_find(const char *const *directories, size_t n_directories, Texts *ret);
