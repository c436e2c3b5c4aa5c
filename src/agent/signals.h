/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attestd is told by signals: end, read the files again, or prove the machine anew.
 */
#pragma once

#include "base/macro.h"

#include <systemd/sd-event.h>

typedef struct Signals Signals;

/* Each returns 0, or negative errno to stop the daemon. */
typedef struct SignalHandlers {
    int (*on_stop)(void *userdata);
    int (*on_reload)(void *userdata);
    int (*on_rewound)(void *userdata); /* the machine was restored from a snapshot, or cloned */
    void *userdata;
} SignalHandlers;

/* Blocks the signals; the loop delivers them. HANDLERS is copied. Negative errno. */
_must_check_ int signals_new(sd_event *event, const SignalHandlers *handlers, Signals **ret);
Signals *signals_free(Signals *signals);
DEFINE_CLEANUP(Signals *, signals_free);
