/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything about a genuine quote that can be made wrong, made wrong, one thing at a time and all
 * of them. test-forge-quote KIND, where KIND is "real" or a key and scheme.
 */
#include "quote-bench.h"

static const char *const attest_names[] = { "tpm-signature-invalid", NULL };
static const char *const signature_names[] = { "tpm-signature-invalid", "tpm-signature-malformed",
                                               NULL };
static const char *const value_names[] = { "tpm-pcr-digest-mismatch", NULL };
static const char *const key_names[] = {
    "tpm-ak-malformed",
    "tpm-ak-unrestricted",
    "tpm-ak-not-bound-to-tpm",
    "tpm-signature-scheme",
    "tpm-signature-invalid",
    "tpm-signature-malformed",
    NULL,
};

/* Every bit of BYTES, which belong to BENCH. */
static void flip_every_bit(const QuoteBench *bench, Bytes *bytes, const char *const *names,
                           const char *what)
{
    for (size_t bit = 0; bit < 8 * bytes->size; bit++) {
        _cleanup_findings_ Findings findings = { 0 };
        bytes->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (quote_bench_judge(bench, &findings) == GENUINE_QUOTE_OK) {
            (void)fprintf(stderr, "%s: bit %zu of byte %zu\n", what, bit % 8, bit / 8);
            abort();
        }
        check_refused_as(&findings, names, what, bit);
        bytes->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    (void)printf("  %zu bits of the %s\n", 8 * bytes->size, what);
}

static void cut_everywhere(const QuoteBench *bench, Bytes *bytes, const char *const *names,
                           const char *what)
{
    size_t whole = bytes->size;

    for (size_t size = 0; size < whole; size++) {
        _cleanup_findings_ Findings findings = { 0 };
        bytes->size = size;
        check_int(quote_bench_judge(bench, &findings), GENUINE_QUOTE_E_REFUSED);
        check_refused_as(&findings, names, what, size);
    }
    bytes->size = whole;
}

static void append_one(const QuoteBench *bench, Bytes *bytes, const char *const *names,
                       const char *what)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(bytes_append_u8(bytes, 0), 0);
    check_int(quote_bench_judge(bench, &findings), GENUINE_QUOTE_E_REFUSED);
    check_refused_as(&findings, names, what, bytes->size);
    bytes->size--;
}

