/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWS to order.
 */
#include "mint.h"

#include "base/encode.h"
#include "testing.h"

static const uint8_t nonce[32] = { 0xfb, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
static const char *const algorithms[] = { "ES256", NULL };
static const char *const profiles[] = { "tag:ietf.org,2026:rats/ear#03", NULL };

char *mint_parts(ByteView header, ByteView payload, ByteView signature)
{
    _cleanup_free_ char *a = base64url_encode(header);
    _cleanup_free_ char *b = base64url_encode(payload);
    _cleanup_free_ char *c = base64url_encode(signature);
    char *text = NULL;

    check(a && b && c && asprintf(&text, "%s.%s.%s", a, b, c) > 0);
    return text;
}

char *mint(const char *header, const char *payload, const Key *key, const char *algorithm)
{
    const Jwa *jwa = jwa_find(algorithm);
    _cleanup_free_ char *unsigned_text =
        mint_parts(view_of_string(header), view_of_string(payload), (ByteView){ 0 });
    _cleanup_bytes_ Bytes signature = { 0 };
    /* Without the dot that waits for the signature. */
    ByteView signed_text = { (uint8_t *)unsigned_text, strlen(unsigned_text) - 1 };

    check_int(signature_sign(key, jwa->scheme, jwa->digest, signed_text, &signature), SIGNATURE_OK);
    return mint_parts(view_of_string(header), view_of_string(payload), VIEW(signature));
}

void mint_flip(char *text, size_t index)
{
    if (text[index] != '.')
        text[index] = text[index] == 'A' ? 'Q' : 'A';
}

static json_t *submodule(const char *vector)
{
    return json_pack("{s:s, s:{s:i}, s:{s:b}}", "ear_status", "affirming",
                     "ear_trustworthiness_vector", vector, 2, "facts", "debug", 0);
}

Mint mint_new(void)
{
    Mint made = { .key = forge_key("P-256"), .holder = forge_key("P-256") };
    json_t *jwk = NULL;
    _cleanup_free_ char *text = base64url_encode(VIEW_OF_ARRAY(nonce));

    check_int(jwks_add(&made.jwks, made.key, "k1", jwa_find("ES256")), JWKS_OK);
    check_int(jwk_emit(made.holder, NULL, "enc", "ECDH-ES+A256KW", &jwk), 0);
    made.claims =
        json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:{s:o}, s:s, s:{s:o, s:o}}", "iss",
                  "https://verifier.example", "aud", "attestd", "iat", (json_int_t)MINT_NOW, "exp",
                  (json_int_t)MINT_NOW + 900, "jti", "id-1", "eat_profile", profiles[0],
                  "eat_nonce", text, "cnf", "jwk", jwk, "ear_status", "affirming", "submods", "cpu",
                  submodule("hardware"), "vtpm", submodule("executables"));
    check(made.claims != NULL);
    made.expected = (TokenExpectation){ .algorithms = algorithms,
                                        .issuer = "https://verifier.example",
                                        .audience = "attestd",
                                        .profiles = profiles,
                                        .nonce = VIEW_OF_ARRAY(nonce),
                                        .holder = made.holder,
                                        .now_sec = MINT_NOW + 5,
                                        .leeway_sec = TOKEN_LEEWAY_SEC_DEFAULT };
    return made;
}

void mint_done(Mint *made)
{
    key_free(made->key);
    key_free(made->holder);
    jwks_done(&made->jwks);
    json_decref(made->claims);
}

void mint_set(Mint *made, const char *name, json_t *value)
{
    if (value)
        check(json_object_set_new(made->claims, name, value) == 0);
    else
        check(json_object_del(made->claims, name) == 0);
}

char *mint_token(const Mint *made)
{
    _cleanup_free_ char *payload = json_text(made->claims);

    check(payload != NULL);
    return mint("{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\"}", payload, made->key, "ES256");
}

int mint_validate(const Mint *made)
{
    _cleanup_free_ char *text = mint_token(made);
    _cleanup_(token_freep) Token *token = NULL;
    TokenExpectation expected = made->expected;

    expected.keys = &made->jwks;
    int r = token_validate(view_of_string(text), &expected, NULL, &token);
    check((r == TOKEN_OK) == (token != NULL));
    return r;
}
