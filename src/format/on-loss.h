/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to happen to who holds a secret when the verdict is lost (docs/secrets.md).
 */
#pragma once

#include "base/macro.h"

typedef enum OnLoss {
    ON_LOSS_KEEP,       /* nothing: it has the secret already */
    ON_LOSS_STOP_UNITS, /* its units are stopped */
    ON_LOSS_POWEROFF,   /* the machine is */
    N_ON_LOSS,
} OnLoss;

/* "keep", "stop-units", "poweroff". Static text. */
const char *on_loss_name(OnLoss on_loss);
/* NAME may be NULL. False, RET untouched, for any other. */
_must_check_ bool on_loss_by_name(const char *name, OnLoss *ret);
