/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks PCR 7: configuration, separator, authorities.
 */
#include "verify/secure-boot.h"

#include "format/uefi-signatures.h"

#include <string.h>

enum { VARIABLE_SECURE_BOOT, VARIABLE_PK, VARIABLE_KEK, VARIABLE_DB, VARIABLE_DBX, VARIABLE_COUNT };

#define VARIABLES_MAX 32 /* different variables in PCR 7; seen: 5 to 8 */

/* What was met so far. REASON is set by the first rule that is broken. */
typedef struct Walk {
    const char *reason;
    bool separated;
    size_t n_authorities;
    UefiVariable variables[VARIABLES_MAX];
    size_t n_variables;
    ByteView data[VARIABLE_COUNT];
    bool met[VARIABLE_COUNT];
} Walk;

static void note(Walk *walk, const UefiVariable *variable)
{
    const struct {
        const uint8_t *guid;
        const char *name;
    } wanted[VARIABLE_COUNT] = {
        [VARIABLE_SECURE_BOOT] = { uefi_guid_global_variable, "SecureBoot" },
        [VARIABLE_PK] = { uefi_guid_global_variable, "PK" },
        [VARIABLE_KEK] = { uefi_guid_global_variable, "KEK" },
        [VARIABLE_DB] = { uefi_guid_security_database, "db" },
        [VARIABLE_DBX] = { uefi_guid_security_database, "dbx" },
    };

    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        if (!uefi_variable_is(variable, wanted[i].guid, wanted[i].name))
            continue;
        walk->met[i] = true;
        walk->data[i] = variable->data;
    }
}

static const char *read_configuration(Walk *walk, const ReplayedEvent *event)
{
    UefiVariable variable;

    if (walk->separated)
        return "a variable is measured behind the separator";
    if (uefi_variable_parse(event->data, &variable) != UEFI_VARIABLE_OK)
        return "a variable cannot be read";
    for (size_t i = 0; i < walk->n_variables; i++)
        if (memcmp(walk->variables[i].guid, variable.guid, sizeof(variable.guid)) == 0 &&
            view_equal(walk->variables[i].name, variable.name))
            return "a variable is measured twice";
    if (walk->n_variables == VARIABLES_MAX)
        return "more variables than any firmware measures";
    walk->variables[walk->n_variables++] = variable;
    note(walk, &variable);
    return NULL;
}

static const char *read_separator(Walk *walk, const ReplayedEvent *event)
{
    if (walk->separated)
        return "there are two separators";
    if (event->data.size != 4 || !view_is_filled_with(event->data, 0))
        return "the separator reports an error";
    walk->separated = true;
    return NULL;
}

/* A database as a whole. What verified an image is a single entry of it, without a list around. */
static bool is_database(const UefiVariable *variable)
{
    UefiSignatures signatures = uefi_signatures_over(variable->data);
    UefiSignature signature;
    int r;

    if (memcmp(variable->guid, uefi_guid_security_database, UEFI_GUID_SIZE) != 0)
        return false;
    do
        r = uefi_signatures_next(&signatures, &signature);
    while (r == UEFI_SIGNATURES_OK);
    return r == UEFI_SIGNATURES_END;
}

/*
 * What verified an image. Configuration must not pass for it: its digest is over a variable all the
 * same. Before the separator it was a driver's image, which says nothing about what booted.
 */
static const char *read_authority(Walk *walk, const ReplayedEvent *event)
{
    static const char *const global[] = { "SecureBoot", "PK", "KEK" };
    UefiVariable variable;

    if (uefi_variable_parse(event->data, &variable) != UEFI_VARIABLE_OK)
        return "an authority cannot be read";
    for (size_t i = 0; i < ELEMENTSOF(global); i++)
        if (uefi_variable_is(&variable, uefi_guid_global_variable, global[i]))
            return "a variable is measured as an authority";
    if (is_database(&variable))
        return "a variable is measured as an authority";
    if (uefi_variable_is(&variable, uefi_guid_shim_lock, "MokSBState") &&
        !view_is_filled_with(variable.data, 0))
        return "shim was told to verify nothing";
    walk->n_authorities += walk->separated;
    return NULL;
}

static const char *read_action(const BootEvent *boot)
{
    if (boot->text && strcmp(boot->text, "UEFI Debug Mode") == 0)
        return "the firmware was in debug mode";
    if (boot->text && strcmp(boot->text, "DMA Protection Disabled") == 0)
        return NULL;
    return "an action that does not belong in PCR 7";
}

static const char *read_event(Walk *walk, const BootEvent *boot)
{
    const ReplayedEvent *event = boot->event;

    if (!boot->verified && event->type != EV_EFI_ACTION)
        return "an event of PCR 7 is not what its digest says";
    if (event->is_userspace)
        return walk->separated && boot->text && strcmp(boot->text, "os-separator") == 0
                   ? NULL
                   : "userspace extended PCR 7";
    if (event->type == EV_EFI_VARIABLE_DRIVER_CONFIG)
        return read_configuration(walk, event);
    if (event->type == EV_SEPARATOR)
        return read_separator(walk, event);
    if (event->type == EV_EFI_ACTION)
        return read_action(boot);
    if (event->type == EV_EFI_VARIABLE_AUTHORITY)
        return read_authority(walk, event);
    return "an event type that does not belong in PCR 7";
}

/* Everything is read: what does it say? */
static SecureBoot conclude(Walk *walk)
{
    ByteView enabled = walk->data[VARIABLE_SECURE_BOOT];

    if (!walk->separated)
        walk->reason = "PCR 7 has no separator";
    else if (!walk->met[VARIABLE_SECURE_BOOT] || enabled.size != 1 || enabled.data[0] > 1)
        walk->reason = "the SecureBoot variable is not one byte, 0 or 1";
    if (walk->reason)
        return SECURE_BOOT_UNKNOWN;
    if (enabled.data[0] == 0)
        return SECURE_BOOT_OFF;
    if (walk->data[VARIABLE_PK].size == 0 || walk->data[VARIABLE_KEK].size == 0 ||
        walk->data[VARIABLE_DB].size == 0)
        walk->reason = "Secure Boot is on without PK, KEK or db";
    else if (walk->n_authorities == 0)
        walk->reason = "Secure Boot is on, but nothing was verified by it";
    return walk->reason ? SECURE_BOOT_UNKNOWN : SECURE_BOOT_ON;
}

SecureBoot secure_boot_judge(const ReplayedLog *log, const BootEvent *events, size_t n_events,
                             const char **ret_reason)
{
    Walk walk = { 0 };

    if (replayed_log_result(log, PCR_SECURE_BOOT) == REPLAY_NOT_QUOTED)
        walk.reason = "PCR 7 was not quoted";
    else if (replayed_log_result(log, PCR_SECURE_BOOT) != REPLAY_PROVEN)
        walk.reason = "PCR 7 does not replay";
    for (size_t i = 0; i < n_events && !walk.reason; i++)
        if (events[i].event->pcr == PCR_SECURE_BOOT)
            walk.reason = read_event(&walk, &events[i]);

    SecureBoot state = walk.reason ? SECURE_BOOT_UNKNOWN : conclude(&walk);
    *ret_reason = walk.reason;
    return state;
}
