/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files: whatever is accepted is read again as the same gate.
 */
#include "format/gate-file.h"

#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_gate_file_ GateFile gate = { 0 }, again = { 0 };

    if (gate_file_parse((ByteView){ .data = data, .size = size }, "db", &gate) != GATE_FILE_OK) {
        require(!gate.name && !gate.verifier && !gate.release_key);
        return 0;
    }
    require(strcmp(gate.name, "db") == 0 && gate.verifier &&
            json_object_size(gate.release_key) == 4);

    _cleanup_free_ char *text = gate_file_text(&gate);
    json_auto_t *one = gate_file_to_json(&gate);
    require(text && one);
    require(gate_file_parse(view_of_string(text), "db", &again) == GATE_FILE_OK);
    json_auto_t *other = gate_file_to_json(&again);
    require(json_equal(one, other));
    return 0;
}
