/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of what follows a changed secret.
 */
#include "format/on-change.h"

#include <string.h>

static const char *const names[N_ON_CHANGE] = {
    [ON_CHANGE_KEEP] = "keep",
    [ON_CHANGE_RELOAD] = "reload",
    [ON_CHANGE_RESTART] = "restart",
};

const char *on_change_name(OnChange on_change)
{
    return names[on_change];
}

bool on_change_by_name(const char *name, OnChange *ret)
{
    for (int i = 0; name && i < N_ON_CHANGE; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret = (OnChange)i;
            return true;
        }
    }
    return false;
}
