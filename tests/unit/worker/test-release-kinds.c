/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets behind gates of each kind, given out on a real swtpm and without one, and each of the
 * reasons that keeps them; to streams and into memory.
 */
#include "kinds-asker.h"

#include <sys/mman.h>

#define USER "user:1000"

/* With nothing held. */
static void check_bare(const SecretLab *lab, const char *finding)
{
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(lab);

    check_batch(&batch, finding);
}

static bool says(const SecretBatch *batch, const char *text)
{
    const Findings *findings = &batch->answer.findings;

    for (size_t i = 0; i < findings->n_items; i++)
        if (strstr(findings->items[i].found, text))
            return true;
    return false;
}

static void test_registers_open_without_an_approval_until_they_move(void)
{
    SecretLab lab = secret_lab_start();

    kinds_extend(&lab, 4, "kernel");
    kinds_seal(request_for(&lab, kinds_gate_pcr("boot", 4, 9)), SECRET);
    check_bare(&lab, NULL);
    kinds_extend(&lab, 10, "measured by IMA");
    check_bare(&lab, NULL);
    kinds_extend(&lab, 4, "another kernel");
    kinds_extend(&lab, 9, "its initrd");

    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    check_batch(&batch, "secret-pcrs-moved");
    check(says(&batch, "PCR 4 and 9 differ"));
    kinds_seal(request_for(&lab, kinds_gate_pcr("boot", 4, 9)), SECRET);
    check_bare(&lab, NULL);
    secret_lab_stop(&lab);
}

static void test_a_refusal_that_capped_keeps_live_approvals_out(void)
{
    SecretLab lab = secret_lab_start();

    kinds_seal(request_for(&lab, kinds_gate_capped(&lab, "db", 13)), SECRET);
    check_approved(&lab, NULL);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_take_approval(&batch, secret_lab_approve(&lab, "db", lab.release_key, -60));
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    check_int(tpm_pcr_extend(tpm, 13, tpm_pcr_cap_event()), TPM_PCR_OK);
    tpm_context_free(tpm);
    check_batch(&batch, "secret-capped");
    /* The next approval is of no use either, until a reset. */
    check_approved(&lab, "secret-capped");
    swtpm_restart(&lab.swtpm);
    check_approved(&lab, NULL);
    secret_lab_stop(&lab);
}

static Bytes read_stored(const SecretLab *lab, const char *name)
{
    char path[128];
    Bytes bytes = { 0 };

    (void)snprintf(path, sizeof(path), "%s/%s", lab->secrets, name);
    check_int(file_read(path, SECRET_FILE_SIZE_MAX, &bytes), 0);
    return bytes;
}

static void plant(const SecretLab *lab, const char *name, ByteView bytes)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", lab->secrets, name);
    check_int(file_write_atomic(path, bytes, 0600), 0);
}

static void without_tpm(SecretBatch *batch)
{
    check(json_object_set_new(json_object_get(batch->request, "evidence"), "tcti",
                              json_string("none")) == 0);
}

static void test_data_keys_open_without_a_tpm(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();

    kinds_seal(request_for(&lab, kinds_gate_rewrap("vault", key, "fleet")), SECRET);
    check_bare(&lab, "secret-no-approval");
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_hold(&batch, "vault", GATE_KIND_REWRAP, kinds_data_keys(&lab, key, "vault"));
    without_tpm(&batch);
    check_batch(&batch, NULL);
    key_free(key);
    secret_lab_stop(&lab);
}

static void test_a_data_key_of_another_version_opens_nothing(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();

    kinds_seal(request_for(&lab, kinds_gate_rewrap("vault", key, "fleet")), SECRET);
    int fd = kinds_data_keys(&lab, key, "vault");
    kinds_seal(request_for(&lab, kinds_gate_rewrap("vault", key, "fleet")), SECRET);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_hold(&batch, "vault", GATE_KIND_REWRAP, fd);
    check_batch(&batch, "secret-no-approval");
    key_free(key);
    secret_lab_stop(&lab);
}

/* A key under the right id that is not the one: the tag tells. */
static void test_a_wrong_data_key_opens_nothing(void)
{
    static const uint8_t wrong[DATA_KEY_SIZE] = { 1 };
    SecretLab lab = secret_lab_start();
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    Key *key = secret_lab_key();
    int fd = -EBADF;

    kinds_seal(request_for(&lab, kinds_gate_rewrap("vault", key, "fleet")), SECRET);
    SecretFile file = kinds_load(&lab, "db-password");
    check_int(data_keys_new(&keys), 0);
    check_int(data_keys_add(keys, file.header.id, VIEW_OF_ARRAY(wrong)), 0);
    check_int(data_keys_store(keys, &fd), 0);
    secret_file_done(&file);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_hold(&batch, "vault", GATE_KIND_REWRAP, fd);
    check_batch(&batch, "secret-tampered");
    key_free(key);
    secret_lab_stop(&lab);
}

