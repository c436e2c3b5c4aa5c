/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens as the agent's rules see them.
 */
#include "testing.h"

#include "base/encode.h"
#include "token/token.h"
#include "verifier/issue.h"

#define ISSUED UINT64_C(1800000000)

static const char jwk_text[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"alg\":\"ECDH-ES+A256KW\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

static Key *key;
static const uint8_t nonce[56] = { 1, 2, 3 };

/* Affirming as a whole; owned. */
static Appraisal *affirming(void)
{
    Appraisal *appraisal = calloc(1, sizeof(*appraisal));

    check(appraisal != NULL);
    *appraisal = (Appraisal){
        .findings = { .source = "verifier" },
        .status = TIER_AFFIRMING,
        .cpu = { .present = true, .status = TIER_AFFIRMING, .vector = { .hardware = 2 } },
        .vtpm_root = VTPM_ROOT_HOST,
        .has_claims = true,
    };
    appraisal->cpu.facts = json_pack("{s:s}", "product", "Milan");
    appraisal->claims.jwk = json_loads(jwk_text, 0, NULL);
    return appraisal;
}

static json_t *uncovered; /* NULL: not said */

static char *issue(const Appraisal *appraisal, char **ret_id)
{
    const IssueInput input = {
        .key = key,
        .kid = "k",
        .issuer = "https://v.example",
        .audience = "attestd",
        .policy_id = "p-1",
        .uncovered = uncovered,
        .appraisal = appraisal,
        .nonce = VIEW_OF_ARRAY(nonce),
        .issued_sec = ISSUED,
        .life_sec = 900,
        .gates = view_of_string("{}"),
    };
    char *token = NULL;

    check_int(issue_token(&input, ret_id, &token), 0);
    return token;
}

static int validate(const char *text, Token **ret)
{
    static const char *const algorithms[] = { "ES256", NULL };
    static const char *const profiles[] = { ISSUE_EAR_PROFILE, NULL };
    _cleanup_jwks_ Jwks jwks = { 0 };
    _cleanup_(key_freep) Key *holder = NULL;
    json_t *jwk = json_loads(jwk_text, 0, NULL);
    TokenMismatch mismatch = { "", "" };

    check_int(jwk_parse_key(jwk, &holder), JWK_OK);
    json_decref(jwk);
    check_int(jwks_add(&jwks, key, "k", jwa_find("ES256")), JWKS_OK);
    const TokenExpectation expected = {
        .keys = &jwks,
        .algorithms = algorithms,
        .issuer = "https://v.example",
        .audience = "attestd",
        .profiles = profiles,
        .nonce = VIEW_OF_ARRAY(nonce),
        .holder = holder,
        .now_sec = ISSUED + 30,
        .leeway_sec = 60,
    };
    int r = token_validate(view_of_string(text), &expected, &mismatch, ret);
    if (r)
        (void)printf("  %s: %s, %s\n", token_reason_name(r), mismatch.found, mismatch.wanted);
    return r;
}

static void what_the_policy_leaves_open_is_said(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming();
    _cleanup_free_ char *id = NULL, *text = NULL;
    _cleanup_(token_freep) Token *token = NULL;

    uncovered = json_pack("[ss]", "kernel", "kexec");
    check(uncovered);
    text = issue(appraisal, &id);
    json_t *wanted = uncovered;
    uncovered = NULL;
    check_int(validate(text, &token), TOKEN_OK);
    const json_t *ours = json_object_get(token->claims, "attestd");
    check(json_equal(json_object_get(ours, "uncovered"), wanted));
    json_decref(wanted);
}

static void a_yes_passes_every_rule(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming();
    _cleanup_free_ char *id = NULL, *text = issue(appraisal, &id);
    _cleanup_(token_freep) Token *token = NULL;
    static const char *const submodules[] = { "cpu", NULL };
    const EarFloor floor = { .submodules = submodules, .hardware = "cpu" };

    check_int(validate(text, &token), TOKEN_OK);
    check_str(token->id, id);
    check_int(token->issued_sec, ISSUED);
    check_int(token_life_sec(token), 900);
    check_int(ear_floor(&token->ear, &floor, NULL), EAR_FLOOR_OK);

    const json_t *ours = json_object_get(token->claims, "attestd");
    check_str(json_string_value(json_object_get(ours, "policy")), "p-1");
    check(json_is_false(json_object_get(ours, "simulated")));
    check(json_object_get(ours, "vtpm_root") == NULL);
    check(json_object_get(ours, "uncovered") == NULL);
    /* SHA-256 of "{}". */
    check_str(json_string_value(json_object_get(ours, "gates_sha256")),
              "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o");
    check_int(json_array_size(json_object_get(ours, "findings")), 0);
    const json_t *cpu = json_object_get(json_object_get(token->claims, "submods"), "cpu");
    check_str(json_string_value(json_object_get(json_object_get(cpu, "facts"), "product")),
              "Milan");
}

static void two_tokens_differ(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming();
    _cleanup_free_ char *id_a = NULL, *id_b = NULL;
    _cleanup_free_ char *a = issue(appraisal, &id_a), *b = issue(appraisal, &id_b);

    check(strcmp(a, b) != 0);
    check(strcmp(id_a, id_b) != 0);
}

static void a_no_is_as_valid_and_says_why(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming();
    _cleanup_(token_freep) Token *token = NULL;
    static const char *const submodules[] = { "cpu", "vtpm", NULL };
    const EarFloor floor = { .submodules = submodules, .hardware = "cpu" };

    appraisal->status = TIER_CONTRAINDICATED;
    appraisal->vtpm = (SubmoduleAppraisal){ .present = true };
    check_int(
        findings_add(&appraisal->findings, "nonce-replayed", "cpu", FINDING_FAILURE, "aa", "bb"),
        0);
    _cleanup_free_ char *id = NULL, *text = issue(appraisal, &id);
    check_int(validate(text, &token), TOKEN_OK);
    check(token->ear.has_status);
    check_int(token->ear.status, EAR_CONTRAINDICATED);
    check(ear_floor(&token->ear, &floor, NULL) != EAR_FLOOR_OK);
    const json_t *ours = json_object_get(token->claims, "attestd");
    check_str(json_string_value(json_object_get(ours, "vtpm_root")), "host");
    const json_t *finding = json_array_get(json_object_get(ours, "findings"), 0);
    check_str(json_string_value(json_object_get(finding, "name")), "nonce-replayed");
    check_str(json_string_value(json_object_get(finding, "found")), "aa");
}

static void many_findings_leave_a_small_token(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming();
    _cleanup_(token_freep) Token *token = NULL;
    char found[500];

    memset(found, 'x', sizeof(found) - 1);
    found[sizeof(found) - 1] = 0;
    appraisal->status = TIER_CONTRAINDICATED;
    for (int i = 0; i < FINDINGS_MAX - 1; i++)
        check_int(findings_add(&appraisal->findings, "nonce-replayed", "cpu", FINDING_WARNING,
                               found, found),
                  0);
    check_int(
        findings_add(&appraisal->findings, "nonce-expired", "cpu", FINDING_FAILURE, found, found),
        0);
    _cleanup_free_ char *id = NULL, *text = issue(appraisal, &id);
    check(strlen(text) < 16384);
    check_int(validate(text, &token), TOKEN_OK);
    const json_t *findings = json_object_get(json_object_get(token->claims, "attestd"), "findings");
    check(json_array_size(findings) > 1);
    check_str(json_string_value(json_object_get(json_array_get(findings, 0), "name")),
              "nonce-expired");
}

static void a_stranger_to_the_rules_gets_no_cnf(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming();
    Token *token = NULL;

    json_decref(appraisal->claims.jwk);
    appraisal->claims.jwk = NULL;
    _cleanup_free_ char *id = NULL, *text = issue(appraisal, &id);
    check_int(validate(text, &token), TOKEN_E_HOLDER_MISSING);
}

static const Test tests[] = {
    { "a yes passes every rule of the agent", a_yes_passes_every_rule },
    { "what the policy leaves open is said", what_the_policy_leaves_open_is_said },
    { "two tokens differ", two_tokens_differ },
    { "a no is as valid and says why", a_no_is_as_valid_and_says_why },
    { "many findings leave a small token, failures first", many_findings_leave_a_small_token },
    { "claims without a key give a token without cnf", a_stranger_to_the_rules_gets_no_cnf },
};

int main(int argc, char **argv)
{
    check_int(key_generate(KEY_P256, &key), KEY_OK);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    key_free(key);
    return r;
}
