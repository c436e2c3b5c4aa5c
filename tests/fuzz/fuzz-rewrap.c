/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapped data keys as a machine sends them: each line is the protected header of one. Nothing is
 * wrapped in them that this verifier could open, so that whatever a header says, no key comes out.
 */
#include "fuzz/require.h"
#include "verifier/rewrap.h"

#include "base/encode.h"
#include "crypto/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 40 /* more than a round takes */

/* 40, 12, 32 and 16 bytes. */
#define TAIL                                                                                       \
    ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAA."                    \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA"

static const char policy_text[] =
    "{\"attestd_policy\":1,\"id\":\"x\",\"gates\":["
    "{\"name\":\"any\",\"kind\":\"rewrap\",\"machines\":[\"*\"]},"
    "{\"name\":\"all\",\"kind\":\"rewrap\",\"machines\":[\"*\"],\"binds\":[\"fleet\"]}]}";

typedef struct Scene {
    Policy *policy;
    RewrapKeys keys;
    BindFacts facts;
    EvidenceClaims claims;
} Scene;

/* Made once: what is judged against stays the same. */
static const Scene *scene(void)
{
    static char any[] = "any", all[] = "all";
    static char *gates[] = { any, all };
    static const uint8_t nonce[32];
    static Scene scene;
    PolicyError error;

    if (scene.policy)
        return &scene;
    require(policy_parse(view_of_string(policy_text), &scene.policy, &error) == POLICY_OK);
    require(key_generate(KEY_P256, &scene.keys.items[0].key) == KEY_OK);
    scene.keys.items[0].kid = strdup("k");
    scene.keys.n_items = 1;
    require(jwk_emit(scene.keys.items[0].key, NULL, NULL, NULL, &scene.claims.jwk) == 0);
    require(bytes_copy(VIEW_OF_ARRAY(nonce), &scene.claims.nonce) == 0);
    scene.claims.gates = gates;
    scene.claims.n_gates = ELEMENTSOF(gates);
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++)
        scene.facts.items[kind].size = bind_kind_size(kind);
    return &scene;
}

static void add_blob(json_t *list, ByteView header)
{
    _cleanup_free_ char *text = base64url_encode(header);

    require(text && json_array_append_new(list, json_sprintf("%s" TAIL, text)) == 0);
}

static json_t *list_of(const uint8_t *data, size_t size)
{
    json_t *list = json_array();

    require(list != NULL);
    while (size > 0 && json_array_size(list) < LINES_MAX) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t length = newline ? (size_t)(newline - data) : size;
        add_blob(list, (ByteView){ .data = data, .size = length });
        data += length + (newline ? 1 : 0);
        size -= length + (newline ? 1 : 0);
    }
    return list;
}

static void require_text(const char *text)
{
    require(text && text[0]);
    for (const char *c = text; *c; c++)
        require(*c >= 0x20 && *c <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Scene *s = scene();
    json_auto_t *gates = json_pack("{s:{s:[]}, s:{s:[]}}", "any", "keys", "all", "keys");
    json_auto_t *list = list_of(data, size);
    _cleanup_free_ char *text = json_text(list);
    _cleanup_rewrap_result_ RewrapResult result = { 0 };
    const char *name;
    json_t *gate;

    require(gates && text);
    const RewrapInput input = {
        .keys = &s->keys,
        .facts = &s->facts,
        .policy = s->policy,
        .claims = &s->claims,
        .blobs = view_of_string(text),
    };
    require(rewrap_blobs(&input, gates, &result) == 0);
    require(result.opened.size == 0);
    json_object_foreach (gates, name, gate)
        require(json_array_size(json_object_get(gate, "keys")) == 0);
    require(result.reasons.n_items > 0 && (result.stray || result.refused != 0));
    for (size_t i = 0; i < result.reasons.n_items; i++) {
        require_text(result.reasons.items[i].subject);
        require_text(result.reasons.items[i].found);
    }
    return 0;
}