/*
 * B has A's file, blob and all. The blob names A's attestation key, by which a verifier tells them
 * apart; without its key B opens nothing, and with another's approval neither.
 */
static void test_a_blob_of_another_machine_opens_nothing(void)
{
    SecretLab a = secret_lab_start(), b = secret_lab_start();
    Key *key = secret_lab_key();

    kinds_seal(request_for(&a, kinds_gate_rewrap("vault", key, "ak-name")), SECRET);
    kinds_seal(
        secret_lab_seal_request(&b, "own", kinds_gate_rewrap("vault", key, "ak-name"), ASKER),
        SECRET);
    _cleanup_bytes_ Bytes file = read_stored(&a, "db-password.secret");
    plant(&b, "db-password.secret", VIEW(file));

    _cleanup_worker_answer_ WorkerAnswer wrapped = kinds_wrapped(&b, "vault");
    check_int(wrapped.n_wrapped, 2);
    _cleanup_jwe_parts_ JweParts relayed = { 0 }, own = { 0 };
    check_int(jwe_parse(wrapped.wrapped[0].jwe, &relayed), JWE_OK);
    check_int(jwe_parse(wrapped.wrapped[1].jwe, &own), JWE_OK);
    check(
        !json_equal(json_object_get(relayed.header, "bind"), json_object_get(own.header, "bind")));
    check_bare(&b, "secret-no-approval");

    /* All that a verifier opens for B is B's own. */
    _cleanup_(secret_freep) Secret *data_key = kinds_unwrap(key, wrapped.wrapped[1].jwe);
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    SecretFile stored = kinds_load(&b, "own");
    int fd = -EBADF;
    check_int(data_keys_new(&keys), 0);
    check_int(data_keys_add(keys, stored.header.id, secret_view(data_key)), 0);
    check_int(data_keys_store(keys, &fd), 0);
    secret_file_done(&stored);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&b);
    secret_batch_hold(&batch, "vault", GATE_KIND_REWRAP, fd);
    check_batch(&batch, "secret-no-approval");
    key_free(key);
    secret_lab_stop(&a);
    secret_lab_stop(&b);
}

static void test_an_approval_of_another_kind_is_refused(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();

    secret_lab_seal(&lab, "db-password", ASKER, SECRET);
    kinds_seal(
        secret_lab_seal_request(&lab, "wrapped", kinds_gate_rewrap("vault", key, "fleet"), ASKER),
        SECRET);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_hold(&batch, "db", GATE_KIND_REWRAP, kinds_data_keys(&lab, key, "vault"));
    secret_batch_take_approval(&batch, secret_lab_approve(&lab, "vault", lab.release_key, -60));
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    (void)secret_batch_ask(&batch, "wrapped", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "secret-gate-kind-changed");
    secret_batch_check_refused(&batch, 1, "secret-gate-kind-changed");
    key_free(key);
    secret_lab_stop(&lab);
}

static void test_data_keys_that_cannot_be_read_are_missed_by_name(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();

    kinds_seal(request_for(&lab, kinds_gate_rewrap("vault", key, "fleet")), SECRET);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_hold(&batch, "vault", GATE_KIND_REWRAP,
                      memfd_sealed("short", view_of_string("short")));
    check_batch(&batch, "secret-approval-malformed");
    key_free(key);
    secret_lab_stop(&lab);
}

/* Sealed when a paravisor stood behind the vTPM; the verdict in force knows less. */
static void test_a_lower_vtpm_root_than_when_sealed_is_refused(void)
{
    static const char *const lower[] = { "host", "certificate", "moon" };
    SecretLab lab = secret_lab_start();
    json_t *gate = secret_lab_gate("db", lab.release_key, NULL);

    kinds_set(gate, "vtpm_root", json_string("paravisor"));
    json_t *request = request_for(&lab, gate);
    kinds_set(request, "accept_unchecked_vtpm", json_true());
    kinds_seal(request, SECRET);
    for (size_t i = 0; i <= ELEMENTSOF(lower); i++) {
        bool is_enough = i == ELEMENTSOF(lower);
        _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
        kinds_set(batch.request, "vtpm_root", json_string(is_enough ? "svsm" : lower[i]));
        secret_batch_take_approval(&batch, secret_lab_approve(&lab, "db", lab.release_key, -60));
        check_batch(&batch, is_enough ? NULL : "secret-vtpm-root-lower");
    }
    secret_lab_stop(&lab);
}

static void test_the_answer_says_what_follows_a_loss(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = request_for(&lab, secret_lab_gate("db", lab.release_key, NULL));

    kinds_set(request, "on_loss", json_string("poweroff"));
    kinds_seal(request, SECRET);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_take_approval(&batch, secret_lab_approve(&lab, "db", lab.release_key, -60));
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    (void)secret_batch_ask(&batch, "db-password", "unit:web.service");
    secret_batch_run(&batch);
    secret_batch_check_served(&batch, 0, SECRET);
    check_int(batch.answer.released[0].on_loss, ON_LOSS_POWEROFF);
    check_int(batch.answer.released[1].on_loss, ON_LOSS_KEEP);
    secret_lab_stop(&lab);
}

