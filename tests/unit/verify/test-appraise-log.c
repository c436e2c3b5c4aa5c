/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wishes on what a log shows: met, not met, and only seemingly met.
 */
#include "vtpm-bench.h"

#include "format/event-type.h"
#include "format/uefi-variable.h"

#include <stdio.h>

#define TEXT "'pcr':8,'type':'EV_IPL'"

static void test_rules_on_texts(void)
{
    _cleanup_(lab_log_done) LabLog log, opaque, broken, retyped;
    _cleanup_(policy_freep) Policy *policy = tpm_policy("'log':[{" TEXT ",'contains':'x'}]");
    LabOrder silent = endorsed();

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    check_tpm(&log, "'log':[{" TEXT ",'contains':'roothash=0123'}]", NULL);
    check_tpm(&log, "'log':[{" TEXT ",'contains':'roothash=4567'}]", "eventlog-text-missing");
    check_tpm(&log, "'log':[{" TEXT ",'equals':'kernel_cmdline: " LAB_COMMAND_LINE "'}]", NULL);
    check_tpm(&log, "'log':[{" TEXT ",'equals':'" LAB_COMMAND_LINE "'}]", "eventlog-text-missing");
    check_tpm(&log, "'log':[{" TEXT ",'contains':'init=','required':false}]", NULL);
    check_tpm(&log, "'log':[{" TEXT ",'contains':'root=','required':false}]",
              "eventlog-text-forbidden");
    check_tpm(&log, "'log':[{'pcr':9,'type':'EV_IPL','contains':'vmlinuz'}]",
              "eventlog-text-missing"); /* the digest is of the file, not of its name */
    check_tpm(&log, "'log':[{'pcr':15,'type':'EV_IPL','contains':'x','required':false}]", NULL);

    lab_log_begin(&opaque, DIGEST_SHA256);
    lab_log_boot(&opaque, NULL);
    lab_log_event(&opaque, 8, EV_EVENT_TAG, view_of_string("?"), view_of_string("init=/bin/sh"));
    check_tpm(&opaque, "'log':[{" TEXT ",'contains':'init=','required':false}]",
              "eventlog-event-opaque");
    lab_log_begin(&retyped, DIGEST_SHA256); /* the log says it was an action */
    lab_log_boot(&retyped, NULL);
    lab_log_text(&retyped, 8, EV_ACTION, "linux /vmlinuz init=/bin/sh");
    check_tpm(&retyped, "'log':[{" TEXT ",'contains':'init=','required':false}]",
              "eventlog-text-forbidden");
    lab_log_begin(&broken, DIGEST_SHA256);
    lab_log_boot(&broken, NULL);
    lab_log_extend(&broken, 8, view_of_string("unlogged"));
    check_tpm(&broken, "'log':[{" TEXT ",'contains':'roothash=0123'}]", "eventlog-unproven");
    silent.no_log = true;
    check_verdict(&silent, policy, "eventlog-absent");
}

/* What GRUB measured, as a log tells it that gives the event TYPE and LABEL. */
static void log_as(LabLog *log, unsigned pcr, uint32_t type, const char *label, const char *text)
{
    char data[1024];
    int size = snprintf(data, sizeof(data), "%s%s", label, text);

    lab_log_event(log, pcr, type,
                  (ByteView){ (const uint8_t *)data, (size_t)size + (label[0] != 0) },
                  view_of_string(text));
}

