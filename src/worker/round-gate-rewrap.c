/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate that the verifier opens: data keys, encrypted to the response key that the evidence was
 * bound to, under the nonce of this round. Each belongs to one secret and stays with its id.
 */
#include "secret/data-keys.h"
#include "worker/round-gate.h"

#include <errno.h>
#include <string.h>

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

/* Encrypted to the key that the evidence was bound to, for this round. */
static int take_key(RoundGates *gates, const RequestWrapped *sent, const OpenedKey *key,
                    DataKeys *keys)
{
    const RoundWrapped wrapped = { .key = gates->proof->response_key,
                                   .apv = VIEW(gates->proof->nonce),
                                   .jwe = key->jwe,
                                   .secret = sent };

    return round_gate_take_key(gates, &wrapped, keys);
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
                : round_gate_warn_secret(gates, sent, "gate-not-granted", NULL);
    }
    return r;
}

static int open_gate(RoundGates *gates, const RoundGate *gate, FdList *fds)
{
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;

    int r = data_keys_new(&keys);
    if (r == 0)
        r = take_keys(gates, gate, keys);
    return r == 0 ? round_gate_keep(gates, gate, keys, fds) : r;
}

int round_gate_rewrap(RoundGates *gates, const RoundGate *gate, FdList *fds)
{
    int r = open_gate(gates, gate, fds);

    /* No memory that could be locked: the rest of the round is as good as before. */
    return r >= 0 || r == -ENOMEM
               ? r
               : round_gate_warn(gates, gate->asked->name, "gate-key-unusable", strerror(-r));
}
