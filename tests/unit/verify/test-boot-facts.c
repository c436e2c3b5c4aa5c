/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a replayed log shows, and what it must not be taken for.
 */
#include "verify/boot-facts.h"

#include "format/event-type.h"
#include "format/uefi-variable.h"

#include "lab.h"

typedef struct Shown {
    ReplayedLog *log;
    BootFacts facts;
} Shown;

static void shown_done(Shown *shown)
{
    boot_facts_done(&shown->facts);
    replayed_log_free(shown->log);
}

static Shown show(ByteView log, const EvidencePcrs *quoted)
{
    const ReplayInput input = { .firmware_log = log, .quoted = quoted };
    _cleanup_findings_ Findings findings = { 0 };
    Shown shown = { 0 };

    check_int(replay(&input, &findings, &shown.log), REPLAY_OK);
    check_int(boot_facts_read(shown.log, &shown.facts), 0);
    return shown;
}

static Shown show_lab(const LabLog *log)
{
    return show(VIEW(log->bytes), &log->pcrs);
}

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
    check_int(shown.facts.opaque_pcrs, 1U << 4 | 1U << 9); /* shim and the kernel's file */
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
    _cleanup_(lab_log_done) LabLog twice, error, empty, two_bytes, not_quoted, debug;

    check_added(EV_SEPARATOR, zero, zero, "there are two separators");
    check_added(EV_IPL, one, one, "an event type that does not belong in PCR 7");
    check_added(EV_EFI_ACTION, one, one, "an action that does not belong in PCR 7");
    check_added(EV_EFI_VARIABLE_AUTHORITY, zero, one,
                "an event of PCR 7 is not what its digest says");
    check_added(EV_EFI_VARIABLE_DRIVER_CONFIG, one, one,
                "a variable is measured behind the separator");
    check_added(EV_EFI_VARIABLE_AUTHORITY, zero, zero, /* a separator in disguise */
                "an event of PCR 7 is not what its digest says");

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
    lab_log_event(&hidden, 4, EV_EFI_ACTION, view_of_string("an action"), view_of_string("evil"));
    lab_log_boot(&hidden, NULL);
    _cleanup_(shown_done) Shown other = show_lab(&hidden);
    check_int(other.facts.n_applications, 0);
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

static ByteView utf16(const char *text, uint8_t *out)
{
    size_t n = strlen(text) + 1;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = (uint8_t)text[i];
        out[2 * i + 1] = 0;
    }
    return (ByteView){ out, 2 * n };
}

static void log_section(LabLog *log, const char *name, const char *content)
{
    uint8_t wide[64];
    ByteView data = utf16(name, wide);

    lab_log_event(log, 11, EV_IPL, data, (ByteView){ (const uint8_t *)name, strlen(name) + 1 });
    lab_log_event(log, 11, EV_IPL, data, view_of_string(content));
}

static void test_sections_of_a_unified_kernel_are_found(void)
{
    _cleanup_(lab_log_done) LabLog log, twice, renamed;
    uint8_t wide[64];
    Digest digest;

    lab_log_begin(&log, DIGEST_SHA256);
    log_section(&log, ".linux", "a kernel");
    log_section(&log, ".cmdline", "a command line");
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(shown.facts.n_sections, 2);
    check_str(shown.facts.sections[1].name, ".cmdline");
    check_int(digest_of(DIGEST_SHA256, view_of_string("a command line"), &digest), 0);
    check(view_equal(shown.facts.sections[1].digest, digest_view(&digest)));

    lab_log_begin(&twice, DIGEST_SHA256);
    log_section(&twice, ".linux", "a kernel");
    log_section(&twice, ".linux", "another");
    _cleanup_(shown_done) Shown no = show_lab(&twice);
    check_int(no.facts.n_sections, 0);

    lab_log_begin(&renamed, DIGEST_SHA256);
    ByteView data = utf16(".linux", wide);
    lab_log_event(&renamed, 11, EV_IPL, data, (ByteView){ (const uint8_t *)".initrd", 8 });
    lab_log_event(&renamed, 11, EV_IPL, data, view_of_string("a kernel"));
    _cleanup_(shown_done) Shown other = show_lab(&renamed);
    check_int(other.facts.n_sections, 0);
}

static void test_a_stubs_command_line_is_found(void)
{
    _cleanup_(lab_log_done) LabLog log, more;
    uint8_t wide[128];
    ByteView data = utf16("root=/dev/vda2 quiet", wide);

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_event(&log, 12, EV_IPL, data, (ByteView){ data.data, data.size - 2 });
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_str(shown.facts.command_line, "root=/dev/vda2 quiet");

    lab_log_begin(&more, DIGEST_SHA256);
    lab_log_plain(&more, 12, EV_IPL, data);
    lab_log_plain(&more, 12, EV_IPL, data);
    _cleanup_(shown_done) Shown no = show_lab(&more);
    check(!no.facts.command_line);
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
    { "DMA protection and extra variables do no harm",
      test_dma_protection_and_extra_variables_do_no_harm },
    { "a boot that did not end shows no application",
      test_a_boot_that_did_not_end_shows_no_application },
    { "labels of GRUB are not believed", test_labels_of_grub_are_not_believed },
    { "sections of a unified kernel are found", test_sections_of_a_unified_kernel_are_found },
    { "a stub's command line is found", test_a_stubs_command_line_is_found },
    { "texts with control characters are not shown",
      test_texts_with_control_characters_are_not_shown },
    { "public logs show Secure Boot", test_public_logs_show_secure_boot },
};

TEST_MAIN(tests)