/* A memfd for the worker, and ours of the same memory. */
static int ask_memory(SecretBatch *batch, const char *asker, int fd)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    check(own >= 0);
    return secret_batch_ask_as(
        batch, json_pack("{ss ss ss}", "name", "db-password", "asker", asker, "as", "memfd"), fd,
        own);
}

static int new_memory(unsigned flags)
{
    int fd = memfd_create("secret", MFD_CLOEXEC | flags);

    check(fd >= 0);
    return fd;
}

/* What is said of the header is of the exact bytes in the file. */
static void check_authentic(const SecretLab *lab, const SecretBatch *batch, size_t index)
{
    SecretFile file = kinds_load(lab, "db-password");
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, VIEW(file.header_bytes), &digest), 0);
    check(view_equal(VIEW_OF_ARRAY(batch->answer.released[index].header_sha256),
                     digest_view(&digest)));
    secret_file_done(&file);
}

static void test_memory_is_filled_and_closed_to_everybody(void)
{
    SecretLab lab = secret_lab_start();
    char got[64] = { 0 };

    kinds_extend(&lab, 4, "kernel");
    json_t *request = request_for(&lab, kinds_gate_pcr("boot", 4, 9));
    kinds_set(request, "who", json_pack("[ss]", ASKER, USER));
    kinds_seal(request, SECRET);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    int fd = ask_memory(&batch, USER, new_memory(MFD_ALLOW_SEALING));
    int other = ask_memory(&batch, "user:1001", new_memory(MFD_ALLOW_SEALING));
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);

    check(batch.answer.released[0].ok);
    check_authentic(&lab, &batch, 0);
    check_int(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    /* From where the descriptor stands, as its next owner reads it. */
    check_int(read(fd, got, sizeof(got)), strlen(SECRET));
    check_str(got, SECRET);
    check(write(fd, "x", 1) < 0);
    check_str(batch.answer.released[1].finding, "secret-asker-refused");
    check_int(lseek(other, 0, SEEK_END), 0);
    secret_batch_check_served(&batch, 2, SECRET);
    secret_lab_stop(&lab);
}

/* What somebody else could still change, or has written to, gets nothing. */
static void test_memory_that_is_not_fresh_gets_nothing(void)
{
    SecretLab lab = secret_lab_start();

    kinds_extend(&lab, 4, "kernel");
    json_t *request = request_for(&lab, kinds_gate_pcr("boot", 4, 9));
    kinds_set(request, "who", json_pack("[s]", USER));
    kinds_seal(request, SECRET);
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    int written = new_memory(MFD_ALLOW_SEALING), sealed = new_memory(MFD_ALLOW_SEALING);
    check_int(write(written, "x", 1), 1);
    check_int(fcntl(sealed, F_ADD_SEALS, F_SEAL_GROW), 0);
    (void)ask_memory(&batch, USER, written);
    (void)ask_memory(&batch, USER, sealed);
    (void)ask_memory(&batch, USER, new_memory(0));
    (void)ask_memory(&batch, USER, open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
    secret_batch_run(&batch);
    for (size_t i = 0; i < batch.n_ends; i++) {
        check(!batch.answer.released[i].ok);
        check_str(batch.answer.released[i].finding, "secret-asker-gone");
        check(lseek(batch.ends[i], 0, SEEK_END) <= 1);
    }
    secret_lab_stop(&lab);
}

static const Test tests[] = {
    { "registers open without an approval until they move",
      test_registers_open_without_an_approval_until_they_move },
    { "a refusal that capped keeps live approvals out",
      test_a_refusal_that_capped_keeps_live_approvals_out },
    { "data keys open without a TPM", test_data_keys_open_without_a_tpm },
    { "a data key of another version opens nothing",
      test_a_data_key_of_another_version_opens_nothing },
    { "a wrong data key opens nothing", test_a_wrong_data_key_opens_nothing },
    { "a blob of another machine opens nothing", test_a_blob_of_another_machine_opens_nothing },
    { "an approval of another kind is refused", test_an_approval_of_another_kind_is_refused },
    { "data keys that cannot be read are missed by name",
      test_data_keys_that_cannot_be_read_are_missed_by_name },
    { "a lower vTPM root than when sealed is refused",
      test_a_lower_vtpm_root_than_when_sealed_is_refused },
    { "the answer says what follows a loss", test_the_answer_says_what_follows_a_loss },
    { "memory is filled and closed to everybody", test_memory_is_filled_and_closed_to_everybody },
    { "memory that is not fresh gets nothing", test_memory_that_is_not_fresh_gets_nothing },
};

TEST_MAIN(tests)
