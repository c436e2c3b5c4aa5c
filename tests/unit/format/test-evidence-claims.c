/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: what goes with what, and a twin with one thing changed for each refusal.
 */
#include "build.h"
#include "format/evidence-claims.h"

#include <errno.h>

#define ZEROS_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ZEROS_24 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ZEROS_48 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static json_t *make_key(void)
{
    return json_pack("{ss ss ss ss ss ss}", "kty", "EC", "crv", "P-256", "use", "enc", "alg",
                     "ECDH-ES+A256KW", "x", ZEROS_32, "y", ZEROS_32);
}

/* A round with everything in it. */
static json_t *make_round(void)
{
    json_t *json = json_pack(
        "{ss ss ss ss s{so} s[sssss] ss s[ss] ss ss ss ss}", "eat_profile",
        "tag:github.com,2026:attestd/evidence#1", "purpose", "round", "aud", "verifier.example",
        "eat_nonce", ZEROS_32, "cnf", "jwk", make_key(), "members", "cpu", "vtpm", "eventlog",
        "eventlog-userspace", "hcl", "vtpm_ak_sha384", ZEROS_48, "gates", "data", "db-1",
        "nonce_tpm", ZEROS_24, "credential", ZEROS_32, "swname", "attestd", "swversion", "0.1.0");
    check(json != NULL);
    return json;
}

static json_t *make_caller(void)
{
    json_t *json =
        json_pack("{ss ss ss s[s] ss ss}", "eat_profile", "tag:github.com,2026:attestd/evidence#1",
                  "purpose", "caller", "eat_nonce", ZEROS_32, "members", "cpu", "swname", "attestd",
                  "swversion", "0.1.0");
    check(json != NULL);
    return json;
}

/* Refused for REASON, naming MEMBER? Takes JSON. */
static void check_json(json_t *json, int reason, const char *member)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 };
    _cleanup_free_ char *text = json_text(json);
    EvidenceDetail detail = { "" };

    json_decref(json);
    check(text != NULL);
    int r = evidence_claims_parse(view_of_string(text), &detail, &claims);
    if (r != reason || strcmp(detail.member, member) != 0)
        (void)fprintf(stderr, "found \"%s\" at \"%s\", wanted \"%s\" at \"%s\"\n",
                      evidence_claims_reason(r), detail.member, evidence_claims_reason(reason),
                      member);
    check_int(r, reason);
    check_str(detail.member, member);
}

/* A round in which NAME is VALUE, or absent. */
static void check_round(const char *name, json_t *value, int reason)
{
    json_t *json = make_round();

    check_int(value ? json_object_set_new(json, name, value) : json_object_del(json, name), 0);
    check_json(json, reason, reason == CLAIMS_OK ? "" : name);
}

static void check_caller(const char *name, json_t *value, int reason)
{
    json_t *json = make_caller();

    check_int(json_object_set_new(json, name, value), 0);
    check_json(json, reason, name);
}

static void test_a_round_is_read_and_written_back(void)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 }, again = { 0 };
    json_auto_t *json = make_round();
    _cleanup_free_ char *text = json_text(json);
    _cleanup_bytes_ Bytes first = { 0 }, second = { 0 };

    check_int(evidence_claims_parse(view_of_string(text), NULL, &claims), CLAIMS_OK);
    check_int(claims.purpose, EVIDENCE_PURPOSE_ROUND);
    check_str(claims.audience, "verifier.example");
    check_int(claims.nonce.size, 32);
    check_str(json_string_value(json_object_get(claims.jwk, "crv")), "P-256");
    check_int(claims.members, EVIDENCE_MEMBERS_ALL);
    check_int(claims.n_gates, 2);
    check_str(claims.gates[1], "db-1");
    check_int(claims.nonce_tpm.size, 24);
    check_int(claims.credential.size, 32);
    check_int(evidence_claims_emit(&claims, &first), 0);
    check_int(evidence_claims_parse(VIEW(first), NULL, &again), CLAIMS_OK);
    check_int(evidence_claims_emit(&again, &second), 0);
    check(view_equal(VIEW(first), VIEW(second)));
}

