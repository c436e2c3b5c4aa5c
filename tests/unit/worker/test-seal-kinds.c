/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sealed to gates of each kind, on a real swtpm: registers, counters, wrapped and recovery
 * keys; and what would be no lock.
 */
#include "kinds-lab.h"

#include "base/encode.h"
#include "secret/recovery.h"
#include "secret/secret-cipher.h"

#include <sys/resource.h>

#define ASKER  "unit:db.service"
#define SECRET "correct horse battery staple"

static json_t *request_for(const SecretLab *lab, json_t *gate)
{
    return secret_lab_seal_request(lab, "db-password", gate, ASKER);
}

/* Takes REQUEST. */
static void check_refused(json_t *request, const char *finding)
{
    _cleanup_worker_answer_ WorkerAnswer answer =
        secret_lab_run_seal(request, view_of_string(SECRET));

    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, finding);
}

static void test_registers_are_taken_as_they_are(void)
{
    SecretLab lab = secret_lab_start();

    kinds_extend(&lab, 4, "kernel");
    kinds_seal(request_for(&lab, kinds_gate_pcr("boot", 4, 9)), SECRET);
    SecretFile file = kinds_load(&lab, "db-password");
    EvidencePcrs now = kinds_pcrs(&lab);
    check_int(file.header.gate_kind, GATE_KIND_PCR);
    check_int(file.header.pcrs.mask, 1 << 4 | 1 << 9);
    check(view_equal(VIEW_OF_ARRAY(file.header.pcrs.values[4]), evidence_pcr(&now, 4)));
    check(view_equal(VIEW_OF_ARRAY(file.header.pcrs.values[9]), evidence_pcr(&now, 9)));
    check(!file.header.has_counter && !file.header.recovery);
    secret_file_done(&file);
    secret_lab_stop(&lab);
}

static void test_registers_to_come_are_taken_as_given(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = request_for(&lab, kinds_gate_pcr("boot", 4, 9));
    char value[65] = { 0 };

    memset(value, 'c', 64);
    kinds_set(request, "pcr_values", json_pack("{ss}", "9", value));
    kinds_extend(&lab, 4, "kernel");
    kinds_seal(request, SECRET);
    SecretFile file = kinds_load(&lab, "db-password");
    EvidencePcrs now = kinds_pcrs(&lab);
    check(view_equal(VIEW_OF_ARRAY(file.header.pcrs.values[4]), evidence_pcr(&now, 4)));
    check_int(file.header.pcrs.values[9][31], 0xcc);
    secret_file_done(&file);
    secret_lab_stop(&lab);
}

/* Nothing measures into them: every boot would have them alike. */
static void test_registers_that_are_all_zero_are_no_lock(void)
{
    SecretLab lab = secret_lab_start();

    check_refused(request_for(&lab, kinds_gate_pcr("boot", 4, 9)), "secret-pcrs-unmeasured");
    secret_lab_stop(&lab);
}

/* Firmware measures into all of 0 to 7. What the system extends later does not make up for it. */
static void test_a_bank_that_firmware_left_alone_is_no_lock(void)
{
    SecretLab lab = secret_lab_start();
    char zeros[65] = { 0 };

    kinds_extend(&lab, 11, "enter-initrd");
    check_refused(request_for(&lab, kinds_gate_pcr("boot", 4, 11)), "secret-pcrs-unmeasured");
    memset(zeros, '0', 64);
    kinds_extend(&lab, 4, "kernel");
    json_t *request = request_for(&lab, kinds_gate_pcr("boot", 4, 11));
    kinds_set(request, "pcr_values", json_pack("{ss}", "4", zeros));
    check_refused(request, "secret-pcrs-unmeasured");
    kinds_seal(request_for(&lab, kinds_gate_pcr("boot", 4, 11)), SECRET);
    secret_lab_stop(&lab);
}

static void test_a_cap_is_sealed_as_it_is_before_a_refusal(void)
{
    SecretLab lab = secret_lab_start();

    kinds_seal(request_for(&lab, kinds_gate_capped(&lab, "db", 13)), SECRET);
    SecretFile file = kinds_load(&lab, "db-password");
    check_int(file.header.gate_kind, GATE_KIND_VERIFIER);
    check_int(file.header.pcrs.mask, 1 << 13);
    check_int(file.header.pcrs.values[13][0], 0);
    secret_file_done(&file);

    TpmContext *tpm = swtpm_open(&lab.swtpm);
    for (int i = 0; i < 3; i++) {
        check_int(tpm_pcr_extend(tpm, 13, tpm_pcr_cap_event()), TPM_PCR_OK);
        check_refused(request_for(&lab, kinds_gate_capped(&lab, "db", 13)), "secret-capped");
    }
    tpm_context_free(tpm);
    secret_lab_stop(&lab);
}

