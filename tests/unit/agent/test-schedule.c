/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of waiting, on clocks and dice that the test owns.
 */
#include "agent/schedule.h"
#include "testing.h"

#define SEC USEC_PER_SEC

static uint64_t boottime, realtime; /* what the clocks say */
static uint64_t dice_permille;      /* which part of the range is drawn */
static uint64_t last_bound;

static uint64_t fake_boottime(void *userdata _unused_)
{
    return boottime;
}

static uint64_t fake_realtime(void *userdata _unused_)
{
    return realtime;
}

static uint64_t fake_below(void *userdata _unused_, uint64_t bound)
{
    last_bound = bound;
    if (bound == 0)
        return 0;
    return (uint64_t)((double)(bound - 1) * (double)dice_permille / 1000.0);
}

static const Clock fake_clock = { .boottime_usec = fake_boottime, .realtime_usec = fake_realtime };
static const Random fake_random = { .below = fake_below };

static const ScheduleConfig config = {
    .interval_usec = 3600 * SEC,
    .randomized_delay_usec = 300 * SEC,
    .retry_min_usec = 5 * SEC,
    .retry_max_usec = 300 * SEC,
    .round_timeout_usec = 180 * SEC,
};

static Schedule make(void)
{
    boottime = 1000 * SEC;
    realtime = 2000000000 * SEC;
    dice_permille = 500;
    return schedule_make(&fake_clock, &fake_random, &config);
}

static uint64_t delay(const Schedule *schedule)
{
    return schedule->next_round_boottime_usec - boottime;
}

static void nothing_is_planned_or_held_at_first(void)
{
    Schedule s = make();

    check(s.next_round_boottime_usec == USEC_INFINITY);
    check_int(schedule_verdict_left_usec(&s), 0);
}

static void the_stricter_clock_ends_the_verdict(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 600 * SEC);
    check_int(schedule_verdict_left_usec(&s), 600 * SEC);
    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 1200 * SEC);
    check_int(schedule_verdict_left_usec(&s), 900 * SEC);
}

static void a_wall_clock_set_back_lengthens_nothing(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    boottime += 600 * SEC;
    realtime -= 86400 * SEC;
    check_int(schedule_verdict_left_usec(&s), 300 * SEC);
    boottime += 300 * SEC;
    check_int(schedule_verdict_left_usec(&s), 0);
}

static void a_wall_clock_set_forward_ends_it_at_once(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    realtime += 901 * SEC;
    check_int(schedule_verdict_left_usec(&s), 0);
}

static void renewal_comes_at_half_to_seven_tenths_of_what_is_left(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    dice_permille = 0;
    schedule_renewal(&s);
    check_int(delay(&s), 450 * SEC);
    dice_permille = 1000;
    schedule_renewal(&s);
    check_int(delay(&s), 630 * SEC);
    check_int(s.n_failures, 0);
}

static void renewal_follows_the_wall_clock_where_that_is_stricter(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 100 * SEC);
    dice_permille = 1000;
    schedule_renewal(&s);
    check_int(delay(&s), 70 * SEC);
}

static void renewal_follows_the_approval_that_ends_first(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    schedule_hold_approvals(&s, boottime + 200 * SEC);
    dice_permille = 0;
    schedule_renewal(&s);
    check_int(delay(&s), 100 * SEC);
    schedule_hold_approvals(&s, boottime + 2000 * SEC);
    schedule_renewal(&s);
    check_int(delay(&s), 450 * SEC);
    /* One that is over already leads to a round at once, and not to a spin. */
    schedule_hold_approvals(&s, boottime - 1);
    schedule_renewal(&s);
    check_int(delay(&s), SCHEDULE_RENEWAL_MIN_USEC);
    schedule_drop_verdict(&s);
    check_int(s.approval_boottime_usec, 0);
}

static void the_interval_bounds_renewal_of_a_long_verdict(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 86400 * SEC, realtime + 86400 * SEC);
    dice_permille = 0;
    schedule_renewal(&s);
    check_int(delay(&s), 3600 * SEC);
    dice_permille = 1000;
    schedule_renewal(&s);
    check_int(delay(&s), 3900 * SEC);
}

static void renewal_never_spins(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 1, realtime + 1);
    schedule_renewal(&s);
    check_int(delay(&s), SCHEDULE_RENEWAL_MIN_USEC);
}

static void backoff_doubles_up_to_its_maximum_and_is_drawn_from_zero(void)
{
    static const uint64_t limits[] = { 5, 10, 20, 40, 80, 160, 300, 300, 300 };
    Schedule s = make();

    for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
        dice_permille = 1000;
        schedule_retry(&s, 0);
        check_int(delay(&s), limits[i] * SEC);
    }
    dice_permille = 0;
    schedule_retry(&s, 0);
    check_int(delay(&s), 0);
}

