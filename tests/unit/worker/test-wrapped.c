/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which wrapped data keys a round takes along, of a store that others may have written to.
 */
#include "kinds-lab.h"

#include "format/catalog.h"

static void seal_as(const SecretLab *lab, const Key *key, const char *name, const char *gate)
{
    json_t *request =
        secret_lab_seal_request(lab, name, kinds_gate_rewrap(gate, key, "fleet"), NULL);

    check(json_object_set_new(json_object_get(request, "evidence"), "tcti", json_string("none")) ==
          0);
    kinds_seal(request, "secret");
}

static size_t count(const WorkerAnswer *answer, const char *name)
{
    size_t n = 0;

    check(catalog_find(name));
    for (size_t i = 0; i < answer->findings.n_items; i++)
        n += strcmp(answer->findings.items[i].name, name) == 0;
    return n;
}

static void test_what_is_behind_the_gates_is_listed(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();

    seal_as(&lab, key, "b-key", "vault");
    seal_as(&lab, key, "a-key", "vault");
    seal_as(&lab, key, "a-key", "vault");
    seal_as(&lab, key, "c-key", "safe");
    secret_lab_seal(&lab, "db-password", "unit:db.service", "secret");
    _cleanup_worker_answer_ WorkerAnswer answer = kinds_wrapped(&lab, "vault");
    check_int(answer.result, ANSWER_OK);
    check_int(answer.findings.n_items, 0);
    check_int(answer.n_wrapped, 2);
    check_str(answer.wrapped[0].name, "a-key");
    check_int(answer.wrapped[0].version, 2);
    check_str(answer.wrapped[0].gate, "vault");
    check_str(answer.wrapped[1].name, "b-key");
    SecretFile file = kinds_load(&lab, "b-key");
    check_str(answer.wrapped[1].jwe, file.header.wrapped);
    secret_file_done(&file);

    _cleanup_worker_answer_ WorkerAnswer none = kinds_wrapped(&lab, "db");
    check_int(none.result, ANSWER_OK);
    check_int(none.n_wrapped, 0);
    key_free(key);
    secret_lab_stop(&lab);
}

static void test_what_is_for_a_vault_is_listed_too(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();
    json_t *gate = kinds_gate_key_release("cloud", secret_lab_jwk(key));
    json_t *request = secret_lab_seal_request(&lab, "disk", gate, NULL);

    seal_as(&lab, key, "db-password", "vault");
    kinds_seal(request, "secret");
    _cleanup_worker_answer_ WorkerAnswer answer = kinds_wrapped(&lab, "cloud");
    check_int(answer.result, ANSWER_OK);
    check_int(answer.n_wrapped, 1);
    check_str(answer.wrapped[0].name, "disk");
    check_str(answer.wrapped[0].gate, "cloud");
    key_free(key);
    secret_lab_stop(&lab);
}

static void test_more_than_a_round_takes_are_named(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();
    char name[16];

    for (int i = 0; i < ANSWER_WRAPPED_MAX + 2; i++) {
        (void)snprintf(name, sizeof(name), "key-%02d", i);
        seal_as(&lab, key, name, "vault");
    }
    _cleanup_worker_answer_ WorkerAnswer answer = kinds_wrapped(&lab, "vault");
    check_int(answer.result, ANSWER_OK);
    check_int(answer.n_wrapped, ANSWER_WRAPPED_MAX);
    check_int(count(&answer, "secret-rewrap-many"), 2);
    check_str(answer.findings.items[0].subject, "key-32");
    key_free(key);
    secret_lab_stop(&lab);
}

/* A copy under another name, its header edited: one of the two goes, and no round is spoilt. */
static void test_a_copied_secret_is_listed_once(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();
    _cleanup_bytes_ Bytes bytes = { 0 };
    char path[128];

    seal_as(&lab, key, "db-password", "vault");
    SecretFile file = kinds_load(&lab, "db-password");
    free(file.header.name);
    file.header.name = strdup("a-copy");
    bytes_done(&file.header_bytes);
    check_int(secret_header_emit(&file.header, &file.header_bytes), 0);
    check_int(secret_file_emit(&file, &bytes), 0);
    (void)snprintf(path, sizeof(path), "%s/a-copy.secret", lab.secrets);
    check_int(file_write_atomic(path, VIEW(bytes), 0600), 0);
    secret_file_done(&file);

    _cleanup_worker_answer_ WorkerAnswer answer = kinds_wrapped(&lab, "vault");
    check_int(answer.result, ANSWER_OK);
    check_int(answer.n_wrapped, 1);
    check_int(count(&answer, "secret-copied"), 1);
    key_free(key);
    secret_lab_stop(&lab);
}

static void test_a_store_that_is_none_is_refused(void)
{
    SecretLab lab = secret_lab_start();

    (void)snprintf(lab.secrets, sizeof(lab.secrets), "/nowhere/at/all");
    _cleanup_worker_answer_ WorkerAnswer answer = kinds_wrapped(&lab, "vault");
    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, "secret-store-unusable");
    secret_lab_stop(&lab);
}

static void test_a_request_that_is_none_is_refused(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList given = { 0 }, fds = { 0 };

    check_int(wrapped_run(view_of_string("{\"verb\":\"wrapped\"}"), &given, &answer, &fds), 0);
    check_str(answer.error, "worker-request-malformed");
}

static const Test tests[] = {
    { "what is behind the gates is listed", test_what_is_behind_the_gates_is_listed },
    { "what is for a vault is listed, too", test_what_is_for_a_vault_is_listed_too },
    { "more than a round takes are named", test_more_than_a_round_takes_are_named },
    { "a copied secret is listed once", test_a_copied_secret_is_listed_once },
    { "a store that is none is refused", test_a_store_that_is_none_is_refused },
    { "a request that is none is refused", test_a_request_that_is_none_is_refused },
};

TEST_MAIN(tests)
