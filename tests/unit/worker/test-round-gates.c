/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round's policy session on a real TPM: what becomes an approval, what stays shut, what ends the
 * round; and nothing stays in the TPM.
 */
#include "gates-stage.h"
#include "rewrap-stage.h"

#include "format/catalog.h"

#include <sys/file.h>

static int start_answer; /* what tpm_policy_start() says; 0: the real one is asked */

int __real_tpm_policy_start(TpmContext *tpm, TpmPolicy **ret);
int __wrap_tpm_policy_start(TpmContext *tpm, TpmPolicy **ret);

int __wrap_tpm_policy_start(TpmContext *tpm, TpmPolicy **ret)
{
    return start_answer ? start_answer : __real_tpm_policy_start(tpm, ret);
}

static const Finding *finding_about(const Stage *stage, const char *subject)
{
    const Findings *findings = &stage->answer.findings;

    for (size_t i = 0; i < findings->n_items; i++)
        if (strcmp(findings->items[i].subject, subject) == 0)
            return &findings->items[i];
    return NULL;
}

static void check_warned(const Stage *stage, const char *subject, const char *name)
{
    const Finding *finding = finding_about(stage, subject);

    check(finding != NULL);
    if (strcmp(finding->name, name) != 0)
        (void)fprintf(stderr, "%s\n", finding->found);
    check_str(finding->name, name);
    check_int(finding->result, FINDING_WARNING);
    check(catalog_find(name));
}

static void test_an_approval_opens_what_is_sealed(void)
{
    uint64_t before = clock_boottime_usec(&clock_system);
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    uint64_t after = clock_boottime_usec(&clock_system);

    check_int(round_gates_nonce(stage.proof.gates).size, 24);
    open_gate(&stage, "db");
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_int(stage.answer.n_approvals, 1);
    check_str(stage.answer.approvals[0].gate, "db");
    check_int(stage.answer.n_fds, 1);
    check_str(stage.answer.fd_names[0], "approval-db");
    check_warned(&stage, "gate web", "gate-not-granted");

    _cleanup_approval_ Approval approval = read_approval(&stage, 0);
    check_str(approval.gate, "db");
    check(approval.expires_boottime_usec >= before + 600 * USEC_PER_SEC);
    check(approval.expires_boottime_usec <= after + 600 * USEC_PER_SEC);
    check_int(stage.answer.approvals[0].expires_boottime_usec, approval.expires_boottime_usec);
    check(view_equal(tpm_name_view(&approval.ak_name), VIEW(lab.ak_name)));
    check(view_equal(tpm_name_view(&approval.key_name), tpm_name_view(&lab.key_name)));
    check(view_equal(VIEW_OF_ARRAY(approval.policy_ref), digest_view(&lab.policy_ref)));
    check_int(gate_lab_release(&lab, &approval.ticket), TPM_SEAL_OK);
}

static void test_one_session_serves_every_gate(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    open_gate(&stage, "web");
    open_gate(&stage, "db");
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_int(stage.answer.n_approvals, 2);
    check_int(stage.answer.findings.n_items, 0);
    _cleanup_approval_ Approval db = read_approval(&stage, 0), web = read_approval(&stage, 1);
    check_str(db.gate, "db");
    check_str(web.gate, "web");
    check_int(gate_lab_release(&lab, &db.ticket), TPM_SEAL_OK);

    /* That of another gate is no ticket for this one. */
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    check_int(gate_lab_present(&lab, session, &web.ticket), TPM_POLICY_E_LOST);
    tpm_policy_free(session);
    tpm_context_free(tpm);
}

static void test_a_gate_that_stays_shut_does_not_keep_the_next_from_opening(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    Key *stranger = gate_lab_key();

    open_gate_as(&stage, "db", stranger, VIEW(lab.ak_name), -600);
    open_gate(&stage, "web");
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_warned(&stage, "gate db", "tpm-approval-refused");
    check_int(stage.answer.n_approvals, 1);
    check_str(stage.answer.approvals[0].gate, "web");
    key_free(stranger);
}

