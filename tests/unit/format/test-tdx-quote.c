/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quotes: fields where they belong, and each thing that can be wrong about their form.
 */
#include "format/tdx-quote.h"

#include "build.h"

/* What to make different; zeroes give a good quote of version 4. */
typedef struct Wish {
    uint16_t version, key_type, body_type;
    uint32_t tee_type, body_size;
    uint16_t certification_type, chain_type;
    uint16_t auth_size;
    size_t trailing; /* zeros */
    const char *chain;
    int32_t chain_excess, certification_excess, signature_excess; /* of the sizes written */
} Wish;

#define OR(value, usual) ((value) ? (value) : (usual))

static void put_body(Bytes *out, unsigned type)
{
    put_fill(out, 0x01, 16);
    put_fill(out, 0x02, 48);
    put_fill(out, 0x03, 48);
    put_le(out, 0x04, 8);
    put_le(out, TDX_ATTRIBUTE_DEBUG | TDX_ATTRIBUTE_PERFMON, 8);
    put_le(out, 0x61ae7, 8);
    for (uint8_t i = 0; i < 8; i++) /* MRTD to RTMR3 */
        put_fill(out, (uint8_t)(0x10 + i), 48);
    put_fill(out, 0x20, 64);
    if (type == TDX_BODY_1_5) {
        put_fill(out, 0x21, 16);
        put_fill(out, 0x22, 48);
    }
}

static void put_qe_report(Bytes *out)
{
    put_fill(out, 0x30, 16);
    put_le(out, 0x31, 4);
    put_fill(out, 0, 28);
    put_le(out, 0x15, 8);
    put_le(out, 0xe7, 8);
    put_fill(out, 0x32, 32);
    put_fill(out, 0, 32);
    put_fill(out, 0x33, 32);
    put_fill(out, 0, 96);
    put_le(out, 2, 2);
    put_le(out, 7, 2);
    put_fill(out, 0, 60);
    put_fill(out, 0x34, 64);
}

static Bytes build_quote(const Wish *wish)
{
    const char *chain = OR(wish->chain, "-----BEGIN CERTIFICATE-----");
    const size_t auth_size = OR(wish->auth_size, 32);
    _cleanup_bytes_ Bytes certified = { 0 };
    Bytes out = { 0 };

    put_le(&out, OR(wish->version, 4), 2);
    put_le(&out, OR(wish->key_type, 2), 2);
    put_le(&out, OR(wish->tee_type, 0x81), 4);
    put_fill(&out, 0x40, 4);
    put_fill(&out, 0x41, 16);
    put_fill(&out, 0x42, 20);
    if (wish->version == 5) {
        put_le(&out, OR(wish->body_type, 3), 2);
        put_le(&out, OR(wish->body_size, wish->body_type == 2 ? 584U : 648U), 4);
    }
    put_body(&out, wish->version == 5 ? OR(wish->body_type, 3U) : 2U);

    put_qe_report(&certified);
    put_fill(&certified, 0x51, 64);
    put_le(&certified, auth_size, 2);
    put_fill(&certified, 0x52, auth_size);
    put_le(&certified, OR(wish->chain_type, 5), 2);
    put_le(&certified, strlen(chain) + (size_t)wish->chain_excess, 4);
    put(&certified, chain, strlen(chain));

    put_le(&out, 134 + certified.size + (size_t)wish->signature_excess, 4);
    put_fill(&out, 0x43, 64);
    put_fill(&out, 0x44, 64);
    put_le(&out, OR(wish->certification_type, 6), 2);
    put_le(&out, certified.size + (size_t)wish->certification_excess, 4);
    put_view(&out, VIEW(certified));
    put_fill(&out, 0, wish->trailing);
    return out;
}