static void flip_every_value(QuoteBench *bench)
{
    size_t n = 0;

    for (size_t i = 0; i < bench->pcrs.n_banks; i++) {
        EvidencePcrs *bank = &bench->pcrs.banks[i];
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
            if (!(bank->mask & UINT32_C(1) << pcr))
                continue;
            for (size_t bit = 0; bit < 8 * bank->digest_size; bit++, n++) {
                _cleanup_findings_ Findings findings = { 0 };
                bank->values[pcr][bit / 8] ^= (uint8_t)(1 << bit % 8);
                check_int(quote_bench_judge(bench, &findings), GENUINE_QUOTE_E_REFUSED);
                check_refused_as(&findings, value_names, "value", bit);
                bank->values[pcr][bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
        }
    }
    (void)printf("  %zu bits of the values\n", n);
}

/*
 * A public area is nobody's word but the sender's: flipping bits that say nothing of the key, of
 * what it may sign and how, changes its Name and no more. Those are the ones left.
 */
static bool is_free(size_t bit)
{
    size_t byte = bit / 8;
    uint32_t attribute = byte >= 4 && byte < 8 ? UINT32_C(1) << (8 * (7 - byte) + bit % 8) : 0;

    return (byte >= 2 && byte < 4) || /* nameAlg */
           (attribute &
            (TPM_OBJECT_ST_CLEAR | TPM_OBJECT_USER_WITH_AUTH | TPM_OBJECT_ADMIN_WITH_POLICY |
             TPM_OBJECT_FIRMWARE_LIMITED | TPM_OBJECT_SVN_LIMITED | TPM_OBJECT_NO_DA |
             TPM_OBJECT_ENCRYPTED_DUPLICATION | TPM_OBJECT_X509_SIGN)) != 0;
}

static void flip_the_key(QuoteBench *bench)
{
    size_t n_free = 0;

    for (size_t bit = 0; bit < 8 * bench->ak.size; bit++) {
        _cleanup_findings_ Findings findings = { 0 };
        bench->ak.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (quote_bench_judge(bench, &findings) == GENUINE_QUOTE_OK) {
            if (!is_free(bit))
                (void)fprintf(stderr, "bit %zu of byte %zu of the key\n", bit % 8, bit / 8);
            check(is_free(bit));
            n_free++;
        } else {
            check_refused_as(&findings, key_names, "key", bit);
        }
        bench->ak.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    (void)printf("  %zu bits of the key, %zu of them say nothing of it\n", 8 * bench->ak.size,
                 n_free);
}

static void forge_all(QuoteBench *bench)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(quote_bench_judge(bench, &findings), GENUINE_QUOTE_OK);
    flip_every_bit(bench, &bench->attest, attest_names, "attestation");
    cut_everywhere(bench, &bench->attest, attest_names, "attestation");
    append_one(bench, &bench->attest, attest_names, "attestation");
    flip_every_bit(bench, &bench->signature, signature_names, "signature");
    cut_everywhere(bench, &bench->signature, signature_names, "signature");
    append_one(bench, &bench->signature, signature_names, "signature");
    flip_every_value(bench);
    flip_the_key(bench);
    cut_everywhere(bench, &bench->ak, key_names, "key");
}

/* A quote of a real TPM. Its challenge was empty, so it is put in place of the bench's. */
static int judge_real(const QuoteBench *bench, Findings *findings)
{
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    const GenuineQuoteInput input = { .attest = VIEW(bench->attest),
                                      .signature = VIEW(bench->signature),
                                      .ak = VIEW(bench->ak),
                                      .pcrs = &bench->pcrs };

    return genuine_quote_verify(&input, findings, &quote);
}

static void flip_real(QuoteBench *bench, Bytes *bytes, const char *const *names)
{
    for (size_t bit = 0; bit < 8 * bytes->size; bit++) {
        _cleanup_findings_ Findings findings = { 0 };
        bytes->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_int(judge_real(bench, &findings), GENUINE_QUOTE_E_REFUSED);
        check_refused_as(&findings, names, "bit", bit);
        bytes->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Every other key of the vectors; their own certificates and areas are of another key. */
static void swap_real_keys(QuoteBench *bench)
{
    static const char *const keys[] = {
        "tpm-quote/keylime-a/ak.pem",
        "tpm-quote/keylime-a/ak.tpm2b",
        "tpm-quote/keylime-a/ek.pem",
        "tpm-quote/azure-cvm-challenge/ak.pem",
        "tpm-quote/azure-trusted-launch-a/ak.pem",
        "tpm-quote/azure-trusted-launch-a/other-ak-cert.der",
        "tpm-quote/azure-trusted-launch-b/ak-cert.der",
        "tpm-certs/gce-ak-ecc-pca/cert.der",
        "tpm-certs/gce-ak-rsa-pca/cert.der",
        "tpm-certs/gce-ak-rsa-uca/cert.der",
        "snp/milan-v3-vcek/vcek.der",
    };

    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_bytes_ Bytes key = test_vector(keys[i]);
        QuoteBench other = *bench;
        other.ak = key;
        check_int(judge_real(&other, &findings), GENUINE_QUOTE_E_REFUSED);
        check_refused_as(&findings, key_names, keys[i], i);
    }
}

static void forge_real(void)
{
    QuoteBench bench = {
        .attest = test_vector("tpm-quote/gce-cos-85-no-nonce/quote-sha384.msg"),
        .signature = test_vector("tpm-quote/gce-cos-85-no-nonce/quote-sha384.sig"),
        .ak = test_vector("tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public"),
    };
    _cleanup_bytes_ Bytes values = test_vector("tpm-quote/gce-cos-85-no-nonce/pcrs-sha384.json");
    _cleanup_findings_ Findings findings = { 0 };

    check_int(pcr_file_parse(VIEW(values), &bench.pcrs), PCR_FILE_OK);
    check_int(judge_real(&bench, &findings), GENUINE_QUOTE_OK);
    flip_real(&bench, &bench.attest, attest_names);
    flip_real(&bench, &bench.signature, signature_names);
    swap_real_keys(&bench);
    quote_bench_done(&bench);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *kind;
        QuoteOrder order;
    } kinds[] = {
        { "p256",
          { .key = "P-256",
            .banks = { TPM_ALG_SHA1, TPM_ALG_SHA256 },
            .masks = { 0x000001, 0x00000f } } },
        { "p384",
          { .key = "P-384",
            .hash = TPM_ALG_SHA384,
            .banks = { TPM_ALG_SHA384 },
            .masks = { 0x000081 } } },
        { "rsassa", { .key = "RSA-2048", .banks = { TPM_ALG_SHA256 }, .masks = { 0x0000ff } } },
        { "rsapss",
          { .key = "RSA-2048",
            .scheme = TPM_ALG_RSAPSS,
            .banks = { TPM_ALG_SHA256 },
            .masks = { 0x0000ff } } },
    };

    if (argc == 2 && strcmp(argv[1], "real") == 0) {
        forge_real();
        return 0;
    }
    for (size_t i = 0; argc == 2 && i < ELEMENTSOF(kinds); i++) {
        if (strcmp(argv[1], kinds[i].kind) != 0)
            continue;
        _cleanup_quote_bench_ QuoteBench bench = quote_bench(&kinds[i].order);
        forge_all(&bench);
        return 0;
    }
    return 2;
}
