/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/native.h"

#include "base/encode.h"
#include "format/bundle.h"
#include "format/catalog.h"
#include "protocol/problem.h"
#include "protocol/protocols.h"
#include "testing.h"

#include <errno.h>

#define ACCEPT "\"accept\":[\"application/cmw+json; cmwc_t=\\\"" EVIDENCE_PROFILE "\\\"\"]"
/* 56 bytes of zero. */
#define NONCE     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CHALLENGE "{\"nonce\":\"" NONCE "\",\"expires\":\"2026-11-22T06:05:00Z\"," ACCEPT "}"

static const ProtocolEvidence evidence = { .json = { .data = (const uint8_t *)"{}", .size = 2 } };

/* A conversation, and its latest step. */
typedef struct Talk {
    Conversation *conversation;
    Step step;
} Talk;

static void talk_done(Talk *talk)
{
    if (talk->conversation)
        (void)protocol_native.free(talk->conversation);
    step_done(&talk->step);
}
#define _cleanup_talk_ _cleanup_(talk_done)

static void begin(Talk *talk, bool with_keys)
{
    static const uint8_t ak[] = { 1, 2, 3 }, ek[] = { 4, 5, 6 }, certificate[] = { 7 };
    ProtocolIdentity identity = { .ak_public = VIEW_OF_ARRAY(ak) };

    if (with_keys) {
        identity.ek_public = VIEW_OF_ARRAY(ek);
        identity.ek_certificate = VIEW_OF_ARRAY(certificate);
    }
    check_int(protocol_native.begin(&identity, &talk->conversation, &talk->step), 0);
    check_int(talk->step.kind, STEP_SEND);
}

static int feed_typed(Talk *talk, unsigned status, const char *content_type, const char *body)
{
    ProtocolReply reply = { .status = status,
                            .content_type = content_type,
                            .body = view_of_string(body) };

    step_done(&talk->step);
    return protocol_native.feed(talk->conversation, &reply, &talk->step);
}

static void feed(Talk *talk, unsigned status, const char *body)
{
    check_int(feed_typed(talk, status, "application/json", body), 0);
}

static void submit(Talk *talk)
{
    begin(talk, false);
    feed(talk, 200, CHALLENGE);
    check_int(talk->step.kind, STEP_NEED_EVIDENCE);
    step_done(&talk->step);
    check_int(protocol_native.submit(talk->conversation, &evidence, &talk->step), 0);
    check_int(talk->step.kind, STEP_SEND);
}

/* The step is broken, its first failure is NAME, and the catalogue knows it. */
static void check_broken(const Talk *talk, const char *name)
{
    check_int(talk->step.kind, STEP_BROKEN);
    const Finding *failure = findings_first_failure(&talk->step.findings);
    check(failure);
    check_str(failure->name, name);
    check_str(failure->subject, "verifier");
    check(catalog_find(name));
    check(!talk->step.token.data);
}

static void check_challenge_is_broken(const char *body, const char *name)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, false);
    feed(&talk, 200, body);
    check_broken(&talk, name);
    /* Nothing follows a broken step. */
    check_int(feed_typed(&talk, 200, "application/json", CHALLENGE), -EPROTO);
}

static void test_the_table_finds_it_by_name(void)
{
    check(protocol_find("native") == &protocol_native);
    check(!protocol_find("trustee"));
    check(!protocol_find(""));
}

static void test_the_first_request_is_for_a_challenge(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, false);
    check_str(talk.step.request.method, "POST");
    check_str(talk.step.request.path, "/challenge");
    check_str((const char *)talk.step.request.body.data, "{}");
}

static void test_an_endorsement_key_goes_with_the_challenge(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, true);
    check_str((const char *)talk.step.request.body.data,
              "{\"ak_public\":\"AQID\",\"ek_public\":\"BAUG\",\"ek_certificate\":\"Bw\"}");
}

static void test_a_challenge_asks_for_evidence(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, false);
    feed(&talk, 200, CHALLENGE);
    check_int(talk.step.kind, STEP_NEED_EVIDENCE);
    check_int(talk.step.challenge.nonce.size, 56);
    check_int(talk.step.challenge.credential_blob.size, 0);
}