static json_t *counted(const SecretLab *lab)
{
    json_t *request = request_for(lab, secret_lab_gate("db", lab->release_key, NULL));

    kinds_set(request, "rollback_counter", json_true());
    return request;
}

static void test_each_version_counts_one_further(void)
{
    SecretLab lab = secret_lab_start();
    uint64_t first = 0, now = 0;
    uint32_t index = 0;

    for (uint64_t version = 1; version <= 3; version++) {
        kinds_seal(counted(&lab), SECRET);
        SecretFile file = kinds_load(&lab, "db-password");
        const SecretCounter *counter = &file.header.counter;
        check(file.header.has_counter);
        if (version == 1) {
            first = counter->value;
            index = counter->index;
        }
        check_int(counter->index, index);
        check_int(counter->value, first + version - 1);
        check_int(kinds_count(&lab, "db-password", index, &now), TPM_COUNTER_OK);
        check_int(now, counter->value);
        secret_file_done(&file);
    }
    secret_lab_stop(&lab);
}

static void test_a_version_without_a_counter_takes_the_old_one_away(void)
{
    SecretLab lab = secret_lab_start();
    uint64_t unused;

    kinds_seal(counted(&lab), SECRET);
    SecretFile file = kinds_load(&lab, "db-password");
    uint32_t index = file.header.counter.index;
    secret_file_done(&file);
    kinds_seal(request_for(&lab, secret_lab_gate("db", lab.release_key, NULL)), SECRET);
    check_int(kinds_count(&lab, "db-password", index, &unused), TPM_COUNTER_E_ABSENT);
    secret_lab_stop(&lab);
}

static void test_a_counter_that_is_gone_is_made_anew(void)
{
    SecretLab lab = secret_lab_start();

    kinds_seal(counted(&lab), SECRET);
    SecretFile before = kinds_load(&lab, "db-password");
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    check_int(tpm_counter_remove(tpm, "db-password", 0), TPM_COUNTER_OK);
    tpm_context_free(tpm);
    kinds_seal(counted(&lab), SECRET);
    SecretFile after = kinds_load(&lab, "db-password");
    check(after.header.has_counter);
    check(after.header.counter.value > before.header.counter.value);
    secret_file_done(&before);
    secret_file_done(&after);
    secret_lab_stop(&lab);
}

/* A disk that takes no more, after the counter was made: the TPM is as it was. */
static void test_a_seal_that_fails_leaves_no_counter(void)
{
    SecretLab lab = secret_lab_start();
    _cleanup_bytes_ Bytes secret = { 0 };
    struct rlimit before;
    uint64_t unused;

    check_int(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    check_int(bytes_new(4000, &secret), 0);
    json_t *request = counted(&lab);
    check_int(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4096, before.rlim_max }), 0);
    _cleanup_worker_answer_ WorkerAnswer answer = secret_lab_run_seal(request, VIEW(secret));
    check_int(setrlimit(RLIMIT_FSIZE, &before), 0);
    check_str(answer.error, "secret-store-failed");
    check_int(kinds_count(&lab, "db-password", TPM_COUNTER_FIRST, &unused), TPM_COUNTER_E_ABSENT);
    secret_lab_stop(&lab);
}

/* BIND of the blob that was stored; a new reference. */
static json_t *bind_of(const SecretHeader *header)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    _cleanup_bytes_ Bytes id = { 0 };

    check_int(jwe_parse(header->wrapped, &parts), JWE_OK);
    check_str(json_string_value(json_object_get(parts.header, "kid")), "rewrap-1");
    check_str(json_string_value(json_object_get(parts.header, "typ")), "attestd-rewrap+jwe");
    check_str(json_string_value(json_object_get(parts.header, "gate")), "vault");
    check_str(json_string_value(json_object_get(parts.header, "name")), "db-password");
    check_int(json_integer_value(json_object_get(parts.header, "version")), 1);
    check_int(json_get_base64url(parts.header, "id", SECRET_ID_SIZE, &id), JSON_OK);
    check(view_equal(VIEW(id), VIEW_OF_ARRAY(header->id)));
    return json_incref(json_object_get(parts.header, "bind"));
}

