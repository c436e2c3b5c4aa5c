/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDREPORTs: fields where they belong, and what is none.
 */
#include "format/tdx-report.h"

#include "build.h"

/* Each 16 bytes hold their own number. */
static Bytes build_report(void)
{
    Bytes out = { 0 };

    put_le(&out, 0x010081, 4);
    put_fill(&out, 0, 12);
    for (size_t i = 1; i < TDX_REPORT_SIZE / 16; i++)
        put_fill(&out, (uint8_t)i, 16);
    return out;
}

static void test_fields_are_where_they_belong(void)
{
    _cleanup_bytes_ Bytes bytes = build_report();
    TdxReport report;

    check_int(tdx_report_parse(VIEW(bytes), &report), TDX_REPORT_OK);
    check_int(report.version, 1);
    check_int(report.cpu_svn[0], 0x01);
    check_int(report.tcb_info_hash[0], 0x02);
    check_int(report.td_info_hash[47], 0x07);
    check_int(report.report_data[0], 0x08);
    check_int(report.report_data[63], 0x0b);
    check_int(report.tee_tcb_svn[7], 0x10);
    check_int(report.tee_tcb_svn[8], 0x11);
    check_int(report.mr_seam[0], 0x11);
    check_int(report.mr_signer_seam[47], 0x17);
    check(report.seam_attributes == UINT64_C(0x1717171717171717));
    check(report.td.attributes == UINT64_C(0x2020202020202020));
    check(report.td.xfam == UINT64_C(0x2020202020202020));
    check_int(report.td.mr_td[0], 0x21);
    check_int(report.td.mr_config_id[0], 0x24);
    check_int(report.td.mr_owner[0], 0x27);
    check_int(report.td.mr_owner_config[0], 0x2a);
    for (size_t i = 0; i < TDX_RTMR_COUNT; i++)
        check_int(report.td.rtmr[i][0], 0x2d + 3 * (int)i);
    check_int(report.servtd_hash[47], 0x3b);
    check_int(tdx_report_tcb_info(&report).size, 239);
    check_int(tdx_report_tcb_info(&report).data[0], 0x10);
    check_int(tdx_report_td_info(&report).size, 512);
    check_int(tdx_report_td_info(&report).data[511], 0x3f);
}

static void test_another_size_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = build_report();
    TdxReport report;

    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(tdx_report_parse((ByteView){ copy, size }, &report), TDX_REPORT_E_SIZE);
    }
    put_le(&bytes, 0, 1);
    check_int(tdx_report_parse(VIEW(bytes), &report), TDX_REPORT_E_SIZE);
}

static void test_another_type_is_refused(void)
{
    static const struct {
        uint32_t type;
        int result;
    } types[] = {
        { 0x000081, TDX_REPORT_OK },        { 0x010081, TDX_REPORT_OK },
        { 0x020081, TDX_REPORT_E_VERSION }, { 0x000181, TDX_REPORT_E_TYPE },
        { 0x000000, TDX_REPORT_E_TYPE },    { 0x000080, TDX_REPORT_E_TYPE },
    };
    _cleanup_bytes_ Bytes bytes = build_report();
    TdxReport report;

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        for (size_t k = 0; k < 4; k++)
            bytes.data[k] = (uint8_t)(types[i].type >> 8 * k);
        int r = tdx_report_parse(VIEW(bytes), &report);
        check_int(r, types[i].result);
        check(strcmp(tdx_report_reason(r), "unknown") != 0);
    }
}

static const Test tests[] = {
    { "fields are where they belong", test_fields_are_where_they_belong },
    { "another size is refused", test_another_size_is_refused },
    { "another type is refused", test_another_type_is_refused },
};

TEST_MAIN(tests)
