/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers what the events of proven registers show, and leaves out whatever could be shown
 * otherwise by someone who rewrites labels in the log.
 */
#include "verify/boot-facts.h"

#include "format/uefi-image-load.h"
#include "format/uefi-variable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCR_APPLICATIONS 4
#define PCR_BOOT_END     5
#define PCR_GRUB         8
#define PCR_UKI          11
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
        if (!facts->events[i].verified)
            facts->opaque_pcrs |= 1U << event->pcr;
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

/*
 * GRUB measures its command "linux ARGS" and then ARGS as the kernel's command line. Labels are not
 * covered by the digests, so they are not looked at: there must be exactly one such command in all
 * of PCR 8, every event of which is a known text, and ARGS must follow it. Returns that event.
 */
static BootEvent *find_grub_command_line(const BootFacts *facts)
{
    const char *arguments = NULL;
    BootEvent *found = NULL;
    size_t n_commands = 0;

    if (facts->opaque_pcrs & 1U << PCR_GRUB)
        return NULL;
    for (size_t i = 0; i < facts->n_events; i++) {
        BootEvent *boot = &facts->events[i];
        if (boot->event->pcr != PCR_GRUB || boot->event->type == EV_SEPARATOR)
            continue;
        if (!boot->text) /* what cannot be read could be another such command */
            return NULL;
        const char *text = grub_text_strip(boot->text);
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

/* systemd-stub's: the one text of PCR 12, when there is nothing else in it. */
static const char *find_stub_command_line(const BootFacts *facts)
{
    const char *found = NULL;

    for (size_t i = 0; i < facts->n_events; i++) {
        const BootEvent *boot = &facts->events[i];
        if (boot->event->pcr != PCR_COMMAND_LINE || boot->event->is_userspace)
            continue;
        if (found || !boot->text || boot->event->type != EV_IPL)
            return NULL;
        found = boot->text;
    }
    return found;
}

static void read_command_line(BootFacts *facts)
{
    const BootEvent *grub = find_grub_command_line(facts);

    drop_false_command_lines(facts, grub);
    facts->command_line = find_stub_command_line(facts);
    if (!facts->command_line && grub)
        facts->command_line = grub_text_strip(grub->text);
}

static bool has_section(const BootFacts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_sections; i++)
        if (strcmp(facts->sections[i].name, name) == 0)
            return true;
    return false;
}

static int add_section(BootFacts *facts, BootEvent *boot, const char *name, ByteView digest)
{
    BootSection *sections = reallocarray(facts->sections, facts->n_sections + 1, sizeof(*sections));

    if (!sections)
        return -ENOMEM;
    facts->sections = sections;
    if (!boot->text)
        boot->text = strdup(name);
    if (!boot->text)
        return -ENOMEM;
    boot->verified = true;
    sections[facts->n_sections++] = (BootSection){ .name = boot->text, .digest = digest };
    return 0;
}

/*
 * Pairs of events in PCR 11 with the same text: H(name with NUL), then H(content). A name that
 * comes twice makes all of it worthless: the second may have been added later.
 */
static int read_sections(EventTextReader *reader, BootFacts *facts)
{
    char name[16];

    for (size_t i = 0; i + 1 < facts->n_events; i++) {
        const ReplayedEvent *event = facts->events[i].event;
        const ReplayedEvent *next = facts->events[i + 1].event;
        bool is_name = false;
        if (event->pcr != PCR_UKI || next->pcr != PCR_UKI || event->is_userspace ||
            event->type != EV_IPL || next->type != EV_IPL || !view_equal(event->data, next->data))
            continue;
        utf16_to_ascii(event->data, name, sizeof(name));
        int r = event_is_name(reader, event, name, &is_name);
        if (r >= 0 && is_name && name[0] == '.' && has_section(facts, name)) {
            facts->n_sections = 0;
            return 0;
        }
        if (r >= 0 && is_name && name[0] == '.')
            r = add_section(facts, &facts->events[i], name, next->digest);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Did the firmware hand over to the kernel before anything else could be appended? */
static bool boot_has_ended(const BootFacts *facts)
{
    for (size_t i = 0; i < facts->n_events; i++) {
        const BootEvent *boot = &facts->events[i];
        if (boot->event->pcr == PCR_BOOT_END && boot->event->type == EV_EFI_ACTION && boot->text &&
            strcmp(boot->text, "Exit Boot Services Invocation") == 0)
            return true;
    }
    return false;
}

static int read_applications(BootFacts *facts)
{
    UefiImageLoad load;
    size_t n = 0;

    for (size_t i = 0; i < facts->n_events; i++) {
        const BootEvent *boot = &facts->events[i];
        if (boot->event->pcr != PCR_APPLICATIONS)
            continue;
        if (!boot->verified && !is_application(boot->event))
            return 0;
        n += is_application(boot->event);
    }
    if (n == 0 || !boot_has_ended(facts))
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

    int r = event_text_reader_new(replayed_log_bank(log), &reader);
    if (r >= 0)
        r = read_events(reader, log, &facts);
    if (r >= 0)
        r = read_sections(reader, &facts);
    if (r >= 0)
        r = read_applications(&facts);
    if (r < 0)
        return r;
    read_command_line(&facts);
    facts.secure_boot =
        secure_boot_judge(log, facts.events, facts.n_events, &facts.secure_boot_reason);
    *ret = TAKE_STRUCT(facts);
    return 0;
}
