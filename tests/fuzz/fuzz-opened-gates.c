/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verifier sends to open gates: whatever is accepted is within every bound.
 */
#include "worker/opened-gates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OpenedGates gates = { 0 };

    if (opened_gates_parse((ByteView){ .data = data, .size = size }, &gates) != OPENED_GATES_OK) {
        if (gates.n_items != 0)
            abort();
        return 0;
    }
    if (gates.n_items > REQUEST_GATES_MAX)
        abort();
    for (size_t i = 0; i < gates.n_items; i++) {
        const OpenedGate *gate = &gates.items[i];
        if (!gate_name_is_valid(gate->name) || opened_gates_find(&gates, gate->name) != gate ||
            gate->expiration_sec < GATE_EXPIRATION_MIN ||
            gate->expiration_sec > GATE_EXPIRATION_MAX)
            abort();
    }
    return 0;
}
