/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspend, restore and a wall clock that is set, on clocks that the test owns.
 */
#include "agent/clock-watch.h"
#include "testing.h"

#define SEC USEC_PER_SEC

static uint64_t boottime, realtime, awake;

static uint64_t fake_boottime(void *userdata _unused_)
{
    return boottime;
}

static uint64_t fake_realtime(void *userdata _unused_)
{
    return realtime;
}

static uint64_t fake_awake(void *userdata _unused_)
{
    return awake;
}

static const Clock clock = { .boottime_usec = fake_boottime,
                             .realtime_usec = fake_realtime,
                             .awake_usec = fake_awake };

static ClockWatch begin(void)
{
    boottime = 500 * SEC;
    awake = 400 * SEC; /* it has slept before */
    realtime = 2000000000 * SEC;
    return clock_watch_begin(&clock);
}

static void pass(uint64_t usec)
{
    boottime += usec;
    awake += usec;
    realtime += usec;
}

static void check_change(ClockWatch *watch, int64_t wall_usec, uint64_t slept_usec, bool is_jump)
{
    ClockChange change = clock_watch_look(watch, &clock);

    check_int(change.wall_usec, wall_usec);
    check_int(change.slept_usec, slept_usec);
    check_int(clock_change_is_jump(&change), is_jump);
}

static void time_that_passes_is_no_change(void)
{
    ClockWatch watch = begin();

    pass(86400 * SEC);
    check_change(&watch, 0, 0, false);
}

static void a_resume_is_told_from_a_clock_that_was_set(void)
{
    ClockWatch watch = begin();

    pass(10 * SEC);
    boottime += 3600 * SEC; /* both count it, the awake clock does not */
    realtime += 3600 * SEC;
    check_change(&watch, 0, 3600 * SEC, true);
    check_change(&watch, 0, 0, false);
}

static void a_clock_set_either_way_is_measured_apart_from_what_passed(void)
{
    ClockWatch watch = begin();

    pass(10 * SEC);
    realtime += 7200 * SEC;
    check_change(&watch, 7200 * (int64_t)SEC, 0, true);
    pass(SEC);
    realtime -= 86400 * SEC;
    check_change(&watch, -86400 * (int64_t)SEC, 0, true);
}

/* Not even a second: else a host that nudges the clock all day has the machine attest all day. */
static void a_nudge_is_no_jump(void)
{
    ClockWatch watch = begin();

    for (int i = 0; i < 100; i++) {
        pass(SEC);
        realtime += CLOCK_WATCH_JUMP_USEC - 1;
        check_change(&watch, CLOCK_WATCH_JUMP_USEC - 1, 0, false);
        realtime -= CLOCK_WATCH_JUMP_USEC - 1;
        check_change(&watch, -(int64_t)(CLOCK_WATCH_JUMP_USEC - 1), 0, false);
    }
}

static void a_wall_clock_before_the_boot_clock_is_measured_too(void)
{
    ClockWatch watch = begin();

    realtime = 0;
    check_change(&watch, -(int64_t)(2000000000 * SEC), 0, true);
    realtime = 2000000000 * SEC;
    check_change(&watch, 2000000000 * (int64_t)SEC, 0, true);
}

static const Test tests[] = {
    { "time that passes is no change", time_that_passes_is_no_change },
    { "a resume is told from a clock that was set", a_resume_is_told_from_a_clock_that_was_set },
    { "a clock set either way is measured apart from what passed",
      a_clock_set_either_way_is_measured_apart_from_what_passed },
    { "a nudge is no jump", a_nudge_is_no_jump },
    { "a wall clock before the boot clock is measured, too",
      a_wall_clock_before_the_boot_clock_is_measured_too },
};

TEST_MAIN(tests)
