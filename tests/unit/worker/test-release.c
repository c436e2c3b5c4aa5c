/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed, approved and released on a real swtpm, with the verifier's key in software: who is
 * served, and what an approval must be.
 */
#include "release-lab.h"

static void test_who_is_named_gets_the_whole_secret(void)
{
    SecretLab lab = lab_with_secret();

    check_served(&lab);
    /* An approval is good until it expires. */
    check_served(&lab);
    secret_lab_stop(&lab);
}

static void test_bytes_are_given_as_they_were(void)
{
    static const uint8_t bytes[] = { 0, 1, 0xff, '\n', 0, 'x', '\n', 0 };
    SecretLab lab = secret_lab_start();
    json_t *gate = secret_lab_gate("db", lab.release_key, NULL);
    _cleanup_worker_answer_ WorkerAnswer answer = secret_lab_run_seal(
        secret_lab_seal_request(&lab, "db-password", gate, ASKER), VIEW_OF_ARRAY(bytes));
    check_int(answer.result, ANSWER_OK);

    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);
    int end = secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    check(batch.answer.released[0].ok);
    _cleanup_bytes_ Bytes got = secret_end_read(end);
    check(view_equal(VIEW(got), VIEW_OF_ARRAY(bytes)));
    secret_lab_stop(&lab);
}

static void test_a_batch_is_served_one_by_one(void)
{
    SecretLab lab = lab_with_secret();
    secret_lab_seal(&lab, "web-key", "unit:web@*.service", "another");
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    (void)secret_batch_ask(&batch, "web-key", "unit:web@1.service");
    (void)secret_batch_ask(&batch, "db-password", "unit:web@1.service");
    (void)secret_batch_ask(&batch, "none", ASKER);
    (void)secret_batch_ask(&batch, "web-key", "unit:web@2.service");
    (void)secret_batch_ask(&batch, "../db-password", ASKER);
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    (void)secret_batch_ask(&batch, "db-password", "db.service");
    secret_batch_run(&batch);
    check_int(batch.answer.result, ANSWER_OK);
    check_int(batch.answer.n_released, 8);
    secret_batch_check_served(&batch, 0, SECRET);
    secret_batch_check_served(&batch, 1, "another");
    secret_batch_check_refused(&batch, 2, "secret-asker-refused");
    secret_batch_check_refused(&batch, 3, "secret-missing");
    secret_batch_check_served(&batch, 4, "another");
    secret_batch_check_refused(&batch, 5, "secret-missing");
    secret_batch_check_served(&batch, 6, SECRET);
    secret_batch_check_refused(&batch, 7, "secret-asker-refused");
    secret_lab_stop(&lab);
}

/* What the agent reads of it. */
static void test_the_answer_survives_the_wire(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);
    _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL;

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    (void)secret_batch_ask(&batch, "db-password", "unit:web.service");
    secret_batch_run(&batch);
    check_int(worker_answer_encode(&batch.answer, &line), 0);
    check(!strstr(line, SECRET));
    check_int(worker_answer_decode(view_of_string(line), &read), WORKER_ANSWER_OK);
    check_int(read.n_released, 2);
    check(read.released[0].ok && !read.released[1].ok);
    check_str(read.released[1].finding, "secret-asker-refused");
    check(read.timings_usec[TIMING_UNSEAL] < UINT64_MAX);
    secret_lab_stop(&lab);
}

static void test_without_an_approval_nothing_is_released(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "secret-no-approval");
    secret_lab_stop(&lab);
}

static void test_an_approval_of_another_gate_opens_nothing(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    Approval approval = secret_lab_approve(&lab, "web", lab.release_key, -60);

    secret_batch_take_approval(&batch, approval);
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "secret-no-approval");
    secret_lab_stop(&lab);
}

/* The file, and the approval's own words, say "db"; the ticket is for "web". */
static void test_an_approval_renamed_to_the_gate_opens_nothing(void)
{
    SecretLab lab = lab_with_secret();

    /* By its policyRef. */
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    Approval approval = secret_lab_approve(&lab, "web", lab.release_key, -60);
    (void)snprintf(approval.gate, sizeof("db"), "db");
    secret_batch_take_approval(&batch, approval);
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "secret-approval-malformed");

    /* With that forged as well it is the TPM that knows better. */
    _cleanup_secret_batch_ SecretBatch forged = secret_batch_new(&lab);
    approval = secret_lab_approve(&lab, "web", lab.release_key, -60);
    Approval real = secret_lab_approve(&lab, "db", lab.release_key, -60);
    (void)snprintf(approval.gate, sizeof("db"), "db");
    memcpy(approval.policy_ref, real.policy_ref, sizeof(real.policy_ref));
    approval_done(&real);
    secret_batch_take_approval(&forged, approval);
    (void)secret_batch_ask(&forged, "db-password", ASKER);
    secret_batch_run(&forged);
    secret_batch_check_refused(&forged, 0, "tpm-approval-lost");
    secret_lab_stop(&lab);
}

