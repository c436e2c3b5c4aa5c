/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCL report: lengths, versions, types, padding, and what real paravisors left in their vTPMs.
 */
#include "format/hcl-report.h"

#include "build.h"

#include <jansson.h>

#define CLAIMS "{\"keys\":[]}"

/* A header field to make wrong: offset and value of a little-endian u32. */
typedef struct Change {
    size_t offset;
    uint32_t value;
} Change;

static void put_report(Bytes *out, uint32_t type, size_t padding)
{
    size_t size = strlen(CLAIMS);

    put(out, "HCLA", 4);
    put_le(out, 2, 4);
    put_le(out, HCL_CLAIMS_OFFSET + size, 4);
    put_le(out, 2, 4);
    put_fill(out, 0, 16);
    put_fill(out, 0x5a, type == HCL_REPORT_TYPE_TDX ? 1024 : HCL_HARDWARE_SIZE);
    put_fill(out, 0, HCL_RUNTIME_OFFSET - out->size);
    put_le(out, 20 + size, 4);
    put_le(out, 1, 4);
    put_le(out, type, 4);
    put_le(out, HCL_HASH_SHA256, 4);
    put_le(out, size, 4);
    put(out, CLAIMS, size);
    put_fill(out, 0, padding);
}

/* Parses a copy of exactly its size. */
static int try_parse(const uint8_t *data, size_t size, HclReport *ret)
{
    uint8_t *copy = tight_copy(data, size);
    HclReport report = { 0 };

    int r = hcl_report_parse((ByteView){ copy, size }, &report);
    if (r == HCL_REPORT_OK)
        check(report.claims.data + report.claims.size <= copy + size);
    if (ret)
        *ret = report; /* lengths only: its views dangle */
    free(copy);
    return r;
}

static void test_fields_stand_where_they_should(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    HclReport report;

    put_report(&bytes, HCL_REPORT_TYPE_SNP, 100);
    bytes.data[HCL_HARDWARE_OFFSET + 0x50] = 1;
    bytes.data[HCL_HARDWARE_OFFSET + 0x50 + 63] = 2;
    check_int(hcl_report_parse(VIEW(bytes), &report), HCL_REPORT_OK);
    check_int(report.version, 2);
    check_int(report.report_size, bytes.size - 100);
    check_int(report.type, HCL_REPORT_TYPE_SNP);
    check_int(report.hash_type, HCL_HASH_SHA256);
    check_int(report.hardware.size, 1184);
    check(report.hardware.data == bytes.data + HCL_HARDWARE_OFFSET);
    check(view_equal(report.claims, view_of_string(CLAIMS)));
    check(report.padding_is_zero);
    check_int(report.raw.size, bytes.size);
    ByteView data = hcl_report_data(&report);
    check(data.size == 64 && data.data[0] == 1 && data.data[63] == 2);
}

static void test_a_tdreport_is_shorter_and_has_its_data_elsewhere(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    HclReport report;

    put_report(&bytes, HCL_REPORT_TYPE_TDX, 0);
    bytes.data[HCL_HARDWARE_OFFSET + 0x80] = 1;
    bytes.data[HCL_HARDWARE_OFFSET + 0x80 + 63] = 2;
    check_int(hcl_report_parse(VIEW(bytes), &report), HCL_REPORT_OK);
    check_int(report.type, HCL_REPORT_TYPE_TDX);
    check_int(report.hardware.size, 1024);
    check(report.padding_is_zero);
    ByteView data = hcl_report_data(&report);
    check(data.size == 64 && data.data[0] == 1 && data.data[63] == 2);

    bytes.data[HCL_RUNTIME_OFFSET - 1] = 1;
    check_int(hcl_report_parse(VIEW(bytes), &report), HCL_REPORT_OK);
    check(!report.padding_is_zero);
}

static void test_any_size_that_holds_the_claims_will_do(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    HclReport report;

    put_report(&bytes, HCL_REPORT_TYPE_SNP, 0);
    size_t size = bytes.size;
    check_int(try_parse(bytes.data, size, NULL), HCL_REPORT_OK);
    put_fill(&bytes, 0, HCL_REPORT_SIZE_MAX - size);
    check_int(try_parse(bytes.data, HCL_REPORT_SIZE_MAX, &report), HCL_REPORT_OK);
    check(report.padding_is_zero);
    check_int(report.claims.size, strlen(CLAIMS));
    bytes.data[HCL_REPORT_SIZE_MAX - 1] = 1;
    check_int(try_parse(bytes.data, HCL_REPORT_SIZE_MAX, &report), HCL_REPORT_OK);
    check(!report.padding_is_zero);
    put_fill(&bytes, 0, 1);
    check_int(try_parse(bytes.data, bytes.size, NULL), HCL_REPORT_E_SIZE);
}

static void test_every_truncation_is_refused(void)
{
    static const uint32_t types[] = { HCL_REPORT_TYPE_SNP, HCL_REPORT_TYPE_TDX };

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_bytes_ Bytes bytes = { 0 };
        put_report(&bytes, types[i], 0);
        for (size_t size = 0; size < bytes.size; size++)
            check_int(try_parse(bytes.data, size, NULL), HCL_REPORT_E_TRUNCATED);
    }
}