static void check_common(const TdxQuote *quote)
{
    check_int(quote->key_type, 2);
    check_int(quote->tee_type, 0x81);
    check_int(quote->qe_vendor_id[0], 0x41);
    check_int(quote->user_data[19], 0x42);
    check_int(quote->tee_tcb_svn[15], 0x01);
    check_int(quote->mr_seam[0], 0x02);
    check_int(quote->mr_signer_seam[47], 0x03);
    check_int(quote->seam_attributes, 0x04);
    check(quote->td.attributes == (TDX_ATTRIBUTE_DEBUG | TDX_ATTRIBUTE_PERFMON));
    check_int(quote->td.xfam, 0x61ae7);
    check_int(quote->td.mr_td[0], 0x10);
    check_int(quote->td.mr_owner_config[47], 0x13);
    check_int(quote->td.rtmr[0][0], 0x14);
    check_int(quote->td.rtmr[3][47], 0x17);
    check_int(quote->report_data[63], 0x20);
    check_int(quote->signature.size, 64);
    check_int(quote->signature.data[0], 0x43);
    check_int(quote->attestation_key.size, 64);
    check_int(quote->attestation_key.data[63], 0x44);
    check_int(quote->certification_type, 6);
    check_int(quote->qe_report.size, SGX_REPORT_SIZE);
    check_int(quote->qe.cpu_svn[15], 0x30);
    check_int(quote->qe.misc_select, 0x31);
    check_int(quote->qe.attributes, 0x15);
    check_int(quote->qe.xfrm, 0xe7);
    check_int(quote->qe.mr_enclave[31], 0x32);
    check_int(quote->qe.mr_signer[0], 0x33);
    check_int(quote->qe.isv_prod_id, 2);
    check_int(quote->qe.isv_svn, 7);
    check_int(quote->qe.report_data[63], 0x34);
    check_int(quote->qe_signature.data[0], 0x51);
    check_int(quote->qe_auth_data.size, 32);
    check_int(quote->chain_type, 5);
    check(view_equal(quote->chain, view_of_string("-----BEGIN CERTIFICATE-----")));
}

static void test_fields_are_where_they_belong(void)
{
    static const struct {
        Wish wish;
        TdxBodyType body_type;
        size_t signed_size;
    } forms[] = {
        { { .version = 4 }, TDX_BODY_1_0, 632 },
        { { .version = 5, .body_type = 2 }, TDX_BODY_1_0, 638 },
        { { .version = 5, .body_type = 3 }, TDX_BODY_1_5, 702 },
    };

    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        _cleanup_bytes_ Bytes bytes = build_quote(&forms[i].wish);
        TdxQuote quote;
        check_int(tdx_quote_parse(VIEW(bytes), &quote), TDX_QUOTE_OK);
        check_common(&quote);
        check_int(quote.version, forms[i].wish.version);
        check_int(quote.body_type, forms[i].body_type);
        check_int(quote.signed_part.size, forms[i].signed_size);
        check_int(quote.tee_tcb_svn2[0], forms[i].body_type == TDX_BODY_1_5 ? 0x21 : 0);
        check_int(quote.mr_service_td[47], forms[i].body_type == TDX_BODY_1_5 ? 0x22 : 0);
    }
}

static void test_each_wrong_thing_has_its_name(void)
{
    static const struct {
        Wish wish;
        int result;
    } wrongs[] = {
        { { .version = 3 }, TDX_QUOTE_E_VERSION },
        { { .version = 6 }, TDX_QUOTE_E_VERSION },
        { { .tee_type = 0x80 }, TDX_QUOTE_E_TEE_TYPE },
        { { .key_type = 3 }, TDX_QUOTE_E_KEY_TYPE },
        { { .version = 5, .body_type = 1 }, TDX_QUOTE_E_BODY_TYPE },
        { { .version = 5, .body_type = 4 }, TDX_QUOTE_E_BODY_TYPE },
        { { .version = 5, .body_size = 584 }, TDX_QUOTE_E_BODY_SIZE },
        { { .version = 5, .body_type = 2, .body_size = 648 }, TDX_QUOTE_E_BODY_SIZE },
        { { .version = 5, .body_size = UINT32_MAX }, TDX_QUOTE_E_BODY_SIZE },
        { { .certification_type = 5 }, TDX_QUOTE_E_CERTIFICATION_TYPE },
        { { .certification_type = 7 }, TDX_QUOTE_E_CERTIFICATION_TYPE },
        { { .certification_excess = 1 }, TDX_QUOTE_E_CERTIFICATION_SIZE },
        { { .certification_excess = -1 }, TDX_QUOTE_E_CERTIFICATION_SIZE },
        { { .signature_excess = -1 }, TDX_QUOTE_E_CERTIFICATION_SIZE },
        { { .signature_excess = 1, .trailing = 1 }, TDX_QUOTE_E_CERTIFICATION_SIZE },
        { { .signature_excess = 1 }, TDX_QUOTE_E_TRUNCATED },
        { { .signature_excess = INT32_MAX }, TDX_QUOTE_E_TRUNCATED },
        { { .chain_type = 1 }, TDX_QUOTE_E_CHAIN_TYPE },
        { { .chain_type = 6 }, TDX_QUOTE_E_CHAIN_TYPE },
        { { .chain_excess = 1 }, TDX_QUOTE_E_CHAIN_SIZE },
        { { .chain_excess = -1 }, TDX_QUOTE_E_CHAIN_SIZE },
        { { .chain = "" }, TDX_QUOTE_E_CHAIN_SIZE },
    };

    for (size_t i = 0; i < ELEMENTSOF(wrongs); i++) {
        _cleanup_bytes_ Bytes bytes = build_quote(&wrongs[i].wish);
        TdxQuote quote;
        int r = tdx_quote_parse(VIEW(bytes), &quote);
        check_int(r, wrongs[i].result);
        check(strcmp(tdx_quote_reason(r), "unknown") != 0);
    }
}

