/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: rules 9 to 13 of spec/endpoints 7.1, each broken on its own in a token that is otherwise
 * good and properly signed.
 */
#include "base/encode.h"
#include "mint.h"
#include "testing.h"

#define NOW ((json_int_t)MINT_NOW)

static int with(const char *name, json_t *value)
{
    _cleanup_mint_ Mint made = mint_new();

    mint_set(&made, name, value);
    return mint_validate(&made);
}

static void the_untouched_token_is_good(void)
{
    _cleanup_mint_ Mint made = mint_new();

    check_int(mint_validate(&made), TOKEN_OK);
}

static void rule_9_the_issuer_is_exact(void)
{
    static const char *const others[] = { "https://verifier.example/", "https://verifier.exampl",
                                          "https://verifier.example.evil",
                                          "HTTPS://verifier.example", "" };

    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        check_int(with("iss", json_string(others[i])), TOKEN_E_ISSUER);
    check_int(with("iss", NULL), TOKEN_E_ISSUER);
    check_int(with("iss", json_integer(1)), TOKEN_E_CLAIMS);
}

static void rule_9_the_audience_has_us_in_it(void)
{
    check_int(with("aud", json_pack("[s, s]", "other", "attestd")), TOKEN_OK);
    check_int(with("aud", json_pack("[s]", "other")), TOKEN_E_AUDIENCE);
    check_int(with("aud", json_string("attest")), TOKEN_E_AUDIENCE);
    check_int(with("aud", json_string("attestd2")), TOKEN_E_AUDIENCE);
    check_int(with("aud", json_array()), TOKEN_E_AUDIENCE);
    check_int(with("aud", NULL), TOKEN_E_AUDIENCE);
    check_int(with("aud", json_integer(1)), TOKEN_E_CLAIMS);
    check_int(with("aud", json_pack("[s, i]", "attestd", 1)), TOKEN_E_CLAIMS);
}

static void rule_9_a_profile_without_issuer_and_audience_is_possible(void)
{
    _cleanup_mint_ Mint made = mint_new();

    made.expected.issuer = NULL;
    made.expected.audience = NULL;
    mint_set(&made, "iss", NULL);
    mint_set(&made, "aud", NULL);
    check_int(mint_validate(&made), TOKEN_OK);
}

static void rule_9_an_expired_token_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();

    made.expected.now_sec = MINT_NOW + 900 + 59;
    check_int(mint_validate(&made), TOKEN_OK);
    made.expected.now_sec = MINT_NOW + 900 + 60;
    check_int(mint_validate(&made), TOKEN_E_EXPIRED);
    made.expected.leeway_sec = 0;
    made.expected.now_sec = MINT_NOW + 899;
    check_int(mint_validate(&made), TOKEN_OK);
    made.expected.now_sec = MINT_NOW + 900;
    check_int(mint_validate(&made), TOKEN_E_EXPIRED);
}

static void rule_9_a_token_from_the_future_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();

    made.expected.now_sec = MINT_NOW - 60;
    check_int(mint_validate(&made), TOKEN_OK);
    made.expected.now_sec = MINT_NOW - 61;
    check_int(mint_validate(&made), TOKEN_E_NOT_YET);
    made.expected.now_sec = MINT_NOW;
    mint_set(&made, "nbf", json_integer(NOW + 60));
    check_int(mint_validate(&made), TOKEN_OK);
    mint_set(&made, "nbf", json_integer(NOW + 61));
    check_int(mint_validate(&made), TOKEN_E_NOT_YET);
}

static void rule_9_exp_is_required(void)
{
    check_int(with("exp", NULL), TOKEN_E_EXPIRY_MISSING);
}

static void rule_9_iat_is_required(void)
{
    check_int(with("iat", NULL), TOKEN_E_ISSUED_MISSING);
}

static void rule_9_dates_are_integers(void)
{
    static const char *const names[] = { "iat", "exp", "nbf" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        check_int(with(names[i], json_real((double)NOW + 0.5)), TOKEN_E_CLAIMS);
        check_int(with(names[i], json_real((double)NOW)), TOKEN_E_CLAIMS);
        check_int(with(names[i], json_string("1790000000")), TOKEN_E_CLAIMS);
        check_int(with(names[i], json_integer(-1)), TOKEN_E_CLAIMS);
        check_int(with(names[i], json_integer(INT64_MAX)), TOKEN_E_CLAIMS);
        check_int(with(names[i], json_null()), TOKEN_E_CLAIMS);
    }
}

