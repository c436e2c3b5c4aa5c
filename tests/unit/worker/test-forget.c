/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counter of a secret that is to be removed, on a real swtpm: what is given back, what is left
 * alone, and what it takes.
 */
#include "kinds-lab.h"

#include "base/file.h"
#include "format/catalog.h"
#include "worker/forget.h"

static void seal_counted(const SecretLab *lab, const char *name)
{
    json_t *gate = secret_lab_gate("db", lab->release_key, NULL);
    json_t *request = secret_lab_seal_request(lab, name, gate, NULL);

    kinds_set(request, "rollback_counter", json_true());
    kinds_seal(request, "secret");
}

/* TCTI may be NULL: the lab's. */
static WorkerAnswer forget(const SecretLab *lab, const char *name, const char *tcti)
{
    json_auto_t *request = json_pack("{ss ss so ss}", "verb", "forget", "name", name, "evidence",
                                     secret_lab_evidence(lab), "lock_directory", lab->locks);
    WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList given = { 0 }, fds = { 0 };

    check(request);
    if (tcti)
        check(json_object_set_new(json_object_get(request, "evidence"), "tcti",
                                  json_string(tcti)) == 0);
    _cleanup_free_ char *line = json_text(request);
    check_int(forget_run(view_of_string(line), &given, &answer, &fds), 0);
    check_int(fds.n_fds, 0);
    return answer;
}

static void check_forgotten(const SecretLab *lab, const char *name)
{
    _cleanup_worker_answer_ WorkerAnswer answer = forget(lab, name, NULL);

    if (answer.error)
        (void)printf("  %s\n", answer.error);
    check_int(answer.result, ANSWER_OK);
    check_int(answer.findings.n_items, 0);
}

static void check_refused(const SecretLab *lab, const char *name, const char *tcti,
                          const char *finding)
{
    _cleanup_worker_answer_ WorkerAnswer answer = forget(lab, name, tcti);

    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, finding);
    check(catalog_find(finding));
}

static bool has_index(const SecretLab *lab, uint32_t index)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);

    int r = tpm_handle_exists(tpm, index);
    tpm_context_free(tpm);
    return r == TPM_HANDLE_OK;
}

static void test_its_counter_is_given_back_and_no_other(void)
{
    SecretLab lab = secret_lab_start();

    seal_counted(&lab, "one");
    seal_counted(&lab, "two");
    check(has_index(&lab, TPM_COUNTER_FIRST) && has_index(&lab, TPM_COUNTER_FIRST + 1));
    check_forgotten(&lab, "one");
    check(!has_index(&lab, TPM_COUNTER_FIRST) && has_index(&lab, TPM_COUNTER_FIRST + 1));
    /* The file is for whoever asked; a second time finds nothing to do. */
    check_forgotten(&lab, "one");
    seal_counted(&lab, "three");
    SecretFile file = kinds_load(&lab, "three");
    check_int(file.header.counter.index, TPM_COUNTER_FIRST);
    secret_file_done(&file);
    secret_lab_stop(&lab);
}

/* Whatever became of the file: the counter says whose it is. */
static void test_a_counter_is_found_without_its_file(void)
{
    SecretLab lab = secret_lab_start();
    char path[128];

    seal_counted(&lab, "one");
    seal_counted(&lab, "two");
    (void)snprintf(path, sizeof(path), "%s/two.secret", lab.secrets);
    check(unlink(path) == 0);
    check_forgotten(&lab, "two");
    check(has_index(&lab, TPM_COUNTER_FIRST) && !has_index(&lab, TPM_COUNTER_FIRST + 1));
    secret_lab_stop(&lab);
}

