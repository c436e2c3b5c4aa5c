/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's answer around a report. Declared in snp-report.h.
 */
#include "base/reader.h"
#include "format/snp-report.h"

int snp_response_parse(ByteView response, uint32_t *ret_status, ByteView *ret_report)
{
    Reader reader = reader_over(response);
    uint32_t status = reader_le32(&reader);
    uint32_t report_size = reader_le32(&reader);

    reader_skip(&reader, 24);
    if (reader_check(&reader))
        return SNP_RESPONSE_E_TRUNCATED;
    *ret_status = status;
    if (status != 0)
        return SNP_RESPONSE_E_STATUS;
    if (report_size != SNP_REPORT_SIZE)
        return SNP_RESPONSE_E_SIZE;

    ByteView report = reader_view(&reader, report_size);
    if (reader_check(&reader))
        return SNP_RESPONSE_E_TRUNCATED;
    *ret_report = report;
    return SNP_RESPONSE_OK;
}
