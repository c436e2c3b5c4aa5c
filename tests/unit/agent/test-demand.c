/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a round may be begun for those who ask.
 */
#include "agent/demand.h"
#include "testing.h"

static const ScheduleConfig config = { .retry_min_usec = 10, .retry_max_usec = 60 };

static void the_first_one_is_at_once(void)
{
    Demand demand = { 0 };

    check_int(demand.not_before_boottime_usec, 0);
}

static void fruitless_ones_come_ever_more_rarely(void)
{
    static const uint64_t pauses[] = { 10, 20, 40, 60, 60, 60 };
    Demand demand = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(pauses); i++) {
        demand_note_round(&demand, &config, 1000);
        check_int(demand.not_before_boottime_usec, 1000 + pauses[i]);
    }
}

static void one_that_served_somebody_shortens_the_pause(void)
{
    Demand demand = { 0 };

    for (int i = 0; i < 5; i++)
        demand_note_round(&demand, &config, 1000);
    demand_note_fruit(&demand, &config, 1005);
    check_int(demand.not_before_boottime_usec, 1015);
    demand_note_round(&demand, &config, 1020);
    check_int(demand.not_before_boottime_usec, 1030);
    /* Never lengthens it. */
    demand_note_fruit(&demand, &config, 1025);
    check_int(demand.not_before_boottime_usec, 1030);
}

static void whoever_asks_at_any_time_gets_at_most_so_many(void)
{
    Demand demand = { 0 };
    uint64_t n_rounds = 0;

    for (uint64_t now = 1; now <= 6000; now++)
        if (now >= demand.not_before_boottime_usec) {
            demand_note_round(&demand, &config, now);
            n_rounds++;
        }
    check(n_rounds <= 3 + 6000 / 60);
}

static void pauses_saturate(void)
{
    const ScheduleConfig long_ones = { .retry_min_usec = UINT64_MAX / 3,
                                       .retry_max_usec = UINT64_MAX };
    Demand demand = { .n_fruitless = UINT32_MAX };

    demand_note_round(&demand, &long_ones, 1000);
    check(demand.not_before_boottime_usec == UINT64_MAX);
    check(demand.n_fruitless == UINT32_MAX);
}

static const Test tests[] = {
    { "the first one is at once", the_first_one_is_at_once },
    { "fruitless ones come ever more rarely", fruitless_ones_come_ever_more_rarely },
    { "one that served somebody shortens the pause", one_that_served_somebody_shortens_the_pause },
    { "whoever asks at any time gets at most so many",
      whoever_asks_at_any_time_gets_at_most_so_many },
    { "pauses saturate", pauses_saturate },
};

TEST_MAIN(tests)