static void test_an_approval_by_another_release_key_opens_nothing(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    Approval approval = secret_lab_approve(&lab, "db", lab.next_key, -60);

    secret_batch_take_approval(&batch, approval);
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "secret-release-key-changed");

    /* The same, passed off as the right key's: the ticket names its key. */
    _cleanup_secret_batch_ SecretBatch forged = secret_batch_new(&lab);
    approval = secret_lab_approve(&lab, "db", lab.next_key, -60);
    check_int(gate_key_name(lab.release_key, &approval.key_name), GATE_OK);
    secret_batch_take_approval(&forged, approval);
    (void)secret_batch_ask(&forged, "db-password", ASKER);
    secret_batch_run(&forged);
    secret_batch_check_refused(&forged, 0, "tpm-approval-lost");
    secret_lab_stop(&lab);
}

static void test_an_approval_that_is_none_opens_nothing(void)
{
    SecretLab lab = lab_with_secret();
    static const char *const texts[] = { "", "{}", "nonsense" };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
        secret_batch_approve(&batch, "db", view_of_string(texts[i]));
        (void)secret_batch_ask(&batch, "db-password", ASKER);
        secret_batch_run(&batch);
        secret_batch_check_refused(&batch, 0, "secret-approval-malformed");
    }
    secret_lab_stop(&lab);
}

static void test_an_expired_approval_opens_nothing(void)
{
    SecretLab lab = lab_with_secret();
    Approval approval = secret_lab_approve(&lab, "db", lab.release_key, -1);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab), forged = batch;
    _cleanup_bytes_ Bytes json = { 0 };

    forged = secret_batch_new(&lab);
    (void)usleep(1500 * 1000);
    check_int(approval_emit(&approval, &json), 0);
    secret_batch_approve(&batch, "db", VIEW(json));
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "tpm-approval-expired");

    /* Whatever the approval says of its time, the TPM counts for itself. */
    approval.expires_boottime_usec += 3600 * USEC_PER_SEC;
    secret_batch_take_approval(&forged, approval);
    (void)secret_batch_ask(&forged, "db-password", ASKER);
    secret_batch_run(&forged);
    secret_batch_check_refused(&forged, 0, "tpm-approval-expired");
    secret_lab_stop(&lab);
}

static void test_an_approval_of_before_a_reset_opens_nothing(void)
{
    SecretLab lab = lab_with_secret();
    Approval approval = secret_lab_approve(&lab, "db", lab.release_key, -600);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);

    swtpm_restart(&lab.swtpm);
    secret_batch_take_approval(&batch, approval);
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "tpm-approval-lost");
    /* The next one does. */
    check_served(&lab);
    secret_lab_stop(&lab);
}

static void test_a_wrong_asker_is_refused(void)
{
    static const char *const askers[] = {
        "unit:web.service", "unit:db@1.service", "unit:db.socket",
        "unit:db*.service", "db.service",        "unit:DB.service",
    };
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);

    for (size_t i = 0; i < ELEMENTSOF(askers); i++)
        (void)secret_batch_ask(&batch, "db-password", askers[i]);
    secret_batch_run(&batch);
    for (size_t i = 0; i < ELEMENTSOF(askers); i++)
        secret_batch_check_refused(&batch, i, "secret-asker-refused");
    secret_lab_stop(&lab);
}

static void test_a_secret_for_nobody_is_given_to_nobody(void)
{
    SecretLab lab = secret_lab_start();

    secret_lab_seal(&lab, "db-password", NULL, SECRET);
    check_refusal(&lab, "secret-asker-refused");
    secret_lab_stop(&lab);
}

