/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of judging or inspecting, while it is being made: findings and JSON, which at the end
 * become an attest_result in one of three forms.
 */
#pragma once

#include "base/json.h"
#include "format/finding.h"

#include <attest/verify.h>

#define OUTCOME_SOURCE "libattest" /* of every finding made here */

/* Owned. Start with OUTCOME_INIT. */
typedef struct Outcome {
    const char *kind; /* static text; what attest_result_kind_name() says */
    Findings findings;
    json_t *claims;  /* an object; content, where nothing is judged */
    bool unreadable; /* nothing could be judged; a finding says why */
} Outcome;

/* KIND is static text. -ENOMEM. */
_must_check_ int outcome_init(Outcome *outcome, const char *kind);
void outcome_done(Outcome *outcome);
#define _cleanup_outcome_ _cleanup_(outcome_done)

/*
 * Adds the failure NAME about SUBJECT and marks the outcome unreadable. FOUND is a format. 0 or
 * -ENOMEM.
 */
_must_check_ int outcome_unreadable(Outcome *outcome, const char *name, const char *subject,
                                    const char *wanted, const char *found, ...) _printf_(5, 6);

/* Adds VALUE, whose reference is taken over, as a claim; NULL counts as out of memory. -ENOMEM. */
_must_check_ int outcome_claim(Outcome *outcome, const char *name, json_t *value);

/* ATTEST_PASS, ATTEST_E_FAIL or ATTEST_E_UNREADABLE. */
int outcome_verdict(const Outcome *outcome);

/* The three forms. Each hands out a whole result and returns its verdict; -ENOMEM. */
/* {"verdict", "checks", "claims"}. */
_must_check_ int outcome_to_verdict(Outcome *outcome, attest_result **ret);
/* {"kind", "content", "checks"}. */
_must_check_ int outcome_to_content(Outcome *outcome, attest_result **ret);
/* The members of "claims" themselves, and "checks" where there are any. */
_must_check_ int outcome_to_object(Outcome *outcome, attest_result **ret);
