/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dice.
 */
#include "dice.h"

static struct {
    size_t n_calls;
    size_t n_failed;
    size_t fail_at; /* SIZE_MAX: none */
    unsigned odds;  /* 0: no dice */
    uint64_t state;
} dice = { .fail_at = SIZE_MAX };

static void reset(void)
{
    dice.n_calls = dice.n_failed = 0;
    dice.fail_at = SIZE_MAX;
    dice.odds = 0;
}

void dice_rest(void)
{
    reset();
}

void dice_fail_at(size_t number)
{
    reset();
    dice.fail_at = number;
}

void dice_roll(uint64_t seed, unsigned odds)
{
    reset();
    dice.odds = odds;
    dice.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

size_t dice_n_calls(void)
{
    return dice.n_calls;
}

size_t dice_n_failed(void)
{
    return dice.n_failed;
}

/* xorshift64* */
static uint64_t next(void)
{
    dice.state ^= dice.state >> 12;
    dice.state ^= dice.state << 25;
    dice.state ^= dice.state >> 27;
    return dice.state * UINT64_C(0x2545f4914f6cdd1d) >> 33;
}

bool dice_says_fail(void)
{
    bool fails = dice.n_calls++ == dice.fail_at;

    if (dice.odds > 0 && next() % dice.odds == 0)
        fails = true;
    dice.n_failed += fails;
    return fails;
}