static void test_present_and_next_release_key_both_open(void)
{
    SecretLab lab = secret_lab_start();
    json_t *gate = secret_lab_gate("db", lab.release_key, lab.next_key);
    _cleanup_worker_answer_ WorkerAnswer answer = secret_lab_run_seal(
        secret_lab_seal_request(&lab, "db-password", gate, ASKER), view_of_string(SECRET));
    check_int(answer.result, ANSWER_OK);

    check_served(&lab);
    Key *third = secret_lab_key(), *first = lab.release_key;
    lab.release_key = lab.next_key;
    check_served(&lab);
    lab.release_key = third;
    check_refusal(&lab, "secret-release-key-changed");
    lab.release_key = first;
    key_free(third);
    secret_lab_stop(&lab);
}

static void test_two_gates_in_one_batch(void)
{
    SecretLab lab = lab_with_secret();
    json_t *gate = secret_lab_gate("web", lab.next_key, NULL);
    _cleanup_worker_answer_ WorkerAnswer answer = secret_lab_run_seal(
        secret_lab_seal_request(&lab, "web-key", gate, ASKER), view_of_string("another"));
    check_int(answer.result, ANSWER_OK);

    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);
    secret_batch_take_approval(&batch, secret_lab_approve(&lab, "web", lab.next_key, -60));
    (void)secret_batch_ask(&batch, "web-key", ASKER);
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_served(&batch, 0, "another");
    secret_batch_check_served(&batch, 1, SECRET);
    secret_lab_stop(&lab);
}

static void test_a_tpm_that_is_gone_is_named_for_each_and_waited_for_once(void)
{
    SecretLab lab = lab_with_secret();
    secret_lab_seal(&lab, "web-key", ASKER, SECRET);
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    (void)secret_batch_ask(&batch, "web-key", ASKER);
    swtpm_end(&lab.swtpm);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "tpm-unreachable");
    secret_batch_check_refused(&batch, 1, "tpm-unreachable");
    swtpm_run(&lab.swtpm);
    secret_lab_stop(&lab);
}

static void test_an_asker_who_left_is_named_and_the_others_are_served(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);
    int end = secret_batch_ask(&batch, "db-password", ASKER);

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    /* Its place is taken by a descriptor that reads nothing. */
    check(dup2(STDERR_FILENO, end) == end);
    secret_batch_run(&batch);
    check_str(batch.answer.released[0].finding, "secret-asker-gone");
    secret_batch_check_served(&batch, 1, SECRET);
    secret_lab_stop(&lab);
}

static void test_a_store_that_is_none_fails_the_batch(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(&lab);

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    check_int(chmod(lab.secrets, 0777), 0);
    secret_batch_run(&batch);
    check_int(batch.answer.result, ANSWER_FAILED);
    check_str(batch.answer.error, "secret-store-unusable");
    check_int(batch.answer.n_released, 0);
    _cleanup_bytes_ Bytes got = secret_end_read(batch.ends[0]);
    check_int(got.size, 0);
    secret_lab_stop(&lab);
}

static const Test tests[] = {
    { "who is named gets the whole secret", test_who_is_named_gets_the_whole_secret },
    { "bytes are given as they were", test_bytes_are_given_as_they_were },
    { "a batch is served one by one", test_a_batch_is_served_one_by_one },
    { "the answer survives the wire", test_the_answer_survives_the_wire },
    { "without an approval nothing is released", test_without_an_approval_nothing_is_released },
    { "an approval of another gate opens nothing", test_an_approval_of_another_gate_opens_nothing },
    { "an approval renamed to the gate opens nothing",
      test_an_approval_renamed_to_the_gate_opens_nothing },
    { "an approval by another release key opens nothing",
      test_an_approval_by_another_release_key_opens_nothing },
    { "an approval that is none opens nothing", test_an_approval_that_is_none_opens_nothing },
    { "an expired approval opens nothing", test_an_expired_approval_opens_nothing },
    { "an approval of before a reset opens nothing",
      test_an_approval_of_before_a_reset_opens_nothing },
    { "a wrong asker is refused", test_a_wrong_asker_is_refused },
    { "a secret for nobody is given to nobody", test_a_secret_for_nobody_is_given_to_nobody },
    { "present and next release key both open", test_present_and_next_release_key_both_open },
    { "two gates in one batch", test_two_gates_in_one_batch },
    { "a TPM that is gone is named for each and waited for once",
      test_a_tpm_that_is_gone_is_named_for_each_and_waited_for_once },
    { "an asker who left is named and the others are served",
      test_an_asker_who_left_is_named_and_the_others_are_served },
    { "a store that is none fails the batch", test_a_store_that_is_none_fails_the_batch },
};

TEST_MAIN(tests)
