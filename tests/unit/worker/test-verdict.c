/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/verdict.h"

#include "base/clock.h"
#include "crypto/jwk.h"
#include "format/catalog.h"
#include "protocol/native.h"
#include "testing.h"
#include "token/jws.h"

#include <errno.h>

#define SENT_USEC UINT64_C(5000000)

static const RoundRequest no_gates;

/* A verifier's key, and a round that waits for its token. */
typedef struct Stage {
    Key *key;
    Jwks keys;
    Proof proof;
    VerifierSettings verifier;
    WorkerAnswer answer;
    FdList fds;
} Stage;

static void stage_set(Stage *stage)
{
    static const uint8_t nonce[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

    *stage = (Stage){ .answer = WORKER_ANSWER_INIT,
                      .proof.request = &no_gates,
                      .verifier = { .name = "lab",
                                    .issuer = "lab",
                                    .audience = "attestd",
                                    .algorithms = { "ES256" },
                                    .n_algorithms = 1,
                                    .leeway_sec = 60 } };
    check_int(key_generate(KEY_P256, &stage->key), KEY_OK);
    check_int(key_generate(KEY_P256, &stage->proof.response_key), KEY_OK);
    check_int(jwks_add(&stage->keys, stage->key, "k1", NULL), JWKS_OK);
    check(bytes_copy(VIEW_OF_ARRAY(nonce), &stage->proof.nonce) == 0);
    stage->proof.evidence.cpu.provider = strdup("sev_guest");
    check(bytes_new(1, &stage->proof.evidence.vtpm.attest) == 0);
}

static void stage_strike(Stage *stage)
{
    key_free(stage->key);
    jwks_done(&stage->keys);
    proof_done(&stage->proof);
    for (size_t i = 0; i < stage->verifier.n_require; i++)
        require_done(&stage->verifier.require[i]);
    worker_answer_done(&stage->answer);
    fd_list_done(&stage->fds);
}
#define _cleanup_stage_ _cleanup_(stage_strike)

/* Claims of a token that is all anybody could wish. */
static json_t *good_claims(const Stage *stage)
{
    json_int_t now = (json_int_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
    json_auto_t *jwk = NULL;

    check_int(jwk_emit(stage->proof.response_key, NULL, "enc", "ECDH-ES+A256KW", &jwk), 0);
    json_t *claims = json_pack(
        "{ss ss sI sI ss ss s{sO} ss s{s{ss s{si} s{sb si s{si} ss}} s{ss s{si}}} s{ss sb ss s[] "
        "s[s]}}",
        "iss", "lab", "aud", "attestd", "iat", now, "exp", now + 900, "jti", "t-1", "eat_profile",
        "tag:ietf.org,2026:rats/ear#03", "cnf", "jwk", jwk, "ear_status", "affirming", "submods",
        "cpu", "ear_status", "affirming", "ear_trustworthiness_vector", "hardware", 2, "facts",
        "debug", 0, "vmpl", 0, "nested", "x", 1, "product", "Milan", "vtpm", "ear_status",
        "affirming", "ear_trustworthiness_vector", "executables", 3, "attestd", "vtpm_root",
        "paravisor", "simulated", 0, "policy", "starter", "findings", "uncovered", "kexec");
    check(claims && json_set_base64url(claims, "eat_nonce", VIEW(stage->proof.nonce)) == 0);
    return claims;
}

static int judge(Stage *stage, const json_t *claims, bool is_refusal_claimed)
{
    _cleanup_free_ char *payload = json_text(claims), *token = NULL;

    check_int(jws_sign(stage->key, "k1", "JWT", view_of_string(payload), &token), 0);
    const VerdictInput input = {
        .verifier = &stage->verifier,
        .protocol = &protocol_native,
        .keys = &stage->keys,
        .proof = &stage->proof,
        .token = view_of_string(token),
        .is_refusal_claimed = is_refusal_claimed,
        .challenge_boottime_usec = SENT_USEC,
    };
    return verdict_judge(&input, &stage->answer, &stage->fds);
}

static void set_at(json_t *claims, const char *pointer, const char *value)
{
    char parent[128];
    const char *slash = strrchr(pointer, '/');

    (void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - pointer), pointer);
    /* The test owns these claims: what the pointer leads to may be changed. */
    json_t *object = (json_t *)(uintptr_t)require_resolve(claims, parent);
    check(json_is_object(object));
    if (*value)
        check(json_object_set_new(object, slash + 1, json_loads(value, JSON_DECODE_ANY, NULL)) ==
              0);
    else
        check(json_object_del(object, slash + 1) == 0);
}

static void check_failed(Stage *stage, int r, const char *name)
{
    check_int(r, VERDICT_E_FAILED);
    check(findings_has(&stage->answer.findings, name));
    check(catalog_find(name));
    check(!stage->answer.token && stage->fds.n_fds == 0);
}

static void check_change_fails(const char *pointer, const char *value, const char *name)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    set_at(claims, pointer, value);
    check_failed(&stage, judge(&stage, claims, false), name);
}