/* Types and labels are not covered by digests: whoever sends the log chooses them. */
static void test_a_text_is_forbidden_whatever_the_log_calls_it(void)
{
    static const struct {
        uint32_t type;
        const char *label, *finding;
    } cases[] = {
        { EV_IPL, "grub_cmd: ", "eventlog-text-forbidden" },
        { EV_IPL, "module_cmdline: ", "eventlog-text-forbidden" },
        { EV_IPL, "grub_cmd ", "eventlog-text-forbidden" },
        { EV_IPL, "", "eventlog-text-forbidden" },
        { EV_ACTION, "", "eventlog-text-forbidden" },
        { EV_NONHOST_INFO, "", "eventlog-text-forbidden" },
        { EV_SEPARATOR, "", "eventlog-event-opaque" },
        { EV_EFI_ACTION, "", "eventlog-event-opaque" },
    };
    static const char *const rules[] = {
        "'log':[{" TEXT ",'contains':'evil.img','required':false}]",
        "'log':[{" TEXT ",'equals':'initrd /evil.img','required':false}]",
        "'log':[{" TEXT ",'equals':'grub_cmd: initrd /evil.img','required':false}]",
        "'log':[{" TEXT ",'contains':'cmd: initrd /evil','required':false}]",
        "'log':[{'pcr':8,'type':'EV_ACTION','equals':'initrd /evil.img','required':false}]",
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        for (size_t k = 0; k < ELEMENTSOF(rules); k++) {
            _cleanup_(lab_log_done) LabLog log;
            lab_log_begin(&log, DIGEST_SHA256);
            lab_log_boot(&log, NULL);
            log_as(&log, 8, cases[i].type, cases[i].label, "initrd /evil.img");
            check_tpm(&log, rules[k], cases[i].finding);
        }
}

static void test_a_label_belongs_to_grubs_register_alone(void)
{
    _cleanup_(lab_log_done) LabLog log;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    lab_log_text(&log, 14, EV_IPL, "harmless");
    check_tpm(&log, "'log':[{'pcr':14,'type':'EV_IPL','contains':'module','required':false}]",
              NULL);
    check_tpm(&log, "'log':[{'pcr':14,'type':'EV_IPL','contains':'harm','required':false}]",
              "eventlog-text-forbidden");
}

/* A boot with init=/bin/sh whose root then extends what a good boot would have. */
static void test_root_cannot_append_another_command_line(void)
{
    static const uint32_t types[] = { EV_IPL, EV_SEPARATOR, EV_EFI_ACTION, EV_ACTION,
                                      EV_EVENT_TAG };
    static const char evil[] = "/vmlinuz root=/dev/sdb init=/bin/sh";

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_(lab_log_done) LabLog log;
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_text(&log, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
        log_as(&log, 8, types[i], "", "linux /vmlinuz root=/dev/sdb init=/bin/sh");
        log_as(&log, 8, types[i], "", evil);
        lab_log_text(&log, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
        lab_log_grub(&log, "grub_cmd: ", "linux " LAB_COMMAND_LINE);
        lab_log_grub(&log, "kernel_cmdline: ", LAB_COMMAND_LINE);
        check_tpm(&log, "'log':[{" TEXT ",'contains':'init=','required':false}]",
                  i == 1 || i == 2 ? "eventlog-event-opaque" : "eventlog-text-forbidden");
        _cleanup_free_ char *value = hex_encode(evidence_pcr(&log.pcrs, 4));
        char members[256];
        (void)snprintf(members, sizeof(members),
                       "'rules':[{'pcr':4,'values':['%s']}],'command_line':{'contains':['ro']}",
                       value);
        check_tpm(&log, members, "command-line-unproven");
    }
}

/* A rule on PCR 4, then one on the command line. */
static void check_line(const LabLog *log, const char *wish, const char *finding)
{
    _cleanup_free_ char *value = hex_encode(evidence_pcr(&log->pcrs, 4));
    char members[1024];

    (void)snprintf(members, sizeof(members),
                   "'rules':[{'pcr':4,'values':['%s']}],'command_line':{%s}", value, wish);
    check_tpm(log, members, finding);
}

static void test_rules_on_the_command_line(void)
{
    _cleanup_(lab_log_done) LabLog log, twice;
    LabOrder silent = endorsed();
    _cleanup_(policy_freep) Policy *policy =
        tpm_policy("'rules':[{'pcr':4,'values':[]}],'command_line':{}");

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    check_line(&log, "", NULL);
    check_line(&log, "'equals':['x','" LAB_COMMAND_LINE "']", NULL);
    check_line(&log, "'equals':['x']", "command-line-not-accepted");
    check_line(&log, "'equals':[]", "command-line-not-accepted");
    check_line(&log, "'contains':['ro','roothash=0123']", NULL);
    check_line(&log, "'contains':['ro roothash=0123']", "command-line-not-accepted");
    check_line(&log, "'contains':['roothash=012']", "command-line-not-accepted");
    check_line(&log, "'contains':['oothash=0123']", "command-line-not-accepted");
    check_line(&log, "'excludes':['init=']", NULL);
    check_line(&log, "'excludes':['init=','mapper']", "command-line-not-accepted");
    lab_log_begin(&twice, DIGEST_SHA256);
    lab_log_boot(&twice, NULL);
    lab_log_grub(&twice, "grub_cmd: ", "linux /vmlinuz init=/bin/sh");
    check_line(&twice, "'contains':['roothash=0123']", "command-line-unproven");
    silent.no_log = true;
    check_verdict(&silent, policy, "command-line-unproven");
}

/* The kernel sees neither what stands inside quotes nor what is behind "--". */
static void test_an_argument_that_the_kernel_does_not_see_is_not_there(void)
{
    static const struct {
        const char *line, *finding;
    } cases[] = {
        { "/vmlinuz lockdown=integrity -- x", NULL },
        { "/vmlinuz a=\"b c\" lockdown=integrity", NULL },
        { "/vmlinuz a=\"b lockdown=integrity c\" ro", "command-line-not-accepted" },
        { "/vmlinuz -- lockdown=integrity ro", "command-line-not-accepted" },
        { "/vmlinuz --x=1 lockdown=integrity", NULL },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(lab_log_done) LabLog log;
        const LabBoot boot = { .command_line = cases[i].line };
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_boot(&log, &boot);
        check_line(&log, "'contains':['lockdown=integrity']", cases[i].finding);
    }
}

/* Who reads an argument may take - and _ for the same; what is not to be there is neither. */
static void test_an_argument_is_excluded_however_its_name_is_spelled(void)
{
    static const struct {
        const char *line, *excluded, *finding;
    } cases[] = {
        { "/vmlinuz systemd.debug-shell ro", "systemd.debug_shell", "command-line-not-accepted" },
        { "/vmlinuz systemd.debug_shell ro", "systemd.debug-shell", "command-line-not-accepted" },
        { "/vmlinuz rd.b-r_k", "d.b_r-k", "command-line-not-accepted" },
        { "/vmlinuz a-a_b", "a_b", "command-line-not-accepted" },
        { "/vmlinuz systemd.debug-shel", "systemd.debug_shell", NULL },
        { "/vmlinuz systemd.debug.shell", "systemd.debug_shell", NULL },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(lab_log_done) LabLog log;
        const LabBoot boot = { .command_line = cases[i].line };
        char wish[64];
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_boot(&log, &boot);
        (void)snprintf(wish, sizeof(wish), "'excludes':['%s']", cases[i].excluded);
        check_line(&log, wish, cases[i].finding);
    }
}

#define APP "'pcr':4,'type':'EV_EFI_BOOT_SERVICES_APPLICATION'"

static void test_rules_on_events(void)
{
    const LabBoot other = { .application = "evil" };
    _cleanup_(lab_log_done) LabLog log, evil, disguised;
    char members[512];
    Digest digest;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    check_int(digest_of(DIGEST_SHA256, view_of_string("shim"), &digest), 0);
    _cleanup_free_ char *shim = hex_encode(digest_view(&digest));
    (void)snprintf(members, sizeof(members), "'events':[{" APP ",'digests':['%s']}]", shim);
    check_tpm(&log, members, NULL);
    check_tpm(&log, "'events':[{" APP ",'digests':[]}]", "eventlog-digest-unknown");
    check_tpm(&log, "'events':[{'pcr':4,'type':'EV_IPL','digests':[]}]", "eventlog-event-missing");
    lab_log_begin(&evil, DIGEST_SHA256);
    lab_log_boot(&evil, &other);
    check_tpm(&evil, members, "eventlog-digest-unknown");
    /* An application that the log calls an action. */
    lab_log_begin(&disguised, DIGEST_SHA256);
    lab_log_boot(&disguised, NULL);
    lab_log_event(&disguised, 4, EV_EFI_ACTION, view_of_string("Calling"), view_of_string("evil"));
    check_tpm(&disguised, members, "eventlog-event-opaque");
    /* The same, with the bytes of the application as the data of an action: its digest fits. */
    lab_log_done(&disguised);
    lab_log_begin(&disguised, DIGEST_SHA256);
    lab_log_boot(&disguised, NULL);
    lab_log_text(&disguised, 4, EV_EFI_ACTION, "MZ evil");
    check_tpm(&disguised, members, "eventlog-event-opaque");
}

/* PREIMAGE hashes to the digest of a program that the policy does not list: shown as plain data,
 * as the payload of a tag, as the content of a variable. */
static void test_a_program_cannot_hide_behind_what_hashes_to_it(void)
{
    static const uint32_t types[] = { EV_COMPACT_HASH,
                                      EV_EFI_VARIABLE_BOOT,
                                      EV_EVENT_TAG,
                                      EV_EFI_VARIABLE_DRIVER_CONFIG,
                                      EV_SEPARATOR,
                                      EV_EFI_ACTION,
                                      EV_IPL,
                                      EV_EFI_VARIABLE_AUTHORITY,
                                      EV_S_CRTM_CONTENTS,
                                      EV_EFI_RUNTIME_SERVICES_DRIVER };
    static const uint8_t bytes[] = "MZ\x90\0\3\0\0\0 what Authenticode hashes of evil.efi";
    const ByteView preimage = VIEW_OF_ARRAY(bytes);
    char members[512];
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, view_of_string("shim"), &digest), 0);
    _cleanup_free_ char *shim = hex_encode(digest_view(&digest));
    (void)snprintf(members, sizeof(members), "'events':[{" APP ",'digests':['%s']}]", shim);
    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        for (size_t form = 0; form < 3; form++) {
            _cleanup_(lab_log_done) LabLog log;
            _cleanup_bytes_ Bytes data = { 0 };
            if (form == 1) {
                lab_put_le(&data, 1, 4);
                lab_put_le(&data, preimage.size, 4);
            } else if (form == 2) {
                check_int(
                    uefi_variable_build(uefi_guid_global_variable, "Boot0001", preimage, &data), 0);
            }
            if (form < 2)
                lab_put(&data, preimage.data, preimage.size);
            lab_log_begin(&log, DIGEST_SHA256);
            lab_log_boot(&log, NULL);
            lab_log_event(&log, 4, types[i], VIEW(data), preimage);
            check_tpm(&log, members, "eventlog-event-opaque");
        }
}

