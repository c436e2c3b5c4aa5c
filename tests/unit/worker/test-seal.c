/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be sealed, on a real swtpm, and what the file then says. That it opens again is
 * test-release's matter.
 */
#include "secret-lab.h"

#include "base/encode.h"

#include <sys/resource.h>

#define ASKER "unit:db.service"

static json_t *good_request(const SecretLab *lab)
{
    return secret_lab_seal_request(lab, "db-password",
                                   secret_lab_gate("db", lab->release_key, NULL), ASKER);
}

static bool store_is_empty(const SecretLab *lab)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_list_ SecretList list = { 0 };

    check_int(secret_store_open(lab->secrets, &store), SECRET_STORE_OK);
    check_int(secret_store_list(store, &list), 0);
    return list.n_items == 0;
}

/* Takes REQUEST. */
static void check_refused(const SecretLab *lab, json_t *request, ByteView secret,
                          const char *finding)
{
    _cleanup_worker_answer_ WorkerAnswer answer = secret_lab_run_seal(request, secret);
    _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL;

    if (answer.result == ANSWER_OK || strcmp(answer.error, finding) != 0)
        (void)printf("  %s, wanted %s\n", answer.error ? answer.error : "ok", finding);
    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, finding);
    check(!answer.secret_name);
    check_int(worker_answer_encode(&answer, &line), 0);
    check_int(worker_answer_decode(view_of_string(line), &read), WORKER_ANSWER_OK);
    check(store_is_empty(lab));
}

static void test_each_seal_is_the_next_version(void)
{
    SecretLab lab = secret_lab_start();

    for (uint64_t version = 1; version <= 3; version++) {
        _cleanup_worker_answer_ WorkerAnswer answer =
            secret_lab_run_seal(good_request(&lab), view_of_string("secret"));
        _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
        _cleanup_free_ char *line = NULL;
        check_int(answer.result, ANSWER_OK);
        check_int(worker_answer_encode(&answer, &line), 0);
        check_int(worker_answer_decode(view_of_string(line), &read), WORKER_ANSWER_OK);
        check_str(read.secret_name, "db-password");
        check_int(read.secret_version, version);
    }
    secret_lab_stop(&lab);
}

static void test_the_file_says_what_it_was_sealed_to(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = secret_lab_seal_request(
        &lab, "db-password", secret_lab_gate("db", lab.release_key, lab.next_key), ASKER);
    _cleanup_worker_answer_ WorkerAnswer answer =
        secret_lab_run_seal(request, view_of_string("secret"));
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };
    TpmName name;

    check_int(answer.result, ANSWER_OK);
    check_int(secret_store_open(lab.secrets, &store), SECRET_STORE_OK);
    check_int(secret_store_load(store, "db-password", &file), SECRET_STORE_OK);
    check_str(file.header.gate, "db");
    check_int(file.header.n_who, 1);
    check_str(file.header.who[0], ASKER);
    check_str(file.header.vtpm_root_minimum, "host");
    check_int(gate_key_name(lab.release_key, &name), GATE_OK);
    check(memcmp(file.header.release_key_name, name.data, TPM_NAME_SIZE) == 0);
    check(file.header.has_next_release_key);
    check_int(gate_key_name(lab.next_key, &name), GATE_OK);
    check(memcmp(file.header.next_release_key_name, name.data, TPM_NAME_SIZE) == 0);
    check(file.header.created_sec > 1700000000);
    secret_lab_stop(&lab);
}

static void test_the_plaintext_is_nowhere_in_the_file(void)
{
    SecretLab lab = secret_lab_start();
    char path[128];
    _cleanup_bytes_ Bytes bytes = { 0 };

    secret_lab_seal(&lab, "db-password", ASKER, "needle in the file");
    (void)snprintf(path, sizeof(path), "%s/db-password.secret", lab.secrets);
    check_int(file_read(path, SECRET_FILE_SIZE_MAX, &bytes), 0);
    _cleanup_free_ char *encoded = base64url_encode(view_of_string("needle in the f"));
    check(!memmem(bytes.data, bytes.size, "needle", strlen("needle")));
    check(!memmem(bytes.data, bytes.size, encoded, strlen(encoded)));
    secret_lab_stop(&lab);
}