static void test_what_is_not_there_is_named_empty(void)
{
    static const uint8_t zeros[8000];
    TdxQuote quote;

    check_int(tdx_quote_parse((ByteView){ 0 }, &quote), TDX_QUOTE_E_EMPTY);
    check_int(tdx_quote_parse(VIEW_OF_ARRAY(zeros), &quote), TDX_QUOTE_E_EMPTY);
}

static void test_a_quote_cut_short_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = build_quote(&(Wish){ .trailing = 3 });
    TdxQuote quote;

    check_int(tdx_quote_parse(VIEW(bytes), &quote), TDX_QUOTE_OK);
    const size_t size = bytes.size - quote.trailing.size;
    for (size_t n = 0; n < size; n++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, n);
        check_int(tdx_quote_parse((ByteView){ copy, n }, &quote), n == 0 ? TDX_QUOTE_E_EMPTY
                                                                  : n < TDX_QUOTE_SIZE_MIN
                                                                      ? TDX_QUOTE_E_SIZE
                                                                      : TDX_QUOTE_E_TRUNCATED);
    }
}

static void test_a_quote_that_is_too_large_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = build_quote(&(Wish){ 0 });
    _cleanup_bytes_ Bytes large = { 0 };
    TdxQuote quote;

    check_int(bytes_new(TDX_QUOTE_SIZE_MAX + 1, &large), 0);
    memcpy(large.data, bytes.data, bytes.size);
    check_int(tdx_quote_parse((ByteView){ large.data, TDX_QUOTE_SIZE_MAX }, &quote), TDX_QUOTE_OK);
    check_int(tdx_quote_parse(VIEW(large), &quote), TDX_QUOTE_E_SIZE);
}

static void test_what_follows_is_set_apart(void)
{
    _cleanup_bytes_ Bytes bytes = build_quote(&(Wish){ 0 });
    TdxQuote quote;

    check_int(tdx_quote_parse(VIEW(bytes), &quote), TDX_QUOTE_OK);
    check_int(quote.trailing.size, 0);
    check(tdx_quote_trailing_is_zero(&quote));
    put_fill(&bytes, 0, 70);
    check_int(tdx_quote_parse(VIEW(bytes), &quote), TDX_QUOTE_OK);
    check_int(quote.trailing.size, 70);
    check(tdx_quote_trailing_is_zero(&quote));
    put_fill(&bytes, 1, 1);
    check_int(tdx_quote_parse(VIEW(bytes), &quote), TDX_QUOTE_OK);
    check(!tdx_quote_trailing_is_zero(&quote));
}

static const Test tests[] = {
    { "fields are where they belong", test_fields_are_where_they_belong },
    { "each wrong thing has its name", test_each_wrong_thing_has_its_name },
    { "what is not there is named empty", test_what_is_not_there_is_named_empty },
    { "a quote cut short is refused", test_a_quote_cut_short_is_refused },
    { "a quote that is too large is refused", test_a_quote_that_is_too_large_is_refused },
    { "what follows is set apart", test_what_follows_is_set_apart },
};

TEST_MAIN(tests)
