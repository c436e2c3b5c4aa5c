/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quote: bytes to fields, after the tables of the TDX DCAP Quoting Library API, appendix A.
 * Every size inside is checked against what holds it; only what follows the whole is left open.
 */
#include "format/tdx-quote.h"

const char *tdx_quote_reason(int reason)
{
    switch (reason) {
    case TDX_QUOTE_OK:
        return "ok";
    case TDX_QUOTE_E_EMPTY:
        return "empty: the host's quote service gave none";
    case TDX_QUOTE_E_SIZE:
        return "too short or too large for a quote";
    case TDX_QUOTE_E_VERSION:
        return "neither version 4 nor 5";
    case TDX_QUOTE_E_TEE_TYPE:
        return "not a quote of a TD";
    case TDX_QUOTE_E_KEY_TYPE:
        return "an attestation key other than P-256";
    case TDX_QUOTE_E_BODY_TYPE:
        return "a body that is neither TDX 1.0 nor 1.5";
    case TDX_QUOTE_E_BODY_SIZE:
        return "a body of a wrong size for its type";
    case TDX_QUOTE_E_TRUNCATED:
        return "a part is longer than what is left";
    case TDX_QUOTE_E_CERTIFICATION_TYPE:
        return "the key is not certified by a quoting enclave";
    case TDX_QUOTE_E_CERTIFICATION_SIZE:
        return "certification data of a wrong size";
    case TDX_QUOTE_E_CHAIN_TYPE:
        return "no PCK certificate chain in it";
    case TDX_QUOTE_E_CHAIN_SIZE:
        return "a PCK certificate chain of a wrong size";
    }
    return "unknown";
}

/* 0x00 to 0x2f */
static int read_header(Reader *reader, TdxQuote *quote)
{
    quote->version = reader_le16(reader);
    quote->key_type = reader_le16(reader);
    quote->tee_type = reader_le32(reader);
    reader_skip(reader, 4); /* reserved; SVNs of QE and PCE in some tellings */
    reader_copy(reader, quote->qe_vendor_id, sizeof(quote->qe_vendor_id));
    reader_copy(reader, quote->user_data, sizeof(quote->user_data));

    if (quote->version != 4 && quote->version != 5)
        return TDX_QUOTE_E_VERSION;
    if (quote->tee_type != TDX_QUOTE_TEE_TDX)
        return TDX_QUOTE_E_TEE_TYPE;
    return quote->key_type == TDX_QUOTE_KEY_P256 ? TDX_QUOTE_OK : TDX_QUOTE_E_KEY_TYPE;
}

/* Version 5 names its body; that of version 4 is always TDX 1.0. */
static int read_descriptor(Reader *reader, TdxQuote *quote)
{
    if (quote->version == 4) {
        quote->body_type = TDX_BODY_1_0;
        return TDX_QUOTE_OK;
    }

    uint16_t type = reader_le16(reader);
    uint32_t size = reader_le32(reader);
    if (type != TDX_BODY_1_0 && type != TDX_BODY_1_5)
        return TDX_QUOTE_E_BODY_TYPE;
    quote->body_type = (TdxBodyType)type;
    return size == (type == TDX_BODY_1_0 ? TDX_BODY_1_0_SIZE : TDX_BODY_1_5_SIZE)
               ? TDX_QUOTE_OK
               : TDX_QUOTE_E_BODY_SIZE;
}

static void read_body(Reader *reader, TdxQuote *quote)
{
    reader_copy(reader, quote->tee_tcb_svn, sizeof(quote->tee_tcb_svn));
    reader_copy(reader, quote->mr_seam, sizeof(quote->mr_seam));
    reader_copy(reader, quote->mr_signer_seam, sizeof(quote->mr_signer_seam));
    quote->seam_attributes = reader_le64(reader);
    tdx_td_info_read(reader, &quote->td);
    reader_copy(reader, quote->report_data, sizeof(quote->report_data));
    if (quote->body_type != TDX_BODY_1_5)
        return;
    reader_copy(reader, quote->tee_tcb_svn2, sizeof(quote->tee_tcb_svn2));
    reader_copy(reader, quote->mr_service_td, sizeof(quote->mr_service_td));
}

