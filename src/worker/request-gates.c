/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates with their keys, as attestd has them from its gate files, and wrapped data keys, as
 * attest-release has them from the secret files.
 */
#include "worker/request-gates.h"

#include "crypto/jwk.h"
#include "format/gate-file.h"
#include "format/gate-name.h"
#include "format/jwe-text.h"
#include "format/vault-key.h"
#include "secret/secret-name.h"

#include <string.h>

#define VERSION_MAX ((UINT64_C(1) << 53) - 1)

/* A public P-256 key, owned; NULL and a failure for anything else. */
static Key *read_release_key(MemberReader *reader, const char *path)
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

/* Of those that a round opens. */
static bool is_kind(const char *text)
{
    GateKind kind;

    return gate_kind_by_name(text, &kind) && gate_kind_has_round(kind);
}

/* One spelling each: absent is yes. */
static bool reads_no_ticket(MemberReader *reader)
{
    const json_t *ticket = json_object_get(reader->object, "ticket");

    if (ticket && !json_is_false(ticket))
        member_fail(reader, REQUEST_E_MEMBER, "gates.ticket");
    return ticket;
}

static void read_verifier_gate(MemberReader *reader, RequestGate *gate)
{
    static const char *const known[] = { "name",   "kind",    "release_key", "next_release_key",
                                         "ticket", "cap_pcr", NULL };
    json_t *object = reader->object;
    const json_t *next = json_object_get(object, "next_release_key");

    member_only(reader, "gates", known);
    gate->without_ticket = reads_no_ticket(reader);
    if (json_object_get(object, "cap_pcr"))
        gate->cap_pcr =
            (unsigned)member_number(reader, "gates.cap_pcr", GATE_CAP_PCR_MIN, GATE_CAP_PCR_MAX);
    if (!is_off_curve(json_object_get(object, "release_key")))
        gate->release_key = read_release_key(reader, "gates.release_key");
    if (next && !is_off_curve(next))
        gate->next_release_key = read_release_key(reader, "gates.next_release_key");
}

/* As attestd has read the shape; numbers that make no key keep this gate shut and no other. */
static Key *read_vault_key(MemberReader *reader)
{
    const json_t *jwk = member_object(reader, "gates.key");
    json_auto_t *shape = NULL;
    Key *key = NULL;

    if (!jwk)
        return NULL;
    int r = gate_vault_key(jwk, &shape);
    if (r == GATE_FILE_OK)
        r = jwk_parse_key(jwk, &key);
    if (r != JWK_OK && r != JWK_E_INVALID && r != JWK_E_WEAK)
        member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, "gates.key");
    return key;
}

/* What is not said follows from the URL, or the gate is none. */
static const char *read_resource(MemberReader *reader, const char *url)
{
    VaultKey key;
    const char *known = vault_key_parse(url, &key) ? vault_resource(key.host) : NULL;
    const char *resource = member_text_or(reader, "gates.resource", vault_resource_is_valid, known);

    if (url && !resource)
        member_fail(reader, REQUEST_E_MEMBER, "gates.resource");
    return resource;
}

static void read_key_release_gate(MemberReader *reader, RequestGate *gate)
{
    static const char *const known[] = { "name",         "kind",        "key_url",
                                         "key",          "client_id",   "resource",
                                         "vault_ca_pem", "api_version", NULL };

    member_only(reader, "gates", known);
    gate->key_url = member_text(reader, "gates.key_url", vault_key_url_is_valid);
    gate->key = read_vault_key(reader);
    gate->client_id = member_text_or(reader, "gates.client_id", vault_client_id_is_valid, NULL);
    gate->resource = read_resource(reader, gate->key_url);
    gate->vault_ca_pem = member_text_or(reader, "gates.vault_ca_pem", gate_ca_is_valid, NULL);
    gate->api_version =
        member_text_or(reader, "gates.api_version", vault_api_version_is_valid, VAULT_API_VERSION);
}

static void read_own(MemberReader *reader, RequestGate *gate)
{
    static const char *const known[] = { "name", "kind", NULL };

    switch (gate->kind) {
    case GATE_KIND_VERIFIER:
        read_verifier_gate(reader, gate);
        break;
    case GATE_KIND_KEY_RELEASE:
        read_key_release_gate(reader, gate);
        break;
    case GATE_KIND_REWRAP:
    case GATE_KIND_PCR: /* not asked for */
    case N_GATE_KINDS:
        member_only(reader, "gates", known);
        break;
    }
}