static void a_passed_round_ends_the_backoff(void)
{
    Schedule s = make();

    for (int i = 0; i < 5; i++)
        schedule_retry(&s, 0);
    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    schedule_renewal(&s);
    dice_permille = 1000;
    schedule_retry(&s, 0);
    check_int(delay(&s), 5 * SEC);
}

static void millions_of_failures_do_not_overflow(void)
{
    Schedule s = make();

    s.n_failures = UINT32_MAX - 1;
    dice_permille = 1000;
    schedule_retry(&s, 0);
    schedule_retry(&s, 0);
    check_int(delay(&s), 300 * SEC);
    check(s.n_failures == UINT32_MAX);
}

static void retry_after_is_a_floor_with_a_spread(void)
{
    Schedule s = make();

    dice_permille = 0;
    schedule_retry(&s, 120);
    check_int(delay(&s), 120 * SEC);
    dice_permille = 1000;
    schedule_retry(&s, 120);
    check(delay(&s) > 124 * SEC && delay(&s) < 125 * SEC);
}

static void retry_after_does_not_shorten_a_longer_backoff(void)
{
    Schedule s = make();

    dice_permille = 1000;
    for (int i = 0; i < 8; i++)
        schedule_retry(&s, 0);
    schedule_retry(&s, 1);
    check_int(delay(&s), 300 * SEC);
}

static void no_server_parks_us_for_longer_than_an_hour(void)
{
    Schedule s = make();

    dice_permille = 0;
    schedule_retry(&s, UINT64_MAX);
    check_int(delay(&s), 3600 * SEC);
}

static void a_refusal_waits_at_least_the_maximum(void)
{
    Schedule s = make();

    dice_permille = 0;
    schedule_refused(&s, 0);
    check_int(delay(&s), 300 * SEC);
    dice_permille = 1000;
    schedule_refused(&s, 0);
    check_int(delay(&s), 375 * SEC);
    dice_permille = 0;
    schedule_refused(&s, 600);
    check_int(delay(&s), 600 * SEC);
    schedule_refused(&s, 10);
    check_int(delay(&s), 300 * SEC);
}

static void expiry_brings_a_planned_renewal_at_once_but_keeps_a_backoff(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    schedule_renewal(&s);
    schedule_expired(&s);
    check_int(delay(&s), 0);

    s = make();
    schedule_retry(&s, 600);
    uint64_t planned = s.next_round_boottime_usec;
    schedule_expired(&s);
    check_int(s.next_round_boottime_usec, planned);
}

/* It may be the very clock that the rounds before failed for: time set at last, network back. */
static void a_clock_jump_brings_renewal_and_retry_forward_but_nothing_that_is_parked(void)
{
    Schedule s = make();

    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    schedule_renewal(&s);
    dice_permille = 1000;
    schedule_hurry(&s);
    check_int(delay(&s), 5 * SEC);

    check_int(s.reason, ROUND_CLOCK_SET);

    s = make();
    dice_permille = 1000;
    for (int i = 0; i < 9; i++)
        schedule_retry(&s, 0);
    check_int(delay(&s), 300 * SEC);
    schedule_hurry(&s);
    check_int(delay(&s), 5 * SEC);
    check_int(s.n_failures, 9); /* and if it was not, the backoff goes on */

    s = make();
    schedule_refused(&s, 0);
    uint64_t planned = s.next_round_boottime_usec;
    schedule_hurry(&s);
    check_int(s.next_round_boottime_usec, planned);
    check_int(s.reason, ROUND_AFTER_REFUSAL);

    s = make();
    schedule_retry(&s, 120);
    planned = s.next_round_boottime_usec;
    schedule_hurry(&s);
    check_int(s.next_round_boottime_usec, planned);
    schedule_retry(&s, 0); /* a later round was not asked for patience */
    schedule_hurry(&s);
    check(delay(&s) <= 5 * SEC);
}

/* A verifier that is away for months, then refuses for months, then throttles for months. */
static void nothing_gives_up_in_years_and_nothing_spins(void)
{
    Schedule s = make();
    uint64_t begun = boottime, n_rounds = 0;

    for (unsigned month = 0; month < 24; month++) {
        uint64_t month_end = boottime + 30 * 86400 * SEC;
        while (boottime < month_end) {
            dice_permille = (dice_permille + 377) % 1001;
            if (month % 3 == 0)
                schedule_retry(&s, 0);
            else if (month % 3 == 1)
                schedule_refused(&s, 0);
            else
                schedule_retry(&s, 7200);
            check(s.next_round_boottime_usec != USEC_INFINITY);
            check(delay(&s) <= SCHEDULE_RETRY_AFTER_MAX_USEC + 5 * SEC);
            boottime = MAX(s.next_round_boottime_usec, boottime + 1);
            n_rounds++;
        }
    }
    /* On the average half of RetryMaxSec lies between two, and more where it was asked for. */
    check(n_rounds > 100000 && n_rounds < (boottime - begun) / (100 * SEC));
    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    schedule_renewal(&s);
    check_int(s.n_failures, 0);
    check_int(s.reason, ROUND_RENEWAL);
}

