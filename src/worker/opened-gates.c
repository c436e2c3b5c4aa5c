/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to OpenedGates.
 */
#include "worker/opened-gates.h"

#include "base/json.h"

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

static int read_entry(const char *name, json_t *entry, OpenedGate *gate)
{
    static const char *const known[] = { "kind", "expiration", "signature", NULL };
    const json_t *expiration = json_object_get(entry, "expiration");
    const char *kind;

    if (!gate_name_is_valid(name))
        return OPENED_GATES_E_NAME;
    (void)snprintf(gate->name, sizeof(gate->name), "%s", name);
    if (!json_is_object(entry) || json_unknown_member(entry, known) ||
        json_get_string(entry, "kind", &kind) != JSON_OK || strcmp(kind, "verifier") != 0 ||
        !json_is_integer(expiration))
        return OPENED_GATES_E_ENTRY;
    gate->expiration_sec = json_integer_value(expiration);
    if (gate->expiration_sec < GATE_EXPIRATION_MIN || gate->expiration_sec > GATE_EXPIRATION_MAX)
        return OPENED_GATES_E_ENTRY;
    return read_signature(entry, gate);
}

int opened_gates_parse(ByteView bytes, OpenedGates *ret)
{
    OpenedGates gates = { 0 };
    json_auto_t *object = NULL;
    const char *name;
    json_t *entry;

    int r = bytes.size > 0 ? json_parse(bytes, OPENED_GATES_SIZE_MAX, &object) : JSON_OK;
    if (r < 0)
        return r;
    if (r != JSON_OK || (object && !json_is_object(object)))
        return OPENED_GATES_E_JSON;
    if (json_object_size(object) > ELEMENTSOF(gates.items))
        return OPENED_GATES_E_MANY;
    json_object_foreach (object, name, entry) {
        r = read_entry(name, entry, &gates.items[gates.n_items]);
        if (r != OPENED_GATES_OK)
            return r;
        gates.n_items++;
    }
    *ret = gates;
    return OPENED_GATES_OK;
}

const OpenedGate *opened_gates_find(const OpenedGates *gates, const char *name)
{
    for (size_t i = 0; i < gates->n_items; i++)
        if (strcmp(gates->items[i].name, name) == 0)
            return &gates->items[i];
    return NULL;
}
