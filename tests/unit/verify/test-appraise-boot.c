/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wishes on the boot as a whole: who signed it, which sections it had, whose key quotes.
 */
#include "verify/boot-signers.h"

#include "format/event-type.h"
#include "format/uefi-variable.h"

#include "shown.h"
#include "vtpm-bench.h"

#include <stdio.h>

#define LAB_AUTHORITY "the certificate that verified shim"

static void sha256_hex(ByteView data, char out[static 65])
{
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, data, &digest), 0);
    for (size_t i = 0; i < digest.size; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest.data[i]);
}

static void check_signers(const LabLog *log, const char *list, const char *finding)
{
    char members[512];

    (void)snprintf(members, sizeof(members), "'secure_boot_signers':[%s]", list);
    check_tpm(log, members, finding);
}

static void test_only_signers_that_are_listed_may_have_authorised_the_boot(void)
{
    _cleanup_(lab_log_done) LabLog log, off, two;
    char known[65], second[65], list[256];

    sha256_hex(view_of_string(LAB_AUTHORITY), known);
    sha256_hex(view_of_string("another"), second);
    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    (void)snprintf(list, sizeof(list), "'%s'", known);
    check_signers(&log, list, NULL);
    lab_log_begin(&off, DIGEST_SHA256);
    lab_log_boot(&off, &(LabBoot){ .secure_boot_off = true });
    check_signers(&off, list, "secure-boot-off");

    lab_log_begin(&two, DIGEST_SHA256);
    lab_log_boot(&two, NULL);
    lab_log_variable(&two, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_shim_lock, "MokListRT",
                     view_of_string("another"));
    check_signers(&two, list, "secure-boot-signer-unknown");
    (void)snprintf(list, sizeof(list), "'%s','%s'", second, known);
    check_signers(&two, list, NULL);
    (void)snprintf(list, sizeof(list), "'%s'", second);
    check_signers(&log, list, "secure-boot-signer-unknown");
    check_signers(&log, "", "secure-boot-signer-unknown");
}

static void test_signers_need_a_log(void)
{
    _cleanup_(policy_freep) Policy *policy = tpm_policy("'secure_boot_signers':[]");
    LabOrder silent = endorsed();

    silent.no_log = true;
    check_verdict(&silent, policy, "eventlog-absent");
}

/* DATA as firmware and shim measure it, and the one signer that it shows. */
static BootSigner read_one(const char *name, ByteView data)
{
    _cleanup_(lab_log_done) LabLog log;
    BootSigners signers;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    lab_log_variable(&log, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_shim_lock, name, data);
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(boot_signers_read(&shown.facts, &signers), 0);
    check_int(signers.n_items, 2); /* the lab's first */
    BootSigner signer = signers.items[1];
    signer.certificate.data = NULL; /* of the log, which ends here */
    boot_signers_done(&signers);
    return signer;
}

static void test_a_signer_is_named_by_what_it_is(void)
{
    static const char owner[] = "0123456789abcdef";
    uint8_t der[300] = { 0x30, 0x82, 0x01, 0x28 }, hash[32] = { 0xab };
    _cleanup_bytes_ Bytes owned = { 0 }, hashed = { 0 };
    char hex[65], found[65];

    sha256_hex(VIEW_OF_ARRAY(der), hex);
    lab_put(&owned, owner, 16);
    lab_put(&owned, der, sizeof(der));
    lab_put(&hashed, owner, 16);
    lab_put(&hashed, hash, sizeof(hash));
    const BootSigner bare = read_one("Shim", VIEW_OF_ARRAY(der));
    const BootSigner listed = read_one("db", VIEW(owned));
    const BootSigner image = read_one("MokListRT", VIEW(hashed));

    check_int(bare.certificate.size, sizeof(der));
    check_int(listed.certificate.size, sizeof(der));
    check_str(bare.variable, "Shim");
    check(memcmp(bare.id, listed.id, sizeof(bare.id)) == 0);
    for (size_t i = 0; i < sizeof(bare.id); i++)
        (void)snprintf(found + 2 * i, 3, "%02x", bare.id[i]);
    check_str(found, hex);
    check_int(image.certificate.size, 0);
    check(memcmp(image.id, hash, sizeof(hash)) == 0);
}

static void test_what_shim_notes_authorises_nothing(void)
{
    static const char *const notes[] = { "SbatLevel", "MokListTrusted" };
    _cleanup_(lab_log_done) LabLog log;
    BootSigners signers;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    for (size_t i = 0; i < ELEMENTSOF(notes); i++)
        lab_log_variable(&log, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_shim_lock, notes[i],
                         view_of_string("sbat,1,2021030218"));
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(boot_signers_read(&shown.facts, &signers), 0);
    check_int(signers.n_items, 1);
    boot_signers_done(&signers);
}