static void each_round_has_the_reason_it_was_planned_for(void)
{
    Schedule s = make();

    check_int(s.reason, ROUND_STARTED);
    schedule_hold_verdict(&s, boottime + 900 * SEC, realtime + 900 * SEC);
    schedule_renewal(&s);
    check_int(s.reason, ROUND_RENEWAL);
    schedule_expired(&s);
    check_int(s.reason, ROUND_EXPIRED);
    schedule_retry(&s, 0);
    check_int(s.reason, ROUND_RETRY);
    schedule_expired(&s);
    check_int(s.reason, ROUND_RETRY);
    dice_permille = 0;
    boottime -= 1; /* so that it is planned for later than now */
    schedule_reconsider(&s, &config);
    check_int(s.reason, ROUND_SETTINGS);
}

static void nothing_hurries_a_round_that_runs(void)
{
    Schedule s = make();

    schedule_quiet(&s);
    schedule_hurry(&s);
    schedule_reconsider(&s, &config);
    check(s.next_round_boottime_usec == USEC_INFINITY);
}

static void a_round_that_is_near_is_not_put_off_by_hurry(void)
{
    Schedule s = make();

    s.next_round_boottime_usec = boottime + 1;
    dice_permille = 1000;
    schedule_hurry(&s);
    check_int(delay(&s), 1);
}

static void a_changed_configuration_counts_at_once(void)
{
    ScheduleConfig changed = config;
    Schedule s = make();

    schedule_refused(&s, 0);
    changed.retry_min_usec = SEC;
    dice_permille = 1000;
    schedule_reconsider(&s, &changed);
    check_int(delay(&s), SEC);
}

static void waits_saturate(void)
{
    Schedule s = make();

    boottime = UINT64_MAX - 10;
    schedule_refused(&s, 0);
    check(s.next_round_boottime_usec == USEC_INFINITY - 1);
}

static void the_kernels_dice_stay_within_bounds(void)
{
    bool seen[5] = { false };

    check_int(random_system.below(NULL, 0), 0);
    check_int(random_system.below(NULL, 1), 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = random_system.below(NULL, ELEMENTSOF(seen));
        check(value < ELEMENTSOF(seen));
        seen[value] = true;
    }
    for (size_t i = 0; i < ELEMENTSOF(seen); i++)
        check(seen[i]); /* fails by chance once in 10^96 runs */
}

static const Test tests[] = {
    { "nothing is planned or held at first", nothing_is_planned_or_held_at_first },
    { "the stricter clock ends the verdict", the_stricter_clock_ends_the_verdict },
    { "a wall clock set back lengthens nothing", a_wall_clock_set_back_lengthens_nothing },
    { "a wall clock set forward ends it at once", a_wall_clock_set_forward_ends_it_at_once },
    { "renewal comes at half to seven tenths of what is left",
      renewal_comes_at_half_to_seven_tenths_of_what_is_left },
    { "renewal follows the wall clock where that is stricter",
      renewal_follows_the_wall_clock_where_that_is_stricter },
    { "renewal follows the approval that ends first",
      renewal_follows_the_approval_that_ends_first },
    { "the interval bounds renewal of a long verdict",
      the_interval_bounds_renewal_of_a_long_verdict },
    { "renewal never spins", renewal_never_spins },
    { "backoff doubles up to its maximum and is drawn from zero",
      backoff_doubles_up_to_its_maximum_and_is_drawn_from_zero },
    { "a passed round ends the backoff", a_passed_round_ends_the_backoff },
    { "millions of failures do not overflow", millions_of_failures_do_not_overflow },
    { "Retry-After is a floor with a spread", retry_after_is_a_floor_with_a_spread },
    { "Retry-After does not shorten a longer backoff",
      retry_after_does_not_shorten_a_longer_backoff },
    { "no server parks us for longer than an hour", no_server_parks_us_for_longer_than_an_hour },
    { "a refusal waits at least the maximum", a_refusal_waits_at_least_the_maximum },
    { "expiry brings a planned renewal at once but keeps a backoff",
      expiry_brings_a_planned_renewal_at_once_but_keeps_a_backoff },
    { "a clock jump brings renewal and retry forward, but nothing that is parked",
      a_clock_jump_brings_renewal_and_retry_forward_but_nothing_that_is_parked },
    { "nothing gives up in years, and nothing spins", nothing_gives_up_in_years_and_nothing_spins },
    { "each round has the reason it was planned for",
      each_round_has_the_reason_it_was_planned_for },
    { "nothing hurries a round that runs", nothing_hurries_a_round_that_runs },
    { "a round that is near is not put off by hurry",
      a_round_that_is_near_is_not_put_off_by_hurry },
    { "a changed configuration counts at once", a_changed_configuration_counts_at_once },
    { "waits saturate", waits_saturate },
    { "the kernel's dice stay within bounds", the_kernels_dice_stay_within_bounds },
};

TEST_MAIN(tests)