static void test_a_caller_has_less(void)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 };
    json_auto_t *json = make_caller();
    _cleanup_free_ char *text = json_text(json);

    check_int(evidence_claims_parse(view_of_string(text), NULL, &claims), CLAIMS_OK);
    check_int(claims.purpose, EVIDENCE_PURPOSE_CALLER);
    check(claims.audience == NULL && claims.jwk == NULL && claims.n_gates == 0);
    check_int(claims.members, EVIDENCE_MEMBER_CPU);
    check_caller("aud", json_string("x"), CLAIMS_E_UNWANTED);
    check_caller("cnf", json_pack("{so}", "jwk", make_key()), CLAIMS_E_UNWANTED);
    check_caller("gates", json_array(), CLAIMS_E_UNWANTED);
    check_caller("nonce_tpm", json_string(ZEROS_24), CLAIMS_E_UNWANTED);
    check_caller("credential", json_string(ZEROS_32), CLAIMS_E_UNWANTED);
    check_caller("vtpm_ak_sha384", json_string(ZEROS_48), CLAIMS_E_UNWANTED);
}

static void test_what_is_not_a_claims_set_is_refused(void)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 };
    _cleanup_bytes_ Bytes large = { 0 };

    check_int(evidence_claims_parse(view_of_string("[]"), NULL, &claims), CLAIMS_E_SYNTAX);
    check_int(evidence_claims_parse(view_of_string("{"), NULL, &claims), CLAIMS_E_SYNTAX);
    check_int(evidence_claims_parse(view_of_string("{\"a\":1,\"a\":1}"), NULL, &claims),
              CLAIMS_E_DUPLICATE);
    check_int(evidence_claims_parse(view_of_string("[[[[[[[[[[[[[[[[[1"), NULL, &claims),
              CLAIMS_E_DEPTH);
    check_int(bytes_new(CLAIMS_SIZE_MAX + 1, &large), 0);
    check_int(evidence_claims_parse(VIEW(large), NULL, &claims), CLAIMS_E_SIZE);
}

static void test_profile_and_purpose_are_exact(void)
{
    check_round("eat_profile", NULL, CLAIMS_E_MISSING);
    check_round("eat_profile", json_string("tag:example.org,2026:x#1"), CLAIMS_E_PROFILE);
    check_round("eat_profile", json_integer(1), CLAIMS_E_TYPE);
    check_round("purpose", NULL, CLAIMS_E_MISSING);
    check_round("purpose", json_string("Round"), CLAIMS_E_PURPOSE);
    json_t *json = make_round();
    check_int(json_object_set_new(json, "purpose", json_string("caller")), 0);
    check_json(json, CLAIMS_E_UNWANTED, "aud");
}

static void test_nonces_have_their_sizes(void)
{
    check_round("eat_nonce", NULL, CLAIMS_E_MISSING);
    check_round("eat_nonce", json_string("AAAAAAAAAA"), CLAIMS_E_NONCE); /* 7 bytes */
    check_round("eat_nonce", json_string("AAAAAAAAAAA"), CLAIMS_OK);     /* 8 bytes */
    check_round("eat_nonce", json_string(ZEROS_48 "AAAAAAAAAAAAAAAAAAAAAA"), CLAIMS_OK); /* 64 */
    check_round("eat_nonce", json_string(ZEROS_48 "AAAAAAAAAAAAAAAAAAAAAAA"), CLAIMS_E_NONCE);
    check_round("eat_nonce", json_string("AAAAAAAAAAA="), CLAIMS_E_ENCODING);
    check_round("eat_nonce", json_integer(7), CLAIMS_E_TYPE);
    check_round("nonce_tpm", NULL, CLAIMS_OK); /* gates that no TPM opens */
    check_round("nonce_tpm", json_integer(7), CLAIMS_E_TYPE);
    check_round("nonce_tpm", json_string(ZEROS_32), CLAIMS_E_NONCE);
    check_round("nonce_tpm", json_string(""), CLAIMS_E_NONCE);
}