/* Such a name under another owner is an authority like any other. */
static void test_a_note_of_somebody_elses_is_a_signer(void)
{
    _cleanup_(lab_log_done) LabLog log;
    BootSigners signers;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    lab_log_variable(&log, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_security_database, "SbatLevel",
                     view_of_string("not a list"));
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(boot_signers_read(&shown.facts, &signers), 0);
    check_int(signers.n_items, 2);
    boot_signers_done(&signers);
}

static void log_section(LabLog *log, const char *name, const char *content)
{
    uint8_t wide[32] = { 0 };
    const ByteView data = { wide, 2 * strlen(name) + 2 };

    for (size_t i = 0; name[i]; i++)
        wide[2 * i] = (uint8_t)name[i];
    lab_log_event(log, 11, EV_IPL, data, (ByteView){ (const uint8_t *)name, strlen(name) + 1 });
    lab_log_event(log, 11, EV_IPL, data, view_of_string(content));
}

static void check_sections(const LabLog *log, const char *name, const char *content,
                           const char *finding)
{
    char members[1024], loader[65], digest[65];

    sha256_hex(view_of_string("a unified kernel"), loader);
    sha256_hex(view_of_string(content), digest);
    (void)snprintf(members, sizeof(members),
                   "'events':[{'pcr':4,'type':'EV_EFI_BOOT_SERVICES_APPLICATION','digests':['%s']}]"
                   ",'sections':[{'name':'%s','digests':['%s']}]",
                   loader, name, digest);
    check_tpm(log, members, finding);
}

static void test_sections_are_held_by_their_digests(void)
{
    _cleanup_(lab_log_done) LabLog log, hidden;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, &(LabBoot){ .application = "a unified kernel" });
    log_section(&log, ".linux", "a kernel");
    log_section(&log, ".initrd", "an initrd");
    check_sections(&log, ".linux", "a kernel", NULL);
    check_sections(&log, ".initrd", "an initrd", NULL);
    check_sections(&log, ".initrd", "a kernel", "boot-section-unknown");
    check_sections(&log, ".cmdline", "ro", "boot-section-missing");

    lab_log_begin(&hidden, DIGEST_SHA256); /* something stands beside that belongs to no pair */
    lab_log_boot(&hidden, &(LabBoot){ .application = "a unified kernel" });
    log_section(&hidden, ".linux", "a kernel");
    lab_log_text(&hidden, 11, EV_EVENT_TAG, "?");
    check_sections(&hidden, ".linux", "a kernel", "boot-section-missing");
}

static void test_a_machine_is_known_by_the_key_that_quotes(void)
{
    const LabOrder order = endorsed();
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
    _cleanup_free_ char *name = hex_encode(VIEW(appraisal->ak_name));
    char members[256];

    (void)snprintf(members, sizeof(members), "'ak_names':['%s']", name);
    _cleanup_(policy_freep) Policy *policy = tpm_policy(members);
    check_verdict(&order, policy, NULL);
    name[67] = name[67] == '0' ? '1' : '0';
    (void)snprintf(members, sizeof(members), "'ak_names':['%s']", name);
    _cleanup_(policy_freep) Policy *other = tpm_policy(members);
    check_verdict(&order, other, "tpm-ak-not-accepted");
    _cleanup_(policy_freep) Policy *none = tpm_policy("'ak_names':[]");
    check_verdict(&order, none, "tpm-ak-not-accepted");
    const LabOrder without = { .no_vtpm = true };
    check_verdict(&without, other, "vtpm-missing");
}

static void test_no_wish_on_a_boot_is_met_by_a_hosts_vtpm(void)
{
    static const char *const wishes[] = {
        "'secure_boot_signers':[]",
        "'rules':[{'pcr':4,'values':[]}],'sections':[{'name':'.linux','digests':[]}]",
    };
    const LabOrder order = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(wishes); i++) {
        char members[256];
        (void)snprintf(members, sizeof(members), "'roots':['host'],%s", wishes[i]);
        _cleanup_(policy_freep) Policy *policy = tpm_policy(members);
        check_verdict(&order, policy, "vtpm-unendorsed");
    }
}

static const Test tests[] = {
    { "only signers that are listed may have authorised the boot",
      test_only_signers_that_are_listed_may_have_authorised_the_boot },
    { "signers need a log", test_signers_need_a_log },
    { "a signer is named by what it is", test_a_signer_is_named_by_what_it_is },
    { "what shim notes authorises nothing", test_what_shim_notes_authorises_nothing },
    { "a note of somebody else's is a signer", test_a_note_of_somebody_elses_is_a_signer },
    { "sections are held by their digests", test_sections_are_held_by_their_digests },
    { "a machine is known by the key that quotes", test_a_machine_is_known_by_the_key_that_quotes },
    { "no wish on a boot is met by a host's vTPM", test_no_wish_on_a_boot_is_met_by_a_hosts_vtpm },
};

int main(int argc, char **argv)
{
    return vtpm_bench_run(tests, ELEMENTSOF(tests), argc, argv);
}
