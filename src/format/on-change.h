/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to happen to the units that hold a secret when another version of it is sealed
 * (docs/secrets.md).
 */
#pragma once

#include "base/macro.h"

typedef enum OnChange {
    ON_CHANGE_KEEP,    /* nothing: they have the new one when they next start */
    ON_CHANGE_RELOAD,  /* reloaded, or restarted where they cannot be */
    ON_CHANGE_RESTART, /* restarted */
    N_ON_CHANGE,
} OnChange;

/* "keep", "reload", "restart". Static text. */
const char *on_change_name(OnChange on_change);
/* NAME may be NULL. False, RET untouched, for any other. */
_must_check_ bool on_change_by_name(const char *name, OnChange *ret);