static void test_a_good_token_is_accepted_and_described(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    check_int(judge(&stage, claims, false), VERDICT_ACCEPTED);
    check_int(stage.answer.findings.n_items, 0);
    const AnswerToken *token = stage.answer.token;
    check_str(token->jti, "t-1");
    check_str(token->kid, "k1");
    check_str(token->alg, "ES256");
    check_int(token->life_usec, 900 * USEC_PER_SEC);
    check_int(token->expires_boottime_usec, SENT_USEC + 900 * USEC_PER_SEC);
    check_int(token->expires_sec, token->issued_sec + 900);
    check(json_is_false(json_object_get(token->claims, "cpu.debug")));
    check_str(json_string_value(json_object_get(token->claims, "cpu.product")), "Milan");
    check_str(json_string_value(json_object_get(token->claims, "vtpm_root")), "paravisor");
    check(!json_object_get(token->claims, "cpu.nested"));
    const json_t *uncovered = json_object_get(token->claims, "uncovered");
    check_str(json_string_value(json_array_get(uncovered, 0)), "kexec");
    check(!stage.answer.simulated);
}

static void test_the_token_travels_as_a_sealed_descriptor(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);
    _cleanup_bytes_ Bytes text = { 0 };

    check_int(judge(&stage, claims, false), VERDICT_ACCEPTED);
    check_int(stage.fds.n_fds, 1);
    check_str(stage.answer.fd_names[0], "token");
    check(fd_read_all(stage.fds.fds[0], 64 << 10, &text) == 0);
    check(write(stage.fds.fds[0], "x", 1) < 0);

    _cleanup_free_ char *line = NULL;
    check(worker_answer_decide(&stage.answer, ANSWER_FAILED) == 0);
    check_int(worker_answer_encode(&stage.answer, &line), 0);
    check(!strstr(line, (const char *)text.data));
}

static void test_each_claim_about_whom_and_when_counts(void)
{
    check_change_fails("/iss", "\"other\"", "token-issuer-mismatch");
    check_change_fails("/aud", "\"other\"", "token-audience-mismatch");
    check_change_fails("/eat_nonce", "\"AQIDBAUGBwgK\"", "token-nonce-mismatch");
    check_change_fails("/eat_nonce", "", "token-nonce-missing");
    check_change_fails("/cnf", "", "token-holder-missing");
    check_change_fails("/eat_profile", "\"tag:x,2026:y\"", "token-profile-refused");
    check_change_fails("/exp", "1", "token-expired");
    check_change_fails("/exp", "", "token-expiry-missing");
    check_change_fails("/iat", "99999999999", "token-not-yet-valid");
    check_change_fails("/submods", "", "token-result-malformed");
}

/* found of the only failure, after CLAIM has become VALUE and the clocks are SKEW_SEC apart */
static void check_says(const char *claim, const char *value, int64_t skew_sec, const char *wanted)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    set_at(claims, claim, value);
    stage.answer.has_clock_skew = skew_sec != 0;
    stage.answer.clock_skew_sec = skew_sec;
    check_int(judge(&stage, claims, false), VERDICT_E_FAILED);
    const char *found = findings_first_failure(&stage.answer.findings)->found;
    const char *skew = strstr(found, ", and by its Date the verifier's clock is ");
    check((skew != NULL) == (skew_sec != 0));
    if (skew)
        check_str(skew, wanted);
}

static void test_a_token_of_another_time_is_named_with_the_measured_skew(void)
{
    check_says("/iat", "99999999999", 86400,
               ", and by its Date the verifier's clock is 86400 s ahead of ours");
    check_says("/exp", "1", -3600, ", and by its Date the verifier's clock is 3600 s behind ours");
    check_says("/exp", "1", 0, NULL);
    check_says("/iss", "\"other\"", 0, NULL);
}

