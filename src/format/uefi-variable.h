/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI_VARIABLE_DATA, the content of EV_EFI_VARIABLE_* events (PC Client Platform Firmware
 * Profile, 10.2.6), and the GUIDs that name what is in it.
 */
#pragma once

#include "base/bytes.h"

#define UEFI_GUID_SIZE              16         /* bytes, first three fields little-endian */
#define UEFI_VARIABLE_NAME_MAX      2048       /* UTF-16 units */
#define UEFI_VARIABLE_DATA_SIZE_MAX (1U << 20) /* bytes */

/* In wire order. */
extern const uint8_t uefi_guid_global_variable[UEFI_GUID_SIZE];   /* SecureBoot, PK, KEK */
extern const uint8_t uefi_guid_security_database[UEFI_GUID_SIZE]; /* db, dbx, dbt, dbr */
extern const uint8_t uefi_guid_shim_lock[UEFI_GUID_SIZE];         /* MokList, SbatLevel, … */

/* Borrows from the event. */
typedef struct UefiVariable {
    uint8_t guid[UEFI_GUID_SIZE];
    ByteView name; /* UTF-16LE without terminator, as it stands: may be invalid */
    ByteView data;
    ByteView rest; /* behind the structure; not empty in events of old versions of shim, which
                    * log slack there and hash the event without its last byte */
} UefiVariable;

enum {
    UEFI_VARIABLE_OK,
    UEFI_VARIABLE_E_TRUNCATED,
    UEFI_VARIABLE_E_NAME, /* longer than UEFI_VARIABLE_NAME_MAX */
    UEFI_VARIABLE_E_DATA, /* longer than UEFI_VARIABLE_DATA_SIZE_MAX */
};

/* UEFI_VARIABLE_OK or a named no. */
_must_check_ int uefi_variable_parse(ByteView event_data, UefiVariable *ret);
/* The bytes of such an event. -ENOMEM. NAME is ASCII. */
_must_check_ int uefi_variable_build(const uint8_t guid[UEFI_GUID_SIZE], const char *name,
                                     ByteView data, Bytes *ret);
/* Is it this variable? NAME is ASCII. */
bool uefi_variable_is(const UefiVariable *variable, const uint8_t guid[UEFI_GUID_SIZE],
                      const char *name);
/*
 * UTF-16LE as printable ASCII, anything else as '?', up to the first NUL, cut to fit. OUT always
 * ends in NUL. For texts to be shown or matched, not to be hashed.
 */
void utf16_to_ascii(ByteView utf16, char *out, size_t size);
