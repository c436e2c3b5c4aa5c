/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data keys from a verifier, on a machine without a TPM: what is kept of an honest answer, and
 * nothing of any other.
 */
#include "rewrap-stage.h"

#include "format/catalog.h"

static size_t count_findings(const RewrapStage *stage, const char *name)
{
    const Findings *findings = &stage->answer.findings;
    size_t n = 0;

    check(catalog_find(name));
    for (size_t i = 0; i < findings->n_items; i++)
        n += strcmp(findings->items[i].name, name) == 0;
    return n;
}

static void test_every_key_is_kept_with_its_secret(void)
{
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    rewrap_open(&stage, (RewrapKey){ .id = 1 });
    rewrap_open(&stage, (RewrapKey){ .id = 2 });
    rewrap_open(&stage, (RewrapKey){ .gate = "safe", .id = 3 });
    check_int(rewrap_approve(&stage, NULL), ROUND_GATES_OK);
    check_int(stage.answer.findings.n_items, 0);
    check_int(stage.answer.n_approvals, 2);
    check_str(stage.answer.approvals[0].gate, "vault");
    check_int(stage.answer.approvals[0].kind, GATE_KIND_REWRAP);
    check(!stage.answer.approvals[0].once);
    check_int(stage.answer.approvals[0].expires_boottime_usec, REWRAP_FAR_USEC);
    check_str(stage.answer.fd_names[1], "approval-safe");
    check(rewrap_holds(stage.fds.fds[0], 1) && rewrap_holds(stage.fds.fds[0], 2));
    check(!rewrap_holds(stage.fds.fds[0], 3));
    check(rewrap_holds(stage.fds.fds[1], 3) && !rewrap_holds(stage.fds.fds[1], 1));
}

static void test_what_is_asked_for_has_something_to_open(void)
{
    const char *names[REQUEST_GATES_MAX];
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    check_int(round_gates_asked(stage.proof.gates, names), 2);
    check_str(names[0], "vault");
    check_str(names[1], "safe");
    check_int(round_gates_nonce(stage.proof.gates).size, 0);
    check(!round_gates_vtpm(stage.proof.gates));
    check_int(round_gates_wrapped(stage.proof.gates, &stage.proof.evidence.rewrap), 0);
    check(view_equal(VIEW(stage.proof.evidence.rewrap),
                     view_of_string("[\"a.b.c.d.1\",\"a.b.c.d.2\",\"a.b.c.d.3\"]")));
}

static void test_nothing_wrapped_asks_for_nothing(void)
{
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    proof_done(&stage.proof);
    stage.request.n_wrapped = 0;
    stage.proof = (Proof){ .request = &stage.request, .answer = &stage.answer };
    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    check(!stage.proof.gates);
    check_int(stage.answer.findings.n_items, 0);
}

static void test_a_gate_of_the_tpm_is_left_out_where_there_is_none(void)
{
    const char *names[REQUEST_GATES_MAX];
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    proof_done(&stage.proof);
    stage.request.gates[2] = (RequestGate){ .name = "db", .kind = GATE_KIND_VERIFIER };
    stage.proof = (Proof){ .request = &stage.request, .answer = &stage.answer };
    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    check_int(round_gates_asked(stage.proof.gates, names), 2);
    check_int(count_findings(&stage, "gate-without-tpm"), 1);
}

/* One key of two: the other secret stays shut, by name. */
static void test_a_key_that_does_not_come_back_is_missed_by_name(void)
{
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    rewrap_open(&stage, (RewrapKey){ .id = 2 });
    check_int(rewrap_approve(&stage, NULL), ROUND_GATES_OK);
    check_int(stage.answer.n_approvals, 1);
    check(!rewrap_holds(stage.fds.fds[0], 1) && rewrap_holds(stage.fds.fds[0], 2));
    check_int(count_findings(&stage, "gate-not-granted"), 2); /* the secret, and "safe" */
    check_str(stage.answer.findings.items[0].subject, "gate vault");
    check_str(stage.answer.findings.items[0].found, "secret db-password");
}

