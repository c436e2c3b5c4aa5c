/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round that asks for the rewrap gates "vault" and "safe", with three data keys that are wrapped;
 * and a verifier that sends them to the evidence's response key, honestly or not.
 */
#pragma once

#include "base/encode.h"
#include "crypto/gate.h"
#include "crypto/jwe.h"
#include "secret/data-keys.h"
#include "testing.h"
#include "worker/round-gates.h"

#include <stdio.h>
#include <string.h>

#define REWRAP_FAR_USEC (UINT64_C(1) << 45)

static const uint8_t rewrap_nonce[16] = "nonce of a round";

/* What the verifier puts into one answer; zeroed members are those of an honest one. */
typedef struct RewrapKey {
    const char *gate;      /* in whose list; NULL: "vault" */
    unsigned id;           /* of the secret: 1 and 2 are sent for "vault", 3 for "safe" */
    const char *says_gate; /* in the JWE's header; NULL: the same */
    unsigned says_id;      /* the same; 0: the same */
    size_t size;           /* of the data key; 0: 32 */
    const char *nonce;     /* apv; NULL: of this round */
    const Key *to;         /* NULL: the response key */
} RewrapKey;

typedef struct RewrapStage {
    RoundRequest request;
    WorkerAnswer answer;
    Proof proof;
    FdList fds;
    json_t *gates;  /* the verifier's answer */
    json_t *claims; /* of its token */
} RewrapStage;

/* The last byte is N. */
static inline void rewrap_id(unsigned n, uint8_t out[static REQUEST_SECRET_ID_SIZE])
{
    memset(out, 0, REQUEST_SECRET_ID_SIZE);
    out[REQUEST_SECRET_ID_SIZE - 1] = (uint8_t)n;
}

static inline void rewrap_send(RoundRequest *request, const char *name, unsigned id,
                               const char *gate, const char *jwe)
{
    RequestWrapped *wrapped = &request->wrapped[request->n_wrapped++];

    *wrapped = (RequestWrapped){ .name = name, .version = 1, .gate = gate, .jwe = jwe };
    rewrap_id(id, wrapped->id);
}

static inline void rewrap_arm(Proof *proof)
{
    check_int(key_generate(KEY_P256, &proof->response_key), KEY_OK);
    check_int(bytes_copy(VIEW_OF_ARRAY(rewrap_nonce), &proof->nonce), 0);
}

static inline void rewrap_stage_set(RewrapStage *stage)
{
    *stage = (RewrapStage){
        .request = {
            .gates = {
                { .name = "vault", .kind = GATE_KIND_REWRAP },
                { .name = "safe", .kind = GATE_KIND_REWRAP },
                { .name = "empty", .kind = GATE_KIND_REWRAP },
            },
            .n_gates = 3,
        },
        .answer = WORKER_ANSWER_INIT,
        .gates = json_object(),
        .claims = json_pack("{s{s[]}}", "attestd", "findings"),
    };
    rewrap_send(&stage->request, "db-password", 1, "vault", "a.b.c.d.1");
    rewrap_send(&stage->request, "web-key", 2, "vault", "a.b.c.d.2");
    rewrap_send(&stage->request, "other", 3, "safe", "a.b.c.d.3");
    stage->proof = (Proof){ .request = &stage->request, .answer = &stage->answer };
    rewrap_arm(&stage->proof);
    check_int(round_gates_open(&stage->proof, &stage->proof.gates), ROUND_GATES_OK);
}

static inline void rewrap_stage_strike(RewrapStage *stage)
{
    proof_done(&stage->proof);
    worker_answer_done(&stage->answer);
    fd_list_done(&stage->fds);
    json_decref(stage->gates);
    json_decref(stage->claims);
}
#define _cleanup_rewrap_stage_ _cleanup_(rewrap_stage_strike)

/* The data key of the secret with this id: bytes that tell. */
static inline void rewrap_data_key(unsigned id, uint8_t *out, size_t size)
{
    memset(out, (int)(0xa0 + id), size);
}

/* As the verifier encrypts it. Owned. */
static inline char *rewrap_jwe(const Proof *proof, const RewrapKey *key)
{
    const char *gate = key->gate ? key->gate : "vault";
    json_auto_t *members = json_pack("{ss}", "gate", key->says_gate ? key->says_gate : gate);
    size_t size = key->size ? key->size : DATA_KEY_SIZE;
    uint8_t id[REQUEST_SECRET_ID_SIZE], data_key[64];
    ByteView apv = key->nonce ? view_of_string(key->nonce) : VIEW(proof->nonce);
    char *jwe = NULL;

    rewrap_id(key->says_id ? key->says_id : key->id, id);
    check_int(json_set_base64url(members, "id", VIEW_OF_ARRAY(id)), 0);
    rewrap_data_key(key->id, data_key, size);
    check_int(jwe_seal(key->to ? key->to : proof->response_key, members, apv,
                       (ByteView){ data_key, size }, &jwe),
              JWE_OK);
    return jwe;
}

/* Puts an entry into the answer. JWE is copied. */
static inline void rewrap_answer(json_t *gates, const char *gate, unsigned id, const char *jwe)
{
    uint8_t bytes[REQUEST_SECRET_ID_SIZE];
    json_t *entry = json_pack("{ss}", "jwe", jwe);

    rewrap_id(id, bytes);
    check_int(json_set_base64url(entry, "id", VIEW_OF_ARRAY(bytes)), 0);
    if (!json_object_get(gates, gate))
        check(json_object_set_new(gates, gate, json_pack("{ss s[]}", "kind", "rewrap", "keys")) ==
              0);
    check(json_array_append_new(json_object_get(json_object_get(gates, gate), "keys"), entry) == 0);
}

static inline void rewrap_give(json_t *gates, const Proof *proof, const RewrapKey *key)
{
    _cleanup_free_ char *jwe = rewrap_jwe(proof, key);

    rewrap_answer(gates, key->gate ? key->gate : "vault", key->id, jwe);
}

static inline void rewrap_open(RewrapStage *stage, RewrapKey key)
{
    rewrap_give(stage->gates, &stage->proof, &key);
}

/* Hands the bytes over; NULL: those of stage->gates. */
static inline int rewrap_approve(RewrapStage *stage, const char *bytes)
{
    _cleanup_free_ char *text = bytes ? strdup(bytes) : json_text(stage->gates);
    const GatesVerdict verdict = { view_of_string(text), stage->claims, REWRAP_FAR_USEC };

    return round_gates_approve(stage->proof.gates, &verdict, &stage->fds);
}

/* Is the data key of the secret with this id in the descriptor? */
static inline bool rewrap_holds(int fd, unsigned id)
{
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    _cleanup_(secret_freep) Secret *key = NULL;
    uint8_t bytes[REQUEST_SECRET_ID_SIZE], wanted[DATA_KEY_SIZE];

    check_int(data_keys_load(fd, &keys), DATA_KEYS_OK);
    rewrap_id(id, bytes);
    int r = data_keys_find(keys, bytes, &key);
    if (r == DATA_KEYS_E_ABSENT)
        return false;
    check_int(r, DATA_KEYS_OK);
    rewrap_data_key(id, wanted, sizeof(wanted));
    check(view_equal(secret_view(key), VIEW_OF_ARRAY(wanted)));
    return true;
}
