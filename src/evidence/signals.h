/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals held back while a request is with the hardware: a killed request can cost the VMPCK, and
 * an ended process leaves its configfs entry behind. They are delivered afterwards; SIGKILL cannot
 * be held, which is why a unit must not send it before 90 s.
 */
#pragma once

#include "base/macro.h"

#include <signal.h>

typedef struct SignalsHeld {
    sigset_t before;
} SignalsHeld;

/* For _cleanup_signals_ SignalsHeld held = signals_hold(); of a single-threaded process. */
SignalsHeld signals_hold(void);
void signals_release(SignalsHeld *held);
#define _cleanup_signals_ _unused_ _cleanup_(signals_release)
