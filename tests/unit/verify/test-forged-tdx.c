/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forged twins of public TDX quotes: flipped, cut short, and put together from pieces.
 */
#include "verify/genuine-tdx.h"

#include "tdx-lab.h"
#include "tdx-quotes.h"
#include "vectors.h"

/* Calls RUN for every vector that has a TDX quote. */
static void each_quote(void (*run)(const Vector *))
{
    vectors_each("tdx-quote", 5, run);
    vectors_each("ccel", 2, run);
    vectors_each("azure-tdx", 3, run);
}

static size_t offset_of(const Bytes *bytes, ByteView part)
{
    return (size_t)(part.data - bytes->data);
}

static bool has_failure(const Findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->n_items; i++)
        if (findings->items[i].result == FINDING_FAILURE &&
            strcmp(findings->items[i].name, name) == 0)
            return true;
    return false;
}

/* Refused by the first name, or, where a length or a type was hit, as no quote at all. */
static void check_flip(ByteView quote, const char *name, bool may_be_malformed)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(judge(quote, &findings, NULL), GENUINE_TDX_E_REFUSED);
    if (!has_failure(&findings, name) &&
        !(may_be_malformed && has_failure(&findings, "tdx-quote-malformed")))
        lab_check_failure(&findings, name);
}

/* Every bit of PART; where a sanitizer makes each ten times slower, every TWIN_STRIDE-th. */
static void flip_all(Bytes *bytes, ByteView part, const char *name, bool may_be_malformed)
{
    const size_t offset = offset_of(bytes, part);

    for (size_t bit = 0; bit < part.size * 8; bit += TWIN_STRIDE) {
        bytes->data[offset + bit / 8] ^= (uint8_t)(1U << bit % 8);
        check_flip(VIEW(*bytes), name, may_be_malformed);
        bytes->data[offset + bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void test_every_flipped_bit_of_the_quote_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "v5-a");
    const TdxQuote quote = parse(VIEW(bytes));

    flip_all(&bytes, quote.signed_part, "tdx-quote-signature-invalid", true);
    flip_all(&bytes, quote.signature, "tdx-quote-signature-invalid", false);
    flip_all(&bytes, quote.attestation_key, "tdx-qe-binding-mismatch", false);
}

static void test_every_flipped_bit_of_the_enclaves_report_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "v4-a");
    const TdxQuote quote = parse(VIEW(bytes));

    flip_all(&bytes, quote.qe_report, "tdx-qe-signature-invalid", false);
    flip_all(&bytes, quote.qe_signature, "tdx-qe-signature-invalid", false);
    flip_all(&bytes, quote.qe_auth_data, "tdx-qe-binding-mismatch", false);
}

static void test_every_flipped_bit_of_a_size_or_type_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "v5-a");
    const TdxQuote quote = parse(VIEW(bytes));
    const struct {
        const uint8_t *end; /* of the field */
        size_t size;
    } fields[] = {
        { quote.signature.data, 4 },
        { quote.qe_report.data, 6 },
        { quote.qe_auth_data.data, 2 },
        { quote.chain.data, 6 },
    };

    for (size_t i = 0; i < ELEMENTSOF(fields); i++)
        flip_all(&bytes, (ByteView){ fields[i].end - fields[i].size, fields[i].size },
                 "tdx-quote-malformed", false);
}

/* PEM has room for another spelling of the same bytes, so what passes must be the same bytes. */
static void test_a_flipped_bit_of_the_chain_is_refused_or_changes_nothing(void)
{
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "v5-a");
    const TdxQuote quote = parse(VIEW(bytes));
    const size_t offset = offset_of(&bytes, quote.chain);
    _cleanup_findings_ Findings none = { 0 };
    _cleanup_tdx_steps_ TdxSteps good = { 0 };
    size_t n_same = 0;

    check_int(judge(VIEW(bytes), &none, &good), GENUINE_TDX_OK);
    for (size_t i = 0; i < quote.chain.size; i += TWIN_STRIDE) {
        const uint8_t mask = (uint8_t)(1U << (i * 5 + i / 8) % 8);
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_tdx_steps_ TdxSteps steps = { 0 };
        bytes.data[offset + i] ^= mask;
        if (judge(VIEW(bytes), &findings, &steps) == GENUINE_TDX_OK) {
            for (size_t k = 0; k < TDX_CHAIN_LENGTH; k++)
                check(view_equal(certificate_der(steps.chain.certificates.items[k]),
                                 certificate_der(good.chain.certificates.items[k])));
            n_same++;
        }
        bytes.data[offset + i] ^= mask;
    }
    (void)printf("  %zu of %zu flips left the certificates as they were\n", n_same,
                 quote.chain.size);
    check(n_same < quote.chain.size / 20);
}

