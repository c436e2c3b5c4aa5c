/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Require= rule taken apart for a worker request. What it means is decided where tokens are
 * judged; here it only has to have the right shape.
 */
#pragma once

#include "base/json.h"

/* Owned: rule_done(). */
typedef struct Rule {
    char *pointer;         /* JSON pointer, RFC 6901 */
    const char *operation; /* "=", "!=", ">=", "<=" or "contains"; static */
    json_t *value;         /* string, integer or boolean */
} Rule;

enum { RULE_OK, RULE_E_POINTER, RULE_E_OPERATOR, RULE_E_VALUE };

void rule_done(Rule *rule);
#define _cleanup_rule_ _cleanup_(rule_done)

/*
 * "POINTER OPERATOR VALUE". A value that is a JSON string, integer or boolean is that; any other
 * text stands for itself. A named no or -ENOMEM.
 */
_must_check_ int rule_parse(const char *text, Rule *ret);
