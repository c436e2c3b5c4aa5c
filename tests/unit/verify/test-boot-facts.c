/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a replayed log shows, and what it must not be taken for.
 */
#include "shown.h"

#include "format/event-type.h"
#include "format/uefi-variable.h"

#include <stdio.h>

/* A public log, believed to the registers it replays to. */
static Shown show_vector(const char *name, const char *bank, Bytes *log)
{
    json_auto_t *expected = lab_expected("eventlog", name);
    json_t *values = json_object_get(json_object_get(expected, "replayed"), bank);
    EvidencePcrs quoted = { .bank = tpm_alg_hash_by_name(bank) };
    char path[96];
    const char *pcr;
    json_t *value;

    (void)snprintf(path, sizeof(path), "eventlog/%s/log.bin", name);
    *log = test_vector(path);
    quoted.digest_size = tpm_alg_digest_size(quoted.bank);
    quoted.mask = 0xffff; /* what the log does not extend is zero */
    json_object_foreach (values, pcr, value) {
        _cleanup_bytes_ Bytes bytes = lab_hex(json_string_value(value));
        check(evidence_pcrs_set(&quoted, (unsigned)atoi(pcr), VIEW(bytes)));
    }
    return show(VIEW(*log), &quoted);
}

static void test_public_logs_show_secure_boot(void)
{
    static const struct {
        const char *name, *bank;
        SecureBoot state;
        const char *command_line; /* how it begins; NULL: none is shown */
    } logs[] = {
        { "arch-linux-workstation", "sha256", SECURE_BOOT_UNKNOWN, NULL }, /* an empty variable */
        { "confidential-gke-debug-251000_eventlog", "sha256", SECURE_BOOT_ON,
          "/syslinux/vmlinuz.B" },
        { "cos-101-amd-sev", "sha256", SECURE_BOOT_ON, "/syslinux/vmlinuz.A init=" },
        { "debian-10", "sha1", SECURE_BOOT_ON, NULL }, /* an old shim's stray byte */
        { "gdc-host", "sha256", SECURE_BOOT_OFF, "/vmlinuz-6.9.0-rc7+ root=" },
        { "intel-bios-12", "sha1", SECURE_BOOT_OFF, "/vmlinuz-6.8.0-31-generic root=" },
        { "keylime-secureboot", "sha256", SECURE_BOOT_ON, "(hd0,gpt2)/vmlinuz-5.14.0" },
        { "rhel8-uefi", "sha256", SECURE_BOOT_ON, "(hd0,gpt2)/boot/vmlinuz-4.18.0-240" },
        { "ubuntu-2404-amd-sevsnp", "sha256", SECURE_BOOT_OFF, "/vmlinuz-6.8.0-1010-gcp root=" },
        { "windows-gcp-shielded", "sha1", SECURE_BOOT_ON, NULL },
    };

    for (size_t i = 0; i < ELEMENTSOF(logs); i++) {
        _cleanup_bytes_ Bytes log = { 0 };
        json_auto_t *expected = lab_expected("eventlog", logs[i].name);
        _cleanup_(shown_done) Shown shown = show_vector(logs[i].name, logs[i].bank, &log);
        const char *variable = lab_text(expected, "secure_boot_variable");
        (void)printf("  %s: %d %s [%s]\n", logs[i].name, (int)shown.facts.secure_boot,
                     shown.facts.secure_boot_reason ? shown.facts.secure_boot_reason : "",
                     shown.facts.command_line ? shown.facts.command_line : "-");
        if (shown.facts.secure_boot != SECURE_BOOT_UNKNOWN)
            check_str(variable, shown.facts.secure_boot == SECURE_BOOT_ON ? "01" : "00");
        check_int(shown.facts.secure_boot, logs[i].state);
        check(!logs[i].command_line == !shown.facts.command_line);
        if (logs[i].command_line)
            check(strncmp(shown.facts.command_line, logs[i].command_line,
                          strlen(logs[i].command_line)) == 0);
    }
}

static void test_a_made_up_boot_shows_everything(void)
{
    _cleanup_(lab_log_done) LabLog log;
    Digest digest;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(shown.facts.secure_boot, SECURE_BOOT_ON);
    check(!shown.facts.secure_boot_reason);
    check_str(shown.facts.command_line, LAB_COMMAND_LINE);
    check_int(shown.facts.n_applications, 1);
    check_int(digest_of(DIGEST_SHA256, view_of_string("shim"), &digest), 0);
    check(view_equal(shown.facts.applications[0].digest, digest_view(&digest)));
}

static void check_secure_boot(const LabLog *log, const char *reason)
{
    _cleanup_(shown_done) Shown shown = show_lab(log);

    check_int(shown.facts.secure_boot, SECURE_BOOT_UNKNOWN);
    check_str(shown.facts.secure_boot_reason, reason);
}