static void test_a_credential_comes_only_when_keys_were_sent(void)
{
    static const char body[] = "{\"nonce\":\"" NONCE "\"," ACCEPT
                               ",\"credential\":{\"credential_blob\":\"AAE\",\"secret\":\"AgM\"}}";
    _cleanup_talk_ Talk talk = { 0 };

    check_challenge_is_broken(body, "verifier-reply-malformed");
    begin(&talk, true);
    feed(&talk, 200, body);
    check_int(talk.step.kind, STEP_NEED_EVIDENCE);
    check_int(talk.step.challenge.credential_blob.size, 2);
    check_int(talk.step.challenge.credential_secret.size, 2);
}

static void test_half_a_credential_is_malformed(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, true);
    feed(&talk, 200,
         "{\"nonce\":\"" NONCE "\"," ACCEPT ",\"credential\":{\"credential_blob\":\"AAE\"}}");
    check_broken(&talk, "verifier-reply-malformed");
}

static void test_challenges_that_are_none(void)
{
    static const char *const bodies[] = {
        "",
        "<html>hello</html>",
        "[]",
        "{}",
        "{\"nonce\":7," ACCEPT "}",
        "{\"nonce\":\"\"," ACCEPT "}",
        "{\"nonce\":\"AAAAAAA\"," ACCEPT "}",
        "{\"nonce\":\"" NONCE "=\"," ACCEPT "}",
        "{\"nonce\":\"" NONCE "\",\"nonce\":\"" NONCE "\"," ACCEPT "}",
        "{\"nonce\":\"" NONCE NONCE "\"," ACCEPT "}",
        "{\"nonce\":\"" NONCE "\"," ACCEPT ",\"credential\":null}",
        "{\"nonce\":\"AAAAAAAAAAB\"," ACCEPT "}",
    };

    for (size_t i = 0; i < ELEMENTSOF(bodies); i++)
        check_challenge_is_broken(bodies[i], "verifier-reply-malformed");
}

static void test_a_challenge_beyond_its_limit_is_malformed(void)
{
    _cleanup_bytes_ Bytes body = { 0 };

    check(bytes_new(17 << 10, &body) == 0);
    memset(body.data, ' ', body.size);
    memcpy(body.data, CHALLENGE, strlen(CHALLENGE));
    check_challenge_is_broken((const char *)body.data, "verifier-reply-malformed");
}

static void test_a_verifier_that_wants_other_evidence_is_named(void)
{
    check_challenge_is_broken("{\"nonce\":\"" NONCE "\"}", "verifier-evidence-unsupported");
    check_challenge_is_broken("{\"nonce\":\"" NONCE "\",\"accept\":[1,\"text/plain\"]}",
                              "verifier-evidence-unsupported");
}

static void test_evidence_is_posted_as_it_is(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    submit(&talk);
    check_str(talk.step.request.path, "/attest");
    check_str(talk.step.request.content_type, EVIDENCE_MEDIA_TYPE);
    check(view_equal(VIEW(talk.step.request.body), evidence.json));
}

static void test_a_token_ends_the_conversation(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    submit(&talk);
    feed(&talk, 200, "{\"token\":\"a.b.c\",\"gates\":{},\"later\":1}");
    check_int(talk.step.kind, STEP_TOKEN);
    check_str((const char *)talk.step.token.data, "a.b.c");
    check_int(feed_typed(&talk, 200, NULL, "{\"token\":\"a.b.c\"}"), -EPROTO);
}

/* The token hashes these very bytes, so nothing may be spelled anew: data keys, order, spaces. */
static void test_gates_are_passed_on_as_they_came(void)
{
    static const char *const gates[] = {
        "{}",
        ("{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{\"id\":\"QkJC\",\"jwe\":\"a.b.c.d.e\"}]},"
         "\"db\":{\"signature\":\"AA\",\"expiration\":-60,\"kind\":\"verifier\"}}"),
        "{ \"vault\" : {\"keys\":[ ],\t\"kind\":\"rewrap\"} }",
    };

    for (size_t i = 0; i < ELEMENTSOF(gates); i++) {
        _cleanup_talk_ Talk talk = { 0 };
        char body[512];
        submit(&talk);
        (void)snprintf(body, sizeof(body), "{\"gates\": %s ,\"token\":\"a.b.c\"}", gates[i]);
        feed(&talk, 200, body);
        check_int(talk.step.kind, STEP_TOKEN);
        check(view_equal(VIEW(talk.step.gates), view_of_string(gates[i])));
    }
}

