/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Older versions of a secret with a counter, put back: on a real swtpm, whatever was done to the
 * store while the next one was sealed, and wherever the power went.
 */
#include "kinds-asker.h"

static bool power_is_lost; /* before a counter counts */

int __real_tpm_counter_advance(TpmContext *tpm, const char *secret, uint32_t index, uint64_t value);
int __wrap_tpm_counter_advance(TpmContext *tpm, const char *secret, uint32_t index, uint64_t value);

int __wrap_tpm_counter_advance(TpmContext *tpm, const char *secret, uint32_t index, uint64_t value)
{
    return power_is_lost ? TPM_COUNTER_OK : __real_tpm_counter_advance(tpm, secret, index, value);
}

static bool says(const SecretBatch *batch, const char *text)
{
    const Findings *findings = &batch->answer.findings;

    for (size_t i = 0; i < findings->n_items; i++)
        if (strstr(findings->items[i].found, text))
            return true;
    return false;
}

static json_t *counted(const SecretLab *lab)
{
    json_t *request = request_for(lab, secret_lab_gate("db", lab->release_key, NULL));

    kinds_set(request, "rollback_counter", json_true());
    return request;
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

/* The whole directory, as it was: what remembers the version in it as well. */
static void test_an_old_directory_put_back_opens_no_more(void)
{
    SecretLab lab = secret_lab_start();

    kinds_seal(counted(&lab), SECRET);
    _cleanup_bytes_ Bytes file = read_stored(&lab, "db-password.secret");
    _cleanup_bytes_ Bytes version = read_stored(&lab, "db-password.version");
    check_approved(&lab, NULL);
    kinds_seal(counted(&lab), SECRET);
    check_approved(&lab, NULL);
    plant(&lab, "db-password.secret", VIEW(file));
    plant(&lab, "db-password.version", VIEW(version));
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    secret_batch_take_approval(&batch, secret_lab_approve(&lab, "db", lab.release_key, -60));
    check_batch(&batch, "secret-version-lower");
    check(says(&batch, "the TPM's counter is at "));
    secret_lab_stop(&lab);
}

static void hide(const SecretLab *lab, const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", lab->secrets, name);
    check_int(unlink(path), 0);
}

typedef void (*Disturb)(const SecretLab *lab);

/* A version of which DISTURB takes the file away before the next is sealed, put back after that. */
static void check_stays_old(Disturb disturb)
{
    SecretLab lab = secret_lab_start();

    kinds_seal(counted(&lab), SECRET);
    _cleanup_bytes_ Bytes file = read_stored(&lab, "db-password.secret");
    _cleanup_bytes_ Bytes version = read_stored(&lab, "db-password.version");
    check_approved(&lab, NULL);
    disturb(&lab);
    kinds_seal(counted(&lab), SECRET);
    check_approved(&lab, NULL);
    plant(&lab, "db-password.secret", VIEW(file));
    plant(&lab, "db-password.version", VIEW(version));
    check_approved(&lab, "secret-version-lower");
    secret_lab_stop(&lab);
}

static void hide_file(const SecretLab *lab)
{
    hide(lab, "db-password.secret");
}

static void test_a_file_hidden_while_the_next_is_sealed_is_old(void)
{
    check_stays_old(hide_file);
}

static void replace_file(const SecretLab *lab)
{
    _cleanup_bytes_ Bytes kept = read_stored(lab, "db-password.version");

    hide(lab, "db-password.secret");
    hide(lab, "db-password.version");
    /* Sealed by somebody else: another TPM's, without a counter. */
    SecretLab other = secret_lab_start();
    kinds_seal(request_for(&other, secret_lab_gate("db", other.release_key, NULL)), "planted");
    _cleanup_bytes_ Bytes planted = read_stored(&other, "db-password.secret");
    secret_lab_stop(&other);
    plant(lab, "db-password.secret", VIEW(planted));
    plant(lab, "db-password.version", VIEW(kept));
}

static void test_a_file_replaced_while_the_next_is_sealed_is_old(void)
{
    check_stays_old(replace_file);
}

static void remove_file(const SecretLab *lab)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;

    check_int(secret_store_open(lab->secrets, &store), SECRET_STORE_OK);
    check_int(secret_store_remove(store, "db-password"), SECRET_STORE_OK);
}

static void test_a_file_removed_before_the_next_is_sealed_is_old(void)
{
    check_stays_old(remove_file);
}

/* Of the name of the one, with the counter of the other. Frees OWN. */
static void plant_counter(const SecretLab *lab, SecretFile *own, const SecretCounter *counter)
{
    _cleanup_bytes_ Bytes header = { 0 }, json = { 0 };

    own->header.counter = *counter;
    check_int(secret_header_emit(&own->header, &header), 0);
    bytes_done(&own->header_bytes);
    own->header_bytes = TAKE_STRUCT(header);
    check_int(secret_file_emit(own, &json), 0);
    plant(lab, "db-password.secret", VIEW(json));
    secret_file_done(own);
}

