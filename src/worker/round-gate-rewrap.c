/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate that the verifier opens: data keys, encrypted to the response key that the evidence was
 * bound to, under the nonce of this round. Each belongs to one secret and stays with its id.
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

static const RequestWrapped *find_sent(const RoundRequest *request, const char *gate,
                                       const uint8_t id[static REQUEST_SECRET_ID_SIZE])
{
    for (size_t i = 0; i < request->n_wrapped; i++) {
        const RequestWrapped *sent = &request->wrapped[i];
        if (strcmp(sent->gate, gate) == 0 && memcmp(sent->id, id, sizeof(sent->id)) == 0)
            return sent;
    }
    return NULL;
}

bool round_gate_was_sent(const RoundRequest *request, const OpenedGate *opened)
{
    for (size_t i = 0; i < opened->n_keys; i++)
        if (!find_sent(request, opened->name, opened->keys[i].id))
            return false;
    return true;
}

/* One secret behind the gate stays shut. */
static int warn_secret(RoundGates *gates, const RequestWrapped *sent, const char *name,
                       const char *why)
{
    char found[256];

    (void)snprintf(found, sizeof(found), "secret %s%s%s", sent->name, why ? ": " : "",
                   why ? why : "");
    return round_gate_warn(gates, sent->gate, name, found);
}

/* The header was sealed with the key: is it about this gate and this secret? */
static int check_header(const JweParts *parts, const char *gate, const OpenedKey *key)
{
    const char *text = json_string_value(json_object_get(parts->header, "gate"));
    _cleanup_bytes_ Bytes id = { 0 };

    int r = json_get_base64url(parts->header, "id", sizeof(key->id), &id);
    if (r < 0)
        return r;
    if (!text || strcmp(text, gate) != 0 || r != JSON_OK ||
        !view_equal(VIEW(id), VIEW_OF_ARRAY(key->id)))
        return JWE_E_OPEN;
    return JWE_OK;
}

static int open_key(const Proof *proof, const char *gate, const OpenedKey *key, Secret **ret)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    int r = jwe_parse(key->jwe, &parts);
    if (r == JWE_OK)
        r = jwe_open(proof->response_key, &parts, VIEW(proof->nonce), &data_key);
    if (r == JWE_OK)
        r = check_header(&parts, gate, key);
    if (r == JWE_OK && secret_view(data_key).size != DATA_KEY_SIZE)
        r = JWE_E_MALFORMED;
    if (r == JWE_OK)
        *ret = TAKE_PTR(data_key);
    return r;
}

static int take_key(RoundGates *gates, const RequestWrapped *sent, const OpenedKey *key,
                    DataKeys *keys)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;

    int r = open_key(gates->proof, sent->gate, key, &data_key);
    if (r > 0)
        return warn_secret(gates, sent, "gate-key-unusable", jwe_reason(r));
    return r < 0 ? r : data_keys_add(keys, key->id, secret_view(data_key));
}

static const OpenedKey *find_opened(const OpenedGate *opened, const RequestWrapped *sent)
{
    for (size_t i = 0; i < opened->n_keys; i++)
        if (memcmp(opened->keys[i].id, sent->id, sizeof(sent->id)) == 0)
            return &opened->keys[i];
    return NULL;
}

/* Every secret that was sent for the gate has its key taken, or its warning. */
static int take_keys(RoundGates *gates, const RoundGate *gate, DataKeys *keys)
{
    const RoundRequest *request = gates->proof->request;
    int r = 0;

    for (size_t i = 0; r == 0 && i < request->n_wrapped; i++) {
        const RequestWrapped *sent = &request->wrapped[i];
        if (strcmp(sent->gate, gate->asked->name) != 0)
            continue;
        const OpenedKey *key = find_opened(gate->opened, sent);
        r = key ? take_key(gates, sent, key, keys)
                : warn_secret(gates, sent, "gate-not-granted", NULL);
    }
    return r;
}

static int open_gate(RoundGates *gates, const RoundGate *gate, int *ret_fd)
{
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;

    int r = data_keys_new(&keys);
    if (r == 0)
        r = take_keys(gates, gate, keys);
    if (r != 0 || data_keys_count(keys) == 0)
        return r;
    return data_keys_store(keys, ret_fd);
}

int round_gate_rewrap(RoundGates *gates, const RoundGate *gate, FdList *fds)
{
    int fd = -EBADF;

    int r = open_gate(gates, gate, &fd);
    if (r == -ENOMEM)
        return r;
    /* No memory that could be locked: the rest of the round is as good as before. */
    if (r != 0)
        return round_gate_warn(gates, gate->asked->name, "gate-key-unusable",
                               r < 0 ? strerror(-r) : "no memory to keep it in");
    return fd < 0 ? ROUND_GATES_OK
                  : round_gate_attach(gates, gate, gate->verdict->expires_boottime_usec, fd, fds);
}
