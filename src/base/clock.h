/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time behind a struct, so that tests own it. Intervals run on the boot clock, which counts
 * suspended time; dates on the wall clock, which the host may set at will.
 */
#pragma once

#include "base/macro.h"

#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_INFINITY UINT64_MAX

typedef struct Clock {
    uint64_t (*boottime_usec)(void *userdata); /* microseconds since boot */
    uint64_t (*realtime_usec)(void *userdata); /* microseconds since 1970-01-01 UTC */
    void *userdata;
    uint64_t (*awake_usec)(void *userdata); /* as boottime_usec, without suspended time */
} Clock;

/* The kernel's clocks. */
extern const Clock clock_system;

uint64_t clock_boottime_usec(const Clock *clock);
uint64_t clock_realtime_usec(const Clock *clock);
uint64_t clock_awake_usec(const Clock *clock);
/* A boot time as the wall clock of this moment would tell it; 0 for 0 and USEC_INFINITY. */
uint64_t clock_wall_time_usec(const Clock *clock, uint64_t boottime_usec);
/* RFC 3339 in UTC with seconds, "2026-11-22T06:05:00Z", into OUT of at least 32 bytes. */
void format_timestamp(uint64_t realtime_usec, char out[static 32]);