static void test_what_is_no_counter_of_it_is_left(void)
{
    SecretLab lab = secret_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);

    swtpm_define_nv(tpm, TPM_COUNTER_FIRST, view_of_string("somebody's"));
    tpm_context_free(tpm);
    secret_lab_seal(&lab, "plain", NULL, "secret");
    check_forgotten(&lab, "plain");
    check_forgotten(&lab, "nosuch");
    seal_counted(&lab, "one");
    check_forgotten(&lab, "one");
    check(has_index(&lab, TPM_COUNTER_FIRST) && !has_index(&lab, TPM_COUNTER_FIRST + 1));
    secret_lab_stop(&lab);
}

static void test_without_the_tpm_it_fails_by_name(void)
{
    SecretLab lab = secret_lab_start();

    seal_counted(&lab, "one");
    check_refused(&lab, "one", "swtpm:path=/nowhere/at/all", "tpm-unreachable");
    check_refused(&lab, "one", "device:/dev/nosuch", "tpm-device-missing");
    check_refused(&lab, "one", "none", "tpm-tcti-refused");
    check(has_index(&lab, TPM_COUNTER_FIRST));
    secret_lab_stop(&lab);
}

static void test_an_owner_with_a_password_is_named(void)
{
    SecretLab lab = secret_lab_start();
    const TPM2B_AUTH password = { .size = 4, .buffer = "pass" };
    TpmContext *tpm;

    seal_counted(&lab, "one");
    tpm = swtpm_open(&lab.swtpm);
    check(Esys_HierarchyChangeAuth(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                   ESYS_TR_NONE, &password) == TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    check_refused(&lab, "one", NULL, "tpm-authorization-needed");
    check(has_index(&lab, TPM_COUNTER_FIRST));
    secret_lab_stop(&lab);
}

/* As forget(), with the owner's authorisation in a file. */
static WorkerAnswer forget_as(const SecretLab *lab, const char *name, const char *value)
{
    json_auto_t *request = json_pack("{ss ss so ss s[s]}", "verb", "forget", "name", name,
                                     "evidence", secret_lab_evidence(lab), "lock_directory",
                                     lab->locks, "fds", "owner-authorization");
    _cleanup_free_ char *line = json_text(request);
    WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList given = { 0 }, fds = { 0 };

    given.fds[given.n_fds++] = memfd_sealed("owner", view_of_string(value));
    check_int(forget_run(view_of_string(line), &given, &answer, &fds), 0);
    return answer;
}

static void test_the_owners_password_is_used(void)
{
    SecretLab lab = secret_lab_start();
    const TPM2B_AUTH password = { .size = 4, .buffer = "pass" };

    seal_counted(&lab, "one");
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    check(Esys_HierarchyChangeAuth(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                   ESYS_TR_NONE, &password) == TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    _cleanup_worker_answer_ WorkerAnswer wrong = forget_as(&lab, "one", "other");
    check_str(wrong.error, "tpm-owner-authorization-wrong");
    _cleanup_worker_answer_ WorkerAnswer empty = forget_as(&lab, "one", "\n");
    check_str(empty.error, "tpm-owner-authorization-unusable");
    check(has_index(&lab, TPM_COUNTER_FIRST));
    _cleanup_worker_answer_ WorkerAnswer right = forget_as(&lab, "one", "pass\n");
    check_int(right.result, ANSWER_OK);
    check(!has_index(&lab, TPM_COUNTER_FIRST));
    secret_lab_stop(&lab);
}

static void test_nonsense_is_answered(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList given = { 0 }, fds = { 0 };

    check_int(forget_run(view_of_string("{}"), &given, &answer, &fds), 0);
    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, "worker-request-malformed");
}

static const Test tests[] = {
    { "its counter is given back and no other", test_its_counter_is_given_back_and_no_other },
    { "a counter is found without its file", test_a_counter_is_found_without_its_file },
    { "what is no counter of it is left", test_what_is_no_counter_of_it_is_left },
    { "without the TPM it fails by name", test_without_the_tpm_it_fails_by_name },
    { "an owner with a password is named", test_an_owner_with_a_password_is_named },
    { "the owner's password is used", test_the_owners_password_is_used },
    { "nonsense is answered", test_nonsense_is_answered },
};

TEST_MAIN(tests)
