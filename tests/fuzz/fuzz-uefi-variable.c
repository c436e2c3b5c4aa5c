/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What events of UEFI contain: variable, signature database, image load with device path.
 */
#include "format/uefi-image-load.h"
#include "format/uefi-signatures.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_database(ByteView database)
{
    UefiSignatures signatures = uefi_signatures_over(database);
    UefiSignature signature;
    size_t total = 0;

    while (uefi_signatures_next(&signatures, &signature) == UEFI_SIGNATURES_OK) {
        require(signature.data.size > 0);
        total += UEFI_GUID_SIZE + signature.data.size;
    }
    require(total <= database.size);
}

static void read_variable(ByteView bytes)
{
    UefiVariable variable;
    char name[32];

    if (uefi_variable_parse(bytes, &variable) != UEFI_VARIABLE_OK)
        return;
    require(32 + variable.name.size + variable.data.size + variable.rest.size == bytes.size);
    utf16_to_ascii(variable.name, name, sizeof(name));
    require(strlen(name) < sizeof(name));
    if (!strchr(name, '?') && strlen(name) * 2 == variable.name.size && variable.rest.size == 0) {
        _cleanup_bytes_ Bytes again = { 0 };
        require(uefi_variable_is(&variable, variable.guid, name));
        require(uefi_variable_build(variable.guid, name, variable.data, &again) == 0);
        require(view_equal(VIEW(again), bytes));
    }
    walk_database(variable.data);
}

static void read_image_load(ByteView bytes)
{
    UefiImageLoad load;
    char file[32];

    if (uefi_image_load_parse(bytes, &load) != UEFI_IMAGE_LOAD_OK)
        return;
    require(32 + load.device_path.size + load.rest.size == bytes.size);
    uefi_image_load_file(&load, file, sizeof(file));
    require(strlen(file) < sizeof(file));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView bytes = { data, size };

    read_variable(bytes);
    read_image_load(bytes);
    walk_database(bytes);
    return 0;
}