static void test_a_key_that_is_not_pinned_signs_nothing(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    key_free(stage.key);
    check_int(key_generate(KEY_P256, &stage.key), KEY_OK);
    check_failed(&stage, judge(&stage, claims, false), "token-signature-invalid");
}

static void test_the_floor_holds(void)
{
    check_change_fails("/submods/vtpm", "", "token-submodules-mismatch");
    check_change_fails("/submods/gpu",
                       "{\"ear_status\":\"affirming\",\"ear_trustworthiness_vector\":{}}",
                       "token-submodules-mismatch");
    check_change_fails("/submods/vtpm/ear_status", "\"warning\"", "token-not-affirming");
    check_change_fails("/submods/vtpm/ear_status", "\"none\"", "token-not-affirming");
    check_change_fails("/ear_status", "\"warning\"", "token-not-affirming");
    check_change_fails("/submods/cpu/ear_trustworthiness_vector/hardware", "",
                       "token-hardware-not-affirmed");
    check_change_fails("/submods/cpu/ear_trustworthiness_vector/executables", "33",
                       "token-status-too-good");
    check_change_fails("/attestd", "", "token-verdict-malformed");
    check_change_fails("/attestd/simulated", "\"no\"", "token-verdict-malformed");
}

static void test_evidence_without_a_tpm_has_one_submodule(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    bytes_done(&stage.proof.evidence.vtpm.attest);
    set_at(claims, "/submods/vtpm", "");
    check_int(judge(&stage, claims, false), VERDICT_ACCEPTED);
}

static void test_simulated_hardware_takes_a_word(void)
{
    _cleanup_stage_ Stage first, second;
    stage_set(&first);
    stage_set(&second);
    json_auto_t *claims = good_claims(&first), *again = good_claims(&second);

    set_at(claims, "/attestd/simulated", "true");
    check_failed(&first, judge(&first, claims, false), "token-simulated-not-accepted");
    check(first.answer.simulated);
    set_at(again, "/attestd/simulated", "true");
    second.verifier.accept_simulated = true;
    check_int(judge(&second, again, false), VERDICT_ACCEPTED);
    check(second.answer.simulated);
}

static void make_host(json_t *claims)
{
    set_at(claims, "/attestd/vtpm_root", "\"host\"");
    set_at(claims, "/submods/vtpm/ear_status", "\"none\"");
    set_at(claims, "/submods/vtpm/ear_trustworthiness_vector", "{}");
}

static void test_a_tpm_of_the_host_takes_a_word(void)
{
    _cleanup_stage_ Stage first, second;
    stage_set(&first);
    stage_set(&second);
    json_auto_t *claims = good_claims(&first), *again = good_claims(&second);

    make_host(claims);
    check_failed(&first, judge(&first, claims, false), "token-host-tpm-not-accepted");
    check(findings_has(&first.answer.findings, "token-not-affirming"));
    make_host(again);
    second.verifier.accept_host_tpm = true;
    check_int(judge(&second, again, false), VERDICT_ACCEPTED);
}

static void test_status_none_takes_a_tpm_of_the_host(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    make_host(claims);
    set_at(claims, "/attestd/vtpm_root", "\"paravisor\"");
    stage.verifier.accept_host_tpm = true;
    check_failed(&stage, judge(&stage, claims, false), "token-not-affirming");
}

static void test_every_rule_that_is_not_met_is_named(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);
    static const char *const rules[] = { "/submods/cpu/facts/debug = true",
                                         "/submods/cpu/facts/vmpl = 0",
                                         "/submods/cpu/facts/absent != 1" };

    for (size_t i = 0; i < ELEMENTSOF(rules); i++)
        check_int(require_parse(rules[i], &stage.verifier.require[stage.verifier.n_require++]),
                  REQUIRE_OK);
    check_failed(&stage, judge(&stage, claims, false), "token-requirement-unmet");
    check_int(stage.answer.findings.n_items, 2);
    check_str(stage.answer.findings.items[0].found, "false");
    check_str(stage.answer.findings.items[1].found, "absent");
}

static void refuse_claims(json_t *claims)
{
    set_at(claims, "/ear_status", "\"contraindicated\"");
    set_at(claims, "/submods/cpu/ear_status", "\"contraindicated\"");
    set_at(claims, "/attestd/findings",
           "[{\"name\":\"snp-tcb-too-low\",\"subject\":\"cpu\",\"result\":\"failure\","
           "\"source\":\"worker\"}]");
}

