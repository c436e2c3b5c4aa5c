/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's clocks behind the Clock struct.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec ts = { 0 };

    (void)clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t system_boottime(void *userdata _unused_)
{
    return read_clock(CLOCK_BOOTTIME);
}

static uint64_t system_realtime(void *userdata _unused_)
{
    return read_clock(CLOCK_REALTIME);
}

static uint64_t system_awake(void *userdata _unused_)
{
    return read_clock(CLOCK_MONOTONIC);
}

const Clock clock_system = {
    .boottime_usec = system_boottime,
    .realtime_usec = system_realtime,
    .awake_usec = system_awake,
};

uint64_t clock_boottime_usec(const Clock *clock)
{
    return clock->boottime_usec(clock->userdata);
}

uint64_t clock_realtime_usec(const Clock *clock)
{
    return clock->realtime_usec(clock->userdata);
}

uint64_t clock_awake_usec(const Clock *clock)
{
    return clock->awake_usec(clock->userdata);
}

uint64_t clock_wall_time_usec(const Clock *clock, uint64_t boottime_usec)
{
    uint64_t now = clock_boottime_usec(clock), wall = clock_realtime_usec(clock);

    if (boottime_usec == 0 || boottime_usec == USEC_INFINITY)
        return 0;
    if (boottime_usec > now)
        return wall + (boottime_usec - now);
    return wall - MIN(now - boottime_usec, wall);
}

void format_timestamp(uint64_t realtime_usec, char out[static 32])
{
    time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(out, 32, "?");
}