static void rule_9_a_life_above_the_cap_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();

    mint_set(&made, "exp", json_integer(NOW + 24 * 60 * 60));
    check_int(mint_validate(&made), TOKEN_OK);
    mint_set(&made, "exp", json_integer(NOW + 24 * 60 * 60 + 1));
    check_int(mint_validate(&made), TOKEN_E_LIFETIME);
    made.expected.lifetime_max_sec = 600;
    mint_set(&made, "exp", json_integer(NOW + 601));
    check_int(mint_validate(&made), TOKEN_E_LIFETIME);
    mint_set(&made, "exp", json_integer(NOW + 600));
    check_int(mint_validate(&made), TOKEN_OK);
}

static void rule_9_a_token_that_ends_before_it_begins_has_expired(void)
{
    check_int(with("exp", json_integer(NOW)), TOKEN_E_EXPIRED);
    check_int(with("exp", json_integer(NOW - 1)), TOKEN_E_EXPIRED);
    check_int(with("exp", json_integer(0)), TOKEN_E_EXPIRED);
}

static void rule_9_a_greatest_age_stands_in_for_exp(void)
{
    _cleanup_mint_ Mint made = mint_new();

    made.expected.age_max_sec = 300;
    mint_set(&made, "exp", NULL);
    made.expected.now_sec = MINT_NOW + 359;
    check_int(mint_validate(&made), TOKEN_OK);
    made.expected.now_sec = MINT_NOW + 360;
    check_int(mint_validate(&made), TOKEN_E_EXPIRED);
    /* And shortens an exp that is there. */
    mint_set(&made, "exp", json_integer(NOW + 900));
    check_int(mint_validate(&made), TOKEN_E_EXPIRED);
}

static void rule_10_the_nonce_is_this_runs(void)
{
    static const uint8_t earlier[32] = { 1 };
    _cleanup_free_ char *text = base64url_encode(VIEW_OF_ARRAY(earlier));

    check_int(with("eat_nonce", json_string(text)), TOKEN_E_NONCE);
    check_int(with("eat_nonce", json_string("")), TOKEN_E_NONCE);
    check_int(with("eat_nonce", json_string("not base64url!")), TOKEN_E_NONCE);
    check_int(with("eat_nonce", NULL), TOKEN_E_NONCE_MISSING);
    check_int(with("eat_nonce", json_integer(1)), TOKEN_E_CLAIMS);
}

static void rule_10_the_nonce_is_compared_decoded_and_strictly(void)
{
    _cleanup_mint_ Mint made = mint_new();
    const char *text = json_string_value(json_object_get(made.claims, "eat_nonce"));
    _cleanup_free_ char *padded = NULL;
    _cleanup_free_ char *shorter = strndup(text, strlen(text) - 4);

    check(asprintf(&padded, "%s=", text) > 0);
    check_int(with("eat_nonce", json_string(padded)), TOKEN_E_NONCE);
    check_int(with("eat_nonce", json_string(shorter)), TOKEN_E_NONCE);
}

static void rule_10_a_list_of_nonces_has_only_ours(void)
{
    _cleanup_mint_ Mint made = mint_new();
    json_t *own = json_deep_copy(json_object_get(made.claims, "eat_nonce"));

    mint_set(&made, "eat_nonce", json_pack("[O]", own));
    check_int(mint_validate(&made), TOKEN_OK);
    mint_set(&made, "eat_nonce", json_pack("[O, s]", own, "AAECAwQFBgc"));
    check_int(mint_validate(&made), TOKEN_E_CLAIMS);
    json_decref(own);
}

static void rule_10_the_nonce_may_stand_elsewhere(void)
{
    _cleanup_mint_ Mint made = mint_new();
    json_t *own = json_deep_copy(json_object_get(made.claims, "eat_nonce"));

    mint_set(&made, "eat_nonce", NULL);
    mint_set(&made, "run", json_pack("{s:o}", "nonce", own));
    check_int(mint_validate(&made), TOKEN_E_NONCE_MISSING);
    made.expected.nonce_pointer = "/run/nonce";
    check_int(mint_validate(&made), TOKEN_OK);
}

static void rule_10_the_key_in_the_token_is_ours(void)
{
    _cleanup_(key_freep) Key *other = forge_key("P-256");
    json_t *jwk = NULL;

    check_int(jwk_emit(other, NULL, NULL, NULL, &jwk), 0);
    check_int(with("cnf", json_pack("{s:o}", "jwk", jwk)), TOKEN_E_HOLDER);
    check_int(with("cnf", json_pack("{s:{s:s}}", "jwk", "kty", "EC")), TOKEN_E_HOLDER);
    check_int(with("cnf", json_pack("{s:s}", "kid", "x")), TOKEN_E_HOLDER_MISSING);
    check_int(with("cnf", json_string("x")), TOKEN_E_HOLDER_MISSING);
    check_int(with("cnf", NULL), TOKEN_E_HOLDER_MISSING);
}

