/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vTPM's part of the evidence, from a real swtpm, and the finding for each of its refusals.
 */
#include "crypto/credential.h"
#include "evidence/binding.h"
#include "evidence/source-tpm.h"
#include "format/tpm-attest.h"
#include "format/tpm-public.h"
#include "unit/tpm/swtpm.h"

#include <sys/file.h>

static const char claims[] = "{\"some\":\"claims\"}";

static VtpmSettings settings_of(const Swtpm *swtpm)
{
    return (VtpmSettings){
        .tcti = swtpm->tcti,
        .lock_directory = swtpm->directory,
        .attestation_key = "auto",
        .pcr_bank = "sha256",
        .pcr_mask = 0x00fbff,
    };
}

static Vtpm *open_vtpm(const VtpmSettings *settings)
{
    _cleanup_findings_ Findings findings = { 0 };
    Vtpm *vtpm = NULL;

    check_int(vtpm_open(settings, &findings, &vtpm), VTPM_OK);
    check_int(findings.n_items, 0);
    return vtpm;
}

static int quote(Vtpm *vtpm, Findings *findings, EvidenceVtpm *ret)
{
    uint8_t data[BINDING_QUALIFYING_DATA_SIZE];

    check_int(binding_qualifying_data(view_of_string(claims), data), 0);
    return vtpm_quote(vtpm, VIEW_OF_ARRAY(data), findings, ret);
}

static void a_quote_fills_the_member_of_the_evidence(void)
{
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_evidence_ Evidence evidence = { 0 }, again = { 0 };
    _cleanup_bytes_ Bytes json = { 0 };
    TpmAttest attest;

    Vtpm *vtpm = open_vtpm(&settings);
    check_int(quote(vtpm, &findings, &evidence.vtpm), VTPM_OK);
    check(view_equal(VIEW(evidence.vtpm.ak_public), vtpm_ak_public(vtpm)));
    check_int(evidence.vtpm.ek_public.size, 0);
    vtpm_free(vtpm);
    swtpm_check_slots_free(&swtpm);

    check_int(tpm_attest_parse(VIEW(evidence.vtpm.attest), &attest), TPM_ATTEST_OK);
    check_int(attest.selections[0].pcrs, 0x00fbff);
    check_int(bytes_copy(view_of_string(claims), &evidence.claims), 0);
    check_int(evidence_emit(&evidence, &json), 0);
    check_int(evidence_parse(VIEW(json), NULL, &again), EVIDENCE_OK);
    check(view_equal(VIEW(again.vtpm.signature), VIEW(evidence.vtpm.signature)));
    swtpm_stop(&swtpm);
}

static void a_second_transaction_has_the_same_key(void)
{
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);
    _cleanup_bytes_ Bytes name = { 0 };

    Vtpm *vtpm = open_vtpm(&settings);
    check_int(bytes_copy(vtpm_ak_name(vtpm), &name), 0);
    check_int(vtpm_ak_certificate(vtpm).size, 0);
    vtpm_free(vtpm);
    vtpm = open_vtpm(&settings);
    check(view_equal(VIEW(name), vtpm_ak_name(vtpm)));
    vtpm_free(vtpm);
    swtpm_stop(&swtpm);
}

