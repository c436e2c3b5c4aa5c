/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds that are begun because somebody asks for a secret: when the next one may be. Whoever asks
 * again and again must not have the verifier asked as often. Pure.
 */
#pragma once

#include "config/config.h"

/* Zeroed: none yet. */
typedef struct Demand {
    uint64_t not_before_boottime_usec;
    unsigned n_fruitless; /* rounds in a row that opened nothing for who wanted them */
} Demand;

/*
 * One is begun at NOW. The next comes after RetryMinSec, doubled with every fruitless one in a row,
 * at most RetryMaxSec.
 */
void demand_note_round(Demand *demand, const ScheduleConfig *config, uint64_t now);
/* Who wanted one was served after it. */
void demand_note_fruit(Demand *demand, const ScheduleConfig *config, uint64_t now);
