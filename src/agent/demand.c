/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pause that doubles.
 */
#include "agent/demand.h"

static uint64_t pause_usec(const Demand *demand, const ScheduleConfig *config)
{
    uint64_t pause = config->retry_min_usec, max = config->retry_max_usec;

    for (unsigned i = 0; i < demand->n_fruitless && pause < max; i++)
        pause = pause > max / 2 ? max : 2 * pause;
    return MIN(pause, max);
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void demand_note_round(Demand *demand, const ScheduleConfig *config, uint64_t now)
{
    demand->not_before_boottime_usec = add(now, pause_usec(demand, config));
    if (demand->n_fruitless < UINT32_MAX)
        demand->n_fruitless++;
}

void demand_note_fruit(Demand *demand, const ScheduleConfig *config, uint64_t now)
{
    uint64_t pause = add(now, config->retry_min_usec);

    demand->n_fruitless = 0;
    demand->not_before_boottime_usec = MIN(demand->not_before_boottime_usec, pause);
}
