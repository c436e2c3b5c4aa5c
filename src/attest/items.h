/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an attest_input, for those who judge it: items by kind, borrowed.
 */
#pragma once

#include "base/bytes.h"

#include <attest/input.h>

/* What is known of a kind of item. */
typedef struct ItemKind {
    attest_item item;
    const char *name; /* subject of findings about it: "snp-report" */
    size_t size_max;  /* bytes */
    size_t count_max;
} ItemKind;

#define ITEMS_MAX 128 /* of all kinds; more than the sum of what each allows for real evidence */

/* Bit of ITEM in a set of items. */
#define ITEM_BIT(item) (UINT64_C(1) << (item))

/* NULL when there is no such kind. */
const ItemKind *item_kind(attest_item item);
/* Walks the kinds: INDEX from 0 up, NULL behind the last. */
const ItemKind *item_kind_at(size_t index);

/* The one of this kind, or the first; .data NULL: none. Borrowed. */
ByteView items_get(const attest_input *input, attest_item item);
/* Writes up to MAX of them to OUT, in the order they came, and returns how many. Borrowed. */
size_t items_list(const attest_input *input, attest_item item, ByteView *out, size_t max);
/* ITEM_BIT() of every kind that is there. */
uint64_t items_present(const attest_input *input);
/* Seconds since 1970, or CERTIFICATE_TIME_ANY. */
int64_t items_time(const attest_input *input);
