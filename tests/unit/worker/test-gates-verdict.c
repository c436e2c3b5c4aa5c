/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates beside a token: used after it has passed every check, and only as it vouches for them.
 */
#include "gates-stage.h"

#include "base/encode.h"
#include "crypto/jwk.h"
#include "protocol/native.h"
#include "token/jws.h"
#include "worker/verdict.h"

static int check_bytes(json_t *hash, const char *bytes)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    json_auto_t *claims = json_pack("{s{}}", "attestd");
    const GatesVerdict verdict = { view_of_string(bytes), claims, FAR_USEC };

    if (hash)
        check(json_object_set_new(json_object_get(claims, "attestd"), "gates_sha256", hash) == 0);
    check_int(round_gates_check(&verdict, &answer), 0);
    const Finding *failure = findings_first_failure(&answer.findings);
    if (failure)
        check_str(failure->name, "gates-mismatch");
    return failure ? 1 : 0;
}

static json_t *hash_of(const char *bytes)
{
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, view_of_string(bytes), &digest), 0);
    _cleanup_free_ char *text = base64url_encode(digest_view(&digest));
    return json_string(text);
}

static void test_the_token_vouches_for_the_bytes(void)
{
    check_int(check_bytes(hash_of("{}"), "{}"), 0);
    check_int(check_bytes(hash_of("{\"a\":1}"), "{\"a\":1}"), 0);
    check_int(check_bytes(hash_of("{\"a\":1}"), "{\"a\": 1}"), 1);
    check_int(check_bytes(hash_of("{\"a\":1}"), "{}"), 1);
    check_int(check_bytes(hash_of("{\"a\":1}"), ""), 1);
    check_int(check_bytes(hash_of("{}"), ""), 1);
    check_int(check_bytes(NULL, ""), 0); /* a verifier that knows no gates */
    check_int(check_bytes(NULL, "{}"), 1);
    check_int(check_bytes(json_string(""), "{}"), 1);
    check_int(check_bytes(json_string("AAAA"), "{}"), 1);
    check_int(check_bytes(json_string("===="), "{}"), 1);
    check_int(check_bytes(json_integer(7), "{}"), 1);
}

