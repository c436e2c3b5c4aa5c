/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates that a vault opens: shown the token of a whole guest, it releases the key that data keys
 * are wrapped to, for that token's key of the TPM alone. The released key lives in this function's
 * callees and nowhere else.
 */
#include "base/clock.h"
#include "crypto/jwk.h"
#include "secret/rewrap.h"
#include "worker/identity-token.h"
#include "worker/released-key.h"
#include "worker/round-gate.h"
#include "worker/vault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VAULT_TIMEOUT_SEC 15 /* of one exchange; a round has 180 for all it does */
/* After that the gates that are left are for the next round. */
#define PATIENCE_USEC (UINT64_C(60) * USEC_PER_SEC)

/* One access token serves every gate that wants the same. */
typedef struct Access {
    const RequestGate *gate; /* the first that wanted it */
    Secret *token;
} Access;

typedef struct Releasing {
    RoundGates gates; /* the proof alone, to warn and attach with */
    ByteView token;
    const GatesVerdict *verdict;
    uint64_t start_boottime_usec;
    Access accesses[REQUEST_GATES_MAX];
    size_t n_accesses;
    const RequestGate *silent; /* whose vault, or whose identity's service, does not answer */
    GateNo silence;
} Releasing;

static void releasing_done(Releasing *releasing)
{
    for (size_t i = 0; i < releasing->n_accesses; i++)
        (void)secret_free(releasing->accesses[i].token);
}

static bool is_same_identity(const RequestGate *a, const RequestGate *b)
{
    return strcmp(a->resource, b->resource) == 0 &&
           strcmp(a->client_id ? a->client_id : "", b->client_id ? b->client_id : "") == 0;
}

/* RET is borrowed. */
static int find_access(Releasing *releasing, const RequestGate *gate, GateNo *no,
                       const Secret **ret)
{
    const IdentityTokenRequest request = {
        .metadata_url = releasing->gates.proof->request->evidence.metadata_url,
        .resource = gate->resource,
        .client_id = gate->client_id,
    };
    Access *next = &releasing->accesses[releasing->n_accesses];

    for (size_t i = 0; i < releasing->n_accesses; i++)
        if (is_same_identity(releasing->accesses[i].gate, gate)) {
            *ret = releasing->accesses[i].token;
            return GATE_STEP_OK;
        }
    int r = identity_token_ask(&request, no, &next->token);
    if (r != GATE_STEP_OK)
        return r;
    next->gate = gate;
    releasing->n_accesses++;
    *ret = next->token;
    return GATE_STEP_OK;
}

static bool is_same_vault(const RequestGate *a, const RequestGate *b)
{
    VaultKey one, other;

    return vault_key_parse(a->key_url, &one) && vault_key_parse(b->key_url, &other) &&
           strcmp(one.host, other.host) == 0 && strcmp(one.port, other.port) == 0;
}

/* Who does not answer is not waited for twice: the verdict waits as well. */
static bool is_silent(const Releasing *releasing, const RequestGate *gate)
{
    return releasing->silent && (strcmp(releasing->silence.finding, "metadata-unreachable") == 0 ||
                                 is_same_vault(releasing->silent, gate));
}

static void note_silence(Releasing *releasing, const RequestGate *gate, const GateNo *no)
{
    if (strcmp(no->finding, "metadata-unreachable") == 0 ||
        strcmp(no->finding, "vault-unreachable") == 0) {
        releasing->silent = gate;
        releasing->silence = *no;
    }
}

/* What can be known before anybody is asked. */
static int check_fit(const Releasing *releasing, const RequestGate *gate, GateNo *no)
{
    const Proof *proof = releasing->gates.proof;
    const VerifierSettings *verifier = &proof->request->verifier;
    char found[128];

    if (!proof->wants_token_key) {
        (void)snprintf(found, sizeof(found), "Protocol=%s%s%s", verifier->protocol,
                       verifier->attestation_type ? " AttestationType=" : "",
                       verifier->attestation_type ? verifier->attestation_type : "");
        return gate_no(no, "key-release-unfit", found);
    }
    if (!gate->key)
        return gate_no(no, "gate-key-unusable", "key: not a point of its curve");
    if (is_silent(releasing, gate)) {
        *no = releasing->silence;
        return GATE_STEP_E_NO;
    }
    if (clock_boottime_usec(&clock_system) - releasing->start_boottime_usec > PATIENCE_USEC)
        return gate_no(no, "vault-unreachable", "the gates before it took all the time there was");
    return GATE_STEP_OK;
}

