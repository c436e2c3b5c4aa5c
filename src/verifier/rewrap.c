/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blob by blob, each judged by what is public in it before a private key is used for it.
 */
#include "verifier/rewrap.h"

#include "verifier/rewrap-blob.h"

#include "crypto/jwk.h"
#include "format/gate-name.h"
#include "format/rewrap-list.h"
#include "verify/policy-gates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

_Static_assert(CLAIMS_GATES_MAX <= 32, "a bit for each");

typedef struct Rewrapping {
    const RewrapInput *input;
    json_t *gates; /* of the answer */
    Key *response_key;
    RewrapBlob *blobs;
    size_t n_blobs;
    RewrapResult *result;
} Rewrapping;

void rewrap_result_done(RewrapResult *result)
{
    bytes_done(&result->opened);
    findings_done(&result->reasons);
    *result = (RewrapResult){ 0 };
}

static void rewrapping_done(Rewrapping *r)
{
    for (size_t i = 0; i < r->n_blobs; i++)
        rewrap_blob_done(&r->blobs[i]);
    free(r->blobs);
    key_free(r->response_key);
}

/* The gate's place among those asked for; their number: it is none of them. */
static size_t place_of(const EvidenceClaims *claims, const char *gate)
{
    size_t i = 0;

    while (i < claims->n_gates && strcmp(claims->gates[i], gate) != 0)
        i++;
    return i;
}

/* For the journal, with the exact reason; of the wire only which gate it was. */
static int refuse(Rewrapping *r, const RewrapBlob *blob, const char *reason, const char *detail)
{
    char subject[FINDING_TEXT_MAX], found[FINDING_TEXT_MAX];
    size_t place = blob ? place_of(r->input->claims, blob->gate) : r->input->claims->n_gates;

    if (place < r->input->claims->n_gates)
        r->result->refused |= 1U << place;
    else
        r->result->stray = true;
    (void)snprintf(subject, sizeof(subject), "gate %s secret %s", blob ? blob->gate : "unknown",
                   blob ? blob->name : "unknown");
    (void)snprintf(found, sizeof(found), "%s%s", reason, detail);
    return findings_add(&r->result->reasons, "gate-not-granted", subject, FINDING_WARNING, found,
                        NULL);
}

static int read_blobs(Rewrapping *r)
{
    _cleanup_rewrap_list_ RewrapList list = { 0 };

    int ret = rewrap_list_parse(r->input->blobs, &list);
    if (ret)
        return ret < 0 ? ret : refuse(r, NULL, "the list cannot be read", "");
    r->blobs = calloc(list.n_jwes, sizeof(*r->blobs));
    if (!r->blobs)
        return -ENOMEM;
    for (size_t i = 0; ret == 0 && i < list.n_jwes; i++) {
        ret = rewrap_blob_parse(list.jwes[i], &r->blobs[r->n_blobs]);
        if (ret > 0)
            ret = refuse(r, NULL, rewrap_blob_reason(ret), "");
        else if (ret == 0)
            r->n_blobs++;
    }
    return ret;
}

/* Which of two would be meant is nothing to guess. */
static bool is_twice(const Rewrapping *r, const RewrapBlob *blob)
{
    for (size_t i = 0; i < r->n_blobs; i++)
        if (&r->blobs[i] != blob && memcmp(r->blobs[i].id, blob->id, sizeof(blob->id)) == 0)
            return true;
    return false;
}

/* The list of keys in the answer; NULL: the gate was not asked for, or stays shut. */
static json_t *keys_of_gate(const Rewrapping *r, const RewrapBlob *blob)
{
    return json_object_get(json_object_get(r->gates, blob->gate), "keys");
}

/* NULL: bound as the policy wants it. */
static const char *refusal_of_binds(const PolicyGate *gate, const RewrapBlob *blob)
{
    if (blob->binds & BIND_BIT(BIND_KIND_FLEET))
        return gate->binds & BIND_BIT(BIND_KIND_FLEET)
                   ? NULL
                   : "bound to no machine (fleet), which the policy does not list";
    return gate->binds & BIND_REAL_KINDS & ~blob->binds ? "not bound to all that the policy lists"
                                                        : NULL;
}

/* The first fact that is not this machine's; N_BIND_KINDS: all are. */
static BindKind find_difference(const BindFacts *facts, const RewrapBlob *blob)
{
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++) {
        const BindFact *fact = &facts->items[kind];
        if (!(blob->binds & BIND_BIT(kind)))
            continue;
        if (fact->size == 0 || memcmp(fact->value, blob->values[kind], fact->size) != 0)
            return kind;
    }
    return N_BIND_KINDS;
}