static void test_the_next_release_key_may_sign(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    Key *next = gate_lab_key();
    TpmName name;

    stage.request.gates[0].next_release_key = key_ref(next);
    open_gate_as(&stage, "db", next, VIEW(lab.ak_name), -600);
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_int(stage.answer.n_approvals, 1);
    _cleanup_approval_ Approval approval = read_approval(&stage, 0);
    check_int(gate_key_name(next, &name), GATE_OK);
    check(view_equal(tpm_name_view(&approval.key_name), tpm_name_view(&name)));
    key_free(next);
}

static void test_a_gate_whose_key_cannot_be_read_stays_shut(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    stage.request.gates[0].release_key = key_free(stage.request.gates[0].release_key);
    open_gate(&stage, "db");
    open_gate(&stage, "web");
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_warned(&stage, "gate db", "tpm-release-key-unfit");
    check_int(stage.answer.n_approvals, 1);
}

/* The signature is about -600; what stands beside it is not believed. */
static void test_what_was_not_signed_is_refused_by_the_tpm(void)
{
    uint8_t other_ak[TPM_NAME_SIZE] = { 0x00, 0x0b, 1 };

    for (int i = 0; i < 3; i++) {
        _cleanup_stage_ Stage stage;
        stage_set(&stage);
        bool is_about_another_machine = i == 0;
        open_gate_as(&stage, "db", lab.release_key,
                     is_about_another_machine ? VIEW_OF_ARRAY(other_ak) : VIEW(lab.ak_name),
                     i == 1 ? -3600 : -600);
        if (i == 2) { /* of another gate */
            open_gate(&stage, "web");
            json_t *web = json_deep_copy(json_object_get(stage.gates, "web"));
            check(json_object_set_new(stage.gates, "db", web) == 0);
            check(json_object_del(stage.gates, "web") == 0);
        }
        check_int(approve(&stage, NULL), ROUND_GATES_OK);
        check_int(stage.answer.n_approvals, 0);
        check_int(stage.fds.n_fds, 0);
        check_warned(&stage, "gate db", "tpm-approval-refused");
    }
}

#define SIGNATURE                                                                                  \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void test_what_is_no_gates_object_fails_the_round(void)
{
    static const char *const texts[] = {
        "[]",
        "null",
        "{",
        "\"db\"",
        "{\"db\":null}",
        "{\"db\":{}}",
        "{\"other\":{\"kind\":\"verifier\",\"expiration\":-600,\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"pcr\",\"expiration\":-600,\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":0,\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":600,\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":-3601,\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":\"-1\",\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":-1.0,\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":-600,\"signature\":\"AAAA\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":-600,\"signature\":\"" SIGNATURE "AA\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":-600,\"signature\":\"" SIGNATURE "=\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":-600}}",
        "{\"db\":{\"kind\":\"verifier\",\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"expiration\":-600,\"signature\":\"" SIGNATURE "\"}}",
        "{\"db\":{\"kind\":\"verifier\",\"expiration\":-600,\"signature\":\"" SIGNATURE
        "\",\"policy_ref\":\"AA\"}}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_stage_ Stage stage;
        stage_set(&stage);
        int r = approve(&stage, texts[i]);
        if (r != ROUND_GATES_E_FAILED)
            (void)fprintf(stderr, "%s\n", texts[i]);
        check_int(r, ROUND_GATES_E_FAILED);
        check_str(findings_first_failure(&stage.answer.findings)->name, "gates-malformed");
        check_int(stage.answer.n_approvals, 0);
    }
}

static void test_more_gates_than_can_be_asked_for_fail_the_round(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    char name[16];

    for (int i = 0; i < REQUEST_GATES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "g%d", i);
        open_gate(&stage, name);
    }
    open_gate(&stage, "db");
    check_int(approve(&stage, NULL), ROUND_GATES_E_FAILED);
    check_str(findings_first_failure(&stage.answer.findings)->name, "gates-malformed");
}

/* One bad entry, and the good one is not used either. */
static void test_a_half_good_object_approves_nothing(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    open_gate(&stage, "db");
    check(json_object_set_new(stage.gates, "web", json_object()) == 0);
    check_int(approve(&stage, NULL), ROUND_GATES_E_FAILED);
    check_int(stage.answer.n_approvals, 0);
    check_int(stage.fds.n_fds, 0);
}

