/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports and quotes of processors, and what firmware hands out with them.
 */
#include "attest/recognise.h"

#include "attest/describe-hcl.h"
#include "attest/describe-snp.h"
#include "attest/describe-tdx.h"
#include "base/encode.h"

#include <errno.h>
#include <string.h>

static int snp_report(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    SnpReport report;

    if (bytes.size != SNP_REPORT_SIZE)
        return RECOGNISE_E_OTHER;
    int r = snp_report_parse(bytes, SNP_REPORT_ACCEPT_NEWER | SNP_REPORT_ACCEPT_FIRST, &report);
    if (r == SNP_REPORT_E_EMPTY)
        *reterr_reason = "all zero";
    if (r != SNP_REPORT_OK)
        return r == SNP_REPORT_E_EMPTY ? RECOGNISE_E_DAMAGED : RECOGNISE_E_OTHER;
    /* The size and a small number are not much of a mark; the one valid algorithm is another. */
    if (report.version > 64 || report.signature_algo > 1)
        return RECOGNISE_E_OTHER;
    r = describe_snp_report(&report, SNP_PRODUCT_UNKNOWN, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

/* MSG_REPORT_RSP: status, size, 24 reserved bytes, report. */
static int snp_response(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    SnpReport report;
    uint32_t status;
    ByteView inner;
    json_t *described = NULL;

    (void)reterr_reason;
    if (bytes.size == SNP_REPORT_SIZE ||
        snp_response_parse(bytes, &status, &inner) != SNP_RESPONSE_OK ||
        snp_report_parse(inner, SNP_REPORT_ACCEPT_NEWER, &report) != SNP_REPORT_OK ||
        report.version > 64)
        return RECOGNISE_E_OTHER;
    int r = describe_snp_report(&report, SNP_PRODUCT_UNKNOWN, &described);
    if (r < 0)
        return r;
    *ret = json_pack("{s:i, s:i, s:I, s:o}", "status", (int)status, "report_size", (int)inner.size,
                     "size", (json_int_t)bytes.size, "report", described);
    return *ret ? RECOGNISE_OK : -ENOMEM;
}

static int snp_certificates(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    json_t *entries = NULL;
    bool is_known = false;
    SnpCerts certs;

    (void)reterr_reason;
    if (bytes.size > SNP_CERTS_SIZE_MAX || snp_certs_parse(bytes, &certs) != SNP_CERTS_OK)
        return RECOGNISE_E_OTHER;
    for (size_t i = 0; i < certs.n_items; i++)
        is_known = is_known || certs.items[i].kind != SNP_CERT_OTHER;
    if (!is_known)
        return RECOGNISE_E_OTHER;
    int r = describe_snp_certs(&certs, &entries);
    if (r < 0)
        return r;
    *ret = json_pack("{s:o}", "entries", entries);
    return *ret ? RECOGNISE_OK : -ENOMEM;
}

static int hcl_report(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    HclReport report;

    if (bytes.size < 4 || memcmp(bytes.data, "HCLA", 4) != 0)
        return RECOGNISE_E_OTHER;
    int r = hcl_report_parse(bytes, &report);
    if (r != HCL_REPORT_OK) {
        *reterr_reason = hcl_report_reason(r);
        return RECOGNISE_E_DAMAGED;
    }
    r = describe_hcl(&report, SNP_PRODUCT_UNKNOWN, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int td_quote(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    TdxQuote quote;

    /* Version 4 or 5, and a TEE type of TDX. */
    if (bytes.size < 8 || (bytes.data[0] != 4 && bytes.data[0] != 5) || bytes.data[1] != 0 ||
        bytes.data[4] != TDX_QUOTE_TEE_TDX || bytes.data[5] != 0)
        return RECOGNISE_E_OTHER;
    int r = tdx_quote_parse(bytes, &quote);
    if (r != TDX_QUOTE_OK) {
        *reterr_reason = tdx_quote_reason(r);
        return RECOGNISE_E_DAMAGED;
    }
    r = describe_tdx_quote(&quote, NULL, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int ccel_table(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    CcelTable table;

    if (bytes.size < 4 || memcmp(bytes.data, "CCEL", 4) != 0)
        return RECOGNISE_E_OTHER;
    int r = ccel_table_parse(bytes, &table);
    if (r != CCEL_TABLE_OK) {
        *reterr_reason = ccel_table_reason(r);
        return RECOGNISE_E_DAMAGED;
    }
    r = describe_ccel_table(&table, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

const Recogniser recognisers_hardware[] = {
    { "snp-report", snp_report },
    { "snp-response", snp_response },
    { "snp-certificates", snp_certificates },
    { "hcl-report", hcl_report },
    { "td-quote", td_quote },
    { "ccel-table", ccel_table },
    { 0 },
};