static void check_truncations(const Vector *vector)
{
    if (!vector_has(vector, "td_quote.bin") || !vector_passes(vector))
        return;
    _cleanup_bytes_ Bytes bytes = vector_read(vector, "td_quote.bin");
    const size_t size = bytes.size - parse(VIEW(bytes)).trailing.size;
    _cleanup_findings_ Findings findings = { 0 };

    for (size_t n = 0; n < size; n += TWIN_STRIDE) {
        _cleanup_findings_ Findings refusal = { 0 };
        _cleanup_bytes_ Bytes copy = { 0 };
        check_int(bytes_copy((ByteView){ bytes.data, n }, &copy), 0);
        check_int(judge(VIEW(copy), &refusal, NULL), GENUINE_TDX_E_REFUSED);
        check(has_failure(&refusal, "tdx-quote-malformed"));
    }
    check_int(judge((ByteView){ bytes.data, size }, &findings, NULL), GENUINE_TDX_OK);
}

static void test_every_truncation_is_refused(void)
{
    each_quote(check_truncations);
}

/* --- pieces of other quotes */

/* ONTO with the bytes of FROM in place of those that PART picks; both are of one size. */
static void check_swapped(const char *onto, const char *from, size_t part, const char *name)
{
    _cleanup_bytes_ Bytes target = read_quote("tdx-quote", onto);
    _cleanup_bytes_ Bytes source = read_quote("tdx-quote", from);
    const TdxQuote a = parse(VIEW(target)), b = parse(VIEW(source));
    const ByteView into[] = { a.signature,    a.attestation_key, a.qe_report,
                              a.qe_signature, a.qe_auth_data,    a.chain };
    const ByteView with[] = { b.signature,    b.attestation_key, b.qe_report,
                              b.qe_signature, b.qe_auth_data,    b.chain };
    _cleanup_findings_ Findings findings = { 0 };

    check_int(into[part].size, with[part].size);
    memcpy(target.data + offset_of(&target, into[part]), with[part].data, with[part].size);
    check_int(judge(VIEW(target), &findings, NULL), GENUINE_TDX_E_REFUSED);
    lab_check_failure(&findings, name);
}

static void test_pieces_of_another_quote_are_refused(void)
{
    static const char *const names[] = {
        "tdx-quote-signature-invalid", "tdx-qe-binding-mismatch", "tdx-qe-signature-invalid",
        "tdx-qe-signature-invalid",    NULL /* all the same */,   "tdx-qe-signature-invalid"
    };
    static const char *const others[] = { "v5-a", "azure-outdated", "azure-v4", "v4-a" };

    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        for (size_t k = 0; k < ELEMENTSOF(others); k++)
            for (size_t part = 0; part < ELEMENTSOF(names); part++)
                if (i != k && names[part])
                    check_swapped(others[i], others[k], part, names[part]);
}

static void test_the_signature_data_of_another_quote_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "azure-v4");
    _cleanup_bytes_ Bytes other = read_quote("azure-tdx", "tdx-a");
    const TdxQuote quote = parse(VIEW(bytes)), source = parse(VIEW(other));
    _cleanup_findings_ Findings findings = { 0 };

    check_int(quote.signature_data_size, source.signature_data_size);
    memcpy(bytes.data + offset_of(&bytes, quote.signature), source.signature.data,
           source.signature_data_size);
    check_int(judge(VIEW(bytes), &findings, NULL), GENUINE_TDX_E_REFUSED);
    lab_check_failure(&findings, "tdx-quote-signature-invalid");
    check_int(findings.n_items, 2); /* that, and the word on the TCB: the rest is another's good */
}

