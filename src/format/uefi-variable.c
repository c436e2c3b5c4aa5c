/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI_VARIABLE_DATA and its UTF-16 names.
 */
#include "format/uefi-variable.h"

#include "base/reader.h"

#include <string.h>

const uint8_t uefi_guid_global_variable[UEFI_GUID_SIZE] = {
    0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
};
const uint8_t uefi_guid_security_database[UEFI_GUID_SIZE] = {
    0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f,
};
const uint8_t uefi_guid_shim_lock[UEFI_GUID_SIZE] = {
    0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23,
};

int uefi_variable_parse(ByteView event_data, UefiVariable *ret)
{
    UefiVariable variable = { 0 };
    Reader reader = reader_over(event_data);

    reader_copy(&reader, variable.guid, sizeof(variable.guid));
    uint64_t name_length = reader_le64(&reader);
    uint64_t data_size = reader_le64(&reader);
    if (reader_check(&reader))
        return UEFI_VARIABLE_E_TRUNCATED;
    if (name_length > UEFI_VARIABLE_NAME_MAX)
        return UEFI_VARIABLE_E_NAME;
    if (data_size > UEFI_VARIABLE_DATA_SIZE_MAX)
        return UEFI_VARIABLE_E_DATA;

    variable.name = reader_view(&reader, name_length * 2);
    variable.data = reader_view(&reader, data_size);
    if (reader_check(&reader))
        return UEFI_VARIABLE_E_TRUNCATED;
    variable.rest = reader.left;
    *ret = variable;
    return UEFI_VARIABLE_OK;
}

int uefi_variable_build(const uint8_t guid[UEFI_GUID_SIZE], const char *name, ByteView data,
                        Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = bytes_append(&bytes, (ByteView){ guid, UEFI_GUID_SIZE });
    if (r == 0)
        r = bytes_append_le64(&bytes, strlen(name));
    if (r == 0)
        r = bytes_append_le64(&bytes, data.size);
    for (const char *c = name; r == 0 && *c; c++)
        r = bytes_append_le16(&bytes, (uint8_t)*c);
    if (r == 0)
        r = bytes_append(&bytes, data);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(bytes);
    return 0;
}

bool uefi_variable_is(const UefiVariable *variable, const uint8_t guid[UEFI_GUID_SIZE],
                      const char *name)
{
    size_t length = strlen(name);

    if (memcmp(variable->guid, guid, UEFI_GUID_SIZE) != 0 || variable->name.size != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (variable->name.data[2 * i] != (uint8_t)name[i] || variable->name.data[2 * i + 1] != 0)
            return false;
    return true;
}

void utf16_to_ascii(ByteView utf16, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i + 1 < utf16.size && n + 1 < size; i += 2) {
        unsigned unit = utf16.data[i] | (unsigned)utf16.data[i + 1] << 8;
        if (unit == 0)
            break;
        out[n++] = unit >= 0x20 && unit < 0x7f ? (char)unit : '?';
    }
    if (size > 0)
        out[n] = 0;
}