static void test_a_separator_that_reports_an_error_is_none(void)
{
    const ByteView error = { (const uint8_t *)"\1\0\0\0", 4 };
    const ByteView ones = { (const uint8_t *)"\xff\xff\xff\xff", 4 };
    _cleanup_(lab_log_done) LabLog bad, good;
    char members[512];
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, view_of_string("shim"), &digest), 0);
    _cleanup_free_ char *shim = hex_encode(digest_view(&digest));
    (void)snprintf(members, sizeof(members), "'events':[{" APP ",'digests':['%s']}]", shim);
    lab_log_begin(&bad, DIGEST_SHA256);
    lab_log_boot(&bad, NULL);
    lab_log_plain(&bad, 4, EV_SEPARATOR, error);
    check_tpm(&bad, members, "eventlog-event-opaque");
    lab_log_plain(&bad, 14, EV_SEPARATOR, error);
    check_tpm(&bad, "'log':[{'pcr':14,'type':'EV_IPL','contains':'x','required':false}]",
              "eventlog-event-opaque");
    lab_log_begin(&good, DIGEST_SHA256);
    lab_log_boot(&good, NULL);
    lab_log_plain(&good, 4, EV_SEPARATOR, ones);
    check_tpm(&good, members, NULL);
}

/* More differences than a list of findings holds: none may pass for lack of room. */
static void test_a_full_list_of_findings_makes_nothing_better(void)
{
    const LabBoot off = { .secure_boot_off = true };
    _cleanup_(policy_freep) Policy *policy =
        tpm_policy("'secure_boot':true,'events':[{'pcr':14,'type':'EV_IPL','digests':[]}]");
    _cleanup_(lab_log_done) LabLog log;
    LabOrder order = endorsed();

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, &off);
    for (int i = 0; i < FINDINGS_MAX + 10; i++)
        lab_log_text(&log, 14, EV_IPL, "x");
    order.log = &log;
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);
    check_int(appraisal->status, TIER_CONTRAINDICATED);
    check_int(appraisal->vtpm.vector.executables, TRUST_UNRECOGNISED_PROGRAMS);
    check_int(appraisal->vtpm.vector.configuration, TRUST_CONTRAINDICATED);
}