static void test_secure_boot_off_is_told_from_unknown(void)
{
    const LabBoot off = { .secure_boot_off = true }, bare = { .no_authority = true };
    _cleanup_(lab_log_done) LabLog log, none;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, &off);
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(shown.facts.secure_boot, SECURE_BOOT_OFF);
    lab_log_begin(&none, DIGEST_SHA256);
    lab_log_boot(&none, &bare);
    check_secure_boot(&none, "Secure Boot is on, but nothing was verified by it");
}

static const ByteView one = { (const uint8_t *)"\1", 1 };
static const ByteView zero = { (const uint8_t *)"\0\0\0\0", 4 };

/* One event more in PCR 7 of a good boot. */
static void check_added(uint32_t type, ByteView data, ByteView hashed, const char *reason)
{
    _cleanup_(lab_log_done) LabLog log;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    lab_log_event(&log, 7, type, data, hashed);
    check_secure_boot(&log, reason);
}

static void test_each_rule_on_pcr_7_is_kept(void)
{
    const ByteView ones = { (const uint8_t *)"\1\0\0\0", 4 };
    _cleanup_(lab_log_done) LabLog twice, error, empty, two_bytes, not_quoted, debug, relabelled;

    check_added(EV_SEPARATOR, zero, zero, "there are two separators");
    check_added(EV_IPL, one, one, "an event type that does not belong in PCR 7");
    check_added(EV_EFI_ACTION, one, one, "an action that does not belong in PCR 7");
    check_added(EV_EFI_VARIABLE_AUTHORITY, zero, one,
                "an event of PCR 7 is not what its digest says");
    check_added(EV_EFI_VARIABLE_DRIVER_CONFIG, one, one,
                "a variable is measured behind the separator");
    check_added(EV_EFI_VARIABLE_AUTHORITY, zero, zero, /* a separator in disguise */
                "an event of PCR 7 is not what its digest says");

    lab_log_begin(&relabelled, DIGEST_SHA256);
    lab_log_variable(&relabelled, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_global_variable,
                     "SecureBoot", one);
    check_secure_boot(&relabelled, "a variable is measured as an authority");
    lab_log_begin(&twice, DIGEST_SHA256);
    lab_log_variable(&twice, EV_EFI_VARIABLE_DRIVER_CONFIG, uefi_guid_global_variable, "SecureBoot",
                     one);
    lab_log_boot(&twice, NULL);
    check_secure_boot(&twice, "a variable is measured twice");
    lab_log_begin(&error, DIGEST_SHA256);
    lab_log_plain(&error, 7, EV_SEPARATOR, ones);
    check_secure_boot(&error, "the separator reports an error");
    lab_log_begin(&empty, DIGEST_SHA256);
    check_secure_boot(&empty, "PCR 7 has no separator");
    lab_log_begin(&two_bytes, DIGEST_SHA256);
    lab_log_variable(&two_bytes, EV_EFI_VARIABLE_DRIVER_CONFIG, uefi_guid_global_variable,
                     "SecureBoot", zero);
    lab_log_plain(&two_bytes, 7, EV_SEPARATOR, zero);
    check_secure_boot(&two_bytes, "the SecureBoot variable is not one byte, 0 or 1");
    lab_log_begin(&debug, DIGEST_SHA256);
    lab_log_text(&debug, 7, EV_EFI_ACTION, "UEFI Debug Mode");
    lab_log_boot(&debug, NULL);
    check_secure_boot(&debug, "the firmware was in debug mode");
    lab_log_begin(&not_quoted, DIGEST_SHA256);
    lab_log_boot(&not_quoted, NULL);
    not_quoted.pcrs.mask &= ~(1U << 7);
    check_secure_boot(&not_quoted, "PCR 7 was not quoted");
    not_quoted.pcrs.mask |= 1U << 7;
    not_quoted.pcrs.values[7][0] ^= 1;
    check_secure_boot(&not_quoted, "PCR 7 does not replay");
}

/* Secure Boot is off. The log calls that variable an authority, and root extended another. */
static void test_configuration_cannot_pass_for_an_authority(void)
{
    static const char *const global[] = { "SecureBoot", "PK", "KEK" };
    static const char *const security[] = { "db", "dbx", "dbt", "dbr" };
    static const uint8_t list[] = "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72"
                                  "\x30\0\0\0"
                                  "\0\0\0\0"
                                  "\x14\0\0\0"
                                  "the owner's GUID"
                                  "CERT";
    const ByteView whole = { list, sizeof(list) - 1 };

    for (size_t i = 0; i < ELEMENTSOF(global) + 2 * ELEMENTSOF(security); i++) {
        _cleanup_(lab_log_done) LabLog log;
        bool is_global = i < ELEMENTSOF(global);
        size_t k = (i - ELEMENTSOF(global)) / 2;
        ByteView data = is_global ? one : i % 2 == 0 ? whole : (ByteView){ 0 };
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_variable(&log, EV_EFI_VARIABLE_AUTHORITY,
                         is_global ? uefi_guid_global_variable : uefi_guid_security_database,
                         is_global ? global[i] : security[k], data);
        lab_log_boot(&log, NULL);
        check_secure_boot(&log, "a variable is measured as an authority");
    }
    check_added(EV_EFI_VARIABLE_AUTHORITY, one, one, "an authority cannot be read");
}

