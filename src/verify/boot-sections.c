/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks PCR 11 by the digests of names that are known beforehand, not by what the log calls them.
 */
#include "verify/boot-sections.h"

#include "format/uefi-variable.h"

#include <errno.h>
#include <string.h>

/* Sections of a unified kernel image, in the order in which systemd-stub measures them. */
static const char *const section_names[] = {
    ".linux", ".osrel",  ".cmdline", ".initrd",  ".ucode",   ".splash", ".dtb",   ".uname",
    ".sbat",  ".pcrsig", ".pcrpkey", ".profile", ".dtbauto", ".hwids",  ".efifw",
};

#define SECTION_NAME_MAX 16 /* bytes with NUL; names in a PE image have 8 at most */
#define SECTIONS_MAX     32 /* seen: up to 10 */
#define NO_SECTION       ELEMENTSOF(section_names)

/* Where the walk through PCR 11 stands. */
typedef struct SectionWalk {
    EventTextReader *reader;
    Digest names[ELEMENTSOF(section_names)];
    size_t n_met;    /* names up to this index are behind us */
    BootEvent *name; /* whose content is next; NULL: a name is next */
} SectionWalk;

static size_t find_section_name(const SectionWalk *walk, const ReplayedEvent *event)
{
    for (size_t i = 0; i < ELEMENTSOF(walk->names); i++)
        if (view_equal(digest_view(&walk->names[i]), event->digest))
            return i;
    return NO_SECTION;
}

bool boot_has_section(const BootFacts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_sections; i++)
        if (strcmp(facts->sections[i].name, name) == 0)
            return true;
    return false;
}

/* Is it the name of a section: its digest, under its own label, in its place? */
static int read_section_name(SectionWalk *walk, const BootFacts *facts, BootEvent *boot, bool *ret)
{
    size_t index = find_section_name(walk, boot->event);
    char label[SECTION_NAME_MAX];
    Digest digest;

    *ret = false;
    utf16_to_ascii(boot->event->data, label, sizeof(label));
    if (boot->event->type != EV_IPL || label[0] != '.' || boot_has_section(facts, label) ||
        facts->n_sections == SECTIONS_MAX)
        return 0;
    if (index != NO_SECTION && index < walk->n_met)
        return 0;
    int r = event_text_name(walk->reader, label, &digest);
    if (r < 0 || !view_equal(digest_view(&digest), boot->event->digest))
        return r;
    if (index != NO_SECTION)
        walk->n_met = index + 1;
    boot->verified = true;
    walk->name = boot;
    if (!boot->text)
        boot->text = strdup(label);
    *ret = boot->text != NULL;
    return boot->text ? 0 : -ENOMEM;
}

/* Is it the content of the section whose name was read: the same label, and not a name itself? */
static int read_section_content(SectionWalk *walk, BootFacts *facts, const BootEvent *boot,
                                bool *ret)
{
    BootEvent *name = TAKE_PTR(walk->name);

    *ret = boot->event->type == EV_IPL && view_equal(boot->event->data, name->event->data) &&
           find_section_name(walk, boot->event) == NO_SECTION;
    if (!*ret)
        return 0;
    BootSection *sections = reallocarray(facts->sections, facts->n_sections + 1, sizeof(*sections));
    if (!sections)
        return -ENOMEM;
    facts->sections = sections;
    sections[facts->n_sections++] =
        (BootSection){ .name = name->text, .digest = boot->event->digest };
    return 0;
}

static int read_section_event(SectionWalk *walk, BootFacts *facts, BootEvent *boot, bool *ret)
{
    if (boot->event->is_userspace) { /* where a pair could be hidden */
        *ret = !walk->name && find_section_name(walk, boot->event) == NO_SECTION;
        return 0;
    }
    return walk->name ? read_section_content(walk, facts, boot, ret)
                      : read_section_name(walk, facts, boot, ret);
}

int boot_sections_read(EventTextReader *reader, BootFacts *facts, bool *ret_sound)
{
    SectionWalk walk = { .reader = reader };
    bool sound = true;
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(section_names) && r >= 0; i++)
        r = event_text_name(reader, section_names[i], &walk.names[i]);
    for (size_t i = 0; i < facts->n_events && r >= 0 && sound; i++)
        if (facts->events[i].event->pcr == PCR_SECTIONS)
            r = read_section_event(&walk, facts, &facts->events[i], &sound);
    if (r < 0)
        return r;
    *ret_sound = sound && !walk.name;
    if (!*ret_sound)
        facts->n_sections = 0;
    return 0;
}
