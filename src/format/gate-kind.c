/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the kinds of gates, and what some have in common.
 */
#include "format/gate-kind.h"

#include <string.h>

static const char *const names[N_GATE_KINDS] = {
    [GATE_KIND_VERIFIER] = "verifier",
    [GATE_KIND_REWRAP] = "rewrap",
    [GATE_KIND_KEY_RELEASE] = "key-release",
    [GATE_KIND_PCR] = "pcr",
};

const char *gate_kind_name(GateKind kind)
{
    return names[kind];
}

bool gate_kind_by_name(const char *name, GateKind *ret)
{
    for (int kind = 0; name && kind < N_GATE_KINDS; kind++) {
        if (strcmp(names[kind], name) == 0) {
            *ret = (GateKind)kind;
            return true;
        }
    }
    return false;
}

bool gate_kind_has_round(GateKind kind)
{
    return kind != GATE_KIND_PCR;
}

bool gate_kind_is_granted(GateKind kind)
{
    return kind == GATE_KIND_VERIFIER || kind == GATE_KIND_REWRAP;
}

bool gate_kind_is_wrapped(GateKind kind)
{
    return kind == GATE_KIND_REWRAP || kind == GATE_KIND_KEY_RELEASE;
}