static void test_shim_that_verifies_nothing_is_no_secure_boot(void)
{
    for (uint8_t state = 0; state < 2; state++) {
        _cleanup_(lab_log_done) LabLog log;
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_boot(&log, NULL);
        lab_log_variable(&log, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_shim_lock, "MokSBState",
                         (ByteView){ &state, 1 });
        _cleanup_(shown_done) Shown shown = show_lab(&log);
        check_int(shown.facts.secure_boot, state ? SECURE_BOOT_UNKNOWN : SECURE_BOOT_ON);
    }
}

/* What let an option ROM's driver run says nothing about the boot loader. */
static void test_only_authorities_behind_the_separator_count(void)
{
    const LabBoot bare = { .no_authority = true };
    _cleanup_(lab_log_done) LabLog log, behind;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_variable(&log, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_security_database, "db",
                     view_of_string("the certificate that verified a driver"));
    lab_log_boot(&log, &bare);
    check_secure_boot(&log, "Secure Boot is on, but nothing was verified by it");

    lab_log_begin(&behind, DIGEST_SHA256);
    lab_log_boot(&behind, &bare);
    lab_log_variable(&behind, EV_EFI_VARIABLE_AUTHORITY, uefi_guid_shim_lock, "Shim",
                     view_of_string("the certificate in shim"));
    _cleanup_(shown_done) Shown shown = show_lab(&behind);
    check_int(shown.facts.secure_boot, SECURE_BOOT_ON);
}

static void test_dma_protection_and_extra_variables_do_no_harm(void)
{
    _cleanup_(lab_log_done) LabLog log;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_variable(&log, EV_EFI_VARIABLE_DRIVER_CONFIG, uefi_guid_global_variable, "AuditMode",
                     (ByteView){ (const uint8_t *)"\0", 1 });
    lab_log_boot(&log, NULL);
    lab_log_text(&log, 7, EV_EFI_ACTION, "DMA Protection Disabled");
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(shown.facts.secure_boot, SECURE_BOOT_ON);
}

static void test_a_boot_that_did_not_end_shows_no_application(void)
{
    const LabBoot open_end = { .no_exit = true };
    _cleanup_(lab_log_done) LabLog log, hidden;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, &open_end);
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(shown.facts.n_applications, 0);

    lab_log_begin(&hidden, DIGEST_SHA256);
    lab_log_text(&hidden, 4, EV_EFI_ACTION, "a program, to the byte");
    lab_log_boot(&hidden, NULL);
    _cleanup_(shown_done) Shown other = show_lab(&hidden);
    check_int(other.facts.n_applications, 0);
}

/* An evil program; the log shows what its Authenticode digest is made of, as something else. */
static void test_a_program_shown_by_its_preimage_leaves_no_application(void)
{
    static const uint32_t types[] = { EV_COMPACT_HASH, EV_SEPARATOR, EV_EFI_ACTION, EV_IPL };
    static const uint8_t preimage[] = "MZ\x90\0\3\0\0\0 what Authenticode hashes of evil.efi";

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_(lab_log_done) LabLog log;
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_plain(&log, 4, types[i], VIEW_OF_ARRAY(preimage));
        lab_log_boot(&log, NULL);
        _cleanup_(shown_done) Shown shown = show_lab(&log);
        check_int(shown.facts.n_applications, 0);
        check(!shown.facts.events[0].is_known);
    }
}