static void read_gate(MemberReader *reader, json_t *object, RoundRequest *request)
{
    RequestGate gate = { 0 };

    if (!json_is_object(object)) {
        member_fail(reader, REQUEST_E_MEMBER, "gates");
        return;
    }
    member_enter(reader, object);
    gate.name = member_text(reader, "gates.name", gate_name_is_valid);
    const char *kind = member_text(reader, "gates.kind", is_kind);
    if (!gate.name || !kind || !gate_kind_by_name(kind, &gate.kind))
        return;
    read_own(reader, &gate);
    request->gates[request->n_gates++] = gate;
    if (is_asked_twice(request, gate.name))
        member_fail(reader, REQUEST_E_MEMBER, "gates.name");
}

static bool is_of_wrapped(const RoundRequest *request, const char *name)
{
    for (size_t i = 0; i < request->n_gates; i++)
        if (strcmp(request->gates[i].name, name) == 0)
            return gate_kind_is_wrapped(request->gates[i].kind);
    return false;
}

/* Of what comes back it must be clear whose it is; and the verifier takes no list with a JWE twice.
 */
static void check_once(MemberReader *reader, const RoundRequest *request,
                       const RequestWrapped *wrapped)
{
    for (size_t i = 0; i < request->n_wrapped; i++) {
        const RequestWrapped *other = &request->wrapped[i];
        if (memcmp(other->id, wrapped->id, sizeof(wrapped->id)) == 0)
            member_fail(reader, REQUEST_E_MEMBER, "wrapped.id");
        if (strcmp(other->jwe, wrapped->jwe) == 0)
            member_fail(reader, REQUEST_E_MEMBER, "wrapped.jwe");
    }
}

static void read_id(MemberReader *reader, RequestWrapped *wrapped)
{
    _cleanup_bytes_ Bytes id = { 0 };

    member_bytes(reader, "wrapped.id", sizeof(wrapped->id), sizeof(wrapped->id), &id);
    if (id.size == sizeof(wrapped->id))
        memcpy(wrapped->id, id.data, sizeof(wrapped->id));
}

static void read_wrapped(MemberReader *reader, json_t *object, RoundRequest *request)
{
    static const char *const known[] = { "name", "id", "version", "gate", "jwe", NULL };
    RequestWrapped wrapped = { 0 };

    if (!json_is_object(object)) {
        member_fail(reader, REQUEST_E_MEMBER, "wrapped");
        return;
    }
    member_enter(reader, object);
    member_only(reader, "wrapped", known);
    wrapped.name = member_text(reader, "wrapped.name", secret_name_is_valid);
    read_id(reader, &wrapped);
    wrapped.version = member_number(reader, "wrapped.version", 1, VERSION_MAX);
    wrapped.gate = member_text(reader, "wrapped.gate", gate_name_is_valid);
    wrapped.jwe = member_text(reader, "wrapped.jwe", jwe_text_is_valid);
    if (reader->reason)
        return;
    if (!is_of_wrapped(request, wrapped.gate))
        member_fail(reader, REQUEST_E_MEMBER, "wrapped.gate");
    check_once(reader, request, &wrapped);
    request->wrapped[request->n_wrapped++] = wrapped;
}

typedef void ReadItem(MemberReader *reader, json_t *object, RoundRequest *request);

/* A list of the request, which only a round may have. */
static void read_list(MemberReader *reader, const char *path, size_t limit, ReadItem *read,
                      RoundRequest *request)
{
    json_t *object = reader->object;
    const json_t *array = json_object_get(object, path);
    size_t n = json_array_size(array);

    if (!array)
        return;
    if (!json_is_array(array) || n > limit || (n > 0 && request->purpose != PURPOSE_ROUND))
        member_fail(reader, REQUEST_E_MEMBER, path);
    for (size_t i = 0; i < n && !reader->reason; i++)
        read(reader, json_array_get(array, i), request);
    member_enter(reader, object);
}

void read_gates(MemberReader *reader, RoundRequest *request)
{
    read_list(reader, "gates", REQUEST_GATES_MAX, read_gate, request);
    read_list(reader, "wrapped", REQUEST_WRAPPED_MAX, read_wrapped, request);
}

void request_gates_done(RoundRequest *request)
{
    for (size_t i = 0; i < request->n_gates; i++) {
        key_free(request->gates[i].release_key);
        key_free(request->gates[i].next_release_key);
        key_free(request->gates[i].key);
    }
    request->n_gates = 0;
}