/* All that needs no private key; false with a reason in the journal's list. */
static int judge(Rewrapping *r, const RewrapBlob *blob, bool *ret)
{
    const PolicyGate *gate = policy_gate_find(r->input->policy, blob->gate);

    *ret = false;
    if (!gate || !keys_of_gate(r, blob))
        return refuse(r, blob, "its gate was not asked for, or stays shut", "");
    if (is_twice(r, blob))
        return refuse(r, blob, "its id is there twice", "");
    const char *refusal = refusal_of_binds(gate, blob);
    if (refusal)
        return refuse(r, blob, refusal, "");
    BindKind kind = find_difference(r->input->facts, blob);
    if (kind != N_BIND_KINDS)
        return refuse(r, blob,
                      r->input->facts->items[kind].size > 0
                          ? "bound to another machine by its "
                          : "bound to what is not known of this machine, ",
                      bind_kind_name(kind));
    *ret = true;
    return 0;
}

static int seal_for_evidence(const Rewrapping *r, const RewrapBlob *blob, ByteView data_key,
                             char **ret)
{
    json_auto_t *members = json_pack("{s:s}", "gate", blob->gate);

    int n = members ? json_set_base64url(members, "id", VIEW_OF_ARRAY(blob->id)) : -ENOMEM;
    return n < 0 ? n
                 : jwe_seal(r->response_key, members, VIEW(r->input->claims->nonce), data_key, ret);
}

static int note_opened(Rewrapping *r, const RewrapBlob *blob)
{
    char text[GATE_NAME_LIMIT + FINDING_TEXT_MAX];

    (void)snprintf(text, sizeof(text), "%s%s/%s", r->result->opened.size > 0 ? " " : "", blob->gate,
                   blob->name);
    return bytes_append(&r->result->opened, view_of_string(text));
}

static int answer_key(Rewrapping *r, const RewrapBlob *blob, ByteView data_key)
{
    _cleanup_free_ char *jwe = NULL;
    json_auto_t *entry = json_object();

    int ret = entry ? seal_for_evidence(r, blob, data_key, &jwe) : -ENOMEM;
    if (ret)
        return ret < 0 ? ret : -EIO;
    ret = json_set_base64url(entry, "id", VIEW_OF_ARRAY(blob->id));
    if (ret == 0 && (json_object_set_new(entry, "jwe", json_string(jwe)) < 0 ||
                     json_array_append(keys_of_gate(r, blob), entry) < 0))
        ret = -ENOMEM;
    return ret < 0 ? ret : note_opened(r, blob);
}

static int rewrap(Rewrapping *r, const RewrapBlob *blob)
{
    const Key *key = rewrap_keys_find(r->input->keys, blob->kid);
    _cleanup_(secret_freep) Secret *data_key = NULL;

    if (!key)
        return refuse(r, blob, "wrapped to a key that is not here: ", blob->kid);
    int ret = jwe_open(key, &blob->parts, (ByteView){ 0 }, &data_key);
    if (ret < 0)
        return ret;
    if (ret > 0)
        return refuse(r, blob, "does not open: it was changed, or made for another key", "");
    if (secret_view(data_key).size != REWRAP_DATA_KEY_SIZE)
        return refuse(r, blob, "what is in it is no data key", "");
    return answer_key(r, blob, secret_view(data_key));
}

static int rewrap_all(Rewrapping *r)
{
    int ret = jwk_parse_key(r->input->claims->jwk, &r->response_key);

    if (ret < 0)
        return ret;
    if (ret > 0)
        return refuse(r, NULL, "the response key is unusable: ", jwk_reason(ret));
    ret = read_blobs(r);
    for (size_t i = 0; ret == 0 && i < r->n_blobs; i++) {
        bool is_good;
        ret = judge(r, &r->blobs[i], &is_good);
        if (ret == 0 && is_good)
            ret = rewrap(r, &r->blobs[i]);
    }
    return ret;
}

int rewrap_blobs(const RewrapInput *input, json_t *gates, RewrapResult *ret)
{
    _cleanup_rewrap_result_ RewrapResult result = { .reasons = { .source = "verifier" } };
    _cleanup_(rewrapping_done) Rewrapping r = { .input = input, .gates = gates, .result = &result };

    int n = input->blobs.size > 0 ? rewrap_all(&r) : 0;
    if (n < 0)
        return n;
    *ret = TAKE_STRUCT(result);
    return 0;
}