static void test_the_verifiers_reason_is_passed_on(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    json_t *findings = json_object_get(json_object_get(stage.claims, "attestd"), "findings");

    check(json_array_append_new(findings,
                                json_pack("{ss ss ss}", "name", "gate-not-granted", "subject",
                                          "gate web", "found", "not on the list\x1b")) == 0);
    check_int(approve(&stage, "{}"), ROUND_GATES_OK);
    check_warned(&stage, "gate web", "gate-not-granted");
    check_str(finding_about(&stage, "gate web")->found, "not on the list?");
    check_warned(&stage, "gate db", "gate-not-granted");
    check_int(stage.answer.n_approvals, 0);
}

/* Whatever keys come with it: none was sent for it. */
static void test_a_gate_that_is_opened_as_another_kind_stays_shut_alone(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    open_gate(&stage, "db");
    rewrap_answer(stage.gates, "web", 1, "a.b.c.d.e");
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_warned(&stage, "gate web", "gate-kind-mismatch");
    check_int(stage.answer.findings.n_items, 1);
    check_int(stage.answer.n_approvals, 1);
    check_int(stage.fds.n_fds, 1);
    check_str(stage.answer.approvals[0].gate, "db");
    _cleanup_approval_ Approval approval = read_approval(&stage, 0);
    check_int(gate_lab_release(&lab, &approval.ticket), TPM_SEAL_OK);
}

static void test_no_approval_is_kept_longer_than_the_verdict(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    open_gate(&stage, "db");
    _cleanup_free_ char *text = json_text(stage.gates);
    const GatesVerdict verdict = { view_of_string(text), stage.claims, 1234 };
    check_int(round_gates_approve(stage.proof.gates, &verdict, &stage.fds), ROUND_GATES_OK);
    check_int(stage.answer.approvals[0].expires_boottime_usec, 1234);
    _cleanup_approval_ Approval approval = read_approval(&stage, 0);
    check_int(approval.expires_boottime_usec, 1234);
}

