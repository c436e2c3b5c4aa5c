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

const Clock clock_system = {
    .boottime_usec = system_boottime,
    .realtime_usec = system_realtime,
};

uint64_t clock_boottime_usec(const Clock *clock)
{
    return clock->boottime_usec(clock->userdata);
}

uint64_t clock_realtime_usec(const Clock *clock)
{
    return clock->realtime_usec(clock->userdata);
}

void format_timestamp(uint64_t realtime_usec, char out[static 32])
{
    time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(out, 32, "?");
}
