/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened to the clocks since they were last looked at: the machine slept, or somebody set
 * the wall clock. The kernel says that something did (alarms.h), and not what. Pure.
 */
#pragma once

#include "base/clock.h"

/* Less is an adjustment, not a jump: a clock that is nudged all day must not cause rounds. */
#define CLOCK_WATCH_JUMP_USEC USEC_PER_SEC

/* Differences of the clocks at the last look. Wrap around; only compared. */
typedef struct ClockWatch {
    uint64_t asleep_usec; /* boot clock minus awake clock */
    uint64_t wall_usec;   /* wall clock minus boot clock */
} ClockWatch;

typedef struct ClockChange {
    int64_t wall_usec;   /* by how much the wall clock was set, beyond the time that passed */
    uint64_t slept_usec; /* for how long the machine was suspended */
} ClockChange;

ClockWatch clock_watch_begin(const Clock *clock);
/* What changed since the last look, and looks. */
ClockChange clock_watch_look(ClockWatch *watch, const Clock *clock);
/* Is that worth a round? */
bool clock_change_is_jump(const ClockChange *change);