/* Whatever the TPM says of a session that cannot be had, it ends the round. */
static void test_a_tpm_without_a_fit_session_fails_the_round(void)
{
    static const struct {
        int answer;
        const char *finding;
    } cases[] = {
        { TPM_POLICY_E_NONCE_SIZE, "tpm-nonce-size" },
        { TPM_POLICY_E_TOO_OLD, "tpm-too-old" },
        { -EIO, "tpm-command-refused" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
        Stage stage;
        stage_set(&stage);
        stage_strike(&stage);
        stage.answer = WORKER_ANSWER_INIT;
        stage.proof = (Proof){ .request = &stage.request, .answer = &answer, .has_vtpm = true };
        RoundGates *gates = NULL;
        start_answer = cases[i].answer;
        check_int(round_gates_open(&stage.proof, &gates), ROUND_GATES_E_FAILED);
        start_answer = 0;
        check(!gates);
        check_str(findings_first_failure(&answer.findings)->name, cases[i].finding);
        swtpm_check_slots_free(&lab.swtpm);
    }
}

static bool is_free(const char *lock)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/%s", lab.swtpm.directory, lock);
    _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
    check(fd >= 0);
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool lock_is_free(void)
{
    return is_free("tpm.lock");
}

static void test_the_tpm_is_held_until_the_approvals_are_there(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    check(!lock_is_free());
    vtpm_drop_keys(round_gates_vtpm(stage.proof.gates));
    check_int(swtpm_count_handles(vtpm_context(round_gates_vtpm(stage.proof.gates)), 0x80000000),
              0);
    check_int(swtpm_count_handles(vtpm_context(round_gates_vtpm(stage.proof.gates)), 0x02000000),
              1);
    open_gate(&stage, "db");
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check(lock_is_free());
    check_int(stage.answer.n_approvals, 1);
}

static void test_a_session_that_was_given_up_opens_nothing(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    open_gate(&stage, "db");
    round_gates_let_go(stage.proof.gates);
    check(!round_gates_vtpm(stage.proof.gates));
    check(lock_is_free());
    check_int(round_gates_nonce(stage.proof.gates).size, 24);
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_warned(&stage, "gate db", "gate-session-too-old");
    check_int(stage.answer.n_approvals, 0);
}

/* TPM2_FlushContext of the first session, behind the back of the library that counts them. */
static void flush_behind(TpmContext *tpm)
{
    static const uint8_t command[] = { 0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x65, 0x03, 0, 0, 0 };
    static const uint8_t success[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0 };
    uint8_t response[64];
    size_t size = sizeof(response);

    check_int(Tss2_Tcti_Transmit(tpm->tcti, sizeof(command), command), TSS2_RC_SUCCESS);
    check_int(Tss2_Tcti_Receive(tpm->tcti, &size, response, TSS2_TCTI_TIMEOUT_BLOCK),
              TSS2_RC_SUCCESS);
    check(size == sizeof(success) && memcmp(response, success, size) == 0);
}

static void test_a_session_that_was_taken_away_opens_nothing(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    open_gate(&stage, "db");
    flush_behind(vtpm_context(round_gates_vtpm(stage.proof.gates)));
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_warned(&stage, "gate db", "tpm-session-lost");
    check_int(stage.answer.n_approvals, 0);
}

static void test_the_turn_of_the_report_is_waited_for_first(void)
{
    uint64_t stamp = clock_boottime_usec(&clock_system) - 1700000;
    _cleanup_bytes_ Bytes bytes = { 0 };
    char path[64];

    check_int(bytes_append_le64(&bytes, stamp), 0);
    (void)snprintf(path, sizeof(path), "%s/report.lock", lab.swtpm.directory);
    check_int(file_write_atomic(path, VIEW(bytes), 0600), 0);
    _cleanup_stage_ Stage stage;
    stage_set(&stage);
    uint64_t waited = round_gates_waited_usec(stage.proof.gates);
    check(waited > 100000 && waited < 2000000);
    check(clock_boottime_usec(&clock_system) >= stamp + 2000000);
}

/*
 * Who waited for the turn with the TPM in hand would wait for one who has the turn and waits for
 * the TPM: the turn of a paravisor's report is taken first, and kept.
 */
static void test_the_turn_of_a_paravisors_report_is_kept(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    check(!round_gates_take_turn(stage.proof.gates)); /* of other reports it is let go of */
    check(is_free("report.lock"));
    proof_done(&stage.proof);
    stage.proof = (Proof){
        .request = &stage.request, .answer = &stage.answer, .has_vtpm = true, .is_azure = true
    };
    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    check(!is_free("azure.lock") && !lock_is_free());
    Pacing *turn = round_gates_take_turn(stage.proof.gates);
    check(turn && !round_gates_take_turn(stage.proof.gates));
    pacing_free(turn);
    check(is_free("azure.lock") && !lock_is_free());
}

/* A vTPM alone makes no report. */
static void test_without_a_report_there_is_no_turn(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    proof_done(&stage.proof);
    stage.proof = (Proof){
        .request = &stage.request, .answer = &stage.answer, .has_vtpm = true, .is_tpm_alone = true
    };
    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    check_int(round_gates_waited_usec(stage.proof.gates), 0);
    check(!round_gates_take_turn(stage.proof.gates));
}

/* By the TPM and by the verifier, in one round and one answer. */
static void test_gates_of_both_kinds_open_in_one_round(void)
{
    const char *names[REQUEST_GATES_MAX];
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    proof_done(&stage.proof);
    stage.request.gates[stage.request.n_gates++] =
        (RequestGate){ .name = "vault", .kind = GATE_KIND_REWRAP };
    stage.request.gates[1].without_ticket = true;
    rewrap_send(&stage.request, "db-key", 1, "vault", "a.b.c.d.1");
    stage.proof = (Proof){ .request = &stage.request, .answer = &stage.answer, .has_vtpm = true };
    rewrap_arm(&stage.proof);
    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    check_int(round_gates_asked(stage.proof.gates, names), 3);
    check_int(round_gates_nonce(stage.proof.gates).size, 24);

    open_gate(&stage, "db");
    open_gate(&stage, "web");
    rewrap_give(stage.gates, &stage.proof, &(RewrapKey){ .id = 1 });
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_int(stage.answer.findings.n_items, 0);
    check_int(stage.answer.n_approvals, 3);
    check_int(stage.answer.approvals[0].kind, GATE_KIND_VERIFIER);
    check(!stage.answer.approvals[0].once && stage.answer.approvals[1].once);
    check_int(stage.answer.approvals[2].kind, GATE_KIND_REWRAP);
    check_str(stage.answer.fd_names[2], "approval-vault");
    check(rewrap_holds(stage.fds.fds[2], 1));
    _cleanup_approval_ Approval db = read_approval(&stage, 0);
    check_int(gate_lab_release(&lab, &db.ticket), TPM_SEAL_OK);
}

/* A slow report costs the TPM's gates, and not the others. */
static void test_a_session_that_was_given_up_leaves_the_other_kind(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage);

    proof_done(&stage.proof);
    stage.request.gates[1].kind = GATE_KIND_REWRAP;
    rewrap_send(&stage.request, "web-key", 1, "web", "a.b.c.d.1");
    stage.proof = (Proof){ .request = &stage.request, .answer = &stage.answer, .has_vtpm = true };
    rewrap_arm(&stage.proof);
    check_int(round_gates_open(&stage.proof, &stage.proof.gates), ROUND_GATES_OK);
    open_gate(&stage, "db");
    rewrap_give(stage.gates, &stage.proof, &(RewrapKey){ .gate = "web", .id = 1 });
    round_gates_let_go(stage.proof.gates);
    check_int(approve(&stage, NULL), ROUND_GATES_OK);
    check_warned(&stage, "gate db", "gate-session-too-old");
    check_int(stage.answer.n_approvals, 1);
    check_str(stage.answer.approvals[0].gate, "web");
}

