/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One example for each member of the policy language: an object without it and the same with it, or
 * two values of a member that must be there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct ExplainExample {
    const char *path;    /* "/snp/minimum_tcb/Milan/snp"; items of a list are "0" */
    const char *without; /* members of the policy, ' for " */
    const char *with;
    bool loosens; /* makes the policy accept more, and may take a sentence back */
} ExplainExample;

/* .path is NULL behind the last. */
extern const ExplainExample explain_examples[];
