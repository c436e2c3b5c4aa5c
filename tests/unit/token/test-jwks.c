/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets: limits, what is ignored and what spoils the whole.
 */
#include "token/jwks.h"

#include "mint.h"
#include "testing.h"

static json_t *jwk_of(const char *kind, const char *kid)
{
    _cleanup_(key_freep) Key *key = forge_key(kind);
    json_t *object = NULL;

    check_int(jwk_emit(key, kid, "sig", NULL, &object), 0);
    return object;
}

static json_t *with(json_t *object, const char *name, json_t *value)
{
    check(json_object_set_new(object, name, value) == 0);
    return object;
}

/* Takes KEYS over. */
static int parse(json_t *keys, size_t *ret_keys, size_t *ret_ignored)
{
    json_t *object = json_pack("{s:o}", "keys", keys);
    _cleanup_free_ char *text = json_text(object);
    _cleanup_jwks_ Jwks jwks = { 0 };

    json_decref(object);
    int r = jwks_parse(view_of_string(text), &jwks);
    if (ret_keys)
        *ret_keys = jwks.n_keys;
    if (ret_ignored)
        *ret_ignored = jwks.n_ignored;
    return r;
}

static int parse_text(const char *text)
{
    _cleanup_jwks_ Jwks jwks = { 0 };

    return jwks_parse(view_of_string(text), &jwks);
}

static void a_set_survives_json(void)
{
    _cleanup_(key_freep) Key *a = forge_key("P-256");
    _cleanup_(key_freep) Key *b = forge_key("RSA-2048");
    _cleanup_jwks_ Jwks jwks = { 0 };
    _cleanup_jwks_ Jwks again = { 0 };
    json_t *object = NULL;

    check_int(jwks_add(&jwks, a, NULL, jwa_find("ES256")), JWKS_OK);
    check_int(jwks_add(&jwks, b, "two", NULL), JWKS_OK);
    check_int(jwks_to_json(&jwks, &object), 0);
    check_int(jwks_from_json(object, &again), JWKS_OK);
    json_decref(object);
    check_int(again.n_keys, 2);
    check_str(again.keys[0].kid, jwks.keys[0].kid);
    check_str(again.keys[0].algorithm->name, "ES256");
    check(again.keys[1].algorithm == NULL);
    check(key_equal(jwks_find(&again, "two")->key, b));
    check(jwks_find(&again, "TWO") == NULL);
}

static void an_unpinned_name_is_the_thumbprint(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_jwks_ Jwks jwks = { 0 };
    _cleanup_free_ char *thumbprint = NULL;

    check_int(jwks_add(&jwks, key, NULL, NULL), JWKS_OK);
    check_int(jwk_thumbprint_text(key, &thumbprint), 0);
    check_str(jwks.keys[0].kid, thumbprint);
    check_int(jwks_add(&jwks, key, NULL, NULL), JWKS_E_DUPLICATE);
    check_int(jwks_add(&jwks, key, "x", jwa_find("ES384")), -22);
}

static void keys_of_no_use_are_ignored(void)
{
    size_t n_keys;
    size_t n_ignored;
    json_t *keys = json_pack(
        "[o, o, o, o, o, o, o]", jwk_of("P-256", "good"),
        json_pack("{s:s, s:s}", "kty", "AKP", "pub", "AAAA"),
        json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "secp256k1", "x", "AA", "y", "AA"),
        with(jwk_of("P-256", "enc"), "use", json_string("enc")),
        with(jwk_of("P-256", "ops"), "key_ops", json_pack("[s]", "sign")),
        with(jwk_of("RSA-2048", "oaep"), "alg", json_string("RSA-OAEP-256")),
        with(jwk_of("RSA-2048", "weak"), "e", json_string("Aw")));

    check_int(parse(keys, &n_keys, &n_ignored), JWKS_OK);
    check_int(n_keys, 1);
    check_int(n_ignored, 6);
}

