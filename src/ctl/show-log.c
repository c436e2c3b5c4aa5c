/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event log as the story of a boot, in the order in which it was measured. What carries no news
 * for a person is counted, not told; JSON has every event.
 */
#include "ctl/output.h"
#include "ctl/show-content.h"

#include <inttypes.h>
#include <string.h>

#define PCR_GRUB_COMMANDS 8
#define PCR_SECTIONS      11 /* of a unified kernel image */
#define PCR_COMMAND_LINE  12 /* of systemd-stub */
#define RTMR_OF_SYSTEM    3  /* index of RTMR2, which has what PCR 8 to 15 have */

/* How an event of a type is told; NULL: only counted. */
typedef struct Telling {
    const char *type;
    const char *label;
    const char *text; /* in place of the event's, where that says nothing */
} Telling;

static const Telling tellings[] = {
    { "EV_S_CRTM_VERSION", "Firmware", "its version" },
    { "EV_S_CRTM_CONTENTS", "Firmware", "its first code" },
    { "EV_EFI_PLATFORM_FIRMWARE_BLOB", "Firmware", "a volume of firmware" },
    { "EV_EFI_PLATFORM_FIRMWARE_BLOB2", "Firmware", "a volume of firmware" },
    { "EV_POST_CODE", "Firmware", "a part of firmware" },
    { "EV_POST_CODE2", "Firmware", "a part of firmware" },
    { "EV_NONHOST_INFO", "Firmware", "code beside the processor" },
    { "EV_EFI_BOOT_SERVICES_DRIVER", "Option ROM", "a driver" },
    { "EV_EFI_RUNTIME_SERVICES_DRIVER", "Option ROM", "a driver that stays" },
    { "EV_EFI_BOOT_SERVICES_APPLICATION", "Program", "a program" },
    { "EV_EFI_VARIABLE_AUTHORITY", "Authorised by", "a key of Secure Boot" },
    { "EV_EFI_ACTION", "Firmware says", "" },
    { "EV_ACTION", "Firmware says", "" },
    { "EV_OMIT_BOOT_DEVICE_EVENTS", "Firmware says", "boot devices are not measured" },
    { "EV_CPU_MICROCODE", "Firmware", "microcode of the processor" },
    { "EV_EFI_HCRTM_EVENT", "Firmware", "its first code (H-CRTM)" },
};

/* What GRUB measures of the commands it runs; the others are of little interest. */
static const char *const commands[] = {
    "kernel_cmdline: ",     "grub_kernel_cmdline ",   "module_cmdline: ",
    "grub_cmd: linux ",     "grub_cmd: linuxefi ",    "grub_cmd: initrd ",
    "grub_cmd: initrdefi ", "grub_cmd: chainloader ", "grub_cmd: multiboot2 ",
};

static const Telling *find_telling(const char *type)
{
    for (size_t i = 0; i < ELEMENTSOF(tellings); i++)
        if (strcmp(tellings[i].type, type) == 0)
            return &tellings[i];
    return NULL;
}

typedef struct Story {
    bool is_of_tdx;    /* registers are RTMRs, one above their index */
    size_t n_alike;    /* of the event that is told, in a row */
    size_t n_commands; /* that were counted only */
    size_t n_variables;
    size_t n_others;
} Story;

static json_int_t register_of(const json_t *event)
{
    return json_integer_value(show_at(event, "pcr"));
}

static void tell(const Story *story, const char *label, const json_t *event, const char *otherwise)
{
    const char *text = show_string(event, "text");
    char times[32] = "";

    if (story->n_alike > 1)
        (void)snprintf(times, sizeof(times), ", %zu times", story->n_alike);
    show_rowf(label, "%s [%s%lld]%s", *text ? text : otherwise, story->is_of_tdx ? "RTMR" : "PCR ",
              (long long)register_of(event) - (story->is_of_tdx ? 1 : 0), times);
}

static void tell_count(size_t n, const char *one, const char *several)
{
    if (n > 0)
        show_rowf("", "and %zu %s", n, n == 1 ? one : several);
}

static void flush_counts(Story *story)
{
    tell_count(story->n_commands, "more command of GRUB", "more commands of GRUB");
    tell_count(story->n_variables, "boot setting of the firmware", "boot settings of the firmware");
    story->n_commands = 0;
    story->n_variables = 0;
}