/* What does not open, or opens to something else, is no key; the one beside it is. */
static void test_a_key_that_is_not_for_this_round_is_not_kept(void)
{
    Key *stranger = NULL;
    check_int(key_generate(KEY_P256, &stranger), KEY_OK);
    const RewrapKey cases[] = {
        { .id = 1, .nonce = "nonce of another" },
        { .id = 1, .nonce = "" },
        { .id = 1, .says_gate = "safe" },
        { .id = 1, .says_gate = "" },
        { .id = 1, .says_id = 2 },
        { .id = 1, .says_id = 9 },
        { .id = 1, .size = 16 },
        { .id = 1, .size = 31 },
        { .id = 1, .size = 33 },
        { .id = 1, .size = 64 },
        { .id = 1, .to = stranger },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_rewrap_stage_ RewrapStage stage;
        rewrap_stage_set(&stage);
        rewrap_open(&stage, cases[i]);
        rewrap_open(&stage, (RewrapKey){ .id = 2 });
        check_int(rewrap_approve(&stage, NULL), ROUND_GATES_OK);
        check_int(count_findings(&stage, "gate-key-unusable"), 1);
        check(strstr(stage.answer.findings.items[0].found, "secret db-password: "));
        check_int(stage.answer.n_approvals, 1);
        check(!rewrap_holds(stage.fds.fds[0], 1) && rewrap_holds(stage.fds.fds[0], 2));
    }
    key_free(stranger);
}

static void test_keys_that_are_all_unusable_approve_nothing(void)
{
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    rewrap_open(&stage, (RewrapKey){ .id = 1, .nonce = "nonce of another" });
    rewrap_answer(stage.gates, "vault", 2, "AAAA.AAAA.AAAA.AAAA.AAAA");
    check_int(rewrap_approve(&stage, NULL), ROUND_GATES_OK);
    check_int(count_findings(&stage, "gate-key-unusable"), 2);
    check_int(stage.answer.n_approvals, 0);
    check_int(stage.fds.n_fds, 0);
}

/* A good key, and beside it what makes the whole object one that nothing is taken from. */
static void check_malformed(void (*spoil)(RewrapStage *stage))
{
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    rewrap_open(&stage, (RewrapKey){ .id = 1 });
    spoil(&stage);
    check_int(rewrap_approve(&stage, NULL), ROUND_GATES_E_FAILED);
    check_str(findings_first_failure(&stage.answer.findings)->name, "gates-malformed");
    check_int(stage.answer.n_approvals, 0);
    check_int(stage.fds.n_fds, 0);
}

static void add_an_id_that_was_not_sent(RewrapStage *stage)
{
    rewrap_open(stage, (RewrapKey){ .id = 9 });
}

static void add_an_id_of_another_gate(RewrapStage *stage)
{
    rewrap_open(stage, (RewrapKey){ .id = 3 });
}

static void add_a_second_key_for_one_id(RewrapStage *stage)
{
    rewrap_open(stage, (RewrapKey){ .id = 1 });
}

static void add_too_many(RewrapStage *stage)
{
    for (unsigned id = 2; id <= REQUEST_WRAPPED_MAX + 1; id++)
        rewrap_answer(stage->gates, "vault", id, "a.b.c.d.e");
}

static void add_a_gate_that_was_not_asked_for(RewrapStage *stage)
{
    rewrap_open(stage, (RewrapKey){ .gate = "empty", .id = 4 });
}

static void open_a_gate_as_another_kind(RewrapStage *stage)
{
    static const uint8_t zero[GATE_SIGNATURE_SIZE];
    json_t *entry = json_pack("{ss si}", "kind", "verifier", "expiration", -60);

    check_int(json_set_base64url(entry, "signature", VIEW_OF_ARRAY(zero)), 0);
    check(json_object_set_new(stage->gates, "safe", entry) == 0);
}

