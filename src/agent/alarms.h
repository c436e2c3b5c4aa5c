/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers behind the schedule: next round on the boot clock, end of the verdict on both clocks,
 * end of the first approval, and word of a wall clock that was set (which a resume does too).
 */
#pragma once

#include "agent/schedule.h"

#include <systemd/sd-event.h>

typedef struct AlarmHandlers {
    int (*on_round_due)(void *userdata);
    int (*on_verdict_end)(void *userdata);  /* by one of the clocks; look at the schedule */
    int (*on_approval_end)(void *userdata); /* the first one that was held */
    int (*on_clock_set)(void *userdata);
    void *userdata;
} AlarmHandlers;

typedef struct Alarms Alarms;

_must_check_ int alarms_new(sd_event *event, const AlarmHandlers *handlers, Alarms **ret);
Alarms *alarms_free(Alarms *alarms);
DEFINE_CLEANUP(Alarms *, alarms_free);

/* Arms and disarms by what SCHEDULE says now. Negative errno. */
_must_check_ int alarms_set(Alarms *alarms, const Schedule *schedule);