/* "SecureBoot = 01" */
static void tell_variable(const json_t *event, Story *story)
{
    const char *text = show_string(event, "text");

    if (strncmp(text, "SecureBoot", strlen("SecureBoot")) == 0 && strchr(text, '='))
        show_row("Secure Boot",
                 strstr(text, "= 01") ? "on, says the firmware" : "off, says the firmware");
    else if (strncmp(text, "SecureBoot", strlen("SecureBoot")) == 0)
        show_row("Secure Boot", "not set up, says the firmware");
    else if (*text && strcmp(show_string(event, "type"), "EV_EFI_VARIABLE_DRIVER_CONFIG") == 0)
        show_row("Key store", text);
    else
        story->n_variables++;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_told_command(const char *text)
{
    for (size_t i = 0; i < ELEMENTSOF(commands); i++)
        if (begins(text, commands[i]))
            return true;
    return false;
}

static bool has_label_of_grub(const char *text)
{
    return begins(text, "grub_") || begins(text, "kernel_cmdline: ") ||
           begins(text, "module_cmdline: ");
}

/* GRUB, systemd-stub and shim all use EV_IPL. */
static void tell_loader(const json_t *event, Story *story)
{
    const char *text = show_string(event, "text");
    json_int_t pcr = register_of(event);
    bool is_grubs = pcr == PCR_GRUB_COMMANDS ||
                    (story->is_of_tdx && pcr == RTMR_OF_SYSTEM && has_label_of_grub(text));

    if (is_grubs && begins(text, "grub_cmd") && !is_told_command(text))
        story->n_commands++;
    else if (is_grubs)
        tell(story, "Boot loader", event, "a text");
    else if (pcr == PCR_SECTIONS)
        tell(story, "Kernel image", event, "a section");
    else if (pcr == PCR_COMMAND_LINE)
        tell(story, "Command line", event, "a text");
    else
        tell(story, "Loaded", event, "something");
}

static void tell_separator(const json_t *event, const Story *story)
{
    if (strcmp(show_string(event, "text"), "error") == 0)
        tell(story, "Firmware says", event, "error");
    else if (!story->is_of_tdx && register_of(event) == 7)
        show_row("", "-- Secure Boot is decided [PCR 7] --");
    else if (!story->is_of_tdx && register_of(event) == 4)
        show_row("", "-- the firmware hands over [PCR 4] --");
}

static void tell_event(const json_t *event, Story *story)
{
    const char *type = show_string(event, "type");

    if (strcmp(type, "EV_SEPARATOR") == 0) {
        tell_separator(event, story);
        return;
    }
    if (begins(type, "EV_EFI_VARIABLE_DRIVER") || begins(type, "EV_EFI_VARIABLE_BOOT")) {
        tell_variable(event, story);
        return;
    }
    if (strcmp(type, "EV_IPL") == 0) {
        tell_loader(event, story);
        return;
    }
    if (begins(type, "EV_EFI_GPT_EVENT")) {
        show_rowf("Disk", "partition table [%s]", story->is_of_tdx ? "RTMR1" : "PCR 5");
        return;
    }
    if (strcmp(type, "EV_EVENT_TAG") == 0 && *show_string(event, "text")) {
        tell(story, "Measured", event, "");
        return;
    }
    const Telling *telling = find_telling(type);
    if (telling)
        tell(story, telling->label, event, telling->text);
    else
        story->n_others++;
}

/* A TPM has separators in PCR 0 to 7 at least; a log of TDX has the indices 1 to 4 and no other, in
 * one bank. */
static bool is_of_tdx(const json_t *events)
{
    size_t i;
    json_t *event;

    json_array_foreach (events, i, event) {
        const json_t *digests = show_at(event, "digests");
        if (strcmp(show_string(event, "type"), "EV_NO_ACTION") == 0)
            continue;
        if (register_of(event) < 1 || register_of(event) > 4 || json_object_size(digests) != 1 ||
            !json_object_get(digests, "sha384"))
            return false;
    }
    return true;
}

/* How many from I on would be told alike? Only of those that a table tells. */
static size_t count_alike(const json_t *events, size_t i)
{
    const json_t *event = json_array_get(events, i), *next;
    const char *type = show_string(event, "type"), *text = show_string(event, "text");
    size_t n = 1;

    while (find_telling(type) && (next = json_array_get(events, i + n)) &&
           strcmp(show_string(next, "type"), type) == 0 &&
           strcmp(show_string(next, "text"), text) == 0 && register_of(next) == register_of(event))
        n++;
    return n;
}

static void show_story(const json_t *events)
{
    Story story = { .is_of_tdx = is_of_tdx(events) };
    const char *last = "";

    show_heading("The boot, as the log tells it");
    for (size_t i = 0; i < json_array_size(events); i += story.n_alike) {
        const json_t *event = json_array_get(events, i);
        const char *type = show_string(event, "type");
        story.n_alike = count_alike(events, i);
        if (strcmp(type, last) != 0)
            flush_counts(&story);
        tell_event(event, &story);
        last = type;
    }
    flush_counts(&story);
    tell_count(story.n_others, "event of another kind (--json)", "events of other kinds (--json)");
}

static void show_summary(const json_t *log)
{
    long long n = (long long)json_integer_value(show_at(log, "events"));

    if (!show_at(log, "format"))
        return;
    show_rowf("Log", "%s, %lld %s, %lld bytes", show_string(log, "format"), n,
              n == 1 ? "event" : "events", (long long)json_integer_value(show_at(log, "size")));
    show_field(log, "Damaged", "parse_error");
    show_field(log, "Start locality", "startup_locality");
    if (show_is_true(log, "hcrtm_event"))
        show_row("", "measured from the first instruction (H-CRTM)");
}

void show_boot(const json_t *boot)
{
    char registers[SHOW_REGISTERS_SIZE];
    size_t i;
    json_t *item;

    show_registers_text(show_at(boot, "proven_pcrs"), registers);
    if (*registers)
        show_row("PCRs", registers);
    show_field(boot, "Secure Boot", "secure_boot");
    show_field(boot, "because", "secure_boot_reason");
    json_array_foreach (show_at(boot, "signers"), i, item)
        show_rowf("Authorised by", "%s: %s", show_string(item, "variable"),
                  *show_string(item, "cert.subject") ? show_string(item, "cert.subject")
                                                     : show_string(item, "id"));
    json_array_foreach (show_at(boot, "applications"), i, item)
        show_rowf("Program", "%s %s", show_string(item, "digest"), show_string(item, "file"));
    show_field(boot, "Command line", "command_line");
    if (json_object_size(show_at(boot, "sections")) > 0)
        show_tree(show_at(boot, "sections"));
}

static void show_rtmrs(const json_t *values)
{
    static const char *const names[] = { "1", "2", "3", "4" };
    char label[8];

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        (void)snprintf(label, sizeof(label), "RTMR%zu", i);
        show_field(values, label, names[i]);
    }
}

