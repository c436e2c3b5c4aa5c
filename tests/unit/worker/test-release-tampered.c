/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files as whoever may write to the store could leave them, and files of another machine: each
 * refused by its name without a byte, though an approval is held.
 */
#include "release-lab.h"

#include "base/encode.h"

#include <tss2/tss2_mu.h>

/* As root would: one member of the stored header set to VALUE. */
static void edit_header(const SecretLab *lab, const char *member, json_t *value)
{
    _cleanup_bytes_ Bytes file = read_secret_file(lab), header_bytes = { 0 };
    json_auto_t *outer = NULL, *header = NULL;

    check_int(json_parse(VIEW(file), SECRET_FILE_SIZE_MAX, &outer), JSON_OK);
    check_int(json_get_base64url(outer, "header", SECRET_HEADER_SIZE_MAX, &header_bytes), JSON_OK);
    check_int(json_parse(VIEW(header_bytes), SECRET_HEADER_SIZE_MAX, &header), JSON_OK);
    check(json_object_set_new(header, member, value) == 0);
    _cleanup_free_ char *text = json_text_sorted(header);
    check_int(json_set_base64url(outer, "header", view_of_string(text)), 0);
    _cleanup_free_ char *changed = json_text_sorted(outer);
    plant(lab, "db-password.secret", view_of_string(changed));
}

static json_t *name_of_key(const Key *key)
{
    TpmName name;

    check_int(gate_key_name(key, &name), GATE_OK);
    _cleanup_free_ char *text = base64url_encode(tpm_name_view(&name));
    return json_string(text);
}

/* Each member of the header, set to another value that is well-formed. */
static void test_an_edited_header_is_refused(void)
{
    const struct {
        const char *member;
        json_t *value;
        const char *finding;
    } cases[] = {
        { "who", json_pack("[s]", "unit:web.service"), "secret-tampered" },
        { "who", json_pack("[ss]", ASKER, "unit:web.service"), "secret-tampered" },
        { "version", json_integer(2), "secret-tampered" },
        { "id", json_string("AAAAAAAAAAAAAAAAAAAAAA"), "secret-tampered" },
        { "created_sec", json_integer(1), "secret-tampered" },
        { "vtpm_root_minimum", json_string("paravisor"), "secret-vtpm-root-lower" },
        { "vtpm_root_minimum", json_string("certificate"), "secret-vtpm-root-lower" },
        { "name", json_string("web-key"), "secret-name-mismatch" },
        { "gate", json_string("web"), "secret-no-approval" },
        { "gate_kind", json_string("moon"), "secret-gate-unknown" },
        { "gate_kind", json_string("pcr"), "secret-file-malformed" }, /* its members are others */
        { "ak_name", json_string("AAsiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIg"),
          "secret-key-changed" },
        { "release_key_name", json_string("AAsiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIg"),
          "secret-release-key-changed" },
        { "next_release_key_name", json_string("AAsiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIg"),
          "tpm-sealed-policy" },
        { "parent_name", json_string("AAsiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIg"),
          "tpm-storage-key-changed" },
    };
    SecretLab lab = lab_with_secret();
    _cleanup_bytes_ Bytes good = read_secret_file(&lab);

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        (void)printf("  %s\n", cases[i].member);
        edit_header(&lab, cases[i].member, cases[i].value);
        check_refusal(&lab, cases[i].finding);
        plant(&lab, "db-password.secret", VIEW(good));
    }
    check_served(&lab);
    secret_lab_stop(&lab);
}

/* The header names the release key that approves, as root would have it: the policy is another. */
static void test_another_policy_digest_is_refused(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&lab);
    Approval approval = secret_lab_approve(&lab, "db", lab.next_key, -60);

    edit_header(&lab, "release_key_name", name_of_key(lab.next_key));
    secret_batch_take_approval(&batch, approval);
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "tpm-sealed-policy");
    secret_lab_stop(&lab);
}

static void test_ciphertext_and_sealed_key_of_another_secret_are_refused(void)
{
    static const char *const parts[] = { "ciphertext", "sealed", "nonce", "header" };
    SecretLab lab = lab_with_secret();
    _cleanup_bytes_ Bytes good = read_secret_file(&lab);

    secret_lab_seal(&lab, "db-password", ASKER, "another secret");
    _cleanup_bytes_ Bytes newer = read_secret_file(&lab);
    for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
        json_auto_t *mixed = NULL, *old = NULL;
        check_int(json_parse(VIEW(newer), SECRET_FILE_SIZE_MAX, &mixed), JSON_OK);
        check_int(json_parse(VIEW(good), SECRET_FILE_SIZE_MAX, &old), JSON_OK);
        check(json_object_set(mixed, parts[i], json_object_get(old, parts[i])) == 0);
        _cleanup_free_ char *text = json_text(mixed);
        plant(&lab, "db-password.secret", view_of_string(text));
        /* The header of version 1 beside the contents of version 2 is old first of all. */
        check_refusal(&lab, i == 3 ? "secret-version-lower" : "secret-tampered");
    }
    secret_lab_stop(&lab);
}

