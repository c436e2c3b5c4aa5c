/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which wrapped call fails: none, the Nth, or some by a seeded dice. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No call fails; they are counted from 0. */
void dice_rest(void);
/* The call with this number fails, and no other. */
void dice_fail_at(size_t number);
/* One call in ODDS fails, always the same ones for the same seed. */
void dice_roll(uint64_t seed, unsigned odds);

/* Calls since the last of the above. */
size_t dice_n_calls(void);
/* Of those, how many failed. */
size_t dice_n_failed(void);

/* Asked by every wrapped function: is this the one? */
bool dice_says_fail(void);
