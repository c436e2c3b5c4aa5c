/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic of waiting. All additions saturate: a wait never wraps to the past.
 */
#include "agent/schedule.h"

#include <sys/random.h>

/* Rejection sampling, so that no value is favoured. */
static uint64_t system_below(void *userdata _unused_, uint64_t bound)
{
    uint64_t value = 0;

    if (bound == 0)
        return 0;
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    do {
        if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value))
            return bound / 2; /* before the pool is ready: a fixed choice beats none */
    } while (value >= limit);
    return value % bound;
}

const Random random_system = { .below = system_below };

static uint64_t draw(const Schedule *schedule, uint64_t bound)
{
    return schedule->random->below(schedule->random->userdata, bound);
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void plan(Schedule *schedule, uint64_t delay_usec, RoundReason reason)
{
    schedule->reason = reason;
    schedule->next_round_boottime_usec =
        MIN(add(clock_boottime_usec(schedule->clock), delay_usec), USEC_INFINITY - 1);
}

Schedule schedule_make(const Clock *clock, const Random *random, const ScheduleConfig *config)
{
    return (Schedule){
        .clock = clock,
        .random = random,
        .config = *config,
        .reason = ROUND_STARTED,
        .next_round_boottime_usec = USEC_INFINITY,
    };
}

void schedule_hold_verdict(Schedule *schedule, uint64_t expires_boottime_usec,
                           uint64_t expires_realtime_usec)
{
    schedule->expires_boottime_usec = expires_boottime_usec;
    schedule->expires_realtime_usec = expires_realtime_usec;
}

void schedule_drop_verdict(Schedule *schedule)
{
    schedule_hold_verdict(schedule, 0, 0);
    schedule_hold_approvals(schedule, 0);
}

void schedule_hold_approvals(Schedule *schedule, uint64_t first_end_boottime_usec)
{
    schedule->approval_boottime_usec = first_end_boottime_usec;
}

static uint64_t left_until(uint64_t end, uint64_t now)
{
    return end > now ? end - now : 0;
}

uint64_t schedule_verdict_left_usec(const Schedule *schedule)
{
    uint64_t by_boottime =
        left_until(schedule->expires_boottime_usec, clock_boottime_usec(schedule->clock));
    uint64_t by_realtime =
        left_until(schedule->expires_realtime_usec, clock_realtime_usec(schedule->clock));

    return MIN(by_boottime, by_realtime);
}

void schedule_quiet(Schedule *schedule)
{
    schedule->next_round_boottime_usec = USEC_INFINITY;
}

/* Of the verdict, or of the approval that ends first, whichever is less. */
static uint64_t shortest_left(const Schedule *schedule)
{
    uint64_t left = schedule_verdict_left_usec(schedule), end = schedule->approval_boottime_usec;

    return end == 0 ? left : MIN(left, left_until(end, clock_boottime_usec(schedule->clock)));
}

void schedule_renewal(Schedule *schedule)
{
    const ScheduleConfig *config = &schedule->config;
    uint64_t left = shortest_left(schedule);
    uint64_t part = left / 2 + draw(schedule, left / 5 + 1);
    uint64_t interval =
        add(config->interval_usec, draw(schedule, add(config->randomized_delay_usec, 1)));

    schedule->n_failures = 0;
    schedule->is_parked = false;
    plan(schedule, MAX(MIN(part, interval), SCHEDULE_RENEWAL_MIN_USEC), ROUND_RENEWAL);
}

/* RetryMinSec doubled with every failure behind the first, at most RetryMaxSec. */
static uint64_t retry_limit(const Schedule *schedule)
{
    uint64_t limit = schedule->config.retry_min_usec;

    for (unsigned i = 1; i < schedule->n_failures && limit < schedule->config.retry_max_usec; i++)
        limit = add(limit, limit);
    return MIN(limit, schedule->config.retry_max_usec);
}

/* What a server asked for, with a bit on top so that a fleet does not return as one. */
static uint64_t asked_delay(const Schedule *schedule, uint64_t retry_after_sec)
{
    if (retry_after_sec == 0)
        return 0;
    uint64_t sec = MIN(retry_after_sec, SCHEDULE_RETRY_AFTER_MAX_USEC / USEC_PER_SEC);
    return sec * USEC_PER_SEC + draw(schedule, schedule->config.retry_min_usec);
}

void schedule_retry(Schedule *schedule, uint64_t retry_after_sec)
{
    if (schedule->n_failures < UINT32_MAX)
        schedule->n_failures++;
    uint64_t delay = draw(schedule, add(retry_limit(schedule), 1));
    schedule->is_parked = retry_after_sec > 0;
    plan(schedule, MAX(delay, asked_delay(schedule, retry_after_sec)), ROUND_RETRY);
}

void schedule_refused(Schedule *schedule, uint64_t retry_after_sec)
{
    uint64_t max = schedule->config.retry_max_usec;
    uint64_t delay = add(max, draw(schedule, max / 4 + 1));

    if (schedule->n_failures < UINT32_MAX)
        schedule->n_failures++;
    schedule->is_parked = true;
    plan(schedule, MAX(delay, asked_delay(schedule, retry_after_sec)), ROUND_AFTER_REFUSAL);
}

void schedule_expired(Schedule *schedule)
{
    if (schedule->n_failures == 0)
        plan(schedule, 0, ROUND_EXPIRED);
}

static void bring_forward(Schedule *schedule, RoundReason reason)
{
    uint64_t planned = schedule->next_round_boottime_usec;
    uint64_t delay = draw(schedule, add(schedule->config.retry_min_usec, 1));

    if (planned != USEC_INFINITY && add(clock_boottime_usec(schedule->clock), delay) < planned)
        plan(schedule, delay, reason);
}

void schedule_hurry(Schedule *schedule)
{
    if (!schedule->is_parked)
        bring_forward(schedule, ROUND_CLOCK_SET);
}

void schedule_reconsider(Schedule *schedule, const ScheduleConfig *config)
{
    schedule->config = *config;
    bring_forward(schedule, ROUND_SETTINGS);
}
