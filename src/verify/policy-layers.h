/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which layers of a machine a policy holds, and what each one left open is worth to an attacker.
 */
#pragma once

#include "verify/policy.h"

typedef struct PolicyLayer {
    const char *name;
    /* What an attacker could then do, static text; NULL: POLICY covers the layer. */
    const char *(*gap)(const Policy *policy);
} PolicyLayer;

/* From the hardware up; NULL behind the last. */
const PolicyLayer *policy_layer_at(size_t index);
