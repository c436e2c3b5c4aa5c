/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event types of a TCG log (PC Client Platform Firmware Profile, 10.4.1).
 */
#pragma once

#include "base/macro.h"

#define EV_PREBOOT_CERT                  UINT32_C(0x00000000)
#define EV_POST_CODE                     UINT32_C(0x00000001)
#define EV_UNUSED                        UINT32_C(0x00000002)
#define EV_NO_ACTION                     UINT32_C(0x00000003) /* never extended */
#define EV_SEPARATOR                     UINT32_C(0x00000004)
#define EV_ACTION                        UINT32_C(0x00000005)
#define EV_EVENT_TAG                     UINT32_C(0x00000006)
#define EV_S_CRTM_CONTENTS               UINT32_C(0x00000007)
#define EV_S_CRTM_VERSION                UINT32_C(0x00000008)
#define EV_CPU_MICROCODE                 UINT32_C(0x00000009)
#define EV_PLATFORM_CONFIG_FLAGS         UINT32_C(0x0000000a)
#define EV_TABLE_OF_DEVICES              UINT32_C(0x0000000b)
#define EV_COMPACT_HASH                  UINT32_C(0x0000000c)
#define EV_IPL                           UINT32_C(0x0000000d)
#define EV_IPL_PARTITION_DATA            UINT32_C(0x0000000e)
#define EV_NONHOST_CODE                  UINT32_C(0x0000000f)
#define EV_NONHOST_CONFIG                UINT32_C(0x00000010)
#define EV_NONHOST_INFO                  UINT32_C(0x00000011)
#define EV_OMIT_BOOT_DEVICE_EVENTS       UINT32_C(0x00000012)
#define EV_POST_CODE2                    UINT32_C(0x00000013)
#define EV_EFI_VARIABLE_DRIVER_CONFIG    UINT32_C(0x80000001)
#define EV_EFI_VARIABLE_BOOT             UINT32_C(0x80000002)
#define EV_EFI_BOOT_SERVICES_APPLICATION UINT32_C(0x80000003)
#define EV_EFI_BOOT_SERVICES_DRIVER      UINT32_C(0x80000004)
#define EV_EFI_RUNTIME_SERVICES_DRIVER   UINT32_C(0x80000005)
#define EV_EFI_GPT_EVENT                 UINT32_C(0x80000006)
#define EV_EFI_ACTION                    UINT32_C(0x80000007)
#define EV_EFI_PLATFORM_FIRMWARE_BLOB    UINT32_C(0x80000008)
#define EV_EFI_HANDOFF_TABLES            UINT32_C(0x80000009)
#define EV_EFI_PLATFORM_FIRMWARE_BLOB2   UINT32_C(0x8000000a)
#define EV_EFI_HANDOFF_TABLES2           UINT32_C(0x8000000b)
#define EV_EFI_VARIABLE_BOOT2            UINT32_C(0x8000000c)
#define EV_EFI_GPT_EVENT2                UINT32_C(0x8000000d)
#define EV_EFI_HCRTM_EVENT               UINT32_C(0x80000010)
#define EV_EFI_VARIABLE_AUTHORITY        UINT32_C(0x800000e0)
#define EV_EFI_SPDM_FIRMWARE_BLOB        UINT32_C(0x800000e1)
#define EV_EFI_SPDM_FIRMWARE_CONFIG      UINT32_C(0x800000e2)
#define EV_EFI_SPDM_DEVICE_POLICY        UINT32_C(0x800000e3)
#define EV_EFI_SPDM_DEVICE_AUTHORITY     UINT32_C(0x800000e4)

/* "EV_SEPARATOR"; NULL when unknown. Static text. */
const char *event_type_name(uint32_t type);
/* By that name. False when unknown; RET is then untouched. */
_must_check_ bool event_type_by_name(const char *name, uint32_t *ret);
