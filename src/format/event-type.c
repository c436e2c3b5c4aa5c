/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of event types.
 */
#include "format/event-type.h"

#include <string.h>

#define ROW(type)                                                                                  \
    {                                                                                              \
        type, #type                                                                                \
    }

static const struct {
    uint32_t type;
    const char *name;
} types[] = {
    ROW(EV_PREBOOT_CERT),
    ROW(EV_POST_CODE),
    ROW(EV_UNUSED),
    ROW(EV_NO_ACTION),
    ROW(EV_SEPARATOR),
    ROW(EV_ACTION),
    ROW(EV_EVENT_TAG),
    ROW(EV_S_CRTM_CONTENTS),
    ROW(EV_S_CRTM_VERSION),
    ROW(EV_CPU_MICROCODE),
    ROW(EV_PLATFORM_CONFIG_FLAGS),
    ROW(EV_TABLE_OF_DEVICES),
    ROW(EV_COMPACT_HASH),
    ROW(EV_IPL),
    ROW(EV_IPL_PARTITION_DATA),
    ROW(EV_NONHOST_CODE),
    ROW(EV_NONHOST_CONFIG),
    ROW(EV_NONHOST_INFO),
    ROW(EV_OMIT_BOOT_DEVICE_EVENTS),
    ROW(EV_POST_CODE2),
    ROW(EV_EFI_VARIABLE_DRIVER_CONFIG),
    ROW(EV_EFI_VARIABLE_BOOT),
    ROW(EV_EFI_BOOT_SERVICES_APPLICATION),
    ROW(EV_EFI_BOOT_SERVICES_DRIVER),
    ROW(EV_EFI_RUNTIME_SERVICES_DRIVER),
    ROW(EV_EFI_GPT_EVENT),
    ROW(EV_EFI_ACTION),
    ROW(EV_EFI_PLATFORM_FIRMWARE_BLOB),
    ROW(EV_EFI_HANDOFF_TABLES),
    ROW(EV_EFI_PLATFORM_FIRMWARE_BLOB2),
    ROW(EV_EFI_HANDOFF_TABLES2),
    ROW(EV_EFI_VARIABLE_BOOT2),
    ROW(EV_EFI_GPT_EVENT2),
    ROW(EV_EFI_HCRTM_EVENT),
    ROW(EV_EFI_VARIABLE_AUTHORITY),
    ROW(EV_EFI_SPDM_FIRMWARE_BLOB),
    ROW(EV_EFI_SPDM_FIRMWARE_CONFIG),
    ROW(EV_EFI_SPDM_DEVICE_POLICY),
    ROW(EV_EFI_SPDM_DEVICE_AUTHORITY),
};

const char *event_type_name(uint32_t type)
{
    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        if (types[i].type == type)
            return types[i].name;
    return NULL;
}

bool event_type_by_name(const char *name, uint32_t *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            *ret = types[i].type;
            return true;
        }
    }
    return false;
}