/* A policy that wants everything, and a quote and a log that were cut or bent anywhere. */
static void test_a_hostile_member_that_is_required_is_refused(void)
{
    _cleanup_(policy_freep) Policy *policy = tpm_policy(
        "'required':true,'secure_boot':true,'rules':[{'pcr':4,'values':[]}],'command_line':{},"
        "'log':[{'pcr':8,'type':'EV_IPL','contains':'x','required':false}],"
        "'events':[{'pcr':4,'type':'EV_EFI_BOOT_SERVICES_APPLICATION','digests':[]}]");
    const LabOrder order = endorsed();
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    Bytes *const members[] = { &evidence.vtpm.attest, &evidence.vtpm.signature,
                               &evidence.vtpm.ak_public, &evidence.vtpm.ak_certificate,
                               &evidence.eventlog };

    for (size_t i = 0; i < ELEMENTSOF(members); i++) {
        Bytes *member = members[i];
        size_t size = member->size;
        for (size_t at = 0; at < size; at += 1 + size / 24) {
            member->data[at] ^= 0xff;
            _cleanup_(appraisal_freep) Appraisal *bent = lab_verify(milan, &evidence, policy);
            check_int(bent->status, TIER_CONTRAINDICATED);
            member->data[at] ^= 0xff;
            member->size = at;
            _cleanup_(appraisal_freep) Appraisal *cut = lab_verify(milan, &evidence, policy);
            check_int(cut->status, TIER_CONTRAINDICATED);
            member->size = size;
        }
    }
}

static const Test tests[] = {
    { "rules on texts", test_rules_on_texts },
    { "a text is forbidden whatever the log calls it",
      test_a_text_is_forbidden_whatever_the_log_calls_it },
    { "a label belongs to GRUB's register alone", test_a_label_belongs_to_grubs_register_alone },
    { "root cannot append another command line", test_root_cannot_append_another_command_line },
    { "rules on the command line", test_rules_on_the_command_line },
    { "an argument that the kernel does not see is not there",
      test_an_argument_that_the_kernel_does_not_see_is_not_there },
    { "an argument is excluded however its name is spelled",
      test_an_argument_is_excluded_however_its_name_is_spelled },
    { "rules on events", test_rules_on_events },
    { "a program cannot hide behind what hashes to it",
      test_a_program_cannot_hide_behind_what_hashes_to_it },
    { "a separator that reports an error is none", test_a_separator_that_reports_an_error_is_none },
    { "a full list of findings makes nothing better",
      test_a_full_list_of_findings_makes_nothing_better },
    { "a hostile member that is required is refused",
      test_a_hostile_member_that_is_required_is_refused },
};

int main(int argc, char **argv)
{
    return vtpm_bench_run(tests, ELEMENTSOF(tests), argc, argv);
}