static void test_a_host_vtpm_must_be_accepted_in_so_many_words(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = good_request(&lab);

    check(json_object_set_new(request, "accept_host_tpm", json_false()) == 0);
    check_refused(&lab, request, view_of_string("secret"), "secret-host-tpm");

    request = good_request(&lab);
    check(json_object_set_new(request, "accept_host_tpm", json_false()) == 0);
    check(json_object_set_new(json_object_get(request, "gate"), "vtpm_root", json_string("host")) ==
          0);
    check_refused(&lab, request, view_of_string("secret"), "secret-host-tpm");

    secret_lab_stop(&lab);
}

static void test_nothing_and_too_much_are_refused(void)
{
    SecretLab lab = secret_lab_start();
    _cleanup_bytes_ Bytes large = { 0 };

    check_refused(&lab, good_request(&lab), (ByteView){ 0 }, "secret-empty");
    check_int(bytes_new(SECRET_SIZE_MAX + 1, &large), 0);
    check_refused(&lab, good_request(&lab), VIEW(large), "secret-too-large");
    large.size--;
    _cleanup_worker_answer_ WorkerAnswer answer =
        secret_lab_run_seal(good_request(&lab), VIEW(large));
    check_int(answer.result, ANSWER_OK);
    secret_lab_stop(&lab);
}

static void test_what_cannot_be_read_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    json_auto_t *request = good_request(&lab);
    _cleanup_free_ char *line = json_text(request);
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList given = { 0 }, fds = { 0 };

    check_int(fd_list_take(&given, open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), 0);
    check_int(seal_run(view_of_string(line), &given, &answer, &fds), 0);
    check_str(answer.error, "secret-unreadable");
    secret_lab_stop(&lab);
}

static void test_a_gate_of_another_kind_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = good_request(&lab);

    check(json_object_set_new(json_object_get(request, "gate"), "kind", json_string("moon")) == 0);
    check_refused(&lab, request, view_of_string("secret"), "secret-gate-unknown");
    secret_lab_stop(&lab);
}

/* Root could forge quotes with a key that signs anything. */
static void test_a_key_that_is_no_attestation_key_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    TPMT_PUBLIC template = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                            TPMA_OBJECT_SIGN_ENCRYPT,
        .parameters.eccDetail = {
            .symmetric = { .algorithm = TPM2_ALG_NULL },
            .scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
            .curveID = TPM2_ECC_NIST_P256,
            .kdf = { .scheme = TPM2_ALG_NULL },
        },
    };
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmKey *key = NULL;
    json_t *request = good_request(&lab);

    check_int(tpm_key_create(tpm, ESYS_TR_RH_OWNER, &template, &key), 0);
    swtpm_persist(tpm, key->handle, 0x81000100);
    tpm_key_free(key);
    tpm_context_free(tpm);
    json_t *evidence = json_object_get(request, "evidence");
    check(json_object_set_new(evidence, "attestation_key", json_string("0x81000100")) == 0);
    check_refused(&lab, request, view_of_string("secret"), "tpm-ak-not-restricted");

    request = good_request(&lab);
    evidence = json_object_get(request, "evidence");
    check(json_object_set_new(evidence, "attestation_key", json_string("0x81000101")) == 0);
    check_refused(&lab, request, view_of_string("secret"), "tpm-ak-missing");
    secret_lab_stop(&lab);
}

static void test_a_machine_without_a_tpm_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = good_request(&lab);

    check(json_object_set_new(json_object_get(request, "evidence"), "tcti", json_string("none")) ==
          0);
    check_refused(&lab, request, view_of_string("secret"), "tpm-tcti-refused");
    secret_lab_stop(&lab);
}

static void test_a_store_that_is_none_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = good_request(&lab);

    check(json_object_set_new(request, "secrets_directory", json_string("/nowhere/at/all")) == 0);
    check_refused(&lab, request, view_of_string("secret"), "secret-store-unusable");
    secret_lab_stop(&lab);
}

/* The file that is there, with another version in its header. */
static void plant_version(const SecretLab *lab, uint64_t version)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };
    _cleanup_bytes_ Bytes header = { 0 }, json = { 0 };
    char path[128];

    check_int(secret_store_open(lab->secrets, &store), SECRET_STORE_OK);
    check_int(secret_store_load(store, "db-password", &file), SECRET_STORE_OK);
    file.header.version = version;
    check_int(secret_header_emit(&file.header, &header), 0);
    bytes_done(&file.header_bytes);
    file.header_bytes = TAKE_STRUCT(header);
    check_int(secret_file_emit(&file, &json), 0);
    (void)snprintf(path, sizeof(path), "%s/db-password.secret", lab->secrets);
    check_int(file_write_atomic(path, VIEW(json), 0600), 0);
}

