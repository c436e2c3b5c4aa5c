/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys as SPKI and PEM: what is let in is one of ours and survives the way out and back.
 */
#include "base/wipe.h"
#include "crypto/jwk.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const Key *key)
{
    _cleanup_bytes_ Bytes spki = { 0 };
    _cleanup_(key_freep) Key *by_spki = NULL;
    _cleanup_(key_freep) Key *by_jwk = NULL;
    json_t *jwk = NULL;

    require(key_bits(key) >= 256);
    require(key_type(key) != KEY_RSA || key_bits(key) >= KEY_RSA_BITS_MIN);
    require(key_to_spki(key, &spki) == 0);
    require(key_from_spki(VIEW(spki), &by_spki) == KEY_OK);
    require(key_equal(key, by_spki));
    require(jwk_emit(key, NULL, NULL, NULL, &jwk) == 0);
    require(jwk_parse_key(jwk, &by_jwk) == JWK_OK);
    require(key_equal(key, by_jwk));
    json_decref(jwk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView view = { .data = data, .size = size };
    _cleanup_(key_freep) Key *by_spki = NULL;
    _cleanup_(key_freep) Key *by_pem = NULL;

    if (key_from_spki(view, &by_spki) == KEY_OK)
        look_at(by_spki);
    if (key_from_pem(view, &by_pem) == KEY_OK)
        look_at(by_pem);
    return 0;
}
