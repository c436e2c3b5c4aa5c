/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers what the events of proven registers show, and leaves out whatever could be shown
 * otherwise by someone who rewrites labels in the log.
 */
#include "verify/boot-facts.h"

#include "format/uefi-image-load.h"
#include "verify/boot-sections.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCR_APPLICATIONS 4
#define PCR_BOOT_END     5
#define PCR_GRUB         8
#define PCR_COMMAND_LINE 12

void boot_facts_done(BootFacts *facts)
{
    for (size_t i = 0; i < facts->n_events; i++)
        free(facts->events[i].text);
    free(facts->events);
    free(facts->sections);
    free(facts->applications);
    *facts = (BootFacts){ 0 };
}

static bool is_application(const ReplayedEvent *event)
{
    return !event->is_userspace && (event->type == EV_EFI_BOOT_SERVICES_APPLICATION ||
                                    event->type == EV_EFI_BOOT_SERVICES_DRIVER ||
                                    event->type == EV_EFI_RUNTIME_SERVICES_DRIVER);
}

static int read_events(EventTextReader *reader, const ReplayedLog *log, BootFacts *facts)
{
    size_t n = 0;

    while (replayed_log_event(log, n))
        n++;
    if (n == 0)
        return 0;
    facts->events = calloc(n, sizeof(*facts->events));
    if (!facts->events)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const ReplayedEvent *event = replayed_log_event(log, i);
        int r = event_text_read(reader, event, &facts->events[i]);
        if (r < 0)
            return r;
        facts->n_events++;
    }
    return 0;
}

/* GRUB quotes arguments anew for the kernel: compare without quotes and backslashes. */
static bool is_same_command(const char *a, const char *b)
{
    static const char ignored[] = "\"'\\";

    for (;;) {
        a += strspn(a, ignored);
        b += strspn(b, ignored);
        if (*a != *b)
            return false;
        if (*a == 0)
            return true;
        a++;
        b++;
    }
}

/* "linux ARGS", "linux16 ARGS", "linuxefi ARGS": ARGS; else NULL. */
static const char *linux_arguments(const char *text)
{
    static const char *const commands[] = { "linux ", "linux16 ", "linuxefi " };

    for (size_t i = 0; i < ELEMENTSOF(commands); i++)
        if (strncmp(text, commands[i], strlen(commands[i])) == 0)
            return text + strlen(commands[i]);
    return NULL;
}

/* Commands that start something else, whose command line GRUB measures in another way or not. */
static bool starts_another_system(const char *text)
{
    static const char *const commands[] = {
        "appleloader",  "chainloader",    "freedos",   "kfreebsd",       "knetbsd",
        "kopenbsd",     "legacy_kernel",  "multiboot", "multiboot2",     "ntldr",
        "plan9",        "pxechainloader", "truecrypt", "xen_hypervisor", "xnu_kernel",
        "xnu_kernel64", "xnu_resume",
    };
    size_t length = strcspn(text, " ");

    for (size_t i = 0; i < ELEMENTSOF(commands); i++)
        if (strlen(commands[i]) == length && strncmp(text, commands[i], length) == 0)
            return true;
    return false;
}

/*
 * GRUB measures its command "linux ARGS" and then ARGS as the kernel's command line. Labels are not
 * covered by the digests, so they are not looked at: there must be exactly one such command in all
 * of PCR 8, every event of which is a known text that starts nothing else, and ARGS must follow it.
 * Returns that event.
 */
static BootEvent *find_grub_command_line(const BootFacts *facts)
{
    const char *arguments = NULL;
    BootEvent *found = NULL;
    size_t n_commands = 0;

    for (size_t i = 0; i < facts->n_events; i++) {
        BootEvent *boot = &facts->events[i];
        if (boot->event->pcr != PCR_GRUB || boot->is_known)
            continue;
        if (!boot->text) /* what cannot be read could be another such command */
            return NULL;
        const char *text = grub_text_strip(boot->text);
        if (starts_another_system(text))
            return NULL;
        if (arguments && !found && is_same_command(arguments, text))
            found = boot;
        if (!linux_arguments(text))
            continue;
        arguments = linux_arguments(text);
        n_commands++;
    }
    return n_commands == 1 ? found : NULL;
}

/* Takes the text from whatever calls itself a command line and is not the proven one. */
static void drop_false_command_lines(BootFacts *facts, const BootEvent *proven)
{
    for (size_t i = 0; i < facts->n_events; i++) {
        BootEvent *boot = &facts->events[i];
        if (boot == proven || !boot->text ||
            (strncmp(boot->text, GRUB_LABEL_KERNEL, strlen(GRUB_LABEL_KERNEL)) != 0 &&
             strncmp(boot->text, GRUB_LABEL_KERNEL_OLD, strlen(GRUB_LABEL_KERNEL_OLD)) != 0))
            continue;
        free(TAKE_PTR(boot->text));
    }
}

