/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDREPORT: bytes to fields, after the tables of the Intel TDX Module ABI.
 */
#include "format/tdx-report.h"

#include <string.h>

#define TYPE_TDX    0x81 /* REPORTTYPE.TYPE */
#define VERSION_MAX 1

const char *tdx_report_reason(int reason)
{
    switch (reason) {
    case TDX_REPORT_OK:
        return "ok";
    case TDX_REPORT_E_SIZE:
        return "not 1024 bytes";
    case TDX_REPORT_E_TYPE:
        return "not a report of a TD";
    case TDX_REPORT_E_VERSION:
        return "a version above 1";
    }
    return "unknown";
}

void tdx_td_info_read(Reader *reader, TdxTdInfo *out)
{
    out->attributes = reader_le64(reader);
    out->xfam = reader_le64(reader);
    reader_copy(reader, out->mr_td, sizeof(out->mr_td));
    reader_copy(reader, out->mr_config_id, sizeof(out->mr_config_id));
    reader_copy(reader, out->mr_owner, sizeof(out->mr_owner));
    reader_copy(reader, out->mr_owner_config, sizeof(out->mr_owner_config));
    for (size_t i = 0; i < TDX_RTMR_COUNT; i++)
        reader_copy(reader, out->rtmr[i], sizeof(out->rtmr[i]));
}

/* REPORTMACSTRUCT, 0x000 to 0x0ff */
static int read_mac_struct(Reader *reader, TdxReport *report)
{
    uint8_t type = reader_u8(reader);
    uint8_t subtype = reader_u8(reader);

    report->version = reader_u8(reader);
    reader_skip(reader, 13);
    if (type != TYPE_TDX || subtype != 0)
        return TDX_REPORT_E_TYPE;
    if (report->version > VERSION_MAX)
        return TDX_REPORT_E_VERSION;
    reader_copy(reader, report->cpu_svn, sizeof(report->cpu_svn));
    reader_copy(reader, report->tcb_info_hash, sizeof(report->tcb_info_hash));
    reader_copy(reader, report->td_info_hash, sizeof(report->td_info_hash));
    reader_copy(reader, report->report_data, sizeof(report->report_data));
    reader_skip(reader, 32 + 32); /* reserved, MAC */
    return TDX_REPORT_OK;
}

/* TEE_TCB_INFO and what is reserved behind it, 0x100 to 0x1ff */
static void read_tcb_info(Reader *reader, TdxReport *report)
{
    reader_skip(reader, 8); /* VALID */
    reader_copy(reader, report->tee_tcb_svn, sizeof(report->tee_tcb_svn));
    reader_copy(reader, report->mr_seam, sizeof(report->mr_seam));
    reader_copy(reader, report->mr_signer_seam, sizeof(report->mr_signer_seam));
    report->seam_attributes = reader_le64(reader);
    reader_skip(reader, TDX_REPORT_OFFSET_TD_INFO - 0x180);
}

int tdx_report_parse(ByteView bytes, TdxReport *ret)
{
    TdxReport report = { 0 };
    Reader reader = reader_over(bytes);

    if (bytes.size != TDX_REPORT_SIZE)
        return TDX_REPORT_E_SIZE;
    int r = read_mac_struct(&reader, &report);
    if (r)
        return r;
    read_tcb_info(&reader, &report);
    tdx_td_info_read(&reader, &report.td);
    reader_copy(&reader, report.servtd_hash, sizeof(report.servtd_hash));
    if (reader_check(&reader))
        return TDX_REPORT_E_SIZE;
    memcpy(report.raw, bytes.data, sizeof(report.raw));
    *ret = report;
    return TDX_REPORT_OK;
}

ByteView tdx_report_tcb_info(const TdxReport *report)
{
    return (ByteView){ .data = report->raw + TDX_REPORT_OFFSET_TCB_INFO,
                       .size = TDX_REPORT_TCB_INFO_SIZE };
}

ByteView tdx_report_td_info(const TdxReport *report)
{
    return (ByteView){ .data = report->raw + TDX_REPORT_OFFSET_TD_INFO,
                       .size = TDX_REPORT_TD_INFO_SIZE };
}
