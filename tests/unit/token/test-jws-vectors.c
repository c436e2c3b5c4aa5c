/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and key sets of Microsoft Azure Attestation: keys as x5c only, RS256.
 */
#include "base/encode.h"
#include "mint.h"
#include "testing.h"

static const char *const rs256[] = { "RS256", NULL };
static const char *const es256[] = { "ES256", NULL };

/* iat and exp of vectors/maa/sgx-2021 */
#define ISSUED  UINT64_C(1628901457)
#define EXPIRES UINT64_C(1628930257)

static Jwks load_set(const char *path)
{
    _cleanup_bytes_ Bytes text = test_vector(path);
    Jwks jwks = { 0 };

    check_int(jwks_parse(VIEW(text), &jwks), JWKS_OK);
    return jwks;
}

/* Without the newline that the file may end in. */
static Bytes load_token(const char *path)
{
    Bytes text = test_vector(path);

    while (text.size > 0 && text.data[text.size - 1] == '\n')
        text.size--;
    return text;
}

static int verify(ByteView text, const Jwks *jwks, const char *const *allowed)
{
    JwsExpectation expected = { .keys = jwks, .algorithms = allowed };
    _cleanup_jws_ Jws jws = { 0 };

    return jws_verify(text, &expected, &jws);
}

static void the_sgx_token_verifies_with_its_set(void)
{
    _cleanup_jwks_ Jwks jwks = load_set("maa/sgx-2021/jwks.json");
    _cleanup_bytes_ Bytes text = load_token("maa/sgx-2021/token.jwt");

    check_int(jwks.n_keys, 1);
    check_int(verify(VIEW(text), &jwks, rs256), JWS_OK);
    check_int(verify(VIEW(text), &jwks, es256), JWS_E_ALGORITHM);
}

static void the_sgx_token_fails_with_any_byte_changed(void)
{
    _cleanup_jwks_ Jwks jwks = load_set("maa/sgx-2021/jwks.json");
    _cleanup_bytes_ Bytes text = load_token("maa/sgx-2021/token.jwt");

    for (size_t i = 0; i < text.size; i++) {
        text.data[i] ^= (uint8_t)(1 << i % 8);
        check(verify(VIEW(text), &jwks, rs256) > 0);
        text.data[i] ^= (uint8_t)(1 << i % 8);
    }
}

/* That token carries no nonce; one of its hashes stands in for it, to walk the whole way. */
static int validate_at(uint64_t now_sec, const char *issuer, uint64_t lifetime_max_sec)
{
    _cleanup_bytes_ Bytes hash = { 0 };
    _cleanup_jwks_ Jwks jwks = load_set("maa/sgx-2021/jwks.json");
    _cleanup_bytes_ Bytes text = load_token("maa/sgx-2021/token.jwt");
    _cleanup_(token_freep) Token *token = NULL;

    check_int(hex_decode("6d13ab37cf7b65f5a6598d95d052d496edeec24e716ad1a72981e7df305b4a5c", &hash),
              ENCODE_OK);
    TokenExpectation expected = { .keys = &jwks,
                                  .algorithms = rs256,
                                  .issuer = issuer,
                                  .nonce = VIEW(hash),
                                  .nonce_pointer = "/x-ms-policy-hash",
                                  .now_sec = now_sec,
                                  .lifetime_max_sec = lifetime_max_sec,
                                  .has_no_result = true };

    int r = token_validate(VIEW(text), &expected, NULL, &token);
    if (r == TOKEN_OK)
        check_int(token_life_sec(token), 28800);
    return r;
}

static void the_sgx_token_is_valid_inside_its_hours_only(void)
{
    const char *issuer = "https://sharedwus.wus.attest.azure.net";

    check_int(validate_at(ISSUED + 100, issuer, 0), TOKEN_OK);
    check_int(validate_at(EXPIRES - 1, issuer, 0), TOKEN_OK);
    check_int(validate_at(EXPIRES, issuer, 0), TOKEN_E_EXPIRED);
    check_int(validate_at(ISSUED - 1, issuer, 0), TOKEN_E_NOT_YET);
    check_int(validate_at(ISSUED + 100, issuer, 600), TOKEN_E_LIFETIME);
    check_int(validate_at(ISSUED + 100, "https://sharedwus.wus.attest.azure.net/", 0),
              TOKEN_E_ISSUER);
}

/* One of the five keys of this real set has 1024 bits. */
static void a_set_with_chains_is_read_but_for_its_weak_key(void)
{
    _cleanup_jwks_ Jwks jwks = load_set("maa/jwks-sample/jwks.json");

    check_int(jwks.n_keys, 4);
    check_int(jwks.n_ignored, 1);
    for (size_t i = 0; i < jwks.n_keys; i++)
        check_int(key_type(jwks.keys[i].key), KEY_RSA);
    check(jwks_find(&jwks, "KQFAHrk1xALKHBD4b4u7TCvCJ1Mw0MlYZe+rxdePOtg=") == NULL);
    check(jwks_find(&jwks, "ZQzLfoNwhBNCu9r8Fucjn6H4Cdw") != NULL);
}

static void a_token_of_another_issuer_finds_no_key(void)
{
    _cleanup_jwks_ Jwks jwks = load_set("maa/jwks-sample/jwks.json");
    _cleanup_bytes_ Bytes text = load_token("maa/sgx-2021/token.jwt");
    _cleanup_bytes_ Bytes sample = load_token("maa/sevsnp-sample/token.jwt");

    check_int(verify(VIEW(text), &jwks, rs256), JWS_E_KEY_UNKNOWN);
    check_int(verify(VIEW(sample), &jwks, rs256), JWS_E_KEY_UNKNOWN);
}

static const Test tests[] = {
    { "the SGX token verifies with its set", the_sgx_token_verifies_with_its_set },
    { "the SGX token fails with any byte changed", the_sgx_token_fails_with_any_byte_changed },
    { "the SGX token is valid inside its hours only",
      the_sgx_token_is_valid_inside_its_hours_only },
    { "a set with chains is read but for its weak key",
      a_set_with_chains_is_read_but_for_its_weak_key },
    { "a token of another issuer finds no key", a_token_of_another_issuer_finds_no_key },
};

TEST_MAIN(tests)