static void test_texts_are_there_and_bounded(void)
{
    char text[CLAIMS_TEXT_MAX + 2];

    memset(text, 'x', sizeof(text));
    text[CLAIMS_TEXT_MAX + 1] = 0;
    check_round("aud", json_string(text), CLAIMS_E_SIZE);
    text[CLAIMS_TEXT_MAX] = 0;
    check_round("aud", json_string(text), CLAIMS_OK);
    check_round("aud", json_string(""), CLAIMS_E_MISSING);
    check_round("aud", NULL, CLAIMS_E_MISSING);
    check_round("swname", NULL, CLAIMS_E_MISSING);
    check_round("swversion", json_array(), CLAIMS_E_TYPE);
}

static void test_members_are_known_and_counted_once(void)
{
    check_round("members", NULL, CLAIMS_E_MISSING);
    check_round("members", json_array(), CLAIMS_E_MISSING);
    check_round("members", json_object(), CLAIMS_E_TYPE);
    check_round("members", json_pack("[i]", 1), CLAIMS_E_TYPE);
    check_round("members", json_pack("[ss]", "vtpm", "gpu"), CLAIMS_E_UNKNOWN);
    check_round("members", json_pack("[s]", "claims"), CLAIMS_E_UNKNOWN);
    check_round("members", json_pack("[ss]", "vtpm", "vtpm"), CLAIMS_E_DUPLICATE);
    check_round("unheard-of", json_true(), CLAIMS_E_UNKNOWN);
}

static void test_what_belongs_to_a_vtpm_comes_with_one(void)
{
    json_t *json = make_round();

    check_int(json_object_set_new(json, "members", json_pack("[s]", "cpu")), 0);
    check_json(json, CLAIMS_E_UNWANTED, "vtpm_ak_sha384");
    json = make_round();
    check_int(json_object_set_new(json, "members", json_pack("[s]", "cpu")), 0);
    check_int(json_object_del(json, "vtpm_ak_sha384"), 0);
    check_json(json, CLAIMS_E_UNWANTED, "credential");
    check_round("vtpm_ak_sha384", NULL, CLAIMS_E_MISSING);
    check_round("vtpm_ak_sha384", json_string(ZEROS_32), CLAIMS_E_TYPE);
    check_round("credential", NULL, CLAIMS_OK);
    check_round("credential", json_string(""), CLAIMS_E_SIZE);
    check_round("credential", json_string(ZEROS_48 ZEROS_32), CLAIMS_E_SIZE);
}

static void check_key(const char *name, json_t *value)
{
    json_t *json = make_round(), *jwk = make_key();

    check_int(value ? json_object_set_new(jwk, name, value) : json_object_del(jwk, name), 0);
    check_int(json_object_set_new(json, "cnf", json_pack("{so}", "jwk", jwk)), 0);
    check_json(json, CLAIMS_E_KEY, "cnf.jwk");
}

static void test_the_key_is_public_and_of_one_kind(void)
{
    check_key("d", json_string(ZEROS_32));
    check_key("kty", json_string("RSA"));
    check_key("crv", json_string("P-384"));
    check_key("use", json_string("sig"));
    check_key("alg", json_string("ECDH-ES"));
    check_key("alg", NULL);
    check_key("x", json_string(ZEROS_24));
    check_key("x", json_string(ZEROS_48));
    check_key("y", NULL);
    check_key("y", json_string(ZEROS_32 "="));
    check_round("cnf", NULL, CLAIMS_E_MISSING);
    check_round("cnf", json_true(), CLAIMS_E_TYPE);
    json_t *json = make_round();
    check_int(json_object_set_new(json, "cnf", json_object()), 0);
    check_json(json, CLAIMS_E_KEY, "cnf.jwk");
    json = make_round();
    check_int(json_object_set_new(json_object_get(json, "cnf"), "kid", json_string("x")), 0);
    check_json(json, CLAIMS_E_KEY, "cnf.jwk");
}