/* Of one bank: the one that most people use, if the log has it. */
static void show_values(const json_t *replayed, bool of_tdx)
{
    static const char *const banks[] = { "sha256", "sha384", "sha512", "sha1" };

    for (size_t i = 0; i < ELEMENTSOF(banks); i++) {
        json_t *values = json_object_get(replayed, banks[i]);
        json_auto_t *bank = values ? json_pack("{sO}", banks[i], values) : NULL;
        if (!bank)
            continue;
        show_heading("Values it replays to");
        if (of_tdx)
            show_rtmrs(values);
        else
            show_pcrs(bank);
        return;
    }
}

/* Records of systemd, each for itself. */
void show_userspace_log(const json_t *log)
{
    size_t i;
    json_t *record;

    json_array_foreach (show_at(log, "log"), i, record) {
        const json_t *pcr = show_at(record, "pcr"), *index = show_at(record, "nv_index");
        const char *text = show_string(record, "text"), *type = show_string(record, "type");
        if (json_is_integer(pcr))
            show_rowf(*type ? type : "record", "%s [PCR %lld]", *text ? text : "(no text)",
                      (long long)json_integer_value(pcr));
        else
            show_rowf(*type ? type : "record", "%s [NV 0x%llx]", *text ? text : "(no text)",
                      (unsigned long long)json_integer_value(index));
    }
}

void show_event_log(const json_t *log)
{
    const json_t *events = show_at(log, "log");

    show_summary(log);
    if (show_at(log, "boot")) {
        show_heading("Proven by the log");
        show_boot(show_at(log, "boot"));
    }
    if (json_array_size(events) > 0)
        show_story(events);
    show_values(show_at(log, "replayed"), json_array_size(events) > 0 && is_of_tdx(events));
}