/* A token for STAGE, by KEY, whose claims may be changed before it is signed. */
static json_t *token_claims(const Stage *stage, const char *gates)
{
    json_int_t now = (json_int_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
    json_auto_t *jwk = NULL;

    check_int(jwk_emit(stage->proof.response_key, NULL, "enc", "ECDH-ES+A256KW", &jwk), 0);
    json_t *claims =
        json_pack("{ss ss sI sI ss ss s{sO} ss s{s{ss s{si}} s{ss s{si}}} s{ss sb ss s[] so}}",
                  "iss", "lab", "aud", "attestd", "iat", now, "exp", now + 300, "jti", "t-1",
                  "eat_profile", "tag:ietf.org,2026:rats/ear#03", "cnf", "jwk", jwk, "ear_status",
                  "affirming", "submods", "cpu", "ear_status", "affirming",
                  "ear_trustworthiness_vector", "hardware", 2, "vtpm", "ear_status", "affirming",
                  "ear_trustworthiness_vector", "executables", 3, "attestd", "vtpm_root", "svsm",
                  "simulated", 0, "policy", "starter", "findings", "gates_sha256", hash_of(gates));
    check(claims && json_set_base64url(claims, "eat_nonce", VIEW(stage->proof.nonce)) == 0);
    return claims;
}

static int judge(Stage *stage, const char *gates, bool is_affirming)
{
    static const VerifierSettings verifier = { .issuer = "lab",
                                               .audience = "attestd",
                                               .algorithms = { "ES256" },
                                               .n_algorithms = 1,
                                               .leeway_sec = 60 };
    static const uint8_t nonce[16] = { 3 };
    _cleanup_free_ char *bytes = json_text(stage->gates), *token = NULL;
    _cleanup_jwks_ Jwks keys = { 0 };
    Key *key = gate_lab_key();

    check_int(key_generate(KEY_P256, &stage->proof.response_key), KEY_OK);
    check_int(bytes_copy(VIEW_OF_ARRAY(nonce), &stage->proof.nonce), 0);
    stage->proof.evidence.cpu.provider = strdup("sev_guest");
    check_int(bytes_new(1, &stage->proof.evidence.vtpm.attest), 0);
    json_auto_t *claims = token_claims(stage, gates ? gates : bytes);
    if (!is_affirming)
        check(json_object_set_new(claims, "ear_status", json_string("warning")) == 0);
    _cleanup_free_ char *payload = json_text(claims);
    check_int(jwks_add(&keys, key, "k1", NULL), JWKS_OK);
    check_int(jws_sign(key, "k1", "JWT", view_of_string(payload), &token), 0);
    const VerdictInput input = {
        .verifier = &verifier,
        .protocol = &protocol_native,
        .keys = &keys,
        .proof = &stage->proof,
        .token = view_of_string(token),
        .gates = view_of_string(bytes),
        .challenge_boottime_usec = clock_boottime_usec(&clock_system),
    };
    int r = verdict_judge(&input, &stage->answer, &stage->fds);
    key_free(key);
    return r;
}

static void test_an_accepted_token_brings_its_approvals(void)
{
    _cleanup_stage_ Stage stage;
    _cleanup_free_ char *line = NULL;
    stage_set(&stage);

    open_gate(&stage, "db");
    check_int(judge(&stage, NULL, true), VERDICT_ACCEPTED);
    check(stage.answer.token && stage.answer.n_approvals == 1);
    /* The token ends in 300 s, the approval would in 600. */
    check_int(stage.answer.approvals[0].expires_boottime_usec,
              stage.answer.token->expires_boottime_usec);
    check_int(worker_answer_decide(&stage.answer, ANSWER_FAILED), 0);
    check_int(worker_answer_encode(&stage.answer, &line), 0);
    _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
    check_int(worker_answer_decode(view_of_string(line), &read), WORKER_ANSWER_OK);
    check_str(read.approvals[0].gate, "db");
    /* What opens the gate is in the descriptor alone. */
    _cleanup_approval_ Approval approval = read_approval(&stage, 0);
    _cleanup_free_ char *ticket = base64url_encode(VIEW(approval.ticket.digest));
    check(!strstr(line, ticket));
}

static void test_gates_that_the_token_does_not_vouch_for_fail_the_round(void)
{
    static const char *const others[] = { "{}", "{\"db\":{}}" };

    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_stage_ Stage stage;
        stage_set(&stage);
        open_gate(&stage, "db");
        check_int(judge(&stage, others[i], true), VERDICT_E_FAILED);
        check_str(findings_first_failure(&stage.answer.findings)->name, "gates-mismatch");
        check(!stage.answer.token && stage.answer.n_approvals == 0 && stage.fds.n_fds == 0);
    }
}

static void test_gates_beside_a_token_that_is_refused_are_not_used(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    open_gate(&stage, "db");
    check_int(judge(&stage, NULL, false), VERDICT_E_FAILED);
    check(!findings_has(&stage.answer.findings, "gates-mismatch"));
    check(!stage.answer.token && stage.answer.n_approvals == 0 && stage.fds.n_fds == 0);
}

static const Test tests[] = {
    { "the token vouches for the bytes", test_the_token_vouches_for_the_bytes },
    { "an accepted token brings its approvals", test_an_accepted_token_brings_its_approvals },
    { "gates that the token does not vouch for fail the round",
      test_gates_that_the_token_does_not_vouch_for_fail_the_round },
    { "gates beside a token that is refused are not used",
      test_gates_beside_a_token_that_is_refused_are_not_used },
};

int main(int argc, char **argv)
{
    lab = gate_lab_start();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    gate_lab_stop(&lab);
    return r;
}