static void name_the_counter_of_another(const SecretLab *lab)
{
    json_t *gate = secret_lab_gate("db", lab->release_key, NULL);
    json_t *request = secret_lab_seal_request(lab, "other", gate, ASKER);

    kinds_set(request, "rollback_counter", json_true());
    kinds_seal(request, SECRET);
    SecretFile other = kinds_load(lab, "other"), own = kinds_load(lab, "db-password");
    plant_counter(lab, &own, &other.header.counter);
    secret_file_done(&other);
}

static void test_a_file_that_names_the_counter_of_another_hides_nothing(void)
{
    check_stays_old(name_the_counter_of_another);
}

/* Nor does that one count, or go. */
static void test_the_counter_of_another_is_left_alone(void)
{
    SecretLab lab = secret_lab_start();
    uint64_t now = 0;

    kinds_seal(counted(&lab), SECRET);
    name_the_counter_of_another(&lab);
    SecretFile other = kinds_load(&lab, "other");
    const SecretCounter counter = other.header.counter;
    secret_file_done(&other);
    kinds_seal(counted(&lab), SECRET);
    SecretFile own = kinds_load(&lab, "db-password");
    check(own.header.counter.index != counter.index);
    plant_counter(&lab, &own, &counter);
    /* Sealed without one now, which takes its own away. */
    kinds_seal(request_for(&lab, secret_lab_gate("db", lab.release_key, NULL)), SECRET);
    check_int(kinds_count(&lab, "other", counter.index, &now), TPM_COUNTER_OK);
    check_int(now, counter.value);
    secret_lab_stop(&lab);
}

/* The file is there, and the counter one behind: it opens, and the counter is made good. */
static void test_a_count_that_was_cut_short_is_made_up_for(void)
{
    SecretLab lab = secret_lab_start();
    uint64_t now = 0;

    kinds_seal(counted(&lab), SECRET);
    _cleanup_bytes_ Bytes file = read_stored(&lab, "db-password.secret");
    _cleanup_bytes_ Bytes version = read_stored(&lab, "db-password.version");
    power_is_lost = true;
    kinds_seal(counted(&lab), SECRET);
    power_is_lost = false;
    SecretFile stored = kinds_load(&lab, "db-password");
    uint32_t index = stored.header.counter.index;
    uint64_t value = stored.header.counter.value;
    secret_file_done(&stored);
    check_int(kinds_count(&lab, "db-password", index, &now), TPM_COUNTER_OK);
    check_int(now, value - 1);

    check_approved(&lab, NULL);
    check_int(kinds_count(&lab, "db-password", index, &now), TPM_COUNTER_OK);
    check_int(now, value);
    check_approved(&lab, NULL);
    check_int(kinds_count(&lab, "db-password", index, &now), TPM_COUNTER_OK);
    check_int(now, value);
    plant(&lab, "db-password.secret", VIEW(file));
    plant(&lab, "db-password.version", VIEW(version));
    check_approved(&lab, "secret-version-lower");
    secret_lab_stop(&lab);
}

/* It was never counted, and is old all the same once the next one is. */
static void test_a_version_that_was_cut_short_grows_old_as_well(void)
{
    SecretLab lab = secret_lab_start();

    kinds_seal(counted(&lab), SECRET);
    power_is_lost = true;
    kinds_seal(counted(&lab), SECRET);
    power_is_lost = false;
    _cleanup_bytes_ Bytes file = read_stored(&lab, "db-password.secret");
    _cleanup_bytes_ Bytes version = read_stored(&lab, "db-password.version");
    kinds_seal(counted(&lab), SECRET);
    check_approved(&lab, NULL);
    plant(&lab, "db-password.secret", VIEW(file));
    plant(&lab, "db-password.version", VIEW(version));
    check_approved(&lab, "secret-version-lower");
    secret_lab_stop(&lab);
}

static const Test tests[] = {
    { "an old directory put back opens no more", test_an_old_directory_put_back_opens_no_more },
    { "a file hidden while the next is sealed is old",
      test_a_file_hidden_while_the_next_is_sealed_is_old },
    { "a file replaced while the next is sealed is old",
      test_a_file_replaced_while_the_next_is_sealed_is_old },
    { "a file removed before the next is sealed is old",
      test_a_file_removed_before_the_next_is_sealed_is_old },
    { "a file that names the counter of another hides nothing",
      test_a_file_that_names_the_counter_of_another_hides_nothing },
    { "the counter of another is left alone", test_the_counter_of_another_is_left_alone },
    { "a count that was cut short is made up for", test_a_count_that_was_cut_short_is_made_up_for },
    { "a version that was cut short grows old as well",
      test_a_version_that_was_cut_short_grows_old_as_well },
};

TEST_MAIN(tests)