static void test_gates_are_names(void)
{
    static const char *const names[] = { "", "-a", ".a", "a/b", "a b", "\xc3\xa9", "../a", "A" };
    json_t *many = json_array();
    char name[16];

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        check_round("gates", json_pack("[s]", names[i]), CLAIMS_E_GATE);
    check_round("gates", json_pack("[i]", 1), CLAIMS_E_GATE);
    check_round("gates", json_pack("[ss]", "a", "a"), CLAIMS_E_DUPLICATE);
    check_round("gates", json_true(), CLAIMS_E_TYPE);
    for (int i = 0; i <= CLAIMS_GATES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "gate-%d", i);
        check_int(json_array_append_new(many, json_string(name)), 0);
    }
    check_round("gates", many, CLAIMS_E_SIZE);
}

static void test_no_gates_no_tpm_nonce(void)
{
    json_t *json = make_round();

    check_int(json_object_del(json, "gates"), 0);
    check_json(json, CLAIMS_E_UNWANTED, "nonce_tpm");
    json = make_round();
    check_int(json_object_set_new(json, "gates", json_array()), 0);
    check_json(json, CLAIMS_E_UNWANTED, "nonce_tpm");
    json = make_round();
    check_int(json_object_del(json, "gates"), 0);
    check_int(json_object_del(json, "nonce_tpm"), 0);
    check_json(json, CLAIMS_OK, "");
}

static void test_what_would_not_be_read_is_not_written(void)
{
    uint8_t nonce[32] = { 1 }, nonce_tpm[24] = { 2 };
    json_auto_t *jwk = make_key();
    char audience[] = "v", gate[] = "data", *gates[] = { gate };
    EvidenceClaims good = { .audience = audience,
                            .nonce = { nonce, sizeof(nonce) },
                            .jwk = jwk,
                            .members = EVIDENCE_MEMBER_CPU };
    _cleanup_bytes_ Bytes text = { 0 };

    EvidenceClaims claims = good;
    claims.nonce.size = 7;
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    claims = good;
    claims.audience = NULL;
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    claims = good;
    claims.jwk = NULL;
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    claims = good;
    claims.members = 0;
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    claims.members = EVIDENCE_MEMBERS_ALL + 1;
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    claims = good;
    claims.purpose = EVIDENCE_PURPOSE_CALLER;
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    claims = good;
    claims.gates = gates;
    claims.n_gates = 1;
    check_int(evidence_claims_emit(&claims, &text), 0);
    bytes_done(&text);
    claims.nonce_tpm = (Bytes){ nonce_tpm, sizeof(nonce_tpm) - 1 };
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    claims.nonce_tpm = (Bytes){ nonce_tpm, sizeof(nonce_tpm) };
    check_int(evidence_claims_emit(&claims, &text), 0);
    bytes_done(&text);
    claims.n_gates = 0;
    check_int(evidence_claims_emit(&claims, &text), -EINVAL);
    check_int(evidence_claims_emit(&good, &text), 0);
    check(strstr((const char *)text.data, "\"swname\":\"attestd\"") != NULL);
    check(strstr((const char *)text.data, "gates") == NULL);
}

static void test_every_refusal_has_a_reason(void)
{
    for (int reason = CLAIMS_OK; reason <= CLAIMS_E_GATE; reason++)
        check(strcmp(evidence_claims_reason(reason), "unknown") != 0);
    check_str(evidence_claims_reason(99), "unknown");
}

static const Test tests[] = {
    { "a round is read and written back", test_a_round_is_read_and_written_back },
    { "a caller has less", test_a_caller_has_less },
    { "what is not a claims set is refused", test_what_is_not_a_claims_set_is_refused },
    { "profile and purpose are exact", test_profile_and_purpose_are_exact },
    { "nonces have their sizes", test_nonces_have_their_sizes },
    { "texts are there and bounded", test_texts_are_there_and_bounded },
    { "members are known and counted once", test_members_are_known_and_counted_once },
    { "what belongs to a vTPM comes with one", test_what_belongs_to_a_vtpm_comes_with_one },
    { "the key is public and of one kind", test_the_key_is_public_and_of_one_kind },
    { "gates are names", test_gates_are_names },
    { "no gates, no TPM nonce", test_no_gates_no_tpm_nonce },
    { "what would not be read is not written", test_what_would_not_be_read_is_not_written },
    { "every refusal has a reason", test_every_refusal_has_a_reason },
};

TEST_MAIN(tests)