static void test_results_without_a_token_are_malformed(void)
{
    static const char *const bodies[] = { "",        "token",         "{}",
                                          "[\"a\"]", "{\"token\":1}", "{\"token\":\"a\\u0000b\"}" };

    for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
        _cleanup_talk_ Talk talk = { 0 };
        submit(&talk);
        feed(&talk, 200, bodies[i]);
        check_broken(&talk, "verifier-reply-malformed");
    }
}

static char *long_token_body(const char *start, size_t size)
{
    char *body = NULL;
    _cleanup_free_ char *token = calloc(1, size + 1);

    check(token);
    memset(token, 'a', size);
    check(asprintf(&body, "%s\"token\":\"%s\"}", start, token) > 0);
    return body;
}

/* So that it is named as what it is: token-too-large. */
static void test_a_token_beyond_64_kib_is_left_to_the_token_check(void)
{
    _cleanup_free_ char *too_long = long_token_body("{", (64 << 10) + 1);
    _cleanup_talk_ Talk talk = { 0 };

    submit(&talk);
    feed(&talk, 200, too_long);
    check_int(talk.step.kind, STEP_TOKEN);
}

static void test_steps_out_of_order_are_our_own_fault(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, false);
    step_done(&talk.step);
    check_int(protocol_native.submit(talk.conversation, &evidence, &talk.step), -EPROTO);
    feed(&talk, 200, CHALLENGE);
    check_int(feed_typed(&talk, 200, NULL, CHALLENGE), -EPROTO);
}

static void test_a_refusal_with_a_token_is_only_claimed(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    submit(&talk);
    check_int(
        feed_typed(&talk, 403, "application/problem+json; charset=utf-8",
                   "{\"type\":\"tag:github.com,2026:attestd/problem/refused\",\"title\":\"no\","
                   "\"status\":403,\"findings\":[{\"name\":\"snp-tcb-too-low\","
                   "\"result\":\"failure\"}],\"token\":\"x.y.z\"}"),
        0);
    check_int(talk.step.kind, STEP_REFUSAL_CLAIMED);
    check_str((const char *)talk.step.token.data, "x.y.z");
    check(findings_has(&talk.step.findings, "snp-tcb-too-low"));
    check_str(talk.step.findings.items[0].source, "verifier");
}

static void check_is_no_refusal(unsigned status, const char *content_type, const char *body,
                                const char *name)
{
    _cleanup_talk_ Talk talk = { 0 };

    submit(&talk);
    check_int(feed_typed(&talk, status, content_type, body), 0);
    check_broken(&talk, name);
}

static void test_what_a_refusal_is_not(void)
{
    static const char problem[] = "application/problem+json";
    static const char refused[] =
        "{\"type\":\"tag:github.com,2026:attestd/problem/refused\",\"token\":\"x.y.z\"}";
    _cleanup_free_ char *long_token = long_token_body(
        "{\"type\":\"tag:github.com,2026:attestd/problem/refused\",", (64 << 10) + 1);

    check_is_no_refusal(403, "text/html", "<html>Blocked</html>", "verifier-proxy-refused");
    check_is_no_refusal(403, NULL, "", "verifier-proxy-refused");
    check_is_no_refusal(403, "application/json", refused, "verifier-proxy-refused");
    check_is_no_refusal(403, "application/problem+jsonx", refused, "verifier-proxy-refused");
    check_is_no_refusal(403, problem, "{\"type\":\"about:blank\",\"token\":\"x.y.z\"}",
                        "verifier-proxy-refused");
    check_is_no_refusal(403, problem, "{\"type\":\"tag:github.com,2026:attestd/problem/refused\"}",
                        "verifier-proxy-refused");
    check_is_no_refusal(403, problem,
                        "{\"type\":\"tag:github.com,2026:attestd/problem/refused\",\"token\":\"\"}",
                        "verifier-proxy-refused");
    check_is_no_refusal(403, problem, long_token, "verifier-proxy-refused");
    check_is_no_refusal(407, problem, refused, "verifier-proxy-refused");
    check_is_no_refusal(500, problem, refused, "verifier-internal-error");
    check_is_no_refusal(403, problem, "{\"token\":\"x.y.z\"", "verifier-proxy-refused");
}

