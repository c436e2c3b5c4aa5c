/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNP report and the firmware's answer around it: parse, ask everything, compare with the bytes.
 */
#include "format/snp-report.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const SnpReport *report)
{
    uint8_t r[SNP_SCALAR_SIZE], s[SNP_SCALAR_SIZE];
    SnpTcbLayout layout = snp_report_tcb_layout(report);
    SnpTcb tcb = snp_tcb_decode(report->reported_tcb, layout);
    SnpTcbRaw raw = snp_tcb_encode(&tcb);

    require(snp_tcb_is_at_least(&tcb, &tcb) && snp_tcb_is_equal(&tcb, &tcb));
    require(snp_tcb_reserved_is_zero(raw, layout));
    if (snp_tcb_reserved_is_zero(report->reported_tcb, layout))
        require(memcmp(raw.bytes, report->reported_tcb.bytes, sizeof(raw.bytes)) == 0);
    if (snp_report_signature(report, r, s) == SNP_SIGNATURE_OK)
        require(r[SNP_SCALAR_SIZE - 1] == report->raw[SNP_OFFSET_SIGNATURE]);
    (void)snp_report_reserved_is_zero(report);
    (void)snp_report_signing_key(report);
    (void)snp_product_name(snp_report_product(report));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView inner = { data, size };
    uint32_t status;
    SnpReport report;

    if (snp_response_parse((ByteView){ data, size }, &status, &inner) == SNP_RESPONSE_OK)
        require(inner.size == SNP_REPORT_SIZE);
    if (snp_report_parse(inner, SNP_REPORT_ACCEPT_NEWER, &report) != SNP_REPORT_OK)
        return 0;
    require(memcmp(report.raw, inner.data, SNP_REPORT_SIZE) == 0);
    require(memcmp(report.chip_id, inner.data + SNP_OFFSET_CHIP_ID, sizeof(report.chip_id)) == 0);
    require(view_equal(snp_report_signed_part(&report), (ByteView){ inner.data, SNP_SIGNED_SIZE }));
    ask(&report);
    return 0;
}