static void a_private_member_spoils_the_set(void)
{
    static const char *const names[] = { "d", "k", "p" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        check_int(parse(json_pack("[o, o]", jwk_of("P-256", "a"),
                                  with(jwk_of("P-256", "b"), names[i], json_string("AAAA"))),
                        NULL, NULL),
                  JWKS_E_PRIVATE);
    check_int(parse(json_pack("[o, {s:s, s:s}]", jwk_of("P-256", "a"), "kty", "oct", "k", "AAAA"),
                    NULL, NULL),
              JWKS_E_PRIVATE);
}

static void a_malformed_key_spoils_the_set(void)
{
    check_int(parse(json_pack("[o, o]", jwk_of("P-256", "a"),
                              with(jwk_of("P-256", "b"), "x", json_string("A"))),
                    NULL, NULL),
              JWKS_E_KEY);
    check_int(parse(json_pack("[o, {}]", jwk_of("P-256", "a")), NULL, NULL), JWKS_E_KEY);
}

static void the_same_kid_twice_spoils_the_set(void)
{
    check_int(parse(json_pack("[o, o]", jwk_of("P-256", "a"), jwk_of("P-384", "a")), NULL, NULL),
              JWKS_E_DUPLICATE);
    check_int(parse(json_pack("[o, o]", jwk_of("P-256", NULL), jwk_of("P-384", NULL)), NULL, NULL),
              JWKS_OK);
}

/* What a provider publishes is not chosen by anybody here: one bad key does not take the others. */
static void a_published_set_is_read_past_its_bad_keys(void)
{
    json_t *keys = json_pack("[o, o, {}, s, o, o]", jwk_of("P-256", "a"),
                             with(jwk_of("P-256", "b"), "x", json_string("A")), "no key",
                             with(jwk_of("RSA-2048", "c"), "x5c", json_pack("[s]", "AAAA")),
                             jwk_of("P-384", "a"));
    json_t *object = json_pack("{s:o}", "keys", keys);
    _cleanup_free_ char *text = json_text(object);
    _cleanup_jwks_ Jwks jwks = { 0 }, strict = { 0 };

    check(text && jwks_parse(view_of_string(text), &strict) > 0);
    check_int(jwks_parse_published(view_of_string(text), &jwks), JWKS_OK);
    check_int(jwks.n_keys, 1);
    check_int(jwks.n_ignored, 5);
    check(key_type(jwks_find(&jwks, "a")->key) == KEY_P256);
    json_decref(object);
    check_int(jwks_parse_published(view_of_string("{\"keys\":[{}]}"), &jwks), JWKS_E_EMPTY);
    check_int(jwks_parse_published(view_of_string("[]"), &jwks), JWKS_E_SYNTAX);
    check_int(jwks_parse_published(view_of_string("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"),
                                   &jwks),
              JWKS_E_PRIVATE);
}

static void a_set_without_usable_key_is_refused(void)
{
    check_int(parse(json_array(), NULL, NULL), JWKS_E_EMPTY);
    check_int(parse(json_pack("[{s:s}]", "kty", "AKP"), NULL, NULL), JWKS_E_EMPTY);
}

static void more_than_64_keys_are_refused(void)
{
    json_t *keys = json_array();

    for (int i = 0; i < JWKS_KEYS_MAX; i++)
        json_array_append_new(keys, jwk_of("P-256", NULL));
    json_t *more = json_deep_copy(keys);
    json_array_append_new(more, jwk_of("P-256", NULL));
    check_int(parse(keys, NULL, NULL), JWKS_OK);
    check_int(parse(more, NULL, NULL), JWKS_E_SIZE);
}

static void more_than_256_kib_are_refused(void)
{
    _cleanup_bytes_ Bytes text = { 0 };
    _cleanup_jwks_ Jwks jwks = { 0 };

    check_int(bytes_new(JWKS_SIZE_MAX + 1, &text), 0);
    memset(text.data, ' ', text.size);
    check_int(jwks_parse(VIEW(text), &jwks), JWKS_E_SIZE);
}

static void what_is_no_set_is_refused(void)
{
    static const char *const bad[] = { "",
                                       "[]",
                                       "{}",
                                       "{\"keys\":{}}",
                                       "{\"keys\":[1]}",
                                       "{\"keys\":[]",
                                       "{\"keys\":[],\"keys\":[]}",
                                       "hello" };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check_int(parse_text(bad[i]), JWKS_E_SYNTAX);
}

static const Test tests[] = {
    { "a set survives JSON", a_set_survives_json },
    { "an unpinned name is the thumbprint", an_unpinned_name_is_the_thumbprint },
    { "keys of no use are ignored", keys_of_no_use_are_ignored },
    { "a private member spoils the set", a_private_member_spoils_the_set },
    { "a malformed key spoils the set", a_malformed_key_spoils_the_set },
    { "a published set is read past its bad keys", a_published_set_is_read_past_its_bad_keys },
    { "the same kid twice spoils the set", the_same_kid_twice_spoils_the_set },
    { "a set without usable key is refused", a_set_without_usable_key_is_refused },
    { "more than 64 keys are refused", more_than_64_keys_are_refused },
    { "more than 256 KiB are refused", more_than_256_kib_are_refused },
    { "what is no set is refused", what_is_no_set_is_refused },
};

TEST_MAIN(tests)
