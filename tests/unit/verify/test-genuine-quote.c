/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes as files: every kind of key, scheme and spelling, and what is refused.
 */
#include "quote-bench.h"

#include "forge.h"

#include <openssl/pem.h>

static const QuoteOrder orders[] = {
    { .key = "P-256", .banks = { TPM_ALG_SHA256 }, .masks = { 0x00ffff } },
    { .key = "P-256", .banks = { TPM_ALG_SHA384 }, .masks = { 0x000001 } },
    { .key = "P-256", .banks = { TPM_ALG_SHA1 }, .masks = { 0xffffff } },
    { .key = "P-384", .hash = TPM_ALG_SHA384, .banks = { TPM_ALG_SHA384 }, .masks = { 0xffffff } },
    { .key = "P-384", .hash = TPM_ALG_SHA256, .banks = { TPM_ALG_SHA256 }, .masks = { 0x0000ff } },
    { .key = "P-384", .hash = TPM_ALG_SHA512, .banks = { TPM_ALG_SHA512 }, .masks = { 0x0000ff } },
    { .key = "RSA-2048", .banks = { TPM_ALG_SHA256 }, .masks = { 0x0000ff } },
    { .key = "RSA-2048",
      .scheme = TPM_ALG_RSAPSS,
      .banks = { TPM_ALG_SHA256 },
      .masks = { 0x0000ff } },
    { .key = "RSA-2048",
      .scheme = TPM_ALG_RSAPSS,
      .hash = TPM_ALG_SHA384,
      .banks = { TPM_ALG_SHA256 },
      .masks = { 0x0000ff } },
    { .key = "P-256",
      .banks = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SM3_256 },
      .masks = { 0x00000f, 0xffffff, 0x800000 } },
};

static void check_good(const QuoteBench *bench, size_t n_warnings)
{
    _cleanup_findings_ Findings findings = { 0 };

    if (quote_bench_judge(bench, &findings) != GENUINE_QUOTE_OK)
        lab_print(&findings);
    lab_check_no_failure(&findings);
    check_int(findings.n_items, n_warnings);
}

static void test_every_kind_of_quote_verifies(void)
{
    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        _cleanup_quote_bench_ QuoteBench bench = quote_bench(&orders[i]);
        check_good(&bench, 0);
    }
}

/* As tpm2_quote -f plain leaves them: RSA as it is, ECDSA as DER; r ‖ s as others do. */
static void test_bare_signatures_verify(void)
{
    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        _cleanup_quote_bench_ QuoteBench bench = quote_bench(&orders[i]);
        bytes_done(&bench.signature);
        check_int(bytes_copy(VIEW(bench.raw), &bench.signature), 0);
        check_good(&bench, 0);
        if (bench.scheme != TPM_ALG_ECDSA)
            continue;
        bytes_done(&bench.signature);
        check_int(signature_sign(bench.key, SIGNATURE_ECDSA_DER, bench.digest, VIEW(bench.attest),
                                 &bench.signature),
                  SIGNATURE_OK);
        check_good(&bench, 0);
    }
}

/* Prefixes BYTES with their size, as a TPM2B. */
static void wrap(Bytes *bytes)
{
    Bytes wrapped = { 0 };

    lab_put_be(&wrapped, bytes->size, 2);
    lab_put(&wrapped, bytes->data, bytes->size);
    bytes_done(bytes);
    *bytes = wrapped;
}

static void test_structures_with_their_size_verify(void)
{
    _cleanup_quote_bench_ QuoteBench bench = quote_bench(&orders[0]);

    wrap(&bench.attest);
    wrap(&bench.ak);
    check_good(&bench, 0);
    bench.ak.data[1]++;
    quote_bench_refuse(&bench, "tpm-ak-malformed");
}

static void set_pem(QuoteBench *bench, EVP_PKEY *pkey)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *data;

    check_int(PEM_write_bio_PUBKEY(out, pkey), 1);
    long size = BIO_get_mem_data(out, &data);
    bytes_done(&bench->ak);
    check_int(bytes_copy((ByteView){ (uint8_t *)data, (size_t)size }, &bench->ak), 0);
    BIO_free(out);
}

/* Signs the quote with PKEY and shows the key in another way than as a public area. */
static QuoteBench bench_of(EVP_PKEY *pkey)
{
    QuoteBench bench = quote_bench(&orders[0]);

    key_free(bench.key);
    bench.key = forge_key_of(pkey);
    quote_bench_sign(&bench);
    return bench;
}

static void test_keys_without_attributes_are_a_warning(void)
{
    EVP_PKEY *pkey = forge_pkey("P-256");
    _cleanup_quote_bench_ QuoteBench bench = bench_of(pkey);
    const ForgeCertificate wanted = {
        .subject = "ak", .issuer = "ca", .key = pkey, .issuer_key = pkey
    };
    _cleanup_findings_ Findings findings = { 0 };

    set_pem(&bench, pkey);
    check_int(quote_bench_judge(&bench, &findings), GENUINE_QUOTE_OK);
    lab_check_warning(&findings, "tpm-ak-attributes-unknown");
    bytes_done(&bench.ak);
    check_int(key_to_spki(bench.key, &bench.ak), 0);
    check_good(&bench, 1);
    bytes_done(&bench.ak);
    bench.ak = forge_certificate(&wanted);
    check_good(&bench, 1);
    check_int(bytes_append(&bench.ak, view_of_string("\xff\xff\xff\xff")), 0);
    check_good(&bench, 1); /* padding, as NV indices have it */
    EVP_PKEY_free(pkey);
}