static int ask_vault(Releasing *releasing, const RequestGate *gate, GateNo *no,
                     KeyReleaseAnswer *ret)
{
    const VerifierSettings *verifier = &releasing->gates.proof->request->verifier;
    const Secret *access = NULL;

    int r = find_access(releasing, gate, no, &access);
    if (r != GATE_STEP_OK)
        return r;
    const VaultQuestion question = {
        .gate = gate,
        .token = releasing->token,
        .access_token = secret_view(access),
        .proxy = verifier->proxy,
        .timeout_sec = MIN(verifier->timeout_sec, VAULT_TIMEOUT_SEC),
    };
    return vault_release(&question, no, ret);
}

static int obtain_key(Releasing *releasing, const RequestGate *gate, GateNo *no, Key **ret)
{
    _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };

    int r = check_fit(releasing, gate, no);
    if (r == GATE_STEP_OK) {
        r = ask_vault(releasing, gate, no, &answer);
        if (r == GATE_STEP_E_NO)
            note_silence(releasing, gate, no);
    }
    if (r == GATE_STEP_OK)
        r = released_key_open(releasing->gates.proof, &answer, gate->key, no, ret);
    return r;
}

static int take_keys(Releasing *releasing, const RequestGate *gate, const Key *key, DataKeys *keys)
{
    const RoundRequest *request = releasing->gates.proof->request;
    _cleanup_free_ char *kid = NULL;

    int r = jwk_thumbprint_text(key, &kid);
    for (size_t i = 0; r == 0 && i < request->n_wrapped; i++) {
        const RoundWrapped wrapped = { .key = key,
                                       .jwe = request->wrapped[i].jwe,
                                       .kid = kid,
                                       .type = KEY_RELEASE_TYPE,
                                       .secret = &request->wrapped[i] };
        if (strcmp(request->wrapped[i].gate, gate->name) == 0)
            r = round_gate_take_key(&releasing->gates, &wrapped, keys);
    }
    return r;
}

static int open_gate(Releasing *releasing, const RequestGate *asked, FdList *fds)
{
    const RoundGate gate = { .asked = asked, .verdict = releasing->verdict };
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    _cleanup_(key_freep) Key *key = NULL;
    GateNo no = { 0 };

    int r = obtain_key(releasing, asked, &no, &key);
    if (r == GATE_STEP_E_NO)
        return round_gate_warn(&releasing->gates, asked->name, no.finding, no.found);
    if (r == 0)
        r = data_keys_new(&keys);
    if (r == 0)
        r = take_keys(releasing, asked, key, keys);
    return r == 0 ? round_gate_keep(&releasing->gates, &gate, keys, fds) : r;
}

int round_gates_release(Proof *proof, ByteView token, const GatesVerdict *verdict, FdList *fds)
{
    const RoundRequest *request = proof->request;
    _cleanup_(releasing_done) Releasing releasing = {
        .gates = { .proof = proof },
        .token = token,
        .verdict = verdict,
        .start_boottime_usec = clock_boottime_usec(&clock_system),
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < request->n_gates; i++) {
        const RequestGate *gate = &request->gates[i];
        if (gate->kind != GATE_KIND_KEY_RELEASE || !round_gate_has_wrapped(request, gate->name))
            continue;
        r = open_gate(&releasing, gate, fds);
        /* No memory that could be locked: the rest of the round is as good as before. */
        if (r < 0 && r != -ENOMEM)
            r = round_gate_warn(&releasing.gates, gate->name, "gate-key-unusable", strerror(-r));
    }
    return r;
}
