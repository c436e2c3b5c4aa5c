/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to stop since the verdict is lost: the files that attestd leaves in
 * RUNTIME/standing/loss, each named after a service, or "poweroff".
 */
#pragma once

#include "base/macro.h"

/* How; a test has another. Each returns 0 or negative errno. */
typedef struct LossActions {
    int (*stop)(void *userdata, const char *unit);
    int (*power_off)(void *userdata);
    void *userdata;
} LossActions;

/*
 * Takes the files of DIRECTORY_FD, power first, does what each asks for, and puts back what failed;
 * one that names nothing is removed too, and a full directory stays as ".taken-N". At most
 * 1024 of them: the rest is for the next run. Says what failed, and goes on. 0, or the exit class
 * of the first failure.
 */
_must_check_ int loss_act(int directory_fd, const LossActions *actions);
