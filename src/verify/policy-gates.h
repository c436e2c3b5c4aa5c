/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "gates" list of a policy: which machine may have which gate opened, how, for how long, and
 * how well its vTPM must be vouched for.
 */
#pragma once

#include "verify/policy-member.h"

#define POLICY_GATE_EXPIRATION_MAX 3600 /* seconds; design 7: -1 to -3600 */
#define POLICY_GATE_ONCE_SEC       60   /* the most where no ticket may be kept */

/* Reads the list into the Policy at TARGET. */
_must_check_ int policy_gates_parse(PolicyReader *reader, json_t *value, void *target,
                                    size_t argument);
extern const PolicyTable policy_gate_table;
void policy_gates_done(Policy *policy);

/* NULL when the policy has no such gate. */
const PolicyGate *policy_gate_find(const Policy *policy, const char *name);
/* Is the machine whose attestation key has this TPM Name listed? An empty Name never is. */
bool policy_gate_has_machine(const PolicyGate *gate, ByteView ak_name);
/* Is there one of this kind? */
bool policy_has_gate_kind(const Policy *policy, GateKind kind);