static void test_each_wrong_header_field_is_refused_by_name(void)
{
    static const struct {
        Change change;
        int reason;
    } cases[] = {
        { { 0x000, 0x414c4349 }, HCL_REPORT_E_SIGNATURE },
        { { 0x004, 0 }, HCL_REPORT_E_VERSION },
        { { 0x004, 3 }, HCL_REPORT_E_VERSION },
        { { 0x004, 0x10001 }, HCL_REPORT_E_VERSION },
        /* Documentation and paravisors do not agree on what this size is of. */
        { { 0x008, HCL_HARDWARE_SIZE }, HCL_REPORT_OK },
        { { 0x008, 0 }, HCL_REPORT_OK },
        { { 0x008, UINT32_MAX }, HCL_REPORT_OK },
        { { 0x00c, 0 }, HCL_REPORT_E_REQUEST },
        { { 0x00c, 1 }, HCL_REPORT_E_REQUEST },
        { { 0x00c, 3 }, HCL_REPORT_E_REQUEST },
        { { 0x010, 1 }, HCL_REPORT_E_STATUS },
        { { 0x014, 1 }, HCL_REPORT_E_STATUS },
        { { 0x01c, 1U << 31 }, HCL_REPORT_E_STATUS },
        { { 0x4c0, 20 }, HCL_REPORT_E_LENGTHS },
        { { 0x4c0, UINT32_MAX }, HCL_REPORT_E_LENGTHS },
        { { 0x4c4, 0 }, HCL_REPORT_E_DATA_VERSION },
        { { 0x4c4, 2 }, HCL_REPORT_E_DATA_VERSION },
        { { 0x4c8, 0 }, HCL_REPORT_E_TYPE },
        { { 0x4c8, 1 }, HCL_REPORT_E_TYPE },
        { { 0x4c8, 3 }, HCL_REPORT_E_TYPE },
        { { 0x4c8, 5 }, HCL_REPORT_E_TYPE },
        { { 0x4cc, 0 }, HCL_REPORT_E_HASH },
        { { 0x4cc, 4 }, HCL_REPORT_E_HASH },
        { { 0x4d0, 0 }, HCL_REPORT_E_LENGTHS },
        { { 0x4d0, 12 }, HCL_REPORT_E_LENGTHS },
        { { 0x4d0, UINT32_MAX }, HCL_REPORT_E_LENGTHS },
        { { 0x4d0, UINT32_MAX - 19 }, HCL_REPORT_E_LENGTHS },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_bytes_ Bytes bytes = { 0 };
        put_report(&bytes, HCL_REPORT_TYPE_SNP, 64);
        for (size_t k = 0; k < 4; k++)
            bytes.data[cases[i].change.offset + k] = (uint8_t)(cases[i].change.value >> 8 * k);
        check_int(try_parse(bytes.data, bytes.size, NULL), cases[i].reason);
        check(strcmp(hcl_report_reason(cases[i].reason), "unknown") != 0);
    }
    check_str(hcl_report_reason(99), "unknown");
}

/* All three lengths agree, and say more than there is. */
static void test_claims_longer_than_the_rest_are_truncated(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    uint8_t size = (uint8_t)strlen(CLAIMS);

    put_report(&bytes, HCL_REPORT_TYPE_SNP, 4);
    bytes.data[0x4d0] = (uint8_t)(size + 5);
    bytes.data[0x4c0] = (uint8_t)(20 + size + 5);
    bytes.data[0x008] = (uint8_t)((HCL_CLAIMS_OFFSET + size + 5U) & 0xff);
    check_int(try_parse(bytes.data, bytes.size, NULL), HCL_REPORT_E_TRUNCATED);
}

static void test_every_hash_type_has_its_size(void)
{
    static const struct {
        HclHashType type;
        const char *name;
        size_t size;
    } types[] = { { HCL_HASH_SHA256, "SHA-256", 32 },
                  { HCL_HASH_SHA384, "SHA-384", 48 },
                  { HCL_HASH_SHA512, "SHA-512", 64 } };

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_bytes_ Bytes bytes = { 0 };
        HclReport report;
        put_report(&bytes, HCL_REPORT_TYPE_SNP, 0);
        bytes.data[0x4cc] = (uint8_t)types[i].type;
        check_int(try_parse(bytes.data, bytes.size, &report), HCL_REPORT_OK);
        check_str(hcl_hash_type_name(report.hash_type), types[i].name);
        check_int(hcl_hash_size(report.hash_type), types[i].size);
    }
    check_str(hcl_report_type_name(HCL_REPORT_TYPE_SNP), "SNP");
    check_str(hcl_report_type_name(HCL_REPORT_TYPE_TDX), "TDX");
}

static const Test tests[] = {
    { "fields stand where they should", test_fields_stand_where_they_should },
    { "a TDREPORT is shorter and has its data elsewhere",
      test_a_tdreport_is_shorter_and_has_its_data_elsewhere },
    { "any size that holds the claims will do", test_any_size_that_holds_the_claims_will_do },
    { "every truncation is refused", test_every_truncation_is_refused },
    { "each wrong header field is refused by name",
      test_each_wrong_header_field_is_refused_by_name },
    { "claims longer than the rest are truncated", test_claims_longer_than_the_rest_are_truncated },
    { "every hash type has its size", test_every_hash_type_has_its_size },
};

TEST_MAIN(tests)
