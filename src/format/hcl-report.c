/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCL report: bytes to fields. Whatever the size of the NV index was, lengths decide; what lies
 * behind them is padding.
 */
#include "format/hcl-report.h"

#include "base/reader.h"

#include <string.h>

#define SIGNATURE      "HCLA"
#define REQUEST_AK     2 /* IGVM_ATTEST request types: 1 and 3 are between paravisor and host */
#define RUNTIME_HEADER (HCL_CLAIMS_OFFSET - HCL_RUNTIME_OFFSET)
#define REPORT_DATA    64 /* bytes */

/* Where REPORT_DATA stands: SNP ABI 7.3 table "ATTESTATION_REPORT"; TDX Module ABI,
 * REPORTMACSTRUCT. */
#define SNP_REPORT_DATA 0x050
#define TDX_REPORT_DATA 0x080
#define TDREPORT_SIZE   1024

const char *hcl_report_reason(int reason)
{
    switch (reason) {
    case HCL_REPORT_OK:
        return "ok";
    case HCL_REPORT_E_TRUNCATED:
        return "truncated";
    case HCL_REPORT_E_SIZE:
        return "larger than any NV index";
    case HCL_REPORT_E_SIGNATURE:
        return "does not begin with HCLA";
    case HCL_REPORT_E_VERSION:
        return "unknown header version";
    case HCL_REPORT_E_REQUEST:
        return "a request to the host, no report";
    case HCL_REPORT_E_STATUS:
        return "status or reserved bytes are not zero";
    case HCL_REPORT_E_DATA_VERSION:
        return "unknown version of runtime data";
    case HCL_REPORT_E_TYPE:
        return "neither of SEV-SNP nor of TDX";
    case HCL_REPORT_E_HASH:
        return "unknown hash type";
    case HCL_REPORT_E_LENGTHS:
        return "lengths that do not agree";
    }
    return "unknown";
}

const char *hcl_report_type_name(HclReportType type)
{
    switch (type) {
    case HCL_REPORT_TYPE_SNP:
        return "SNP";
    case HCL_REPORT_TYPE_TDX:
        return "TDX";
    }
    return "unknown";
}

const char *hcl_hash_type_name(HclHashType type)
{
    switch (type) {
    case HCL_HASH_SHA256:
        return "SHA-256";
    case HCL_HASH_SHA384:
        return "SHA-384";
    case HCL_HASH_SHA512:
        return "SHA-512";
    }
    return "unknown";
}

size_t hcl_hash_size(HclHashType type)
{
    switch (type) {
    case HCL_HASH_SHA256:
        return 32;
    case HCL_HASH_SHA384:
        return 48;
    case HCL_HASH_SHA512:
        return 64;
    }
    return 0;
}

/* 0x000 to 0x01f */
static int read_header(Reader *reader, HclReport *report)
{
    ByteView signature = reader_view(reader, sizeof(SIGNATURE) - 1);

    report->version = reader_le32(reader);
    report->report_size = reader_le32(reader);
    report->request_type = reader_le32(reader);
    report->status = reader_le32(reader);
    ByteView reserved = reader_view(reader, 12);
    if (reader_check(reader))
        return HCL_REPORT_E_TRUNCATED;
    if (!view_equal(signature, view_of_string(SIGNATURE)))
        return HCL_REPORT_E_SIGNATURE;
    if (report->version < 1 || report->version > HCL_HEADER_VERSION_MAX)
        return HCL_REPORT_E_VERSION;
    if (report->request_type != REQUEST_AK)
        return HCL_REPORT_E_REQUEST;
    if (report->status != 0 || !view_is_filled_with(reserved, 0))
        return HCL_REPORT_E_STATUS;
    return HCL_REPORT_OK;
}

/* 0x4c0 to 0x4d3. Version 2 has a bitmap before the claims and goes to the host only. */
static int read_runtime_header(Reader *reader, HclReport *report, uint32_t *ret_claims_size)
{
    report->data_size = reader_le32(reader);
    report->data_version = reader_le32(reader);
    uint32_t type = reader_le32(reader);
    uint32_t hash_type = reader_le32(reader);
    uint32_t claims_size = reader_le32(reader);

    if (reader_check(reader))
        return HCL_REPORT_E_TRUNCATED;
    if (report->data_version != 1)
        return HCL_REPORT_E_DATA_VERSION;
    if (type != HCL_REPORT_TYPE_SNP && type != HCL_REPORT_TYPE_TDX)
        return HCL_REPORT_E_TYPE;
    if (hash_type < HCL_HASH_SHA256 || hash_type > HCL_HASH_SHA512)
        return HCL_REPORT_E_HASH;
    if (claims_size == 0 || claims_size > HCL_CLAIMS_SIZE_MAX ||
        report->data_size != RUNTIME_HEADER + claims_size)
        return HCL_REPORT_E_LENGTHS;
    report->type = (HclReportType)type;
    report->hash_type = (HclHashType)hash_type;
    *ret_claims_size = claims_size;
    return HCL_REPORT_OK;
}

int hcl_report_parse(ByteView bytes, HclReport *ret)
{
    Reader reader = reader_over(bytes);
    HclReport report = { .raw = bytes };
    uint32_t claims_size;

    if (bytes.size > HCL_REPORT_SIZE_MAX)
        return HCL_REPORT_E_SIZE;
    int r = read_header(&reader, &report);
    if (r)
        return r;
    report.hardware = reader_view(&reader, HCL_HARDWARE_SIZE);
    r = read_runtime_header(&reader, &report, &claims_size);
    if (r)
        return r;
    report.claims = reader_view(&reader, claims_size);
    if (reader_check(&reader))
        return HCL_REPORT_E_TRUNCATED;

    report.padding_is_zero = view_is_filled_with(reader.left, 0);
    if (report.type == HCL_REPORT_TYPE_TDX) {
        ByteView behind = { report.hardware.data + TDREPORT_SIZE,
                            HCL_HARDWARE_SIZE - TDREPORT_SIZE };
        report.hardware.size = TDREPORT_SIZE;
        report.padding_is_zero = report.padding_is_zero && view_is_filled_with(behind, 0);
    }
    *ret = report;
    return HCL_REPORT_OK;
}

ByteView hcl_report_data(const HclReport *report)
{
    size_t offset = report->type == HCL_REPORT_TYPE_TDX ? TDX_REPORT_DATA : SNP_REPORT_DATA;

    return (ByteView){ .data = report->hardware.data + offset, .size = REPORT_DATA };
}