static void test_a_signed_no_is_a_refusal_however_it_came(void)
{
    for (int is_claimed = 0; is_claimed <= 1; is_claimed++) {
        _cleanup_stage_ Stage stage;
        stage_set(&stage);
        json_auto_t *claims = good_claims(&stage);

        refuse_claims(claims);
        check_int(judge(&stage, claims, is_claimed), VERDICT_E_REFUSED);
        check_str(stage.answer.findings.items[0].name, "snp-tcb-too-low");
        check_str(stage.answer.findings.items[0].source, "verifier");
        check(findings_has(&stage.answer.findings, "verifier-refused"));
        check(!stage.answer.token && stage.fds.n_fds == 0);
    }
}

static void test_a_warning_that_we_gave_is_not_repeated_with_a_refusal(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    check_int(findings_add(&stage.answer.findings, "snp-root-simulated", "cpu", FINDING_WARNING,
                           NULL, NULL),
              0);
    refuse_claims(claims);
    set_at(claims, "/attestd/findings",
           "[{\"name\":\"snp-root-simulated\",\"subject\":\"cpu\",\"result\":\"warning\"},"
           "{\"name\":\"snp-tcb-too-low\",\"subject\":\"cpu\",\"result\":\"failure\"}]");
    check_int(judge(&stage, claims, false), VERDICT_E_REFUSED);
    check_int(stage.answer.findings.n_items, 3);
    check_str(stage.answer.findings.items[1].name, "snp-tcb-too-low");
}

static void test_a_no_without_reasons_is_a_refusal(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    refuse_claims(claims);
    set_at(claims, "/attestd", "");
    check_int(judge(&stage, claims, true), VERDICT_E_REFUSED);
    check_str(findings_first_failure(&stage.answer.findings)->name, "verifier-refused");
}

static void test_a_no_of_another_round_is_none(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    refuse_claims(claims);
    set_at(claims, "/eat_nonce", "\"AQIDBAUGBwgK\"");
    check_failed(&stage, judge(&stage, claims, true), "token-nonce-mismatch");
    check(!findings_has(&stage.answer.findings, "verifier-refused"));
    check(!findings_has(&stage.answer.findings, "snp-tcb-too-low"));
}

static void test_a_refusal_whose_token_says_yes_is_none(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);

    check_failed(&stage, judge(&stage, claims, true), "verifier-refusal-contradicted");
}

static void test_texts_of_a_token_become_printable(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);
    _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL;

    set_at(claims, "/jti", "\"caf\\u00e9\\u001b\"");
    set_at(claims, "/submods/cpu/facts",
           "{\"a b\":1,\"ok\":\"x\",\"bad\":\"\\u001b\",\"command_line\":\"root=UUID\"}");
    check_int(judge(&stage, claims, false), VERDICT_ACCEPTED);
    check_str(stage.answer.token->jti, "caf???");
    check(json_object_get(stage.answer.token->claims, "cpu.ok"));
    check(!json_object_get(stage.answer.token->claims, "cpu.bad"));
    check(worker_answer_decide(&stage.answer, ANSWER_FAILED) == 0);
    check_int(worker_answer_encode(&stage.answer, &line), 0);
    check_int(worker_answer_decode(view_of_string(line), &read), WORKER_ANSWER_OK);
}

static void test_very_many_facts_still_make_an_answer(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);
    json_t *facts =
        json_object_get(json_object_get(json_object_get(claims, "submods"), "cpu"), "facts");
    char name[32], value[300];
    _cleanup_free_ char *line = NULL;

    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    for (int i = 0; i < 120; i++) {
        (void)snprintf(name, sizeof(name), "fact_%d", i);
        check(json_object_set_new(facts, name, json_string(value)) == 0);
    }
    check_int(judge(&stage, claims, false), VERDICT_ACCEPTED);
    check(worker_answer_decide(&stage.answer, ANSWER_FAILED) == 0);
    check_int(worker_answer_encode(&stage.answer, &line), 0);
}

static void test_every_name_of_a_token_check_is_in_the_catalogue(void)
{
    for (size_t i = 0; token_reason_name_at(i); i++) {
        const CatalogEntry *entry = catalog_find(token_reason_name_at(i));
        check(entry && *entry->text && *entry->remedy);
    }
}

