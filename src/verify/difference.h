/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a wish found and what it wanted, in words: the two texts of a finding, made while judging.
 */
#pragma once

#include "verify/policy.h"

#define DIFFERENCE_TEXT_MAX 256 /* bytes with NUL */

/* Zeroed is empty. */
typedef struct Difference {
    char found[DIFFERENCE_TEXT_MAX];
    char wanted[DIFFERENCE_TEXT_MAX];
} Difference;

/* Writes one of the two, cut where it does not fit. */
void difference_say(char out[static DIFFERENCE_TEXT_MAX], const char *format, ...) _printf_(2, 3);
/* The digest found, and how many would have done. */
void difference_digest(Difference *difference, ByteView found, size_t n_wanted);
/* Is VALUE in LIST, or is there none to be in? What is said is said of a no. */
bool difference_in_list(const PolicyBytesList *list, ByteView value, Difference *difference);
/* Are the bits as MASK wants them? */
bool difference_mask(const PolicyMask *mask, uint64_t bits, Difference *difference);