/* QUOTE with CHAIN in place of its own. */
static Bytes with_chain(const Bytes *bytes, ByteView chain)
{
    const TdxQuote quote = parse(VIEW(*bytes));
    const size_t before = offset_of(bytes, quote.chain);
    const uint32_t grown =
        (uint32_t)chain.size -
        (uint32_t)(quote.signature_data_size - (quote.chain.data - quote.signature.data));
    Bytes out = { 0 };

    check_int(bytes_append(&out, (ByteView){ bytes->data, before }), 0);
    check_int(bytes_append(&out, chain), 0);
    const struct {
        size_t offset;
        uint32_t value;
    } sizes[] = {
        { before - 4, (uint32_t)chain.size },
        { offset_of(bytes, quote.qe_report) - 4,
          quote.signature_data_size - TDX_SIGNATURE_OFFSET_QE_REPORT + grown },
        { offset_of(bytes, quote.signature) - 4, quote.signature_data_size + grown },
    };
    for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
        for (size_t k = 0; k < 4; k++)
            out.data[sizes[i].offset + k] = (uint8_t)(sizes[i].value >> 8 * k);
    return out;
}

static void check_chain(const Bytes *bytes, const Bytes *chain, const char *failure)
{
    _cleanup_bytes_ Bytes quote = with_chain(bytes, VIEW(*chain));
    _cleanup_findings_ Findings findings = { 0 };

    int r = judge(VIEW(quote), &findings, NULL);
    if (failure)
        lab_check_failure(&findings, failure);
    else
        lab_check_no_failure(&findings);
    check((r == GENUINE_TDX_OK) == !failure);
}

static void test_a_chain_in_disorder_or_with_another_root_is_refused(void)
{
    static const struct {
        size_t n;
        size_t places[4];
        const char *failure;
    } orders[] = {
        { 3, { 0, 1, 2 }, NULL },
        { 3, { 0, 2, 1 }, "tdx-chain-malformed" },
        { 3, { 1, 0, 2 }, "tdx-chain-malformed" },
        { 3, { 2, 1, 0 }, "tdx-chain-malformed" },
        { 2, { 0, 1 }, "tdx-chain-malformed" },
        { 4, { 0, 1, 2, 2 }, "tdx-chain-malformed" },
    };
    _cleanup_bytes_ Bytes bytes = read_quote("tdx-quote", "v4-spr-e4");
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_findings_ Findings none = { 0 };
    _cleanup_tdx_steps_ TdxSteps good = { 0 };

    check_int(judge(VIEW(bytes), &none, &good), GENUINE_TDX_OK);
    Certificate *const *items = good.chain.certificates.items;
    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        _cleanup_bytes_ Bytes chain = { 0 };
        for (size_t k = 0; k < orders[i].n; k++)
            tdx_lab_put_pem(&chain, certificate_der(items[orders[i].places[k]]));
        check_chain(&bytes, &chain, orders[i].failure);
    }
    const ForgeCertificate root = tdx_lab_certificate(lab, TDX_CHAIN_ROOT);
    _cleanup_bytes_ Bytes der = forge_certificate(&root);
    _cleanup_bytes_ Bytes chain = { 0 };
    tdx_lab_put_pem(&chain, certificate_der(items[TDX_CHAIN_PCK]));
    tdx_lab_put_pem(&chain, certificate_der(items[TDX_CHAIN_CA]));
    tdx_lab_put_pem(&chain, VIEW(der));
    check_chain(&bytes, &chain, "tdx-root-untrusted");
    check_chain(&bytes, &chain, "tdx-chain-invalid");
    _cleanup_bytes_ Bytes whole = tdx_lab_good_chain(lab);
    check_chain(&bytes, &whole, "tdx-root-untrusted");
    check_chain(&bytes, &whole, "tdx-qe-signature-invalid");
}

static const Test tests[] = {
    { "every flipped bit of the quote is refused", test_every_flipped_bit_of_the_quote_is_refused },
    { "every flipped bit of the enclave's report is refused",
      test_every_flipped_bit_of_the_enclaves_report_is_refused },
    { "every flipped bit of a size or type is refused",
      test_every_flipped_bit_of_a_size_or_type_is_refused },
    { "a flipped bit of the chain is refused or changes nothing",
      test_a_flipped_bit_of_the_chain_is_refused_or_changes_nothing },
    { "every truncation is refused", test_every_truncation_is_refused },
    { "pieces of another quote are refused", test_pieces_of_another_quote_are_refused },
    { "the signature data of another quote is refused",
      test_the_signature_data_of_another_quote_is_refused },
    { "a chain in disorder or with another root is refused",
      test_a_chain_in_disorder_or_with_another_root_is_refused },
};

TEST_MAIN(tests)
