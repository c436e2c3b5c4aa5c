/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libattest made of something, as attestctl prints it.
 */
#pragma once

#include "ctl/verb.h"
#include "format/finding.h"

#include <attest/result.h>
#include <jansson.h>

static inline void attest_result_freep(attest_result **result)
{
    (void)attest_result_free(*result);
}

/*
 * Verdict, findings, facts; with --json the JSON. NOTES are warnings besides those of the result.
 * The exit class of the verdict.
 */
_must_check_ int judged_print(const Options *options, const attest_result *result,
                              const Findings *notes);
/* Every finding, to standard output: those that decide first. */
void judged_print_findings(const attest_result *result);
/* The result's JSON; NULL: out of memory. A new reference. */
json_t *judged_json(const attest_result *result);
/* Prints JSON in ASCII, indented. 0, or EXIT_CLASS_INTERNAL. */
_must_check_ int judged_print_json(const json_t *json);
/* 0, EXIT_CLASS_REFUSED or EXIT_CLASS_USAGE: pass, fail, unreadable. */
int judged_exit_class(const attest_result *result);
