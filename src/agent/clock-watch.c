/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences of differences.
 */
#include "agent/clock-watch.h"

ClockWatch clock_watch_begin(const Clock *clock)
{
    uint64_t boottime = clock_boottime_usec(clock);

    return (ClockWatch){ .asleep_usec = boottime - clock_awake_usec(clock),
                         .wall_usec = clock_realtime_usec(clock) - boottime };
}

ClockChange clock_watch_look(ClockWatch *watch, const Clock *clock)
{
    ClockWatch now = clock_watch_begin(clock);
    int64_t slept = (int64_t)(now.asleep_usec - watch->asleep_usec);
    ClockChange change = { .wall_usec = (int64_t)(now.wall_usec - watch->wall_usec),
                           .slept_usec = slept > 0 ? (uint64_t)slept : 0 };

    *watch = now;
    return change;
}

bool clock_change_is_jump(const ClockChange *change)
{
    const int64_t jump = (int64_t)CLOCK_WATCH_JUMP_USEC;

    return change->wall_usec >= jump || change->wall_usec <= -jump ||
           change->slept_usec >= CLOCK_WATCH_JUMP_USEC;
}
