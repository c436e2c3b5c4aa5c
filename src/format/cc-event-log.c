/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACPI table CCEL: bytes to fields, after ACPI 6.5, table 5.2.34.
 */
#include "format/cc-event-log.h"

#include <string.h>

const char *ccel_table_reason(int reason)
{
    switch (reason) {
    case CCEL_TABLE_OK:
        return "ok";
    case CCEL_TABLE_E_SIZE:
        return "not 56 bytes";
    case CCEL_TABLE_E_SIGNATURE:
        return "not a CCEL table";
    case CCEL_TABLE_E_REVISION:
        return "not revision 1";
    case CCEL_TABLE_E_CHECKSUM:
        return "wrong checksum";
    }
    return "unknown";
}

const char *cc_register_name(uint32_t index)
{
    static const char *const names[] = { "MRTD", "RTMR0", "RTMR1", "RTMR2", "RTMR3" };

    return index <= CC_REGISTER_MAX ? names[index] : "unknown";
}

static uint8_t sum_of(ByteView bytes)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes.size; i++)
        sum = (uint8_t)(sum + bytes.data[i]);
    return sum;
}

int ccel_table_parse(ByteView bytes, CcelTable *ret)
{
    Reader reader = reader_over(bytes);
    CcelTable table = { 0 };
    uint8_t signature[4];

    if (bytes.size != CCEL_TABLE_SIZE)
        return CCEL_TABLE_E_SIZE;
    reader_copy(&reader, signature, sizeof(signature));
    uint32_t size = reader_le32(&reader);
    uint8_t revision = reader_u8(&reader);
    reader_skip(&reader, 1 + 6 + 8 + 4 + 4 + 4); /* checksum; who made it */
    table.cc_type = reader_u8(&reader);
    table.cc_subtype = reader_u8(&reader);
    reader_skip(&reader, 2);
    table.log_size = reader_le64(&reader);
    table.log_address = reader_le64(&reader);

    if (memcmp(signature, "CCEL", sizeof(signature)) != 0)
        return CCEL_TABLE_E_SIGNATURE;
    if (reader_end(&reader) || size != CCEL_TABLE_SIZE)
        return CCEL_TABLE_E_SIZE;
    if (revision != 1)
        return CCEL_TABLE_E_REVISION;
    if (sum_of(bytes) != 0)
        return CCEL_TABLE_E_CHECKSUM;
    *ret = table;
    return CCEL_TABLE_OK;
}
