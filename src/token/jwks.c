/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets.
 */
#include "token/jwks.h"

#include <errno.h>
#include <string.h>

const char *jwks_reason(int reason)
{
    switch (reason) {
    case JWKS_OK:
        return "ok";
    case JWKS_E_SIZE:
        return "more than 256 KiB or 64 keys";
    case JWKS_E_SYNTAX:
        return "not a JSON object with a list of keys";
    case JWKS_E_KEY:
        return "a key that is malformed";
    case JWKS_E_PRIVATE:
        return "holds a private or symmetric key";
    case JWKS_E_DUPLICATE:
        return "two keys with the same kid";
    case JWKS_E_EMPTY:
        return "no usable key";
    }
    return "unknown";
}

void jwks_done(Jwks *jwks)
{
    for (size_t i = 0; i < jwks->n_keys; i++)
        jwk_done(&jwks->keys[i]);
    free(jwks->keys);
    *jwks = (Jwks){ 0 };
}

const Jwk *jwks_find(const Jwks *jwks, const char *kid)
{
    for (size_t i = 0; i < jwks->n_keys; i++)
        if (jwks->keys[i].kid && strcmp(jwks->keys[i].kid, kid) == 0)
            return &jwks->keys[i];
    return NULL;
}

/* Takes JWK over on success. */
static int append(Jwks *jwks, Jwk *jwk)
{
    if (jwks->n_keys >= JWKS_KEYS_MAX)
        return JWKS_E_SIZE;
    if (jwk->kid && jwks_find(jwks, jwk->kid))
        return JWKS_E_DUPLICATE;

    Jwk *keys = reallocarray(jwks->keys, jwks->n_keys + 1, sizeof(*keys));
    if (!keys)
        return -ENOMEM;
    jwks->keys = keys;
    jwks->keys[jwks->n_keys++] = TAKE_STRUCT(*jwk);
    return JWKS_OK;
}

/* Of no use here, as opposed to broken. */
static bool is_ignorable(int reason)
{
    return reason == JWK_E_UNSUPPORTED || reason == JWK_E_WEAK || reason == JWK_E_ALGORITHM ||
           reason == JWK_E_USE;
}

/* May one of several be passed over for it, where nobody chose the set for us? */
static bool is_of_one_key(int reason)
{
    return reason == JWKS_E_KEY || reason == JWKS_E_DUPLICATE || reason == JWKS_E_SYNTAX;
}

static int parse_one(const json_t *object, Jwks *jwks)
{
    _cleanup_(jwk_done) Jwk jwk = { 0 };

    int r = jwk_parse(object, &jwk);
    if (r < 0)
        return r;
    if (r == JWK_E_PRIVATE)
        return JWKS_E_PRIVATE;
    if (is_ignorable(r)) {
        jwks->n_ignored++;
        return JWKS_OK;
    }
    if (r)
        return JWKS_E_KEY;
    return append(jwks, &jwk);
}

static int parse_set(const json_t *object, bool is_published, Jwks *ret)
{
    _cleanup_jwks_ Jwks jwks = { 0 };
    json_t *keys;
    const json_t *key;
    size_t i;

    if (!json_is_object(object) || json_get_array(object, "keys", &keys) != JSON_OK)
        return JWKS_E_SYNTAX;
    if (json_array_size(keys) > JWKS_KEYS_MAX)
        return JWKS_E_SIZE;
    json_array_foreach (keys, i, key) {
        int r = json_is_object(key) ? parse_one(key, &jwks) : JWKS_E_SYNTAX;
        if (is_published && is_of_one_key(r))
            jwks.n_ignored++;
        else if (r)
            return r;
    }
    if (jwks.n_keys == 0)
        return JWKS_E_EMPTY;
    *ret = TAKE_STRUCT(jwks);
    return JWKS_OK;
}

int jwks_from_json(const json_t *object, Jwks *ret)
{
    return parse_set(object, false, ret);
}

static int parse(ByteView text, bool is_published, Jwks *ret)
{
    json_t *object;

    int r = json_parse(text, JWKS_SIZE_MAX, &object);
    if (r < 0)
        return r;
    if (r)
        return r == JSON_E_SIZE ? JWKS_E_SIZE : JWKS_E_SYNTAX;
    r = parse_set(object, is_published, ret);
    json_decref(object);
    return r;
}

int jwks_parse(ByteView text, Jwks *ret)
{
    return parse(text, false, ret);
}

int jwks_parse_published(ByteView text, Jwks *ret)
{
    return parse(text, true, ret);
}

int jwks_add(Jwks *jwks, const Key *key, const char *kid, const Jwa *algorithm)
{
    _cleanup_(jwk_done) Jwk jwk = { .algorithm = algorithm };

    if (algorithm && !jwa_suits(algorithm, key))
        return -EINVAL;
    if (kid) {
        jwk.kid = strdup(kid);
    } else {
        int r = jwk_thumbprint_text(key, &jwk.kid);
        if (r < 0)
            return r;
    }
    jwk.key = key_ref(key);
    if (!jwk.kid || !jwk.key)
        return -ENOMEM;
    return append(jwks, &jwk);
}

static int emit_all(const Jwks *jwks, json_t *array)
{
    for (size_t i = 0; i < jwks->n_keys; i++) {
        const Jwk *jwk = &jwks->keys[i];
        json_t *object;
        int r = jwk_emit(jwk->key, jwk->kid, "sig", jwk->algorithm ? jwk->algorithm->name : NULL,
                         &object);
        if (r < 0)
            return r;
        if (json_array_append_new(array, object) < 0)
            return -ENOMEM;
    }
    return 0;
}

int jwks_to_json(const Jwks *jwks, json_t **ret)
{
    json_t *array = json_array();

    int r = array ? emit_all(jwks, array) : -ENOMEM;
    json_t *object = r == 0 ? json_pack("{s:O}", "keys", array) : NULL;
    json_decref(array);
    if (r < 0)
        return r;
    if (!object)
        return -ENOMEM;
    *ret = object;
    return 0;
}