static void test_a_sealed_key_that_was_altered_is_refused(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_bytes_ Bytes good = read_secret_file(&lab), private_area = { 0 };
    json_auto_t *file = NULL;

    check_int(json_parse(VIEW(good), SECRET_FILE_SIZE_MAX, &file), JSON_OK);
    json_t *sealed = json_object_get(file, "sealed");
    check_int(json_get_base64url(sealed, "private", SECRET_SEALED_PART_MAX, &private_area), 0);
    private_area.data[private_area.size - 1] ^= 1;
    check_int(json_set_base64url(sealed, "private", VIEW(private_area)), 0);
    _cleanup_free_ char *text = json_text(file);
    plant(&lab, "db-password.secret", view_of_string(text));
    check_refusal(&lab, "tpm-sealed-foreign");
    secret_lab_stop(&lab);
}

static void test_an_older_version_is_refused(void)
{
    SecretLab lab = lab_with_secret();
    _cleanup_bytes_ Bytes old = read_secret_file(&lab);

    secret_lab_seal(&lab, "db-password", ASKER, "changed since");
    plant(&lab, "db-password.secret", VIEW(old));
    check_refusal(&lab, "secret-version-lower");
    secret_lab_stop(&lab);
}

static void test_a_renamed_file_is_refused(void)
{
    SecretLab lab = secret_lab_start();

    secret_lab_seal(&lab, "other", ASKER, SECRET);
    LabPath from = path_of(&lab, "other.secret"), to = path_of(&lab, "db-password.secret");
    check_int(rename(from.text, to.text), 0);
    check_refusal(&lab, "secret-name-mismatch");
    secret_lab_stop(&lab);
}

static void test_files_that_are_none_are_refused(void)
{
    SecretLab lab = secret_lab_start();
    LabPath path = path_of(&lab, "db-password.secret");

    check_refusal(&lab, "secret-missing");
    plant(&lab, "db-password.secret", view_of_string("nonsense"));
    check_refusal(&lab, "secret-file-malformed");
    check_int(chmod(path.text, 0644), 0);
    check_refusal(&lab, "secret-file-unsafe");
    check_int(unlink(path.text), 0);
    check_int(mkdir(path.text, 0700), 0);
    check_refusal(&lab, "secret-file-unsafe");
    secret_lab_stop(&lab);
}

/* Another machine's file: its TPM has other seeds, so AK and storage key differ. */
static void test_another_machine_cannot_open_it(void)
{
    SecretLab lab = lab_with_secret(), other = secret_lab_start();
    _cleanup_bytes_ Bytes file = read_secret_file(&lab);

    plant(&other, "db-password.secret", VIEW(file));
    Key *own = other.release_key;
    other.release_key = lab.release_key;
    check_refusal(&other, "secret-key-changed");
    other.release_key = own;

    /* A ticket of the machine that may, taken along. */
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(&other);
    secret_batch_take_approval(&batch, secret_lab_approve(&lab, "db", lab.release_key, -60));
    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    secret_batch_check_refused(&batch, 0, "tpm-storage-key-changed");
    secret_lab_stop(&other);
    secret_lab_stop(&lab);
}

/* The same TPM; its vendor's template came, or went, after the secret was sealed. */
static void test_another_attestation_key_cannot_open_it(void)
{
    TPMT_PUBLIC template = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = 0x00050472, /* restricted signing, as tpm-attestation-key.c */
        .parameters.eccDetail = {
            .symmetric = { .algorithm = TPM2_ALG_NULL },
            .scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
            .curveID = TPM2_ECC_NIST_P256,
            .kdf = { .scheme = TPM2_ALG_NULL },
        },
        .unique.ecc = { .x = { .size = 32, .buffer = "vendor" }, .y = { .size = 32 } },
    };
    SecretLab lab = lab_with_secret();
    uint8_t buffer[sizeof(template)];
    size_t size = 0;

    check_int(Tss2_MU_TPMT_PUBLIC_Marshal(&template, buffer, sizeof(buffer), &size), 0);
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    swtpm_define_nv(tpm, 0x01c10003, (ByteView){ buffer, size });
    tpm_context_free(tpm);
    check_refusal(&lab, "secret-key-changed");
    /* Sealed anew it opens. */
    secret_lab_seal(&lab, "db-password", ASKER, SECRET);
    check_served(&lab);
    secret_lab_stop(&lab);
}

static const Test tests[] = {
    { "an edited header is refused", test_an_edited_header_is_refused },
    { "another policy digest is refused", test_another_policy_digest_is_refused },
    { "ciphertext and sealed key of another secret are refused",
      test_ciphertext_and_sealed_key_of_another_secret_are_refused },
    { "a sealed key that was altered is refused", test_a_sealed_key_that_was_altered_is_refused },
    { "an older version is refused", test_an_older_version_is_refused },
    { "a renamed file is refused", test_a_renamed_file_is_refused },
    { "files that are none are refused", test_files_that_are_none_are_refused },
    { "another machine cannot open it", test_another_machine_cannot_open_it },
    { "another attestation key cannot open it", test_another_attestation_key_cannot_open_it },
};

TEST_MAIN(tests)