/* REPORTBODY of an enclave */
static void read_sgx_report(ByteView bytes, SgxReport *report)
{
    Reader reader = reader_over(bytes);

    reader_copy(&reader, report->cpu_svn, sizeof(report->cpu_svn));
    report->misc_select = reader_le32(&reader);
    reader_skip(&reader, 12 + 16); /* reserved, ISVEXTPRODID */
    report->attributes = reader_le64(&reader);
    report->xfrm = reader_le64(&reader);
    reader_copy(&reader, report->mr_enclave, sizeof(report->mr_enclave));
    reader_skip(&reader, 32);
    reader_copy(&reader, report->mr_signer, sizeof(report->mr_signer));
    reader_skip(&reader, 32 + 64); /* reserved, CONFIGID */
    report->isv_prod_id = reader_le16(&reader);
    report->isv_svn = reader_le16(&reader);
    reader_skip(&reader, 2 + 42 + 16); /* CONFIGSVN, reserved, ISVFAMILYID */
    reader_copy(&reader, report->report_data, sizeof(report->report_data));
}

/* The last part of all: u16 type, u32 size and the chain, which fill it exactly. */
static int read_chain(Reader *reader, TdxQuote *quote)
{
    quote->chain_type = reader_le16(reader);
    uint32_t size = reader_le32(reader);

    if (reader_check(reader))
        return TDX_QUOTE_E_TRUNCATED;
    if (quote->chain_type != TDX_CERTIFICATION_CHAIN)
        return TDX_QUOTE_E_CHAIN_TYPE;
    if (size != reader->left.size || size > TDX_QUOTE_CHAIN_MAX)
        return TDX_QUOTE_E_CHAIN_SIZE;
    quote->chain = reader_view(reader, size);
    if (size > 0 && quote->chain.data[size - 1] == 0)
        quote->chain.size--;
    return quote->chain.size > 0 ? TDX_QUOTE_OK : TDX_QUOTE_E_CHAIN_SIZE;
}

/* Certification data of type 6 */
static int read_certification(Reader *reader, TdxQuote *quote)
{
    quote->qe_report = reader_view(reader, SGX_REPORT_SIZE);
    quote->qe_signature = reader_view(reader, 64);
    uint16_t auth_size = reader_le16(reader);
    quote->qe_auth_data = reader_view(reader, auth_size);
    if (reader_check(reader))
        return TDX_QUOTE_E_TRUNCATED;
    read_sgx_report(quote->qe_report, &quote->qe);
    return read_chain(reader, quote);
}

static int read_signature_data(ByteView bytes, TdxQuote *quote)
{
    Reader reader = reader_over(bytes);

    quote->signature = reader_view(&reader, 64);
    quote->attestation_key = reader_view(&reader, 64);
    quote->certification_type = reader_le16(&reader);
    uint32_t size = reader_le32(&reader);
    if (reader_check(&reader))
        return TDX_QUOTE_E_TRUNCATED;
    if (quote->certification_type != TDX_CERTIFICATION_QE)
        return TDX_QUOTE_E_CERTIFICATION_TYPE;
    if (size != reader.left.size)
        return TDX_QUOTE_E_CERTIFICATION_SIZE;
    return read_certification(&reader, quote);
}

int tdx_quote_parse(ByteView bytes, TdxQuote *ret)
{
    TdxQuote quote = { 0 };
    Reader reader = reader_over(bytes);

    if (bytes.size > TDX_QUOTE_SIZE_MAX)
        return TDX_QUOTE_E_SIZE;
    if (view_is_filled_with(bytes, 0)) /* that of no bytes too */
        return TDX_QUOTE_E_EMPTY;
    if (bytes.size < TDX_QUOTE_SIZE_MIN)
        return TDX_QUOTE_E_SIZE;

    int r = read_header(&reader, &quote);
    if (r == TDX_QUOTE_OK)
        r = read_descriptor(&reader, &quote);
    if (r)
        return r;
    read_body(&reader, &quote);
    quote.signed_part = (ByteView){ .data = bytes.data, .size = reader.offset };
    quote.signature_data_size = reader_le32(&reader);
    ByteView signature_data = reader_view(&reader, quote.signature_data_size);
    if (reader_check(&reader))
        return TDX_QUOTE_E_TRUNCATED;
    quote.trailing = reader.left;
    r = read_signature_data(signature_data, &quote);
    if (r)
        return r;
    *ret = quote;
    return TDX_QUOTE_OK;
}

bool tdx_quote_trailing_is_zero(const TdxQuote *quote)
{
    return view_is_filled_with(quote->trailing, 0);
}
