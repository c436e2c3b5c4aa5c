/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets: what is read can be written and read again, and says the same.
 */
#include "fuzz/require.h"
#include "token/jwks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the strict reader says yes, the other reads the same. */
static void check_published(ByteView text, const Jwks *strict)
{
    _cleanup_jwks_ Jwks published = { 0 };

    int r = jwks_parse_published(text, &published);
    require(!strict || (r == JWKS_OK && published.n_keys == strict->n_keys));
    require(r != JWKS_OK || published.n_keys > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ByteView text = { .data = data, .size = size };
    _cleanup_jwks_ Jwks jwks = { 0 };
    _cleanup_jwks_ Jwks again = { 0 };
    json_t *object = NULL;

    int r = jwks_parse(text, &jwks);
    check_published(text, r == JWKS_OK ? &jwks : NULL);
    if (r != JWKS_OK)
        return 0;
    require(jwks.n_keys > 0 && jwks.n_keys <= JWKS_KEYS_MAX);
    require(jwks_to_json(&jwks, &object) == 0);
    require(jwks_from_json(object, &again) == JWKS_OK);
    json_decref(object);
    require(again.n_keys == jwks.n_keys && again.n_ignored == 0);
    for (size_t i = 0; i < jwks.n_keys; i++) {
        require(key_equal(jwks.keys[i].key, again.keys[i].key));
        require(jwks.keys[i].algorithm == again.keys[i].algorithm);
        if (jwks.keys[i].kid)
            require(jwks_find(&jwks, jwks.keys[i].kid) == &jwks.keys[i]);
    }
    return 0;
}
