/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI table CCEL, and the names of the registers.
 */
#include "format/cc-event-log.h"

#include "build.h"

static Bytes build_table(void)
{
    Bytes out = { 0 };
    uint8_t sum = 0;

    put(&out, "CCEL", 4);
    put_le(&out, CCEL_TABLE_SIZE, 4);
    put_le(&out, 1, 1);
    put_le(&out, 0, 1);
    put(&out, "SOMEBYSOMEMADE", 14);
    put_fill(&out, 0x11, 12);
    put_le(&out, CCEL_TYPE_TDX, 1);
    put_le(&out, 3, 1);
    put_le(&out, 0, 2);
    put_le(&out, 0x40000, 8);
    put_le(&out, 0x1bedbf000, 8);
    for (size_t i = 0; i < out.size; i++)
        sum = (uint8_t)(sum + out.data[i]);
    out.data[9] = (uint8_t)-sum;
    return out;
}

static void test_a_table_is_read(void)
{
    _cleanup_bytes_ Bytes bytes = build_table();
    CcelTable table;

    check_int(ccel_table_parse(VIEW(bytes), &table), CCEL_TABLE_OK);
    check_int(table.cc_type, CCEL_TYPE_TDX);
    check_int(table.cc_subtype, 3);
    check_int(table.log_size, 0x40000);
    check_int(table.log_address, 0x1bedbf000);
}

static void test_every_flipped_bit_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = build_table();
    CcelTable table;

    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        int r = ccel_table_parse(VIEW(bytes), &table);
        check(r > 0 && strcmp(ccel_table_reason(r), "unknown") != 0);
        check_int(r, bit < 32   ? CCEL_TABLE_E_SIGNATURE
                     : bit < 64 ? CCEL_TABLE_E_SIZE
                     : bit < 72 ? CCEL_TABLE_E_REVISION
                                : CCEL_TABLE_E_CHECKSUM);
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void test_another_size_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = build_table();
    CcelTable table;

    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(ccel_table_parse((ByteView){ copy, size }, &table), CCEL_TABLE_E_SIZE);
    }
    put_le(&bytes, 0, 1);
    check_int(ccel_table_parse(VIEW(bytes), &table), CCEL_TABLE_E_SIZE);
}

static void test_registers_have_names(void)
{
    check_str(cc_register_name(CC_REGISTER_MRTD), "MRTD");
    check_str(cc_register_name(CC_REGISTER_RTMR0), "RTMR0");
    check_str(cc_register_name(CC_REGISTER_MAX), "RTMR3");
    check_str(cc_register_name(CC_REGISTER_MAX + 1), "unknown");
    check_str(cc_register_name(UINT32_MAX), "unknown");
}

static const Test tests[] = {
    { "a table is read", test_a_table_is_read },
    { "every flipped bit is refused", test_every_flipped_bit_is_refused },
    { "another size is refused", test_another_size_is_refused },
    { "registers have names", test_registers_have_names },
};

TEST_MAIN(tests)
