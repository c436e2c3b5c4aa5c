/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens as a whole: a good one, the names of every no, and what a signature failure is called.
 */
#include "mint.h"
#include "testing.h"

static int validate(const Mint *made, const char *text, TokenMismatch *mismatch)
{
    _cleanup_(token_freep) Token *token = NULL;
    TokenExpectation expected = made->expected;

    expected.keys = &made->jwks;
    return token_validate(view_of_string(text), &expected, mismatch, &token);
}

static int validate_header(const char *header, const char *payload)
{
    _cleanup_mint_ Mint made = mint_new();
    _cleanup_free_ char *own = json_text(made.claims);
    _cleanup_free_ char *text = mint(header, payload ? payload : own, made.key, "ES256");

    return validate(&made, text, NULL);
}

static void a_good_token_says_everything(void)
{
    _cleanup_mint_ Mint made = mint_new();
    _cleanup_free_ char *text = mint_token(&made);
    _cleanup_(token_freep) Token *token = NULL;
    TokenExpectation expected = made.expected;

    expected.keys = &made.jwks;
    check_int(token_validate(view_of_string(text), &expected, NULL, &token), TOKEN_OK);
    check_str(token->id, "id-1");
    check_str(token->kid, "k1");
    check_str(token->algorithm->name, "ES256");
    check_int(token->issued_sec, MINT_NOW);
    check_int(token->expires_sec, MINT_NOW + 900);
    check_int(token_life_sec(token), 900);
    check_int(token->ear.spelling, EAR_UNDERSCORE);
    check_int(token->ear.n_submodules, 2);
    check_int(ear_find(&token->ear, "cpu")->vector.value[EAR_HARDWARE], 2);
}

/* Every no of jws.h arrives under its own name. */
static void signature_rules_keep_their_names(void)
{
    check_int(validate_header("{\"alg\":\"ES384\",\"kid\":\"k1\"}", NULL), TOKEN_E_ALGORITHM);
    check_int(validate_header("{\"alg\":\"ES256\",\"crit\":[\"x\"]}", NULL), TOKEN_E_CRITICAL);
    check_int(validate_header("{\"alg\":\"ES256\",\"typ\":\"x\"}", NULL), TOKEN_E_TYPE);
    check_int(validate_header("{\"alg\":\"ES256\",\"cty\":\"JWT\"}", NULL), TOKEN_E_NESTED);
    check_int(validate_header("{\"alg\":\"ES256\",\"kid\":\"x\"}", NULL), TOKEN_E_KEY_UNKNOWN);
    check_int(validate_header("{\"alg\":\"ES256\",\"alg\":\"ES256\"}", NULL), TOKEN_E_DUPLICATE);
    check_int(validate_header("[]", NULL), TOKEN_E_MALFORMED);
}

static void rule_1_claims_are_one_json_object(void)
{
    const char *header = "{\"alg\":\"ES256\",\"kid\":\"k1\"}";

    check_int(validate_header(header, "[]"), TOKEN_E_MALFORMED);
    check_int(validate_header(header, "hello"), TOKEN_E_MALFORMED);
    check_int(validate_header(header, "{\"iss\":1"), TOKEN_E_MALFORMED);
}

static void rule_1_duplicate_claims_are_refused(void)
{
    check_int(validate_header("{\"alg\":\"ES256\",\"kid\":\"k1\"}",
                              "{\"iss\":\"a\",\"iss\":\"https://verifier.example\"}"),
              TOKEN_E_DUPLICATE);
}

static void rule_1_claims_nested_too_deeply_are_refused(void)
{
    check_int(validate_header("{\"alg\":\"ES256\",\"kid\":\"k1\"}",
                              "{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}"),
              TOKEN_E_MALFORMED);
}

static void rule_3_a_key_of_another_algorithm_is_unfit(void)
{
    static const char *const both[] = { "ES256", "ES384", NULL };
    _cleanup_mint_ Mint made = mint_new();
    _cleanup_(key_freep) Key *p384 = forge_key("P-384");
    _cleanup_free_ char *claims = json_text(made.claims);
    _cleanup_free_ char *text = mint("{\"alg\":\"ES384\",\"kid\":\"k1\"}", claims, p384, "ES384");

    made.expected.algorithms = both;
    check_int(validate(&made, text, NULL), TOKEN_E_KEY_UNFIT);
}

static void rule_8_any_character_changed_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();
    _cleanup_free_ char *text = mint_token(&made);

    for (size_t i = 0; text[i]; i++) {
        char kept = text[i];
        mint_flip(text, i);
        if (text[i] != kept)
            check(validate(&made, text, NULL) > 0);
        text[i] = kept;
    }
    check_int(validate(&made, text, NULL), TOKEN_OK);
}