static void check_opens(SecretFile *file, const Secret *data_key)
{
    _cleanup_opened_secret_ OpenedSecret opened = { 0 };

    check_int(secret_decrypt(file, data_key, &opened), SECRET_CIPHER_OK);
    check(view_equal(VIEW(opened.bytes), view_of_string(SECRET)));
}

static void test_a_wrapped_key_is_bound_to_the_attestation_key(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();
    TpmKey *ak = NULL;
    _cleanup_bytes_ Bytes name = { 0 };

    kinds_seal(request_for(&lab, kinds_gate_rewrap("vault", key, "ak-name")), SECRET);
    SecretFile file = kinds_load(&lab, "db-password");
    check_int(file.header.gate_kind, GATE_KIND_REWRAP);
    check_int(file.sealed_public.size, 0);
    json_auto_t *bind = bind_of(&file.header);
    check_int(json_object_size(bind), 1);
    check_int(json_get_base64url(bind, "ak-name", TPM_NAME_SIZE, &name), JSON_OK);
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    check_int(tpm_attestation_key_find(tpm, "auto", &ak), TPM_ATTESTATION_KEY_OK);
    check(view_equal(VIEW(name), VIEW(ak->name)));
    tpm_key_free(ak);
    tpm_context_free(tpm);

    Secret *data_key = kinds_unwrap(key, file.header.wrapped);
    check_opens(&file, data_key);
    secret_free(data_key);
    secret_file_done(&file);
    key_free(key);
    secret_lab_stop(&lab);
}

/* That name is as good as the TPM that says it. */
static void test_who_binds_to_an_attestation_key_says_what_stands_behind_it(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();
    json_t *request = request_for(&lab, kinds_gate_rewrap("vault", key, "ak-name"));

    kinds_set(request, "accept_host_tpm", json_false());
    check_refused(request, "secret-host-tpm");
    key_free(key);
    secret_lab_stop(&lab);
}

/* Neither a TPM nor a word on one is needed where nothing goes into it. */
static void test_what_is_not_the_tpms_is_sealed_without_it(void)
{
    static const uint8_t chip[64] = { 7 };
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();

    for (int i = 0; i < 2; i++) {
        bool is_fleet = i == 1;
        json_t *request =
            request_for(&lab, kinds_gate_rewrap("vault", key, is_fleet ? "fleet" : "chip-id"));
        kinds_set(request, "name", json_string(is_fleet ? "fleet-key" : "chip-key"));
        kinds_set(request, "accept_host_tpm", json_false());
        check(json_object_set_new(json_object_get(request, "evidence"), "tcti",
                                  json_string("none")) == 0);
        json_auto_t *values = json_object();
        check_int(json_set_base64url(values, "chip-id", VIEW_OF_ARRAY(chip)), 0);
        if (!is_fleet)
            kinds_set(request, "bind", json_incref(values));
        kinds_seal(request, SECRET);
        SecretFile file = kinds_load(&lab, is_fleet ? "fleet-key" : "chip-key");
        _cleanup_jwe_parts_ JweParts parts = { 0 };
        check_int(jwe_parse(file.header.wrapped, &parts), JWE_OK);
        const json_t *bind = json_object_get(parts.header, "bind");
        if (is_fleet)
            check_str(json_string_value(bind), "fleet");
        else
            check(json_equal(bind, values));
        secret_file_done(&file);
    }
    key_free(key);
    secret_lab_stop(&lab);
}

/* Offline: neither the vault nor a TPM is asked. */
static void test_a_key_for_a_vault_is_wrapped_to_its_public_half(void)
{
    static const KeyType types[] = { KEY_P256, KEY_P384 };
    SecretLab lab = secret_lab_start();

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        Key *key = NULL;
        check_int(key_generate(types[i], &key), KEY_OK);
        json_t *request = request_for(&lab, kinds_gate_key_release("cloud", secret_lab_jwk(key)));
        kinds_set(request, "accept_host_tpm", json_false());
        check(json_object_set_new(json_object_get(request, "evidence"), "tcti",
                                  json_string("none")) == 0);
        kinds_seal(request, SECRET);
        SecretFile file = kinds_load(&lab, "db-password");
        check_int(file.header.gate_kind, GATE_KIND_KEY_RELEASE);
        check_int(file.sealed_public.size, 0);
        check_str(file.header.vtpm_root_minimum, "host");
        Secret *data_key = kinds_unwrap(key, file.header.wrapped);
        check_opens(&file, data_key);
        secret_free(data_key);
        secret_file_done(&file);
        key_free(key);
    }
    secret_lab_stop(&lab);
}

