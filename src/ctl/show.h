/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found in evidence, for a person. All of it may be hostile: whatever is not a printable
 * ASCII character is shown as \xNN, so that nothing reaches the terminal but text.
 */
#pragma once

#include "base/json.h"

#include <stdio.h>

/* A line above rows. */
void show_heading(const char *text);
/* "label: text", the label in a column of its own. LABEL "" continues the row above. */
void show_row(const char *label, const char *text);
void show_rowf(const char *label, const char *format, ...) _printf_(2, 3);
/* The text alone, escaped, to standard output or elsewhere. */
void show_text(const char *text);
void show_text_on(FILE *out, const char *text);

/* The value at PATH, "report.reported_tcb.snp", in OBJECT; NULL: not there. Borrowed. */
const json_t *show_at(const json_t *object, const char *path);
/* The text at PATH; "" when it is not there or none. Borrowed. */
const char *show_string(const json_t *object, const char *path);
/* Is the boolean at PATH there, and true? */
bool show_is_true(const json_t *object, const char *path);
/*
 * A row for what is at PATH, when there is anything: texts, numbers, "yes" and "no", lists of such,
 * and for other values their JSON.
 */
void show_field(const json_t *object, const char *label, const char *path);
/* A row each for the members of OBJECT that have such values, deeper ones indented. */
void show_tree(const json_t *object);
/* "0-7, 9, 14" of a list of register numbers that rise. */
#define SHOW_REGISTERS_SIZE 192
void show_registers_text(const json_t *numbers, char out[static SHOW_REGISTERS_SIZE]);

/* A bit of a field, and what it means when it is 1 and when it is 0. NULL: not worth a word. */
typedef struct ShowBit {
    unsigned bit;
    const char *set;
    const char *clear;
} ShowBit;

/*
 * The number at PATH, and its bits in words. Others that are set are named by number, but for those
 * in OTHER_MASK, which are no bits.
 */
void show_bits(const json_t *object, const char *label, const char *path, const ShowBit *bits,
               size_t n_bits, uint64_t other_mask);

/* Shows content of KIND (<attest/result.h>) as it is for a person. */
void show_content(const char *kind, const json_t *content);
