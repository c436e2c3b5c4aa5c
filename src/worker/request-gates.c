/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate names and release keys, as attestd has them from its gate files.
 */
#include "worker/request-gates.h"

#include "crypto/jwk.h"
#include "format/gate-name.h"

#include <string.h>

Key *read_release_key(MemberReader *reader, const char *path)
{
    _cleanup_(key_freep) Key *key = NULL;
    const json_t *jwk = member_object(reader, path);

    if (!jwk)
        return NULL;
    int r = jwk_parse_key(jwk, &key);
    if (r != JWK_OK || key_type(key) != KEY_P256) {
        member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, path);
        return NULL;
    }
    return TAKE_PTR(key);
}

/* attestd cannot see it, and one damaged gate must not keep the others shut. */
static bool is_off_curve(const json_t *jwk)
{
    _cleanup_(key_freep) Key *key = NULL;

    return jwk && jwk_parse_key(jwk, &key) == JWK_E_INVALID;
}

static bool is_asked_twice(const RoundRequest *request, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < request->n_gates; i++)
        n += strcmp(request->gates[i].name, name) == 0;
    return n > 1;
}

static void read_gate(MemberReader *reader, json_t *object, RoundRequest *request)
{
    static const char *const known[] = { "name", "release_key", "next_release_key", NULL };
    RequestGate gate = { 0 };

    if (!json_is_object(object)) {
        member_fail(reader, REQUEST_E_MEMBER, "gates");
        return;
    }
    member_enter(reader, object);
    member_only(reader, "gates", known);
    gate.name = member_text(reader, "gates.name", gate_name_is_valid);
    if (!gate.name)
        return;
    const json_t *next = json_object_get(object, "next_release_key");
    if (!is_off_curve(json_object_get(object, "release_key")))
        gate.release_key = read_release_key(reader, "gates.release_key");
    if (next && !is_off_curve(next))
        gate.next_release_key = read_release_key(reader, "gates.next_release_key");
    request->gates[request->n_gates++] = gate;
    if (is_asked_twice(request, gate.name))
        member_fail(reader, REQUEST_E_MEMBER, "gates.name");
}

void read_gates(MemberReader *reader, RoundRequest *request)
{
    json_t *object = reader->object;
    const json_t *array = json_object_get(object, "gates");
    size_t n = json_array_size(array);

    if (!array)
        return;
    if (!json_is_array(array) || n > REQUEST_GATES_MAX ||
        (n > 0 && request->purpose != PURPOSE_ROUND))
        member_fail(reader, REQUEST_E_MEMBER, "gates");
    for (size_t i = 0; i < n && !reader->reason; i++)
        read_gate(reader, json_array_get(array, i), request);
    member_enter(reader, object);
}

void request_gates_done(RoundRequest *request)
{
    for (size_t i = 0; i < request->n_gates; i++) {
        key_free(request->gates[i].release_key);
        key_free(request->gates[i].next_release_key);
    }
    request->n_gates = 0;
}