static void test_nothing_is_counted_for_a_vault(void)
{
    SecretLab lab = secret_lab_start();
    Key *key = secret_lab_key();
    json_t *request = request_for(&lab, kinds_gate_key_release("cloud", secret_lab_jwk(key)));

    kinds_set(request, "rollback_counter", json_true());
    check_refused(request, "worker-request-malformed");
    key_free(key);
    secret_lab_stop(&lab);
}

static json_t *gate_of_kind(const SecretLab *lab, GateKind kind, const Key *key)
{
    switch (kind) {
    case GATE_KIND_VERIFIER:
        return secret_lab_gate("db", lab->release_key, NULL);
    case GATE_KIND_REWRAP:
        return kinds_gate_rewrap("vault", key, "fleet");
    case GATE_KIND_KEY_RELEASE:
        return kinds_gate_key_release("cloud", secret_lab_jwk(key));
    case GATE_KIND_PCR:
    case N_GATE_KINDS:
        break;
    }
    return kinds_gate_pcr("boot", 4, 9);
}

static void test_a_recovery_key_opens_what_is_sealed(void)
{
    SecretLab lab = secret_lab_start();
    Key *recovery = NULL, *wrapping = secret_lab_key();

    check_int(key_generate(KEY_P384, &recovery), KEY_OK);
    for (int kind = 0; kind < N_GATE_KINDS; kind++) {
        json_t *gate = gate_of_kind(&lab, (GateKind)kind, wrapping);
        kinds_set(gate, "recovery_key", secret_lab_jwk(recovery));
        kinds_extend(&lab, 4, "kernel");
        kinds_seal(request_for(&lab, gate), SECRET);
        SecretFile file = kinds_load(&lab, "db-password");
        Secret *data_key = NULL;
        check_int(file.header.gate_kind, kind);
        check_int(recovery_open(recovery, &file, &data_key), RECOVERY_OK);
        check_opens(&file, data_key);
        secret_free(data_key);
        secret_file_done(&file);
    }
    key_free(wrapping);
    key_free(recovery);
    secret_lab_stop(&lab);
}

static void test_what_is_to_follow_is_in_the_header(void)
{
    SecretLab lab = secret_lab_start();
    json_t *request = request_for(&lab, secret_lab_gate("db", lab.release_key, NULL));

    kinds_set(request, "on_loss", json_string("stop-units"));
    kinds_set(request, "on_change", json_string("restart"));
    kinds_seal(request, SECRET);
    SecretFile file = kinds_load(&lab, "db-password");
    check_int(file.header.on_loss, ON_LOSS_STOP_UNITS);
    check_int(file.header.on_change, ON_CHANGE_RESTART);
    secret_file_done(&file);
    secret_lab_stop(&lab);
}

static const Test tests[] = {
    { "registers are taken as they are", test_registers_are_taken_as_they_are },
    { "registers to come are taken as given", test_registers_to_come_are_taken_as_given },
    { "registers that are all zero are no lock", test_registers_that_are_all_zero_are_no_lock },
    { "a bank that firmware left alone is no lock",
      test_a_bank_that_firmware_left_alone_is_no_lock },
    { "a cap is sealed as it is before a refusal", test_a_cap_is_sealed_as_it_is_before_a_refusal },
    { "each version counts one further", test_each_version_counts_one_further },
    { "a version without a counter takes the old one away",
      test_a_version_without_a_counter_takes_the_old_one_away },
    { "a counter that is gone is made anew", test_a_counter_that_is_gone_is_made_anew },
    { "a seal that fails leaves no counter", test_a_seal_that_fails_leaves_no_counter },
    { "a wrapped key is bound to the attestation key",
      test_a_wrapped_key_is_bound_to_the_attestation_key },
    { "who binds to an attestation key says what stands behind it",
      test_who_binds_to_an_attestation_key_says_what_stands_behind_it },
    { "what is not the TPM's is sealed without it",
      test_what_is_not_the_tpms_is_sealed_without_it },
    { "a key for a vault is wrapped to its public half",
      test_a_key_for_a_vault_is_wrapped_to_its_public_half },
    { "nothing is counted for a vault", test_nothing_is_counted_for_a_vault },
    { "a recovery key opens what is sealed", test_a_recovery_key_opens_what_is_sealed },
    { "what is to follow is in the header", test_what_is_to_follow_is_in_the_header },
};

TEST_MAIN(tests)
