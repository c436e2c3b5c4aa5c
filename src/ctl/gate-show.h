/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates for a person: what opens each, what that is worth, and by which keys.
 */
#pragma once

#include "format/gate-file.h"

/* Static text: what a gate of KIND is worth. */
const char *gate_worth(GateKind kind);
/* All that is said of the gate NAME, a new reference; NULL when out of memory. */
json_t *gate_to_show(const char *name, const GateFile *gate);
/* The same for a file that is none, for REASON: a named no of gate-directory.h or negative errno.
 */
json_t *gate_to_complain(const char *name, int reason);
/* Prints either. */
void gate_show(const json_t *gate);
/*
 * Says which layers of the machine the PCRs of GATE, or the policy of its vault, leave uncovered;
 * nothing for other kinds: what they cover is in the verifier's policy, which is not here.
 */
void gate_note_uncovered(const GateFile *gate);