/* Anything but separators and words that systemd extends everywhere. */
static bool has_events(const BootFacts *facts, unsigned pcr)
{
    for (size_t i = 0; i < facts->n_events; i++)
        if (facts->events[i].event->pcr == pcr && !facts->events[i].is_known)
            return true;
    return false;
}

/* systemd-stub's: the one text of PCR 12, when there is nothing else in it. */
static const char *find_stub_command_line(const BootFacts *facts)
{
    const char *found = NULL;

    for (size_t i = 0; i < facts->n_events; i++) {
        const BootEvent *boot = &facts->events[i];
        if (boot->event->pcr != PCR_COMMAND_LINE || boot->is_known)
            continue;
        if (found || !boot->text || boot->event->is_userspace || boot->event->type != EV_IPL)
            return NULL;
        found = boot->text;
    }
    return found;
}

/*
 * GRUB's or a stub's. Root can extend PCR 8, 11 and 12 after the boot, so a text in one of them
 * counts only while the others say nothing against it, and a stub's only when the image brought no
 * line of its own. SECTIONS_SOUND: PCR 11 is known to hold the sections in FACTS, or none.
 */
static void read_command_line(const ReplayedLog *log, bool sections_sound, BootFacts *facts)
{
    const BootEvent *grub = find_grub_command_line(facts);
    uint32_t wanted = 1U << PCR_GRUB | 1U << PCR_SECTIONS | 1U << PCR_COMMAND_LINE;

    drop_false_command_lines(facts, grub);
    if ((replayed_log_proven(log) & wanted) != wanted)
        return;
    if (grub && !has_events(facts, PCR_SECTIONS) && !has_events(facts, PCR_COMMAND_LINE))
        facts->command_line = grub_text_strip(grub->text);
    else if (!has_events(facts, PCR_GRUB) && sections_sound && !boot_has_section(facts, ".cmdline"))
        facts->command_line = find_stub_command_line(facts);
}

/* Did the firmware hand over to the kernel before anything else could be appended? */
static bool boot_has_ended(const ReplayedLog *log, const BootFacts *facts)
{
    if (replayed_log_exit_is_unlogged(log))
        return true;
    for (size_t i = 0; i < facts->n_events; i++) {
        const BootEvent *boot = &facts->events[i];
        if (boot->event->pcr == PCR_BOOT_END && boot->event->type == EV_EFI_ACTION && boot->text &&
            strcmp(boot->text, "Exit Boot Services Invocation") == 0)
            return true;
    }
    return false;
}

static int read_applications(const ReplayedLog *log, BootFacts *facts)
{
    UefiImageLoad load;
    size_t n = 0;

    for (size_t i = 0; i < facts->n_events; i++) {
        const BootEvent *boot = &facts->events[i];
        if (boot->event->pcr != PCR_APPLICATIONS)
            continue;
        if (!boot->is_known && !is_application(boot->event))
            return 0;
        n += is_application(boot->event);
    }
    if (n == 0 || !boot_has_ended(log, facts))
        return 0;

    facts->applications = calloc(n, sizeof(*facts->applications));
    if (!facts->applications)
        return -ENOMEM;
    for (size_t i = 0; i < facts->n_events; i++) {
        const ReplayedEvent *event = facts->events[i].event;
        if (event->pcr != PCR_APPLICATIONS || !is_application(event))
            continue;
        BootApplication *application = &facts->applications[facts->n_applications++];
        application->digest = event->digest;
        if (uefi_image_load_parse(event->data, &load) == UEFI_IMAGE_LOAD_OK)
            uefi_image_load_file(&load, application->file, sizeof(application->file));
    }
    return 0;
}

int boot_facts_read(const ReplayedLog *log, BootFacts *ret)
{
    _cleanup_(event_text_reader_freep) EventTextReader *reader = NULL;
    _cleanup_boot_facts_ BootFacts facts = { 0 };
    bool sections_sound = false;

    int r = event_text_reader_new(replayed_log_bank(log), &reader);
    if (r >= 0)
        r = read_events(reader, log, &facts);
    if (r >= 0)
        r = boot_sections_read(reader, &facts, &sections_sound);
    if (r >= 0)
        r = read_applications(log, &facts);
    if (r < 0)
        return r;
    read_command_line(log, sections_sound, &facts);
    facts.secure_boot =
        secure_boot_judge(log, facts.events, facts.n_events, &facts.secure_boot_reason);
    *ret = TAKE_STRUCT(facts);
    return 0;
}
