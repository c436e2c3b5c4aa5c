/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was checked and how it ended, in order: the lines of attestctl doctor, and what
 * attest-worker answers to probe.
 */
#pragma once

#include "format/finding.h"

#define CHECK_LIST_MAX     32  /* checks of one answer */
#define CHECK_NAME_MAX     32  /* bytes: letters, digits and dashes */
#define CHECK_SAID_MAX     512 /* bytes */
#define CHECK_FINDINGS_MAX 16  /* that are written for one check; failures come first */

typedef enum CheckState {
    CHECK_OK,
    CHECK_WARN,    /* works, and leaves something open */
    CHECK_NO,      /* does not work, or will not */
    CHECK_SKIPPED, /* not checked; .said says why */
} CheckState;

/* Zeroed is nothing wrong and nothing said. */
typedef struct Check {
    char *name; /* "tpm" */
    char *said; /* one printable line: what is as it should be, or why it was not checked */
    bool is_skipped;
    Findings findings;
} Check;

/* Owned. A zeroed struct is empty and valid. */
typedef struct CheckList {
    Check *items;
    size_t n_items;
} CheckList;

void check_list_done(CheckList *list);
#define _cleanup_check_list_ _cleanup_(check_list_done)

/* Adds an empty one; RET is borrowed until the next is added. SOURCE as in Findings. -ENOMEM. */
_must_check_ int check_list_add(CheckList *list, const char *name, const char *source, Check **ret);
/* NULL: there is none of this name. */
const Check *check_list_find(const CheckList *list, const char *name);

/* By the worst of its findings. */
CheckState check_state(const Check *check);
/* "ok", "warn", "no", "skipped". Static text. */
const char *check_state_name(CheckState state);

/* What is said takes the place of what was said before; cut, non-printable bytes become '?'.
 * -ENOMEM. */
_must_check_ int check_say(Check *check, const char *format, ...) _printf_(2, 3);
/* The same, and it is not checked. -ENOMEM. */
_must_check_ int check_skip(Check *check, const char *format, ...) _printf_(2, 3);

/* [{"check", "result", "said", "findings": […]}, …]. New reference; NULL when out of memory. */
json_t *check_list_to_json(const CheckList *list);
/*
 * Reads such an array as a process sent it that has heard others: bounded, printable. LIST must be
 * empty. JSON_OK, JSON_E_TYPE or JSON_E_SIZE; -ENOMEM.
 */
_must_check_ int check_list_from_json(CheckList *list, const json_t *array);
