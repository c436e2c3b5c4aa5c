/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rounds that attestd has recorded, as root reads them: the directory is attestd's, who might
 * have put anything there.
 */
#pragma once

#include "format/round-record.h"

/* By number, the last at the end. Owned: rounds_done(). Zeroed is empty. */
typedef struct Rounds {
    RoundRecord items[ROUND_RECORDS_KEPT];
    size_t n_items;
} Rounds;

void rounds_done(Rounds *rounds);
#define _cleanup_rounds_ _cleanup_(rounds_done)

/*
 * Reads the newest of STATE/rounds; one that cannot be read is said and passed over, no directory
 * is no rounds. 0, else an exit class, and it was said why.
 */
_must_check_ int rounds_read(const char *state_directory, Rounds *ret);
/* NULL: there is none of this number. */
const RoundRecord *rounds_find(const Rounds *rounds, uint64_t number);