/* What has a type of its own is what that type can be, or nothing. */
static void test_separators_and_actions_are_the_known_ones_or_not_verified(void)
{
    static const struct {
        uint32_t type;
        const char *data;
        size_t size;
        bool verified, is_known;
    } cases[] = {
        { EV_SEPARATOR, "\0\0\0\0", 4, true, true },
        { EV_SEPARATOR, "\xff\xff\xff\xff", 4, true, true },
        { EV_SEPARATOR, "\1\0\0\0", 4, true, false },
        { EV_SEPARATOR, "\2\0\0\0", 4, false, false },
        { EV_SEPARATOR, "linux /vmlinuz", 14, false, false },
        { EV_SEPARATOR, "UEFI Debug Mode", 15, false, false },
        { EV_EFI_ACTION, "UEFI Debug Mode", 15, true, true },
        { EV_EFI_ACTION, "linux /vmlinuz", 14, false, false },
        { EV_EFI_ACTION, "\0\0\0\0", 4, false, false },
        { EV_ACTION, "UEFI Debug Mode", 15, false, false },
        { EV_ACTION, "linux /vmlinuz", 14, true, false },
    };
    _cleanup_(lab_log_done) LabLog log;

    lab_log_begin(&log, DIGEST_SHA256);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        lab_log_plain(&log, 14, cases[i].type,
                      (ByteView){ (const uint8_t *)cases[i].data, cases[i].size });
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        check_int(shown.facts.events[i].verified, cases[i].verified);
        check_int(shown.facts.events[i].is_known, cases[i].is_known);
        check(cases[i].verified || !shown.facts.events[i].text);
    }
}

/* GRUB ran two commands, and the log calls the wrong one the kernel's. */
static void test_labels_of_grub_are_not_believed(void)
{
    _cleanup_(lab_log_done) LabLog two, relabelled, unreadable, alone;

    lab_log_begin(&two, DIGEST_SHA256);
    lab_log_boot(&two, NULL);
    lab_log_grub(&two, "grub_cmd: ", "linux /vmlinuz init=/bin/sh");
    lab_log_grub(&two, "module_cmdline: ", "/vmlinuz init=/bin/sh");
    _cleanup_(shown_done) Shown a = show_lab(&two);
    check(!a.facts.command_line);

    lab_log_begin(&relabelled, DIGEST_SHA256);
    lab_log_grub(&relabelled, "kernel_cmdline: ", LAB_COMMAND_LINE); /* a command of grub.cfg */
    lab_log_grub(&relabelled, "module_cmdline: ", "linux /vmlinuz init=/bin/sh");
    lab_log_grub(&relabelled, "grub_cmd: ", "/vmlinuz init=/bin/sh");
    _cleanup_(shown_done) Shown b = show_lab(&relabelled);
    check_str(b.facts.command_line, "/vmlinuz init=/bin/sh"); /* what it was, whatever the label */
    check(!b.facts.events[0].text);                           /* and the false label is gone */

    lab_log_begin(&unreadable, DIGEST_SHA256);
    lab_log_boot(&unreadable, NULL);
    lab_log_event(&unreadable, 8, EV_IPL, view_of_string("grub_cmd: x"), view_of_string("evil"));
    _cleanup_(shown_done) Shown c = show_lab(&unreadable);
    check(!c.facts.command_line);

    lab_log_begin(&alone, DIGEST_SHA256);
    lab_log_grub(&alone, "kernel_cmdline: ", LAB_COMMAND_LINE);
    _cleanup_(shown_done) Shown d = show_lab(&alone);
    check(!d.facts.command_line && !d.facts.events[0].text);
}

static void test_texts_with_control_characters_are_not_shown(void)
{
    _cleanup_(lab_log_done) LabLog log;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_text(&log, 8, EV_IPL, "a\033[2Jb");
    lab_log_text(&log, 8, EV_IPL, "\xff\xfe broken");
    lab_log_text(&log, 8, EV_IPL, "gr\xc3\xbc\xc3\x9f");
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check(shown.facts.events[0].verified && !shown.facts.events[0].text);
    check(!shown.facts.events[1].text);
    check_str(shown.facts.events[2].text, "gr\xc3\xbc\xc3\x9f");
}

static const Test tests[] = {
    { "a made-up boot shows everything", test_a_made_up_boot_shows_everything },
    { "Secure Boot off is told from unknown", test_secure_boot_off_is_told_from_unknown },
    { "each rule on PCR 7 is kept", test_each_rule_on_pcr_7_is_kept },
    { "configuration cannot pass for an authority",
      test_configuration_cannot_pass_for_an_authority },
    { "shim that verifies nothing is no Secure Boot",
      test_shim_that_verifies_nothing_is_no_secure_boot },
    { "only authorities behind the separator count",
      test_only_authorities_behind_the_separator_count },
    { "DMA protection and extra variables do no harm",
      test_dma_protection_and_extra_variables_do_no_harm },
    { "a boot that did not end shows no application",
      test_a_boot_that_did_not_end_shows_no_application },
    { "a program shown by its preimage leaves no application",
      test_a_program_shown_by_its_preimage_leaves_no_application },
    { "separators and actions are the known ones or not verified",
      test_separators_and_actions_are_the_known_ones_or_not_verified },
    { "labels of GRUB are not believed", test_labels_of_grub_are_not_believed },
    { "texts with control characters are not shown",
      test_texts_with_control_characters_are_not_shown },
    { "public logs show Secure Boot", test_public_logs_show_secure_boot },
};

TEST_MAIN(tests)
