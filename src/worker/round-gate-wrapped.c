/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gates of kinds rewrap and key-release have in common: a data key is opened, belongs to one
 * secret, and is kept with the others of its gate.
 */
#include "crypto/jwe.h"
#include "secret/data-keys.h"
#include "worker/round-gate.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static_assert(DATA_KEY_ID_SIZE == REQUEST_SECRET_ID_SIZE, "the secret's id is the key's");
static_assert(DATA_KEYS_MAX >= REQUEST_WRAPPED_MAX, "all that was sent may come back");

bool round_gate_has_wrapped(const RoundRequest *request, const char *gate)
{
    for (size_t i = 0; i < request->n_wrapped; i++)
        if (strcmp(request->wrapped[i].gate, gate) == 0)
            return true;
    return false;
}

int round_gate_warn_secret(RoundGates *gates, const RequestWrapped *secret, const char *name,
                           const char *why)
{
    char found[256];

    (void)snprintf(found, sizeof(found), "secret %s%s%s", secret->name, why ? ": " : "",
                   why ? why : "");
    return round_gate_warn(gates, secret->gate, name, found);
}

static bool is_text(const json_t *header, const char *name, const char *wanted)
{
    const char *text = json_string_value(json_object_get(header, name));

    return text && strcmp(text, wanted) == 0;
}

static bool is_version(const json_t *header, uint64_t wanted)
{
    uint64_t version;

    return json_get_u64(header, "version", &version) == JSON_OK && version == wanted;
}

/* The header was sealed with the key: is it about this gate and this secret? */
static int check_header(const JweParts *parts, const RoundWrapped *wrapped)
{
    const RequestWrapped *secret = wrapped->secret;
    _cleanup_bytes_ Bytes id = { 0 };

    int r = json_get_base64url(parts->header, "id", sizeof(secret->id), &id);
    if (r < 0)
        return r;
    if (!is_text(parts->header, "gate", secret->gate) || r != JSON_OK ||
        !view_equal(VIEW(id), VIEW_OF_ARRAY(secret->id)))
        return JWE_E_OPEN;
    if (wrapped->type && (!is_text(parts->header, "typ", wrapped->type) ||
                          !is_text(parts->header, "name", secret->name) ||
                          !is_version(parts->header, secret->version)))
        return JWE_E_OPEN;
    return JWE_OK;
}

static int open_key(const RoundWrapped *wrapped, const JweParts *parts, Secret **ret)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;

    int r = jwe_open(wrapped->key, parts, wrapped->apv, &data_key);
    if (r == JWE_OK)
        r = check_header(parts, wrapped);
    if (r == JWE_OK && secret_view(data_key).size != DATA_KEY_SIZE)
        r = JWE_E_MALFORMED;
    if (r == JWE_OK)
        *ret = TAKE_PTR(data_key);
    return r;
}

int round_gate_take_key(RoundGates *gates, const RoundWrapped *wrapped, DataKeys *keys)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    int r = jwe_parse(wrapped->jwe, &parts);
    if (r == JWE_OK && wrapped->kid && !is_text(parts.header, "kid", wrapped->kid))
        return round_gate_warn_secret(gates, wrapped->secret, "key-release-key-changed", NULL);
    if (r == JWE_OK)
        r = open_key(wrapped, &parts, &data_key);
    if (r > 0)
        return round_gate_warn_secret(gates, wrapped->secret, "gate-key-unusable", jwe_reason(r));
    return r < 0 ? r : data_keys_add(keys, wrapped->secret->id, secret_view(data_key));
}

int round_gate_keep(RoundGates *gates, const RoundGate *gate, const DataKeys *keys, FdList *fds)
{
    int fd = -EBADF;

    if (data_keys_count(keys) == 0)
        return ROUND_GATES_OK;
    int r = data_keys_store(keys, &fd);
    if (r == 0)
        return round_gate_attach(gates, gate, gate->verdict->expires_boottime_usec, fd, fds);
    return r < 0 ? r
                 : round_gate_warn(gates, gate->asked->name, "gate-key-unusable",
                                   "no memory to keep it in");
}
