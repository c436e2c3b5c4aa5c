/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quote: parsed and asked everything, then judged with whatever root it brings listed as
 * simulated, so that what lies behind a good chain is reached too. TDREPORT on the side.
 */
#include "fuzz/require.h"
#include "verify/genuine-tdx.h"
#include "verify/tdx-report-digests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(ByteView part, ByteView whole)
{
    return part.size == 0 || (part.size <= whole.size && part.data >= whole.data &&
                              part.data - whole.data <= (ptrdiff_t)(whole.size - part.size));
}

static void look_at(const TdxQuote *quote, ByteView bytes)
{
    const ByteView parts[] = {
        quote->signed_part,  quote->signature,    quote->attestation_key, quote->qe_report,
        quote->qe_signature, quote->qe_auth_data, quote->chain,           quote->trailing,
    };

    require(quote->version == 4 || quote->version == 5);
    require(quote->version == 5 || quote->body_type == TDX_BODY_1_0);
    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        require(lies_in(parts[i], bytes));
    require(quote->signed_part.data == bytes.data);
    require(quote->signed_part.size + 4 + quote->signature_data_size + quote->trailing.size ==
            bytes.size);
    require(quote->chain.size > 0 && quote->qe_report.size == SGX_REPORT_SIZE);
    (void)tdx_quote_trailing_is_zero(quote);
}

static void find_root(const TdxQuote *quote, SpkiDigest *ret)
{
    _cleanup_certificates_ CertificateList list = { 0 };
    Digest digest;

    (void)!certificate_list_add_pem(&list, quote->chain);
    if (list.n_items > 0 && certificate_spki_sha384(list.items[list.n_items - 1], &digest) == 0)
        memcpy(ret->bytes, digest.data, sizeof(ret->bytes));
}

static void judge(const TdxQuote *quote, ByteView bytes)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_tdx_steps_ TdxSteps steps = { 0 };
    SpkiDigest root = { { 0 } };
    GenuineTdx genuine = { 0 };

    find_root(quote, &root);
    const GenuineTdxInput input = {
        .quote = bytes,
        .now_sec = CERTIFICATE_TIME_ANY,
        .simulated_roots = &root,
        .n_simulated_roots = 1,
    };
    int r = genuine_tdx_verify(&input, &findings, &steps, &genuine);
    require(r >= 0);
    require((r == GENUINE_TDX_OK) == !findings_first_failure(&findings));
    require(findings_has(&findings, "tdx-tcb-not-evaluated"));
    require(r != GENUINE_TDX_OK || (steps.quote_signature_valid && steps.qe_binds_key &&
                                    steps.qe_signature_valid && steps.chain_valid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ByteView bytes = { .data = data, .size = size };
    TdxReport report;
    TdxQuote quote;

    if (tdx_report_parse(bytes, &report) == TDX_REPORT_OK)
        require(tdx_report_digests_check(&report) >= 0);
    int r = tdx_quote_parse(bytes, &quote);
    require(strcmp(tdx_quote_reason(r), "unknown") != 0);
    if (r != TDX_QUOTE_OK)
        return 0;
    look_at(&quote, bytes);
    judge(&quote, bytes);
    return 0;
}
