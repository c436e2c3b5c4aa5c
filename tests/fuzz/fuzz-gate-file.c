/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files: whatever is accepted is read again as the same gate.
 */
#include "format/gate-file.h"

#include "format/vault-key.h"

#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a vault: all that leads to its key. */
static void require_vault(const GateFile *gate)
{
    VaultKey key;

    if (gate->kind != GATE_KIND_KEY_RELEASE) {
        require(!gate->key_url && !gate->key && !gate->client_id && !gate->resource &&
                !gate->vault_ca_pem && !gate->api_version);
        return;
    }
    require(vault_key_parse(gate->key_url, &key));
    require(json_object_size(gate->key) == 3 || json_object_size(gate->key) == 4);
    require(gate->resource || vault_resource(key.host));
}

/* Each kind has what it needs, and nothing of another. */
static void require_kind(const GateFile *gate)
{
    bool is_pcr = gate->kind == GATE_KIND_PCR, is_rewrap = gate->kind == GATE_KIND_REWRAP;
    bool is_verifier = gate->kind == GATE_KIND_VERIFIER;

    require(strcmp(gate->name, "db") == 0 && gate->kind < N_GATE_KINDS);
    require(is_pcr == !gate->verifier && is_pcr == (gate->pcrs != 0));
    require(!(gate->pcrs & ~GATE_PCRS_ALL));
    require(is_verifier == (json_object_size(gate->release_key) == 4));
    require(is_verifier || (!gate->next_release_key && !gate->no_ticket && gate->cap_pcr == 0));
    require(is_rewrap == (json_object_size(gate->rewrap_key) == 5));
    require(is_rewrap == bind_set_is_valid(gate->binds));
    require(!gate->paravisors || strcmp(gate->vtpm_root, "paravisor") == 0);
    require(!gate->recovery_key || json_object_size(gate->recovery_key) == 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_gate_file_ GateFile gate = { 0 }, again = { 0 };

    if (gate_file_parse((ByteView){ .data = data, .size = size }, "db", &gate) != GATE_FILE_OK) {
        require(!gate.name && !gate.verifier && !gate.release_key && !gate.rewrap_key);
        return 0;
    }
    require_kind(&gate);
    require_vault(&gate);

    _cleanup_free_ char *text = gate_file_text(&gate);
    json_auto_t *one = gate_file_to_json(&gate);
    require(text && one);
    require(gate_file_parse(view_of_string(text), "db", &again) == GATE_FILE_OK);
    json_auto_t *other = gate_file_to_json(&again);
    require(json_equal(one, other));
    return 0;
}