static void test_each_status_has_its_name(void)
{
    static const struct {
        unsigned status;
        const char *name;
    } cases[] = {
        { 400, "verifier-request-refused" },
        { 401, "verifier-unauthorized" },
        { 404, "verifier-path-unknown" },
        { 408, "verifier-busy" },
        { 413, "verifier-evidence-too-large" },
        { 415, "verifier-request-refused" },
        { 429, "verifier-busy" },
        { 500, "verifier-internal-error" },
        { 502, "verifier-internal-error" },
        { 503, "verifier-busy" },
        { 504, "verifier-internal-error" },
        { 204, "verifier-status-unexpected" },
        { 101, "verifier-status-unexpected" },
        { 418, "verifier-status-unexpected" },
        { 0, "verifier-status-unexpected" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_talk_ Talk talk = { 0 };
        check_is_no_refusal(cases[i].status, NULL, "", cases[i].name);
        begin(&talk, false);
        feed(&talk, cases[i].status, "");
        check_broken(&talk, cases[i].name);
    }
}

static void test_each_problem_type_has_its_name(void)
{
    static const struct {
        const char *type;
        const char *name;
    } cases[] = {
        { "nonce-expired", "verifier-nonce-expired" },
        { "nonce-unknown", "verifier-nonce-refused" },
        { "nonce-replayed", "verifier-nonce-refused" },
        { "evidence-malformed", "verifier-evidence-malformed" },
        { "busy", "verifier-busy" },
        { "something-new", "verifier-request-refused" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body), "{\"type\":\"%s%s\",\"detail\":\"why\"}",
                       PROBLEM_TYPE_PREFIX, cases[i].type);
        check_is_no_refusal(400, PROBLEM_MEDIA_TYPE, body, cases[i].name);
    }
}

static void test_a_problem_brings_its_detail_and_findings(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    submit(&talk);
    check_int(feed_typed(&talk, 400, "application/problem+json",
                         "{\"type\":\"tag:github.com,2026:attestd/problem/evidence-malformed\","
                         "\"detail\":\"vtpm\\u001b[31m is red\",\"findings\":[{\"name\":"
                         "\"evidence-member-unknown\",\"subject\":\"vtpm\"}]}"),
              0);
    check_broken(&talk, "verifier-evidence-malformed");
    check_str(talk.step.findings.items[0].found, "400 (vtpm?[31m is red)");
    check_str(talk.step.findings.items[0].source, "worker");
    check_int(talk.step.findings.n_items, 2);
    check_str(talk.step.findings.items[1].source, "verifier");
}

static void test_findings_of_a_stranger_are_not_taken(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    submit(&talk);
    check_int(feed_typed(&talk, 400, "application/problem+json",
                         "{\"type\":\"https://proxy.example/blocked\","
                         "\"findings\":[{\"name\":\"pay-us\"}]}"),
              0);
    check_broken(&talk, "verifier-request-refused");
    check_int(talk.step.findings.n_items, 1);
}

static const Test tests[] = {
    { "the table finds it by name", test_the_table_finds_it_by_name },
    { "the first request is for a challenge", test_the_first_request_is_for_a_challenge },
    { "an endorsement key goes with the challenge",
      test_an_endorsement_key_goes_with_the_challenge },
    { "a challenge asks for evidence", test_a_challenge_asks_for_evidence },
    { "a credential comes only when keys were sent",
      test_a_credential_comes_only_when_keys_were_sent },
    { "half a credential is malformed", test_half_a_credential_is_malformed },
    { "challenges that are none", test_challenges_that_are_none },
    { "a challenge beyond its limit is malformed", test_a_challenge_beyond_its_limit_is_malformed },
    { "a verifier that wants other evidence is named",
      test_a_verifier_that_wants_other_evidence_is_named },
    { "evidence is posted as it is", test_evidence_is_posted_as_it_is },
    { "a token ends the conversation", test_a_token_ends_the_conversation },
    { "gates are passed on as they came", test_gates_are_passed_on_as_they_came },
    { "results without a token are malformed", test_results_without_a_token_are_malformed },
    { "a token beyond 64 KiB is left to the token check",
      test_a_token_beyond_64_kib_is_left_to_the_token_check },
    { "steps out of order are our own fault", test_steps_out_of_order_are_our_own_fault },
    { "a refusal with a token is only claimed", test_a_refusal_with_a_token_is_only_claimed },
    { "what a refusal is not", test_what_a_refusal_is_not },
    { "each status has its name", test_each_status_has_its_name },
    { "each problem type has its name", test_each_problem_type_has_its_name },
    { "a problem brings its detail and findings", test_a_problem_brings_its_detail_and_findings },
    { "findings of a stranger are not taken", test_findings_of_a_stranger_are_not_taken },
};

TEST_MAIN(tests)
