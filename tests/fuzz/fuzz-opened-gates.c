/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verifier sends to open gates: whatever is accepted is within every bound.
 */
#include "format/jwe-text.h"
#include "worker/opened-gates.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_gate(const OpenedGate *gate)
{
    if (!gate_name_is_valid(gate->name))
        abort();
    if (gate->kind == GATE_KIND_VERIFIER) {
        if (gate->expiration_sec < GATE_EXPIRATION_MIN ||
            gate->expiration_sec > GATE_EXPIRATION_MAX || gate->n_keys != 0)
            abort();
        return;
    }
    if (gate->kind != GATE_KIND_REWRAP || gate->n_keys > REQUEST_WRAPPED_MAX)
        abort();
    for (size_t i = 0; i < gate->n_keys; i++) {
        if (!jwe_text_is_valid(gate->keys[i].jwe))
            abort();
        for (size_t j = 0; j < i; j++)
            if (memcmp(gate->keys[i].id, gate->keys[j].id, sizeof(gate->keys[i].id)) == 0)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(opened_gates_freep) OpenedGates *gates = NULL;

    int r = opened_gates_parse((ByteView){ .data = data, .size = size }, &gates);
    if ((r == OPENED_GATES_OK) != (gates != NULL))
        abort();
    if (!gates)
        return 0;
    if (gates->n_items > REQUEST_GATES_MAX)
        abort();
    for (size_t i = 0; i < gates->n_items; i++) {
        if (opened_gates_find(gates, gates->items[i].name) != &gates->items[i])
            abort();
        check_gate(&gates->items[i]);
    }
    return 0;
}
