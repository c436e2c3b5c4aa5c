/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates that a vault opens, as far as nobody is asked: what is in the way is a warning by name, and
 * what is for a vault is no verifier's business. The rest is tests/integration/azure-key-release.
 */
#include "rewrap-stage.h"

#include "format/catalog.h"

static const RequestGate VAULT_GATE = { .name = "disk",
                                        .kind = GATE_KIND_KEY_RELEASE,
                                        .key_url = "https://lab.vault.azure.net/keys/disk",
                                        .resource = "https://vault.azure.net",
                                        .api_version = "7.4" };

typedef struct Stage {
    RoundRequest request;
    WorkerAnswer answer;
    Proof proof;
    FdList fds;
    Key *key;
} Stage;

static void stage_set(Stage *stage)
{
    *stage = (Stage){ .request = { .gates = { VAULT_GATE },
                                   .n_gates = 1,
                                   .verifier = { .protocol = "maa",
                                                 .attestation_type = "AzureGuest",
                                                 .proxy = "",
                                                 .timeout_sec = 1 } },
                      .answer = WORKER_ANSWER_INIT };
    check_int(key_generate(KEY_P256, &stage->key), KEY_OK);
    stage->request.gates[0].key = stage->key;
    rewrap_send(&stage->request, "pw", 1, "disk", "a.b.c.d.1");
    stage->proof =
        (Proof){ .request = &stage->request, .answer = &stage->answer, .wants_token_key = true };
}

static void stage_strike(Stage *stage)
{
    proof_done(&stage->proof);
    worker_answer_done(&stage->answer);
    fd_list_done(&stage->fds);
    (void)key_free(stage->key);
}
#define _cleanup_stage_ _cleanup_(stage_strike)

static void release(Stage *stage)
{
    const GatesVerdict verdict = { .expires_boottime_usec = REWRAP_FAR_USEC };

    check_int(
        round_gates_release(&stage->proof, view_of_string("eyJh.eyJi.c2ln"), &verdict, &stage->fds),
        0);
    check_int(stage->answer.n_approvals, 0);
    check_int(stage->fds.n_fds, 0);
}

static void check_warned(const Stage *stage, const char *name, const char *found)
{
    const Findings *findings = &stage->answer.findings;

    check(catalog_find(name));
    check_int(findings->n_items, 1);
    check_str(findings->items[0].name, name);
    check_str(findings->items[0].subject, "gate disk");
    check_int(findings->items[0].result, FINDING_WARNING);
    check(strstr(findings->items[0].found, found));
}

static void test_nothing_wrapped_asks_nobody(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    stage.request.n_wrapped = 0;
    release(&stage);
    check_int(stage.answer.findings.n_items, 0);
}

static void test_a_verdict_that_no_vault_takes_is_named(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    stage.proof.wants_token_key = false;
    stage.request.verifier.attestation_type = "auto";
    release(&stage);
    check_warned(&stage, "key-release-unfit", "Protocol=maa AttestationType=auto");
}

static void test_a_key_of_no_arithmetic_is_named(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    stage.request.gates[0].key = NULL;
    release(&stage);
    check_warned(&stage, "gate-key-unusable", "key");
}

static void test_without_a_metadata_service_there_is_no_identity(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    release(&stage);
    check_warned(&stage, "identity-missing", "MetadataURL=none");
}

static void test_a_metadata_service_that_is_not_there_is_named(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    stage.request.evidence.metadata_url = "http://127.0.0.1:9";
    release(&stage);
    check_warned(&stage, "metadata-unreachable", "");
}

static void test_claims_and_evidence_say_nothing_of_it(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    check(!stage.proof.gates);
    check_int(stage.answer.findings.n_items, 0);
}

static void test_what_is_for_a_vault_is_not_sent_to_the_verifier(void)
{
    const char *names[REQUEST_GATES_MAX];
    _cleanup_bytes_ Bytes list = { 0 };
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    stage.request.gates[stage.request.n_gates++] =
        (RequestGate){ .name = "safe", .kind = GATE_KIND_REWRAP };
    rewrap_send(&stage.request, "other", 2, "safe", "a.b.c.d.2");
    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    check_int(round_gates_asked(stage.proof.gates, names), 1);
    check_str(names[0], "safe");
    check_int(round_gates_wrapped(stage.proof.gates, &list), 0);
    check(view_equal(VIEW(list), view_of_string("[\"a.b.c.d.2\"]")));
}

static const Test tests[] = {
    { "nothing wrapped asks nobody", test_nothing_wrapped_asks_nobody },
    { "a verdict that no vault takes is named", test_a_verdict_that_no_vault_takes_is_named },
    { "a key of no arithmetic is named", test_a_key_of_no_arithmetic_is_named },
    { "without a metadata service there is no identity",
      test_without_a_metadata_service_there_is_no_identity },
    { "a metadata service that is not there is named",
      test_a_metadata_service_that_is_not_there_is_named },
    { "claims and evidence say nothing of it", test_claims_and_evidence_say_nothing_of_it },
    { "what is for a vault is not sent to the verifier",
      test_what_is_for_a_vault_is_not_sent_to_the_verifier },
};

TEST_MAIN(tests)