/* A version that no seal comes to, in either file: planted. */
static void test_a_version_that_is_exhausted_names_the_file(void)
{
    static const char version[] = "9007199254740991\n";
    SecretLab lab = secret_lab_start();
    char path[128], files[256];

    (void)snprintf(path, sizeof(path), "%s/db-password.version", lab.secrets);
    check_int(file_write_atomic(path, view_of_string(version), 0600), 0);
    (void)snprintf(files, sizeof(files), "%s/db-password.secret or db-password.version",
                   lab.secrets);
    _cleanup_worker_answer_ WorkerAnswer answer =
        secret_lab_run_seal(good_request(&lab), view_of_string("secret"));
    check_str(answer.error, "secret-version-exhausted");
    check_str(answer.findings.items[0].found, files);
    check_int(unlink(path), 0);

    _cleanup_worker_answer_ WorkerAnswer first =
        secret_lab_run_seal(good_request(&lab), view_of_string("secret"));
    check_int(first.result, ANSWER_OK);
    plant_version(&lab, SECRET_VERSION_MAX);
    _cleanup_worker_answer_ WorkerAnswer again =
        secret_lab_run_seal(good_request(&lab), view_of_string("secret"));
    check_str(again.error, "secret-version-exhausted");
    plant_version(&lab, SECRET_VERSION_MAX - 1);
    _cleanup_worker_answer_ WorkerAnswer last =
        secret_lab_run_seal(good_request(&lab), view_of_string("secret"));
    check_int(last.result, ANSWER_OK);
    check(last.secret_version == SECRET_VERSION_MAX);
    secret_lab_stop(&lab);
}

static void test_a_remembered_version_that_is_none_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/db-password.version", lab.secrets);
    check_int(file_write_atomic(path, view_of_string("x\n"), 0600), 0);
    check_refused(&lab, good_request(&lab), view_of_string("secret"), "secret-file-unsafe");
    secret_lab_stop(&lab);
}

/* A disk that takes no more: what was there stays, the reason is the system's. */
static void test_a_full_disk_is_named(void)
{
    SecretLab lab = secret_lab_start();
    struct rlimit before;

    check_int(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    json_t *request = good_request(&lab);
    check_int(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4096, before.rlim_max }), 0);
    _cleanup_bytes_ Bytes secret = { 0 };
    check_int(bytes_new(4000, &secret), 0);
    check_refused(&lab, request, VIEW(secret), "secret-store-failed");
    check_int(setrlimit(RLIMIT_FSIZE, &before), 0);
    secret_lab_stop(&lab);
}

static void test_a_request_that_is_none_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = good_request(&lab);

    check(json_object_set_new(request, "name", json_string("../x")) == 0);
    check_refused(&lab, request, view_of_string("secret"), "worker-request-malformed");
    secret_lab_stop(&lab);
}

static const Test tests[] = {
    { "each seal is the next version", test_each_seal_is_the_next_version },
    { "the file says what it was sealed to", test_the_file_says_what_it_was_sealed_to },
    { "the plaintext is nowhere in the file", test_the_plaintext_is_nowhere_in_the_file },
    { "a host vTPM must be accepted in so many words",
      test_a_host_vtpm_must_be_accepted_in_so_many_words },
    { "nothing and too much are refused", test_nothing_and_too_much_are_refused },
    { "what cannot be read is refused", test_what_cannot_be_read_is_refused },
    { "a gate of another kind is refused", test_a_gate_of_another_kind_is_refused },
    { "a key that is no attestation key is refused",
      test_a_key_that_is_no_attestation_key_is_refused },
    { "a machine without a TPM is refused", test_a_machine_without_a_tpm_is_refused },
    { "a store that is none is refused", test_a_store_that_is_none_is_refused },
    { "a version that is exhausted names the file",
      test_a_version_that_is_exhausted_names_the_file },
    { "a remembered version that is none is refused",
      test_a_remembered_version_that_is_none_is_refused },
    { "a full disk is named", test_a_full_disk_is_named },
    { "a request that is none is refused", test_a_request_that_is_none_is_refused },
};

TEST_MAIN(tests)
