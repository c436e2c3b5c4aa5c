/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of what follows a lost verdict.
 */
#include "format/on-loss.h"

#include <string.h>

static const char *const names[N_ON_LOSS] = {
    [ON_LOSS_KEEP] = "keep",
    [ON_LOSS_STOP_UNITS] = "stop-units",
    [ON_LOSS_POWEROFF] = "poweroff",
};

const char *on_loss_name(OnLoss on_loss)
{
    return names[on_loss];
}

bool on_loss_by_name(const char *name, OnLoss *ret)
{
    for (int i = 0; name && i < N_ON_LOSS; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret = (OnLoss)i;
            return true;
        }
    }
    return false;
}
