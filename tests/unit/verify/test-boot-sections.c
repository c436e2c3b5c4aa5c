/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unified kernel images, and whose word the kernel's command line is.
 */
#include "verify/boot-sections.h"

#include "format/event-type.h"

#include "shown.h"

#include <stdio.h>

static const ByteView zero = { (const uint8_t *)"\0\0\0\0", 4 };

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

/* PCR 11 with one thing wrong shows nothing at all: what is missing may be what matters. */
static void test_a_register_of_sections_is_believed_whole_or_not_at_all(void)
{
    const ByteView linux_name = { (const uint8_t *)".linux", 7 };
    uint8_t wide[64];

    for (int fault = 0; fault < 12; fault++) {
        _cleanup_(lab_log_done) LabLog log;
        lab_log_begin(&log, DIGEST_SHA256);
        if (fault == 1) { /* the evil kernel under other labels, then the good one by root */
            lab_log_event(&log, 11, EV_ACTION, view_of_string("x"), linux_name);
            lab_log_event(&log, 11, EV_ACTION, view_of_string("y"), view_of_string("evil"));
        }
        if (fault == 2) /* one event shifts the pairs */
            lab_log_text(&log, 11, EV_IPL, "shift");
        if (fault == 3)
            lab_log_plain(&log, 11, EV_SEPARATOR, zero);
        log_section(&log, ".linux", fault == 4 ? ".osrel" : "a kernel");
        if (fault == 5) { /* a content that is a name: the pairs were read from the wrong end */
            lab_log_event(&log, 11, EV_IPL, utf16(".osrel", wide),
                          (ByteView){ (const uint8_t *)".osrel", 7 });
            lab_log_event(&log, 11, EV_IPL, utf16(".osrel", wide),
                          (ByteView){ (const uint8_t *)".cmdline", 9 });
        }
        log_section(&log, ".initrd", "an initrd");
        if (fault == 6) /* a name without content */
            lab_log_event(&log, 11, EV_IPL, utf16(".sbat", wide),
                          (ByteView){ (const uint8_t *)".sbat", 6 });
        if (fault == 7) /* systemd-stub measures this one earlier: root added it */
            log_section(&log, ".cmdline", "a command line");
        if (fault == 8) /* a name by whose digest nothing can be told */
            lab_log_event(&log, 11, EV_EVENT_TAG, view_of_string("?"), view_of_string("?!"));
        for (int i = 0; fault == 9 && i < 2; i++)
            log_section(&log, ".novelty", "of a later systemd, but once");
        if (fault == 10) { /* the content has another label than the name */
            ByteView name = utf16(".sbat", wide);
            lab_log_event(&log, 11, EV_IPL, name, (ByteView){ (const uint8_t *)".sbat", 6 });
            lab_log_event(&log, 11, EV_IPL, utf16(".uname", wide + 32), view_of_string("?"));
        }
        for (int i = 0; fault == 11 && i < 2; i++) /* under a type that no stub gives them */
            lab_log_event(&log, 11, EV_EVENT_TAG, utf16(".sbat", wide),
                          (ByteView){ (const uint8_t *)(i ? "content" : ".sbat"), i ? 7 : 6 });
        _cleanup_(shown_done) Shown shown = show_lab(&log);
        check_int(shown.facts.n_sections, fault == 0 || fault == 4 ? 2 : 0);
    }
}

static void test_a_section_of_a_later_systemd_is_no_fault(void)
{
    _cleanup_(lab_log_done) LabLog log;

    lab_log_begin(&log, DIGEST_SHA256);
    log_section(&log, ".linux", "a kernel");
    log_section(&log, ".novelty", "nobody knows it yet");
    log_section(&log, ".sbat", "the last");
    _cleanup_(shown_done) Shown shown = show_lab(&log);
    check_int(shown.facts.n_sections, 3);
    check_str(shown.facts.sections[1].name, ".novelty");
}

/* Extends PCR with HASHED and has systemd's log say TEXT. */
static void log_userspace(LabLog *log, Bytes *records, unsigned pcr, const char *text,
                          ByteView hashed)
{
    char record[512];
    Digest digest;

    check_int(digest_of(log->algorithm, hashed, &digest), 0);
    _cleanup_free_ char *hex = hex_encode(digest_view(&digest));
    int size = snprintf(record, sizeof(record),
                        "\x1e{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"%s\"}],"
                        "\"content_type\":\"systemd\",\"content\":{\"string\":\"%s\"}}\n",
                        pcr, hex, text);
    lab_put(records, record, (size_t)size);
    lab_log_extend(log, pcr, hashed);
}

static Shown show_both(const LabLog *log, const Bytes *records)
{
    return show_logs(VIEW(log->bytes), VIEW(*records), &log->pcrs);
}

