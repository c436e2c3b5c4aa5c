/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI_IMAGE_LOAD_EVENT (PC Client Platform Firmware Profile, 10.2.3) and the device path in it
 * (UEFI specification, 10.3).
 */
#pragma once

#include "base/reader.h"

/* Borrows from the event. */
typedef struct UefiImageLoad {
    uint64_t address;
    uint64_t length; /* bytes of the image in memory */
    uint64_t link_time_address;
    ByteView device_path; /* well-formed nodes up to an end node; may be empty */
    ByteView rest;        /* behind the structure: slack that old versions of shim log */
} UefiImageLoad;

typedef struct DevicePathNode {
    uint8_t type;
    uint8_t subtype;
    ByteView data; /* without the four bytes of the node's header */
} DevicePathNode;

enum {
    UEFI_IMAGE_LOAD_OK,
    UEFI_IMAGE_LOAD_E_TRUNCATED,
    UEFI_IMAGE_LOAD_E_DEVICE_PATH, /* a node shorter than its header or longer than what is left */
};

/* UEFI_IMAGE_LOAD_OK or a named no. */
_must_check_ int uefi_image_load_parse(ByteView event_data, UefiImageLoad *ret);
/* Takes the next node; false at the end (also of the bytes). Of a parsed device path only. */
_must_check_ bool device_path_next(Reader *reader, DevicePathNode *ret);
/* The last file path node as ASCII ("\EFI\BOOT\BOOTX64.EFI"), "" when there is none. */
void uefi_image_load_file(const UefiImageLoad *load, char *out, size_t size);
