/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public API as a test uses it: an input from a table, and what came of it as JSON.
 */
#pragma once

#include "base/json.h"

#include <attest/attest.h>

#define NO_TIME INT64_MIN

/* One item. Of .vector (a file of the vectors) and .bytes one is set. */
typedef struct ApiItem {
    attest_item item;
    const char *vector;
    ByteView bytes;
} ApiItem;

#define API_ITEMS_MAX 24

/* Ends at the first item that is 0. */
typedef struct ApiInput {
    ApiItem items[API_ITEMS_MAX];
    int64_t at_sec; /* 0: no time is set */
} ApiInput;

/* Owned. */
typedef struct ApiAnswer {
    int verdict;
    attest_result *result;
    json_t *json;
} ApiAnswer;

void api_answer_done(ApiAnswer *answer);
#define _cleanup_answer_ _cleanup_(api_answer_done)

/* Abort on any failure of ours. */
attest_input *api_input(const ApiInput *input);
ApiAnswer api_verify(attest_kind kind, const ApiInput *input);
ApiAnswer api_inspect(ByteView bytes);
ApiAnswer api_inspect_vector(const char *name);
/* Of a result that is there already; takes it over. */
ApiAnswer api_answer(int verdict, attest_result *result);

/* Fails unless there is a finding of that name that decides (or only warns). */
void api_check_failure(const ApiAnswer *answer, const char *name);
void api_check_warning(const ApiAnswer *answer, const char *name);
/* Fails unless the verdict is this one and, but for ATTEST_PASS, NAME decides. */
void api_check(const ApiAnswer *answer, int verdict, const char *name);
/* The claim at a path of names, "report.reported_tcb.snp"; aborts when it is not there. */
const json_t *api_claim(const ApiAnswer *answer, const char *path);
const char *api_claim_text(const ApiAnswer *answer, const char *path);
void api_print(const ApiAnswer *answer);