/* As where the verifier's policy has it of another kind. */
static void test_a_gate_that_is_opened_as_another_kind_stays_shut_alone(void)
{
    _cleanup_rewrap_stage_ RewrapStage stage;
    rewrap_stage_set(&stage);

    rewrap_open(&stage, (RewrapKey){ .id = 1 });
    rewrap_open(&stage, (RewrapKey){ .id = 2 });
    open_a_gate_as_another_kind(&stage);
    check_int(rewrap_approve(&stage, NULL), ROUND_GATES_OK);
    check_int(stage.answer.findings.n_items, 1);
    const Finding *finding = &stage.answer.findings.items[0];
    check_str(finding->name, "gate-kind-mismatch");
    check_str(finding->subject, "gate safe");
    check_str(finding->found, "verifier");
    check_str(finding->wanted, "rewrap");
    check_int(finding->result, FINDING_WARNING);
    check_int(stage.answer.n_approvals, 1);
    check_str(stage.answer.approvals[0].gate, "vault");
    check(rewrap_holds(stage.fds.fds[0], 1) && rewrap_holds(stage.fds.fds[0], 2));
}

static void add_what_is_no_jwe(RewrapStage *stage)
{
    rewrap_answer(stage->gates, "vault", 2, "a.b.c");
}

static void test_an_answer_with_what_was_not_asked_for_fails_the_round(void)
{
    check_malformed(add_an_id_that_was_not_sent);
    check_malformed(add_an_id_of_another_gate);
    check_malformed(add_a_second_key_for_one_id);
    check_malformed(add_too_many);
    check_malformed(add_a_gate_that_was_not_asked_for);
    check_malformed(add_what_is_no_jwe);
}

#define ID_1 "AAAAAAAAAAAAAAAAAAAAAQ"

static void test_what_is_no_gate_of_the_kind_fails_the_round(void)
{
    static const char *const texts[] = {
        "{\"vault\":{\"kind\":\"rewrap\"}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":{}}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":null}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[1]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{}]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[],\"expiration\":-60}}",
        "{\"vault\":{\"kind\":\"pcr\",\"keys\":[]}}",
        "{\"vault\":{\"keys\":[]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{\"id\":\"" ID_1 "\"}]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{\"jwe\":\"a.b.c.d.e\"}]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{\"id\":\"" ID_1 "\",\"jwe\":7}]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{\"id\":\"AQ\",\"jwe\":\"a.b.c.d.e\"}]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{\"id\":\"" ID_1
        "AA\",\"jwe\":\"a.b.c.d.e\"}]}}",
        "{\"vault\":{\"kind\":\"rewrap\",\"keys\":[{\"id\":\"" ID_1 "\",\"jwe\":\"a.b.c.d.e\","
        "\"name\":\"x\"}]}}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_rewrap_stage_ RewrapStage stage;
        rewrap_stage_set(&stage);
        int r = rewrap_approve(&stage, texts[i]);
        if (r != ROUND_GATES_E_FAILED)
            (void)fprintf(stderr, "%s\n", texts[i]);
        check_int(r, ROUND_GATES_E_FAILED);
        check_str(findings_first_failure(&stage.answer.findings)->name, "gates-malformed");
    }
}

static const Test tests[] = {
    { "every key is kept with its secret", test_every_key_is_kept_with_its_secret },
    { "what is asked for has something to open", test_what_is_asked_for_has_something_to_open },
    { "nothing wrapped asks for nothing", test_nothing_wrapped_asks_for_nothing },
    { "a gate of the TPM is left out where there is none",
      test_a_gate_of_the_tpm_is_left_out_where_there_is_none },
    { "a key that does not come back is missed by name",
      test_a_key_that_does_not_come_back_is_missed_by_name },
    { "a key that is not for this round is not kept",
      test_a_key_that_is_not_for_this_round_is_not_kept },
    { "keys that are all unusable approve nothing",
      test_keys_that_are_all_unusable_approve_nothing },
    { "an answer with what was not asked for fails the round",
      test_an_answer_with_what_was_not_asked_for_fails_the_round },
    { "a gate that is opened as another kind stays shut alone",
      test_a_gate_that_is_opened_as_another_kind_stays_shut_alone },
    { "what is no gate of the kind fails the round",
      test_what_is_no_gate_of_the_kind_fails_the_round },
};

TEST_MAIN(tests)
