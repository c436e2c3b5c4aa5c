/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/round.h"

#include "request-sample.h"

#include <errno.h>

/* Runs a changed sample request; what is asked of it fails before anything leaves the machine. */
static void check_fails(json_t *request, const char *name)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };
    const FdList none = { 0 };
    _cleanup_free_ char *line = json_text(request);

    check_int(round_run(view_of_string(line), &none, &answer, &fds), 0);
    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, name);
    check_int(fds.n_fds, 0);
    json_decref(request);
}

static json_t *change(json_t *request, const char *path, json_t *value)
{
    const char *name;
    json_t *object = sample_find(request, path, &name);

    check(json_object_set_new(object, name, value) == 0);
    return request;
}

/* A round that gets past its preparations. */
static json_t *prepared(void)
{
    json_t *keys = json_pack(
        "{s[{ss ss ss ss}]}", "keys", "kty", "EC", "crv", "P-256", "x",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"); /* RFC 7517 appendix A.1 has its like */
    json_t *request = sample_round();

    change(request, "verifier.token_keys", keys);
    change(request, "verifier.ca_pem", json_string(""));
    change(request, "verifier.pins", json_array());
    change(request, "verifier.urls", json_pack("[s]", "https://127.0.0.1:1"));
    return change(request, "evidence.tcti", json_string("none"));
}

static void test_an_unknown_protocol_is_named(void)
{
    check_fails(change(prepared(), "verifier.protocol", json_string("trustee")),
                "verifier-protocol-unknown");
}

static void test_keys_that_cannot_be_used_are_named(void)
{
    check_fails(change(prepared(), "verifier.token_keys", json_pack("{s[]}", "keys")),
                "verifier-token-keys-unusable");
    check_fails(change(prepared(), "verifier.token_keys",
                       json_pack("{s[{ss ss}]}", "keys", "kty", "oct", "k", "AAAA")),
                "verifier-token-keys-unusable");
}

static void test_a_tcti_that_may_not_be_used_is_named(void)
{
    check_fails(change(prepared(), "evidence.tcti", json_string("cmd:/bin/true")),
                "tpm-tcti-refused");
}

static void test_nobody_at_the_verifier_is_named(void)
{
    check_fails(prepared(), "verifier-unreachable");
}

static void test_evidence_for_a_caller_needs_the_collect_worker(void)
{
    json_t *request = prepared();

    change(request, "purpose", json_string("caller"));
    change(request, "nonce", json_string("AAAAAAAAAAE"));
    change(request, "collect_socket", json_string("/nonexistent/collect.sock"));
    check_fails(request, "collect-worker-unreachable");
}

static const Test tests[] = {
    { "an unknown protocol is named", test_an_unknown_protocol_is_named },
    { "keys that cannot be used are named", test_keys_that_cannot_be_used_are_named },
    { "a TCTI that may not be used is named", test_a_tcti_that_may_not_be_used_is_named },
    { "nobody at the verifier is named", test_nobody_at_the_verifier_is_named },
    { "evidence for a caller needs the collect worker",
      test_evidence_for_a_caller_needs_the_collect_worker },
};

TEST_MAIN(tests)
