/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims behind a good signature: a verifier gone bad. Judged with a fixed nonce and holder, then
 * read as result and held against the floor.
 */
#include "fuzz/require.h"
#include "token/token-claims.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char holder_text[] = "{\"kty\":\"EC\",\"crv\":\"P-256\","
                                  "\"x\":\"CoPdb9Eebb29yNb1z-0OujTI40csxNQAJMtp2mI54mA\","
                                  "\"y\":\"m2H9uYO3f2fzQqaDWzpZIw0sPypaT1hQNODK3mKA58Q\"}";

static const uint8_t nonce[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static const char *const profiles[] = { "tag:ietf.org,2026:rats/ear#03", NULL };
static const char *const submodules[] = { "cpu", "vtpm", NULL };

static Key *load_holder(void)
{
    json_t *object = NULL;
    Key *key = NULL;

    require(json_parse(view_of_string(holder_text), sizeof(holder_text), &object) == JSON_OK);
    require(jwk_parse_key(object, &key) == JWK_OK);
    json_decref(object);
    return key;
}

static void check_floor(json_t *claims)
{
    EarFloor floor = { .submodules = submodules, .hardware = "cpu", .unendorsed = "vtpm" };
    const char *where = NULL;
    Ear ear;

    if (ear_parse(claims, &ear) != EAR_OK)
        return;
    require(ear.n_submodules > 0 && ear.n_submodules <= EAR_SUBMODULES_MAX);
    if (ear_floor(&ear, &floor, &where) != EAR_FLOOR_OK) {
        require(where != NULL);
        return;
    }
    require(ear.n_submodules == 2);
    require(ear_find(&ear, "cpu")->status == EAR_AFFIRMING);
    require(ear_find(&ear, "cpu")->vector.worst <= EAR_AFFIRMING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Key *holder;
    Token token = { 0 };
    TokenMismatch mismatch = { "", "" };
    TokenExpectation expected = { .issuer = "https://verifier.example",
                                  .audience = "attestd",
                                  .profiles = profiles,
                                  .nonce = VIEW_OF_ARRAY(nonce),
                                  .now_sec = 1790000005,
                                  .leeway_sec = TOKEN_LEEWAY_SEC_DEFAULT };

    if (!holder)
        holder = load_holder();
    expected.holder = holder;
    if (json_parse((ByteView){ .data = data, .size = size }, JWS_SIZE_MAX, &token.claims) !=
        JSON_OK)
        return 0;
    int r = token_judge_claims(&token, &expected, &mismatch);
    require(r >= 0 && memchr(mismatch.found, 0, sizeof(mismatch.found)));
    if (r == TOKEN_OK) {
        require(token.expires_sec > token.issued_sec);
        require(token_life_sec(&token) <= TOKEN_LIFETIME_SEC_DEFAULT);
        require(token.issued_sec <= expected.now_sec + expected.leeway_sec);
        require(token.expires_sec + expected.leeway_sec > expected.now_sec);
    }
    check_floor(token.claims);
    json_decref(token.claims);
    return 0;
}