static const Test tests[] = {
    { "an approval opens what is sealed", test_an_approval_opens_what_is_sealed },
    { "one session serves every gate", test_one_session_serves_every_gate },
    { "a gate that stays shut does not keep the next from opening",
      test_a_gate_that_stays_shut_does_not_keep_the_next_from_opening },
    { "the next release key may sign", test_the_next_release_key_may_sign },
    { "a gate whose key cannot be read stays shut",
      test_a_gate_whose_key_cannot_be_read_stays_shut },
    { "what was not signed is refused by the TPM", test_what_was_not_signed_is_refused_by_the_tpm },
    { "what is no gates object fails the round", test_what_is_no_gates_object_fails_the_round },
    { "more gates than can be asked for fail the round",
      test_more_gates_than_can_be_asked_for_fail_the_round },
    { "a half good object approves nothing", test_a_half_good_object_approves_nothing },
    { "the verifier's reason is passed on", test_the_verifiers_reason_is_passed_on },
    { "a gate that is opened as another kind stays shut alone",
      test_a_gate_that_is_opened_as_another_kind_stays_shut_alone },
    { "no approval is kept longer than the verdict",
      test_no_approval_is_kept_longer_than_the_verdict },
    { "a TPM without a fit session fails the round",
      test_a_tpm_without_a_fit_session_fails_the_round },
    { "the TPM is held until the approvals are there",
      test_the_tpm_is_held_until_the_approvals_are_there },
    { "a session that was given up opens nothing", test_a_session_that_was_given_up_opens_nothing },
    { "a session that was taken away opens nothing",
      test_a_session_that_was_taken_away_opens_nothing },
    { "gates of both kinds open in one round", test_gates_of_both_kinds_open_in_one_round },
    { "a session that was given up leaves the other kind",
      test_a_session_that_was_given_up_leaves_the_other_kind },
    { "the turn of the report is waited for first",
      test_the_turn_of_the_report_is_waited_for_first },
    { "the turn of a paravisor's report is kept", test_the_turn_of_a_paravisors_report_is_kept },
    { "without a report there is no turn", test_without_a_report_there_is_no_turn },
};

int main(int argc, char **argv)
{
    lab = gate_lab_start();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    gate_lab_stop(&lab);
    return r;
}
