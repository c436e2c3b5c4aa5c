/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI_VARIABLE_DATA and its names.
 */
#include "build.h"
#include "format/uefi-variable.h"

static Bytes make(uint64_t name_length, uint64_t data_size)
{
    Bytes out = { 0 };

    put(&out, uefi_guid_global_variable, UEFI_GUID_SIZE);
    put_le(&out, name_length, 8);
    put_le(&out, data_size, 8);
    put_utf16(&out, "SecureBoot");
    put_fill(&out, 1, 1);
    return out;
}

static int try_parse(uint64_t name_length, uint64_t data_size)
{
    _cleanup_bytes_ Bytes bytes = make(name_length, data_size);
    _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, bytes.size);
    UefiVariable variable;

    return uefi_variable_parse((ByteView){ copy, bytes.size }, &variable);
}

static void test_a_variable_is_read(void)
{
    _cleanup_bytes_ Bytes bytes = make(10, 1);
    UefiVariable variable;

    check_int(uefi_variable_parse(VIEW(bytes), &variable), UEFI_VARIABLE_OK);
    check(uefi_variable_is(&variable, uefi_guid_global_variable, "SecureBoot"));
    check(!uefi_variable_is(&variable, uefi_guid_security_database, "SecureBoot"));
    check(!uefi_variable_is(&variable, uefi_guid_global_variable, "SecureBoo"));
    check(!uefi_variable_is(&variable, uefi_guid_global_variable, "SecureBoox"));
    check(variable.data.size == 1 && variable.data.data[0] == 1);
    check_int(variable.rest.size, 0);
}

static void test_what_is_built_is_read(void)
{
    static const uint8_t data[] = { 1, 2, 3 };
    _cleanup_bytes_ Bytes bytes = { 0 };
    UefiVariable variable;

    check_int(uefi_variable_build(uefi_guid_shim_lock, "SbatLevel", VIEW_OF_ARRAY(data), &bytes),
              0);
    check_int(uefi_variable_parse(VIEW(bytes), &variable), UEFI_VARIABLE_OK);
    check(uefi_variable_is(&variable, uefi_guid_shim_lock, "SbatLevel"));
    check(view_equal(variable.data, VIEW_OF_ARRAY(data)));
}

static void test_slack_is_left_over(void)
{
    _cleanup_bytes_ Bytes bytes = make(10, 1);
    UefiVariable variable;

    put_fill(&bytes, 0xaf, 6);
    check_int(uefi_variable_parse(VIEW(bytes), &variable), UEFI_VARIABLE_OK);
    check_int(variable.rest.size, 6);
    check_int(variable.data.size, 1);
}

static void test_hostile_lengths_are_refused(void)
{
    check_int(try_parse(10, 2), UEFI_VARIABLE_E_TRUNCATED);
    check_int(try_parse(11, 1), UEFI_VARIABLE_E_TRUNCATED);
    check_int(try_parse(UEFI_VARIABLE_NAME_MAX, 1), UEFI_VARIABLE_E_TRUNCATED);
    check_int(try_parse(UEFI_VARIABLE_NAME_MAX + 1, 1), UEFI_VARIABLE_E_NAME);
    check_int(try_parse(UINT64_C(1) << 63, 1), UEFI_VARIABLE_E_NAME);
    check_int(try_parse((UINT64_C(1) << 63) + 10, 1), UEFI_VARIABLE_E_NAME);
    check_int(try_parse(10, UEFI_VARIABLE_DATA_SIZE_MAX), UEFI_VARIABLE_E_TRUNCATED);
    check_int(try_parse(10, UEFI_VARIABLE_DATA_SIZE_MAX + 1), UEFI_VARIABLE_E_DATA);
    check_int(try_parse(10, UINT64_MAX), UEFI_VARIABLE_E_DATA);
}

static void test_a_variable_cut_anywhere_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = make(10, 1);
    UefiVariable variable;

    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(uefi_variable_parse((ByteView){ copy, size }, &variable),
                  UEFI_VARIABLE_E_TRUNCATED);
    }
}

static void test_names_become_printable(void)
{
    static const uint8_t odd[] = { 'a', 0, 0x0a, 0, 0x00, 0xd8, 'b', 0, 0, 0, 'c', 0, 'd' };
    char text[16], small[3], none[1] = { 'x' };

    utf16_to_ascii(VIEW_OF_ARRAY(odd), text, sizeof(text));
    check_str(text, "a??b");
    utf16_to_ascii(VIEW_OF_ARRAY(odd), small, sizeof(small));
    check_str(small, "a?");
    utf16_to_ascii(VIEW_OF_ARRAY(odd), none, sizeof(none));
    check_str(none, "");
    utf16_to_ascii(VIEW_OF_ARRAY(odd), NULL, 0);
    utf16_to_ascii((ByteView){ 0 }, text, sizeof(text));
    check_str(text, "");
}

static const Test tests[] = {
    { "a variable is read", test_a_variable_is_read },
    { "what is built is read", test_what_is_built_is_read },
    { "slack is left over", test_slack_is_left_over },
    { "hostile lengths are refused", test_hostile_lengths_are_refused },
    { "a variable cut anywhere is refused", test_a_variable_cut_anywhere_is_refused },
    { "names become printable", test_names_become_printable },
};

TEST_MAIN(tests)