/* The log of userspace is as little to be believed: a section in it is one that was hidden. */
static void test_a_section_cannot_hide_in_the_log_of_userspace(void)
{
    const char phase[] = "enter-initrd";
    uint8_t wide[128];
    ByteView line = utf16("root=/dev/vda2 quiet", wide);

    for (int hidden = 0; hidden < 2; hidden++) {
        _cleanup_(lab_log_done) LabLog log;
        _cleanup_bytes_ Bytes records = { 0 };
        lab_log_begin(&log, DIGEST_SHA256);
        log_section(&log, ".linux", "a kernel");
        lab_log_event(&log, 12, EV_IPL, line, (ByteView){ line.data, line.size - 2 });
        if (hidden) {
            log_userspace(&log, &records, 11, "x", (ByteView){ (const uint8_t *)".cmdline", 9 });
            log_userspace(&log, &records, 11, "y", view_of_string("what the image brought"));
        }
        log_userspace(&log, &records, 11, phase, view_of_string(phase));
        _cleanup_(shown_done) Shown shown = show_both(&log, &records);
        check_int(replayed_log_result(shown.log, 11), REPLAY_PROVEN);
        check_int(shown.facts.n_sections, hidden ? 0 : 1);
        check((shown.facts.command_line == NULL) == hidden);
    }
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

/* Root extends PCR 12 when the machine runs, to have another command line believed. */
static void test_two_sources_of_a_command_line_show_none(void)
{
    _cleanup_(lab_log_done) LabLog both, own, unquoted;
    uint8_t wide[128];
    ByteView data = utf16("root=/dev/vda2 quiet", wide);

    lab_log_begin(&both, DIGEST_SHA256);
    lab_log_boot(&both, NULL);
    lab_log_plain(&both, 12, EV_IPL, data);
    _cleanup_(shown_done) Shown a = show_lab(&both);
    check(!a.facts.command_line);
    lab_log_begin(&own, DIGEST_SHA256);
    log_section(&own, ".cmdline", "what the image brought");
    lab_log_plain(&own, 12, EV_IPL, data);
    _cleanup_(shown_done) Shown b = show_lab(&own);
    check(!b.facts.command_line);
    lab_log_begin(&unquoted, DIGEST_SHA256);
    lab_log_boot(&unquoted, NULL);
    unquoted.pcrs.mask &= ~(1U << 12);
    _cleanup_(shown_done) Shown c = show_lab(&unquoted);
    check(!c.facts.command_line);
}

/* What is in PCR 11 decides whose word the other registers are. */
static void test_no_command_line_is_shown_beside_sections_that_are_not_known(void)
{
    uint8_t wide[128];
    ByteView data = utf16("root=/dev/vda2 quiet", wide);

    for (int fault = 0; fault < 4; fault++) {
        _cleanup_(lab_log_done) LabLog log;
        lab_log_begin(&log, DIGEST_SHA256);
        if (fault == 1) { /* an image with a line of its own, under other labels */
            lab_log_event(&log, 11, EV_ACTION, view_of_string("x"),
                          (ByteView){ (const uint8_t *)".cmdline", 9 });
            lab_log_event(&log, 11, EV_ACTION, view_of_string("y"), view_of_string("evil"));
        }
        lab_log_plain(&log, 12, EV_IPL, data);
        if (fault == 2)
            lab_log_extend(&log, 11, view_of_string("what the log leaves out"));
        if (fault == 3)
            log.pcrs.mask &= ~(1U << 11);
        _cleanup_(shown_done) Shown shown = show_lab(&log);
        check((shown.facts.command_line == NULL) == (fault > 0));
    }
}

/* GRUB started something else, or did not run at all, and root extended what it would have. */
static void test_grubs_line_is_that_of_a_kernel_that_grub_started(void)
{
    static const char *const others[] = { "chainloader /efi/evil.efi init=/bin/sh",
                                          "multiboot2 /xen", "legacy_kernel /vmlinuz" };

    for (size_t i = 0; i < ELEMENTSOF(others) + 3; i++) {
        _cleanup_(lab_log_done) LabLog log;
        lab_log_begin(&log, DIGEST_SHA256);
        if (i < ELEMENTSOF(others))
            lab_log_grub(&log, "grub_cmd: ", others[i]);
        if (i == ELEMENTSOF(others))
            log_section(&log, ".linux", "a kernel that a stub started");
        lab_log_boot(&log, NULL);
        if (i == ELEMENTSOF(others) + 1)
            lab_log_extend(&log, 11, view_of_string("what the log leaves out"));
        _cleanup_(shown_done) Shown shown = show_lab(&log);
        check((shown.facts.command_line == NULL) == (i < ELEMENTSOF(others) + 2));
    }
}

static const Test tests[] = {
    { "GRUB's line is that of a kernel that GRUB started",
      test_grubs_line_is_that_of_a_kernel_that_grub_started },
    { "sections of a unified kernel are found", test_sections_of_a_unified_kernel_are_found },
    { "a register of sections is believed whole or not at all",
      test_a_register_of_sections_is_believed_whole_or_not_at_all },
    { "a section of a later systemd is no fault", test_a_section_of_a_later_systemd_is_no_fault },
    { "a section cannot hide in the log of userspace",
      test_a_section_cannot_hide_in_the_log_of_userspace },
    { "a stub's command line is found", test_a_stubs_command_line_is_found },
    { "two sources of a command line show none", test_two_sources_of_a_command_line_show_none },
    { "no command line is shown beside sections that are not known",
      test_no_command_line_is_shown_beside_sections_that_are_not_known },
};

TEST_MAIN(tests)