/* The evidence of STAGE is a vTPM alone, and CLAIMS are about it. */
static void make_alone(Stage *stage, json_t *claims, const char *root, const char *status)
{
    free(stage->proof.evidence.cpu.provider);
    stage->proof.evidence.cpu.provider = NULL;
    set_at(claims, "/submods/cpu", "");
    set_at(claims, "/attestd/vtpm_root", root);
    set_at(claims, "/submods/vtpm/ear_status", status);
    set_at(claims, "/ear_status", status);
}

/* Where no hardware vouches, a certificate does, or the operator says that nothing needs to. */
static void test_a_vtpm_alone_takes_a_certificate_or_a_word(void)
{
    static const struct {
        const char *root, *status, *vector;
        bool accept_host;
        const char *finding; /* NULL: accepted */
    } cases[] = {
        { "\"certificate\"", "\"affirming\"", "{\"hardware\": 2}", false, NULL },
        { "\"certificate\"", "\"affirming\"", "{\"executables\": 3}", false,
          "token-hardware-not-affirmed" },
        { "\"certificate\"", "\"none\"", "{}", true, "token-not-affirming" },
        { "\"host\"", "\"none\"", "{}", false, "token-host-tpm-not-accepted" },
        { "\"host\"", "\"none\"", "{}", true, NULL },
        { "\"host\"", "\"affirming\"", "{\"hardware\": 2}", false, "token-host-tpm-not-accepted" },
        { "\"paravisor\"", "\"affirming\"", "{\"hardware\": 2}", true, "token-verdict-malformed" },
        { "\"svsm\"", "\"affirming\"", "{\"hardware\": 2}", true, "token-verdict-malformed" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_stage_ Stage stage;
        stage_set(&stage);
        json_auto_t *claims = good_claims(&stage);
        make_alone(&stage, claims, cases[i].root, cases[i].status);
        set_at(claims, "/submods/vtpm/ear_trustworthiness_vector", cases[i].vector);
        stage.verifier.accept_host_tpm = cases[i].accept_host;
        int r = judge(&stage, claims, false);
        if (cases[i].finding)
            check_failed(&stage, r, cases[i].finding);
        else
            check_int(r, VERDICT_ACCEPTED);
    }
    /* A verdict about hardware that was not shown is about another machine. */
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_auto_t *claims = good_claims(&stage);
    free(stage.proof.evidence.cpu.provider);
    stage.proof.evidence.cpu.provider = NULL;
    set_at(claims, "/attestd/vtpm_root", "\"certificate\"");
    check_failed(&stage, judge(&stage, claims, false), "token-submodules-mismatch");
}

static const Test tests[] = {
    { "a good token is accepted and described", test_a_good_token_is_accepted_and_described },
    { "the token travels as a sealed descriptor", test_the_token_travels_as_a_sealed_descriptor },
    { "each claim about whom and when counts", test_each_claim_about_whom_and_when_counts },
    { "a token of another time is named, with the measured skew",
      test_a_token_of_another_time_is_named_with_the_measured_skew },
    { "a key that is not pinned signs nothing", test_a_key_that_is_not_pinned_signs_nothing },
    { "the floor holds", test_the_floor_holds },
    { "evidence without a TPM has one submodule", test_evidence_without_a_tpm_has_one_submodule },
    { "simulated hardware takes a word", test_simulated_hardware_takes_a_word },
    { "a TPM of the host takes a word", test_a_tpm_of_the_host_takes_a_word },
    { "a vTPM alone takes a certificate or a word",
      test_a_vtpm_alone_takes_a_certificate_or_a_word },
    { "status none takes a TPM of the host", test_status_none_takes_a_tpm_of_the_host },
    { "every rule that is not met is named", test_every_rule_that_is_not_met_is_named },
    { "a signed no is a refusal however it came", test_a_signed_no_is_a_refusal_however_it_came },
    { "a warning that we gave is not repeated with a refusal",
      test_a_warning_that_we_gave_is_not_repeated_with_a_refusal },
    { "a no without reasons is a refusal", test_a_no_without_reasons_is_a_refusal },
    { "a no of another round is none", test_a_no_of_another_round_is_none },
    { "a refusal whose token says yes is none", test_a_refusal_whose_token_says_yes_is_none },
    { "texts of a token become printable", test_texts_of_a_token_become_printable },
    { "very many facts still make an answer", test_very_many_facts_still_make_an_answer },
    { "every name of a token check is in the catalogue",
      test_every_name_of_a_token_check_is_in_the_catalogue },
};

TEST_MAIN(tests)
