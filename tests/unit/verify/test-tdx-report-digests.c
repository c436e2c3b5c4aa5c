/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDREPORTs of real machines: whole, and with any bit of a hashed part or of a hash flipped.
 */
#include "verify/tdx-report-digests.h"

#include "vectors.h"

#define HCL_HEADER_SIZE 32

static int check_report(ByteView bytes)
{
    TdxReport report;

    check_int(tdx_report_parse(bytes, &report), TDX_REPORT_OK);
    return tdx_report_digests_check(&report);
}

static void flip_all(ByteView bytes, uint8_t *at, size_t size, int wanted)
{
    for (size_t bit = 0; bit < size * 8; bit++) {
        at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        check_int(check_report(bytes), wanted);
        at[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void check_vector(const Vector *vector)
{
    _cleanup_bytes_ Bytes hcl = vector_read(vector, "hcl_report.bin");
    TdxReport report;

    check(hcl.size >= HCL_HEADER_SIZE + TDX_REPORT_SIZE);
    uint8_t *data = hcl.data + HCL_HEADER_SIZE;
    const ByteView bytes = { .data = data, .size = TDX_REPORT_SIZE };
    check_int(tdx_report_parse(bytes, &report), TDX_REPORT_OK);
    vector_check_hex(vector->expected, "tdreport_report_data", VIEW_OF_ARRAY(report.report_data));
    check_int(check_report(bytes), TDX_REPORT_DIGESTS_OK);

    flip_all(bytes, data + TDX_REPORT_OFFSET_TCB_INFO_HASH, TDX_REGISTER_SIZE,
             TDX_REPORT_DIGESTS_E_TCB_INFO);
    flip_all(bytes, data + TDX_REPORT_OFFSET_TCB_INFO, TDX_REPORT_TCB_INFO_SIZE,
             TDX_REPORT_DIGESTS_E_TCB_INFO);
    flip_all(bytes, data + TDX_REPORT_OFFSET_TD_INFO_HASH, TDX_REGISTER_SIZE,
             TDX_REPORT_DIGESTS_E_TD_INFO);
    flip_all(bytes, data + TDX_REPORT_OFFSET_TD_INFO, TDX_REPORT_TD_INFO_SIZE,
             TDX_REPORT_DIGESTS_E_TD_INFO);
}

static void test_reports_of_real_machines_are_whole(void)
{
    vectors_each("azure-tdx", 3, check_vector);
}

static const Test tests[] = {
    { "reports of real machines are whole", test_reports_of_real_machines_are_whole },
};

TEST_MAIN(tests)