static void rule_10_a_private_key_in_the_token_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();

    json_object_set_new(json_object_get(json_object_get(made.claims, "cnf"), "jwk"), "d",
                        json_string("AAAA"));
    check_int(mint_validate(&made), TOKEN_E_HOLDER);
}

static void rule_10_an_exchange_without_holder_is_possible(void)
{
    _cleanup_mint_ Mint made = mint_new();

    made.expected.holder = NULL;
    mint_set(&made, "cnf", NULL);
    check_int(mint_validate(&made), TOKEN_OK);
}

static void rule_10_jti_is_text(void)
{
    check_int(with("jti", json_integer(1)), TOKEN_E_CLAIMS);
    check_int(with("jti", NULL), TOKEN_OK);
}

static void rule_11_another_kind_of_token_is_refused(void)
{
    check_int(with("eat_profile", json_string("tag:github.com,2023:veraison/ear")),
              TOKEN_E_PROFILE);
    check_int(with("eat_profile", NULL), TOKEN_E_PROFILE);
    check_int(with("eat_profile", json_integer(1)), TOKEN_E_CLAIMS);
}

/* An identity token by the same issuer, same keys, same everything, but no result in it. */
static void rule_11_a_token_without_result_is_refused(void)
{
    _cleanup_mint_ Mint made = mint_new();

    mint_set(&made, "submods", NULL);
    check_int(mint_validate(&made), TOKEN_E_RESULT);
    made.expected.has_no_result = true;
    check_int(mint_validate(&made), TOKEN_OK);
}

static void both_spellings_in_one_token_are_refused(void)
{
    check_int(with("ear.status", json_string("affirming")), TOKEN_E_RESULT_MIXED);
}

/* The host may set the clock back, but an old token has an old nonce. */
static void rule_13_a_clock_set_back_does_not_revive_a_token(void)
{
    _cleanup_mint_ Mint old = mint_new();
    static const uint8_t fresh[32] = { 9 };

    check_int(mint_validate(&old), TOKEN_OK);
    old.expected.nonce = VIEW_OF_ARRAY(fresh);
    check_int(mint_validate(&old), TOKEN_E_NONCE);
}

static const Test tests[] = {
    { "the untouched token is good", the_untouched_token_is_good },
    { "rule 9: the issuer is exact", rule_9_the_issuer_is_exact },
    { "rule 9: the audience has us in it", rule_9_the_audience_has_us_in_it },
    { "rule 9: a profile without issuer and audience is possible",
      rule_9_a_profile_without_issuer_and_audience_is_possible },
    { "rule 9: an expired token is refused", rule_9_an_expired_token_is_refused },
    { "rule 9: a token from the future is refused", rule_9_a_token_from_the_future_is_refused },
    { "rule 9: exp is required", rule_9_exp_is_required },
    { "rule 9: iat is required", rule_9_iat_is_required },
    { "rule 9: dates are integers", rule_9_dates_are_integers },
    { "rule 9: a life above the cap is refused", rule_9_a_life_above_the_cap_is_refused },
    { "rule 9: a token that ends before it begins has expired",
      rule_9_a_token_that_ends_before_it_begins_has_expired },
    { "rule 9: a greatest age stands in for exp", rule_9_a_greatest_age_stands_in_for_exp },
    { "rule 10: the nonce is this run's", rule_10_the_nonce_is_this_runs },
    { "rule 10: the nonce is compared decoded and strictly",
      rule_10_the_nonce_is_compared_decoded_and_strictly },
    { "rule 10: a list of nonces has only ours", rule_10_a_list_of_nonces_has_only_ours },
    { "rule 10: the nonce may stand elsewhere", rule_10_the_nonce_may_stand_elsewhere },
    { "rule 10: the key in the token is ours", rule_10_the_key_in_the_token_is_ours },
    { "rule 10: a private key in the token is refused",
      rule_10_a_private_key_in_the_token_is_refused },
    { "rule 10: an exchange without holder is possible",
      rule_10_an_exchange_without_holder_is_possible },
    { "rule 10: jti is text", rule_10_jti_is_text },
    { "rule 11: another kind of token is refused", rule_11_another_kind_of_token_is_refused },
    { "rule 11: a token without result is refused", rule_11_a_token_without_result_is_refused },
    { "both spellings in one token are refused", both_spellings_in_one_token_are_refused },
    { "rule 13: a clock set back does not revive a token",
      rule_13_a_clock_set_back_does_not_revive_a_token },
};

TEST_MAIN(tests)