static void a_token_by_a_stranger_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();
    _cleanup_mint_ Mint stranger = mint_new();
    _cleanup_free_ char *text = mint_token(&stranger);

    check_int(validate(&made, text, NULL), TOKEN_E_SIGNATURE);
}

static void a_token_that_is_too_large_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();
    _cleanup_bytes_ Bytes padding = { 0 };

    check_int(bytes_new(JWS_SIZE_MAX, &padding), 0);
    memset(padding.data, 'a', padding.size);
    mint_set(&made, "padding", json_string((const char *)padding.data));
    check_int(mint_validate(&made), TOKEN_E_SIZE);
}

static void a_mismatch_says_what_was_found_and_wanted(void)
{
    _cleanup_mint_ Mint made = mint_new();
    TokenMismatch mismatch;

    mint_set(&made, "iss", json_string("https://other.example\n"));
    _cleanup_free_ char *text = mint_token(&made);
    check_int(validate(&made, text, &mismatch), TOKEN_E_ISSUER);
    check_str(mismatch.found, "https://other.example?");
    check_str(mismatch.wanted, "https://verifier.example");

    mint_set(&made, "iss", json_string("https://verifier.example"));
    made.expected.now_sec = MINT_NOW + 5000;
    _cleanup_free_ char *expired = mint_token(&made);
    check_int(validate(&made, expired, &mismatch), TOKEN_E_EXPIRED);
    check_str(mismatch.found, "2026-09-21T14:28:20Z");
    check_str(mismatch.wanted, "after 2026-09-21T15:36:40Z");
}

/* An operator's log must not help a thief. */
static void a_mismatch_never_shows_the_nonce_or_the_key(void)
{
    _cleanup_mint_ Mint made = mint_new();
    TokenMismatch mismatch;

    mint_set(&made, "eat_nonce", json_string("AAECAwQFBgc"));
    _cleanup_free_ char *text = mint_token(&made);
    check_int(validate(&made, text, &mismatch), TOKEN_E_NONCE);
    check_str(mismatch.found, "");
    check_str(mismatch.wanted, "");
}

static void a_half_expectation_is_an_error(void)
{
    _cleanup_mint_ Mint made = mint_new();
    TokenExpectation good = made.expected;

    made.expected.nonce.size = 0;
    check_int(mint_validate(&made), -22);
    made.expected = good;
    made.expected.leeway_sec = TOKEN_LEEWAY_SEC_MAX + 1;
    check_int(mint_validate(&made), -22);
    made.expected = good;
    made.expected.algorithms = NULL;
    check_int(mint_validate(&made), -22);
    made.expected = good;
    made.expected.now_sec = UINT64_MAX;
    check_int(mint_validate(&made), -22);
}

static void every_no_has_a_name_of_its_own(void)
{
    size_t n = 0;

    check(token_reason_name(TOKEN_OK) == NULL);
    check(token_reason_name(TOKEN_E_RESULT_MIXED + 1) == NULL && token_reason_name(-5) == NULL);
    for (int reason = 1; reason <= TOKEN_E_RESULT_MIXED; reason++)
        check(strncmp(token_reason_name(reason), "token-", 6) == 0);
    for (int reason = 1; reason <= EAR_FLOOR_E_TOO_GOOD; reason++)
        check(strncmp(ear_floor_reason_name(reason), "token-", 6) == 0);
    check(ear_floor_reason_name(EAR_FLOOR_OK) == NULL);
    for (; token_reason_name_at(n); n++)
        for (size_t k = 0; k < n; k++)
            check(strcmp(token_reason_name_at(n), token_reason_name_at(k)) != 0);
    check_int(n, TOKEN_E_RESULT_MIXED + EAR_FLOOR_E_TOO_GOOD + 1);
}

static const Test tests[] = {
    { "a good token says everything", a_good_token_says_everything },
    { "signature rules keep their names", signature_rules_keep_their_names },
    { "rule 1: claims are one JSON object", rule_1_claims_are_one_json_object },
    { "rule 1: duplicate claims are refused", rule_1_duplicate_claims_are_refused },
    { "rule 1: claims nested too deeply are refused", rule_1_claims_nested_too_deeply_are_refused },
    { "rule 3: a key of another algorithm is unfit", rule_3_a_key_of_another_algorithm_is_unfit },
    { "rule 8: any character changed is refused", rule_8_any_character_changed_is_refused },
    { "a token by a stranger is refused", a_token_by_a_stranger_is_refused },
    { "a token that is too large is refused", a_token_that_is_too_large_is_refused },
    { "a mismatch says what was found and wanted", a_mismatch_says_what_was_found_and_wanted },
    { "rule 12: a mismatch never shows the nonce or the key",
      a_mismatch_never_shows_the_nonce_or_the_key },
    { "a half expectation is an error", a_half_expectation_is_an_error },
    { "every no has a name of its own", every_no_has_a_name_of_its_own },
};

TEST_MAIN(tests)
