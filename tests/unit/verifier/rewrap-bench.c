/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One machine, one verifier, and what is checked of each answer.
 */
#include "rewrap-bench.h"

#include "crypto/jwk.h"

#define NOW     UINT64_C(1800000000)
#define EXPIRES (NOW + 850)

RewrapBench bench = { .nonce = { 4, 2 } };

Appraisal *asks_for(const char *const *gates, size_t n)
{
    Appraisal *appraisal = affirming_appraisal(gates, n);

    check_int(bytes_copy(VIEW_OF_ARRAY(bench.nonce), &appraisal->claims.nonce), 0);
    check_int(jwk_emit(bench.response_key, NULL, "enc", "ECDH-ES+A256KW", &appraisal->claims.jwk),
              0);
    return appraisal;
}

Appraisal *asks_for_vault(void)
{
    static const char *const gates[] = { "vault" };

    return asks_for(gates, 1);
}

void outcome_done(Outcome *outcome)
{
    gates_grant_done(&outcome->grant);
    json_decref(outcome->gates);
    policy_free(outcome->policy);
}

Outcome grant(const char *policy, Appraisal *appraisal, ByteView blobs)
{
    Outcome outcome = { .policy = policy_of(policy) };
    const GatesInput input = {
        .policy = outcome.policy,
        .now_sec = NOW,
        .expires_sec = EXPIRES,
        .rewrap_keys = &bench.keys,
        .facts = &bench.facts,
        .blobs = blobs,
    };

    check_int(gates_grant(&input, appraisal, &outcome.grant), 0);
    outcome.gates =
        json_loadb((const char *)outcome.grant.object.data, outcome.grant.object.size, 0, NULL);
    check(json_is_object(outcome.gates));
    return outcome;
}

const json_t *keys_of(const Outcome *outcome, const char *gate)
{
    const json_t *entry = json_object_get(outcome->gates, gate);

    if (!entry)
        return NULL;
    check_int(json_object_size(entry), 2);
    check_str(json_string_value(json_object_get(entry, "kind")), "rewrap");
    check(json_is_array(json_object_get(entry, "keys")));
    return json_object_get(entry, "keys");
}

void check_opened(const char *policy, const BlobOrder *order)
{
    char *blob = blob_make(bench.keys.items[0].key, order);
    _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();
    _cleanup_(outcome_done) Outcome outcome = grant(policy, appraisal, VIEW(list));
    const json_t *found = keys_of(&outcome, "vault");

    if (outcome.grant.rewrap.reasons.n_items > 0)
        (void)fprintf(stderr, "refused: %s\n", outcome.grant.rewrap.reasons.items[0].found);
    check_int(json_array_size(found), 1);
    blob_check_key(json_array_get(found, 0), bench.response_key, VIEW_OF_ARRAY(bench.nonce),
                   "vault", order->id);
    check_int(appraisal->findings.n_items, 0);
    check_str((const char *)outcome.grant.names.data, "vault");
    check_str((const char *)outcome.grant.rewrap.opened.data, "vault/pw");
}

void check_list_closed(const char *policy, ByteView list, const char *subject, const char *reason)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();
    _cleanup_(outcome_done) Outcome outcome = grant(policy, appraisal, list);
    const RewrapResult *result = &outcome.grant.rewrap;

    check_int(json_array_size(keys_of(&outcome, "vault")), 0);
    check(!strstr((const char *)outcome.grant.object.data, "jwe"));
    check_int(result->opened.size, 0);
    check_int(appraisal->findings.n_items, 1);
    check_str(appraisal->findings.items[0].name, "gate-not-granted");
    check_int(appraisal->findings.items[0].result, FINDING_WARNING);
    check_str(appraisal->findings.items[0].subject, subject);
    check_str(appraisal->findings.items[0].found, GATES_REWRAP_REFUSED);
    check(result->reasons.n_items > 0);
    if (!strstr(result->reasons.items[0].found, reason))
        (void)fprintf(stderr, "%s, wanted %s\n", result->reasons.items[0].found, reason);
    check(strstr(result->reasons.items[0].found, reason) != NULL);
}

void check_blob_closed(const char *policy, char *blob, const char *reason)
{
    _cleanup_bytes_ Bytes list = blob_list(&blob, 1);

    check_list_closed(policy, VIEW(list), "gate vault", reason);
}

void check_closed(const char *policy, const BlobOrder *order, const char *reason)
{
    check_blob_closed(policy, blob_make(bench.keys.items[0].key, order), reason);
}

void set_fact(BindKind kind, uint8_t byte)
{
    bench.facts.items[kind].size = bind_kind_size(kind);
    memset(bench.facts.items[kind].value, byte, bench.facts.items[kind].size);
}

void know_all(void)
{
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++)
        set_fact(kind, (uint8_t)(0x41 + kind));
}

const char *bind_of(BindKind kind, uint8_t byte)
{
    static char text[256];
    uint8_t value[BIND_VALUE_MAX];

    memset(value, byte, sizeof(value));
    _cleanup_free_ char *encoded = base64url_encode((ByteView){ value, bind_kind_size(kind) });
    (void)snprintf(text, sizeof(text), "{'%s':'%s'}", bind_kind_name(kind), encoded);
    return text;
}

static void add_key(void)
{
    RewrapKey *item = &bench.keys.items[bench.keys.n_items++];

    check_int(key_generate(KEY_P256, &item->key), KEY_OK);
    check_int(jwk_thumbprint_text(item->key, &item->kid), 0);
}

void rewrap_bench_start(void)
{
    check_int(key_generate(KEY_P256, &bench.response_key), KEY_OK);
    add_key();
    add_key();
    know_all();
}

void rewrap_bench_stop(void)
{
    rewrap_keys_done(&bench.keys);
    key_free(bench.response_key);
}
