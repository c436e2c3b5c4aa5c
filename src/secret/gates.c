/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of the kinds of gates.
 */
#include "secret/gates.h"

#include "secret/gate-table.h"

static const SecretGate *const gates[N_GATE_KINDS] = {
    [GATE_KIND_VERIFIER] = &gate_verifier,
    [GATE_KIND_REWRAP] = &gate_rewrap,
    [GATE_KIND_KEY_RELEASE] = &gate_key_release,
    [GATE_KIND_PCR] = &gate_pcr,
};

const SecretGate *secret_gate(GateKind kind)
{
    return gates[kind];
}