static void test_a_key_that_signs_anything_is_refused(void)
{
    QuoteOrder order = orders[0];

    order.attributes = LAB_AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_RESTRICTED;
    _cleanup_quote_bench_ QuoteBench free = quote_bench(&order);
    quote_bench_refuse(&free, "tpm-ak-unrestricted");
    order.attributes = LAB_AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_FIXED_TPM;
    _cleanup_quote_bench_ QuoteBench movable = quote_bench(&order);
    quote_bench_refuse(&movable, "tpm-ak-not-bound-to-tpm");
}

/* The signature is good, and by another hash or padding than the key fixes. */
static void test_another_scheme_than_the_key_names_is_refused(void)
{
    _cleanup_quote_bench_ QuoteBench hash = quote_bench(&orders[0]);
    _cleanup_quote_bench_ QuoteBench padding = quote_bench(&orders[6]);
    const PcrFile none = { 0 };

    hash.hash = TPM_ALG_SHA384;
    hash.digest = DIGEST_SHA384;
    hash.pcrs = none;
    quote_bench_sign(&hash);
    quote_bench_refuse(&hash, "tpm-signature-scheme");
    padding.scheme = TPM_ALG_RSAPSS;
    quote_bench_sign(&padding);
    quote_bench_refuse(&padding, "tpm-signature-scheme");
}

static void test_other_values_are_refused(void)
{
    static const uint16_t banks[] = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SM3_256 };

    for (size_t i = 0; i < ELEMENTSOF(banks); i++) {
        _cleanup_quote_bench_ QuoteBench bench = quote_bench(&orders[9]);
        EvidencePcrs *bank = &bench.pcrs.banks[i];
        unsigned pcr = i == 2 ? 23 : 0;
        bank->values[pcr][bank->digest_size - 1] ^= 1;
        quote_bench_refuse(&bench, "tpm-pcr-digest-mismatch");
    }
}

static void test_another_selection_is_refused(void)
{
    _cleanup_quote_bench_ QuoteBench fewer = quote_bench(&orders[0]);
    _cleanup_quote_bench_ QuoteBench more = quote_bench(&orders[0]);
    _cleanup_quote_bench_ QuoteBench other = quote_bench(&orders[0]);
    _cleanup_quote_bench_ QuoteBench bank = quote_bench(&orders[9]);
    const QuoteOrder nothing = { .key = "P-256", .banks = { TPM_ALG_SHA256 } };
    _cleanup_quote_bench_ QuoteBench none = quote_bench(&nothing);

    fewer.pcrs.banks[0].mask &= ~1U;
    quote_bench_refuse(&fewer, "tpm-selection-mismatch");
    more.pcrs.banks[0].mask |= 1U << 20;
    quote_bench_refuse(&more, "tpm-selection-mismatch");
    other.pcrs.banks[0].bank = TPM_ALG_SM3_256;
    quote_bench_refuse(&other, "tpm-selection-mismatch");
    bank.pcrs.n_banks--;
    quote_bench_refuse(&bank, "tpm-selection-mismatch");
    none.pcrs.n_banks = 0;
    quote_bench_refuse(&none, "tpm-selection-mismatch");
}

static void test_a_quote_without_values_is_a_warning(void)
{
    _cleanup_quote_bench_ QuoteBench bench = quote_bench(&orders[0]);
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    const GenuineQuoteInput input = { .attest = VIEW(bench.attest),
                                      .signature = VIEW(bench.signature),
                                      .ak = VIEW(bench.ak) };

    check_int(genuine_quote_verify(&input, &findings, &quote), GENUINE_QUOTE_OK);
    lab_check_warning(&findings, "tpm-pcrs-missing");
    check(!quote.has_pcrs && quote.has_ak_public && quote.scheme == TPM_ALG_ECDSA);
}

static void test_what_is_no_key_is_refused(void)
{
    static const char *const keys[] = {
        "",
        "x",
        "0",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN NOTHING-----\n",
    };

    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        _cleanup_quote_bench_ QuoteBench bench = quote_bench(&orders[0]);
        bytes_done(&bench.ak);
        check_int(bytes_copy(view_of_string(keys[i]), &bench.ak), 0);
        quote_bench_refuse(&bench, "tpm-ak-malformed");
    }
}

static void test_another_challenge_is_refused(void)
{
    _cleanup_quote_bench_ QuoteBench bench = quote_bench(&orders[0]);
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    const GenuineQuoteInput input = { .attest = VIEW(bench.attest),
                                      .signature = VIEW(bench.signature),
                                      .ak = VIEW(bench.ak),
                                      .pcrs = &bench.pcrs,
                                      .qualifying_data = view_of_string("challenges") };

    check_int(genuine_quote_verify(&input, &findings, &quote), GENUINE_QUOTE_E_REFUSED);
    check_int(findings.n_items, 1);
    lab_check_failure(&findings, "tpm-qualifying-data-mismatch");
}

static const Test tests[] = {
    { "every kind of quote verifies", test_every_kind_of_quote_verifies },
    { "bare signatures verify", test_bare_signatures_verify },
    { "structures with their size verify", test_structures_with_their_size_verify },
    { "keys without attributes are a warning", test_keys_without_attributes_are_a_warning },
    { "a key that signs anything is refused", test_a_key_that_signs_anything_is_refused },
    { "another scheme than the key names is refused",
      test_another_scheme_than_the_key_names_is_refused },
    { "other values are refused", test_other_values_are_refused },
    { "another selection is refused", test_another_selection_is_refused },
    { "a quote without values is a warning", test_a_quote_without_values_is_a_warning },
    { "what is no key is refused", test_what_is_no_key_is_refused },
    { "another challenge is refused", test_another_challenge_is_refused },
};

TEST_MAIN(tests)