static void a_credential_is_activated_between_the_two(void)
{
    static const uint8_t secret[16] = "sixteen bytes ..";
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes blob = { 0 }, sealed = { 0 };
    _cleanup_wiped_bytes_ Bytes found = { 0 };
    _cleanup_evidence_ Evidence evidence = { 0 };
    _cleanup_(key_freep) Key *key = NULL;
    TpmPublic ek;

    Vtpm *vtpm = open_vtpm(&settings);
    check_int(vtpm_ek_public(vtpm).size, 0);
    check_int(vtpm_load_endorsement(vtpm, &findings), VTPM_OK);
    check_int(tpm_public_parse(vtpm_ek_public(vtpm), &ek), TPM_PUBLIC_OK);
    check_int(key_from_ec(KEY_P256, ek.x, ek.y, &key), KEY_OK);
    const CredentialEk input = { key, DIGEST_SHA256, 128 };
    check_int(credential_make(&input, vtpm_ak_name(vtpm), VIEW_OF_ARRAY(secret), &blob, &sealed),
              CREDENTIAL_OK);
    vtpm_free(vtpm);

    vtpm = open_vtpm(&settings);
    check_int(vtpm_activate(vtpm, VIEW(blob), VIEW(sealed), &findings, &found), VTPM_OK);
    check(view_equal(VIEW(found), VIEW_OF_ARRAY(secret)));
    check_int(quote(vtpm, &findings, &evidence.vtpm), VTPM_OK);
    check(view_equal(VIEW(evidence.vtpm.ek_public), vtpm_ek_public(vtpm)));
    check_int(findings.n_items, 0);

    sealed.data[sealed.size - 1] ^= 1;
    check_int(vtpm_activate(vtpm, VIEW(blob), VIEW(sealed), &findings, &found), VTPM_E_FAILED);
    check_str(findings_first_failure(&findings)->name, "tpm-credential-refused");
    vtpm_free(vtpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void bytes_that_are_no_credential_are_named(void)
{
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);
    _cleanup_findings_ Findings findings = { 0 };
    Bytes found = { 0 };

    Vtpm *vtpm = open_vtpm(&settings);
    check_int(vtpm_activate(vtpm, view_of_string("x"), view_of_string("y"), &findings, &found),
              VTPM_E_FAILED);
    check_str(findings_first_failure(&findings)->name, "tpm-credential-malformed");
    vtpm_free(vtpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void check_not_opened(const VtpmSettings *settings, const char *name)
{
    _cleanup_findings_ Findings findings = { 0 };
    Vtpm *vtpm = NULL;

    check_int(vtpm_open(settings, &findings, &vtpm), VTPM_E_FAILED);
    check(vtpm == NULL);
    check_int(findings.n_items, 1);
    check_str(findings.items[0].name, name);
    check_str(findings.items[0].subject, "vtpm");
    check(findings.items[0].found[0] != 0);
    check(findings.items[0].remedy[0] != 0);
}

static void a_tpm_out_of_reach_is_named(void)
{
    char locks[] = "/tmp/locks-XXXXXX", lock[64];
    VtpmSettings settings = { .tcti = "device:/nonexistent/tpm",
                              .lock_directory = locks,
                              .attestation_key = "auto",
                              .pcr_bank = "sha256",
                              .pcr_mask = 0xff };

    check(mkdtemp(locks) != NULL);
    (void)snprintf(lock, sizeof(lock), "%s/tpm.lock", locks);
    check_not_opened(&settings, "tpm-device-missing");
    settings.tcti = "swtpm:path=/nonexistent/s";
    check_not_opened(&settings, "tpm-unreachable");
    settings.tcti = "cmd:true";
    check_not_opened(&settings, "tpm-tcti-refused");
    settings.tcti = "swtpm:path=/nonexistent/s";
    settings.lock_directory = "/nonexistent";
    check_not_opened(&settings, "tpm-lock-failed");
    check_int(unlink(lock), 0);
    check_int(rmdir(locks), 0);
}

static void a_key_that_will_not_do_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);

    settings.attestation_key = "0x81000042";
    check_not_opened(&settings, "tpm-ak-missing");
    settings.attestation_key = "0x1";
    check_not_opened(&settings, "tpm-ak-choice-invalid");
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void check_not_quoted(const VtpmSettings *settings, const char *name)
{
    _cleanup_findings_ Findings findings = { 0 };
    EvidenceVtpm evidence = { 0 };
    Vtpm *vtpm = open_vtpm(settings);

    check_int(quote(vtpm, &findings, &evidence), VTPM_E_FAILED);
    check(evidence.attest.data == NULL);
    check_str(findings_first_failure(&findings)->name, name);
    vtpm_free(vtpm);
}

static void a_bank_or_selection_that_cannot_be_quoted_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);

    settings.pcr_bank = "sha3-256";
    check_not_quoted(&settings, "tpm-bank-unknown");
    settings.pcr_bank = "md5";
    check_not_quoted(&settings, "tpm-bank-unknown");
    settings.pcr_bank = "sha256";
    settings.pcr_mask = 0;
    check_not_quoted(&settings, "tpm-pcr-selection-invalid");
    settings.pcr_mask = 1u << 25;
    check_not_quoted(&settings, "tpm-pcr-selection-invalid");
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void a_tpm_that_goes_away_is_named_with_its_command(void)
{
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);
    _cleanup_findings_ Findings findings = { 0 };
    EvidenceVtpm evidence = { 0 };

    Vtpm *vtpm = open_vtpm(&settings);
    swtpm_end(&swtpm);
    check_int(quote(vtpm, &findings, &evidence), VTPM_E_FAILED);
    check_str(findings_first_failure(&findings)->name, "tpm-unreachable");
    check(strstr(findings_first_failure(&findings)->found, "TPM2_"));
    vtpm_free(vtpm);
    swtpm_stop(&swtpm);
}

static void the_lock_is_held_from_open_to_free(void)
{
    Swtpm swtpm = swtpm_start();
    VtpmSettings settings = settings_of(&swtpm);
    char path[64];

    Vtpm *vtpm = open_vtpm(&settings);
    (void)snprintf(path, sizeof(path), "%s/tpm.lock", swtpm.directory);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    check(fd >= 0);
    check_int(flock(fd, LOCK_EX | LOCK_NB), -1);
    vtpm_free(vtpm);
    check_int(flock(fd, LOCK_EX | LOCK_NB), 0);
    (void)close(fd);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "a quote fills the member of the evidence", a_quote_fills_the_member_of_the_evidence },
    { "a second transaction has the same key", a_second_transaction_has_the_same_key },
    { "a credential is activated in a later transaction",
      a_credential_is_activated_between_the_two },
    { "bytes that are no credential are named", bytes_that_are_no_credential_are_named },
    { "a TPM out of reach is named", a_tpm_out_of_reach_is_named },
    { "a key that will not do is named", a_key_that_will_not_do_is_named },
    { "a bank or selection that cannot be quoted is named",
      a_bank_or_selection_that_cannot_be_quoted_is_named },
    { "a TPM that goes away is named with its command",
      a_tpm_that_goes_away_is_named_with_its_command },
    { "the lock is held from open to free", the_lock_is_held_from_open_to_free },
};

TEST_MAIN(tests)
