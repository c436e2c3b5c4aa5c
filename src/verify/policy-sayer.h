/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which function says which member of a policy: one row each, in the order of reading.
 */
#pragma once

#include "verify/policy-words.h"

typedef struct PolicySayer {
    const char *member; /* "/snp/minimum_tcb" */
    void (*say)(const Policy *policy, Sentences *sentences);
} PolicySayer;

typedef struct PolicySayers {
    Hardware hardware; /* said where the policy takes that; HARDWARE_NONE: always */
    const PolicySayer *rows;
    size_t n_rows;
} PolicySayers;

extern const PolicySayers policy_snp_sayers;
extern const PolicySayers policy_tdx_sayers;
extern const PolicySayers policy_tpm_sayers;
extern const PolicySayers policy_rule_sayers;
extern const PolicySayers policy_gate_sayers;
