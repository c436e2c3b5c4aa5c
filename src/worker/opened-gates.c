/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to OpenedGates.
 */
#include "worker/opened-gates.h"

#include "base/json.h"
#include "format/jwe-text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *opened_gates_reason(int reason)
{
    switch (reason) {
    case OPENED_GATES_OK:
        return "ok";
    case OPENED_GATES_E_JSON:
        return "not a JSON object";
    case OPENED_GATES_E_MANY:
        return "more gates than can be asked for";
    case OPENED_GATES_E_NAME:
        return "not a gate's name";
    case OPENED_GATES_E_ENTRY:
        return "a gate opened in no way that is known";
    case OPENED_GATES_E_KEY:
        return "data keys that are none, too many, or a secret's twice";
    }
    return "unknown";
}

static int read_signature(const json_t *entry, OpenedGate *gate)
{
    _cleanup_bytes_ Bytes signature = { 0 };

    int r = json_get_base64url(entry, "signature", sizeof(gate->signature), &signature);
    if (r < 0)
        return r;
    if (r != JSON_OK || signature.size != sizeof(gate->signature))
        return OPENED_GATES_E_ENTRY;
    memcpy(gate->signature, signature.data, sizeof(gate->signature));
    return OPENED_GATES_OK;
}

static int read_verifier(json_t *entry, OpenedGate *gate)
{
    static const char *const known[] = { "kind", "expiration", "signature", NULL };
    const json_t *expiration = json_object_get(entry, "expiration");

    if (json_unknown_member(entry, known) || !json_is_integer(expiration))
        return OPENED_GATES_E_ENTRY;
    gate->expiration_sec = json_integer_value(expiration);
    if (gate->expiration_sec < GATE_EXPIRATION_MIN || gate->expiration_sec > GATE_EXPIRATION_MAX)
        return OPENED_GATES_E_ENTRY;
    return read_signature(entry, gate);
}

static bool has_key(const OpenedGate *gate, const uint8_t id[static REQUEST_SECRET_ID_SIZE])
{
    for (size_t i = 0; i < gate->n_keys; i++)
        if (memcmp(gate->keys[i].id, id, REQUEST_SECRET_ID_SIZE) == 0)
            return true;
    return false;
}

static int read_key(json_t *entry, OpenedGate *gate)
{
    static const char *const known[] = { "id", "jwe", NULL };
    OpenedKey *key = &gate->keys[gate->n_keys];
    _cleanup_bytes_ Bytes id = { 0 };
    const char *jwe;

    if (!json_is_object(entry) || json_unknown_member(entry, known) ||
        json_get_string(entry, "jwe", &jwe) != JSON_OK || !jwe_text_is_valid(jwe))
        return OPENED_GATES_E_KEY;
    int r = json_get_base64url(entry, "id", sizeof(key->id), &id);
    if (r < 0)
        return r;
    if (r != JSON_OK || id.size != sizeof(key->id) || has_key(gate, id.data))
        return OPENED_GATES_E_KEY;
    memcpy(key->id, id.data, sizeof(key->id));
    key->jwe = strdup(jwe);
    if (!key->jwe)
        return -ENOMEM;
    gate->n_keys++;
    return OPENED_GATES_OK;
}

static int read_rewrap(json_t *entry, OpenedGate *gate)
{
    static const char *const known[] = { "kind", "keys", NULL };
    json_t *keys = json_object_get(entry, "keys");
    size_t i;
    json_t *key;

    if (json_unknown_member(entry, known) || !json_is_array(keys))
        return OPENED_GATES_E_ENTRY;
    if (json_array_size(keys) > ELEMENTSOF(gate->keys))
        return OPENED_GATES_E_KEY;
    json_array_foreach (keys, i, key) {
        int r = read_key(key, gate);
        if (r != OPENED_GATES_OK)
            return r;
    }
    return OPENED_GATES_OK;
}

static int read_entry(const char *name, json_t *entry, OpenedGate *gate)
{
    const char *kind = json_string_value(json_object_get(entry, "kind"));

    if (!gate_name_is_valid(name))
        return OPENED_GATES_E_NAME;
    (void)snprintf(gate->name, sizeof(gate->name), "%s", name);
    if (!gate_kind_by_name(kind, &gate->kind))
        return OPENED_GATES_E_ENTRY;
    switch (gate->kind) {
    case GATE_KIND_VERIFIER:
        return read_verifier(entry, gate);
    case GATE_KIND_REWRAP:
        return read_rewrap(entry, gate);
    case GATE_KIND_KEY_RELEASE: /* not the verifier's to open */
    case GATE_KIND_PCR:
    case N_GATE_KINDS:
        break;
    }
    return OPENED_GATES_E_ENTRY;
}

static int read_entries(json_t *object, OpenedGates *gates)
{
    const char *name;
    json_t *entry;

    if (json_object_size(object) > ELEMENTSOF(gates->items))
        return OPENED_GATES_E_MANY;
    json_object_foreach (object, name, entry) {
        /* Counted before it is read: what it owns by then is freed. */
        int r = read_entry(name, entry, &gates->items[gates->n_items++]);
        if (r != OPENED_GATES_OK)
            return r;
    }
    return OPENED_GATES_OK;
}

int opened_gates_parse(ByteView bytes, OpenedGates **ret)
{
    _cleanup_(opened_gates_freep) OpenedGates *gates = calloc(1, sizeof(*gates));
    json_auto_t *object = NULL;

    if (!gates)
        return -ENOMEM;
    int r = bytes.size > 0 ? json_parse(bytes, OPENED_GATES_SIZE_MAX, &object) : JSON_OK;
    if (r < 0)
        return r;
    if (r != JSON_OK || (object && !json_is_object(object)))
        return OPENED_GATES_E_JSON;
    r = read_entries(object, gates);
    if (r == OPENED_GATES_OK)
        *ret = TAKE_PTR(gates);
    return r;
}

OpenedGates *opened_gates_free(OpenedGates *gates)
{
    if (!gates)
        return NULL;

    for (size_t i = 0; i < gates->n_items; i++)
        for (size_t j = 0; j < gates->items[i].n_keys; j++)
            free(gates->items[i].keys[j].jwe);
    free(gates);
    return NULL;
}

const OpenedGate *opened_gates_find(const OpenedGates *gates, const char *name)
{
    for (size_t i = 0; i < gates->n_items; i++)
        if (strcmp(gates->items[i].name, name) == 0)
            return &gates->items[i];
    return NULL;
}
