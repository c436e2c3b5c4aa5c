/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structures of TPM 2.0 Part 2, made by hand.
 */
#include "quote-bench.h"

#include "crypto/signature.h"

#include "forge.h"

#define QUALIFYING_DATA "challenge"

static void put_tpm2b(Bytes *out, ByteView bytes)
{
    lab_put_be(out, bytes.size, 2);
    lab_put(out, bytes.data, bytes.size);
}

/* TPMT_PUBLIC, 12.2.4. */
static void put_public(QuoteBench *bench, uint32_t attributes)
{
    bool is_rsa = key_type(bench->key) == KEY_RSA;
    _cleanup_bytes_ Bytes x = { 0 }, y = { 0 };

    lab_put_be(&bench->ak, is_rsa ? TPM_ALG_RSA : TPM_ALG_ECC, 2);
    lab_put_be(&bench->ak, TPM_ALG_SHA256, 2);
    lab_put_be(&bench->ak, attributes, 4);
    lab_put_be(&bench->ak, 0, 2);
    lab_put_be(&bench->ak, TPM_ALG_NULL, 2);
    lab_put_be(&bench->ak, bench->scheme, 2);
    lab_put_be(&bench->ak, bench->hash, 2);
    if (is_rsa) {
        check_int(key_rsa_numbers(bench->key, &x, &y), KEY_OK);
        lab_put_be(&bench->ak, key_bits(bench->key), 2);
        lab_put_be(&bench->ak, 0, 4);
        put_tpm2b(&bench->ak, VIEW(x));
        return;
    }
    check_int(key_ec_point(bench->key, &x, &y), KEY_OK);
    lab_put_be(&bench->ak, key_type(bench->key) == KEY_P384 ? TPM_CURVE_P384 : TPM_CURVE_P256, 2);
    lab_put_be(&bench->ak, TPM_ALG_NULL, 2);
    put_tpm2b(&bench->ak, VIEW(x));
    put_tpm2b(&bench->ak, VIEW(y));
}

/* Values that differ from one register to the next. */
static void put_values(const QuoteOrder *order, PcrFile *pcrs)
{
    for (size_t i = 0; i < ELEMENTSOF(order->banks) && order->banks[i]; i++) {
        EvidencePcrs *bank = &pcrs->banks[pcrs->n_banks++];
        *bank = (EvidencePcrs){ .bank = order->banks[i],
                                .digest_size = tpm_alg_digest_size(order->banks[i]) };
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
            uint8_t value[TPM_DIGEST_SIZE_MAX];
            memset(value, (int)(16 * i + pcr), sizeof(value));
            if (order->masks[i] & UINT32_C(1) << pcr)
                check(evidence_pcrs_set(bank, pcr, (ByteView){ value, bank->digest_size }));
        }
    }
}

/* TPMS_ATTEST, 10.12.8. */
static void put_attest(QuoteBench *bench)
{
    ByteView parts[PCR_FILE_BANKS_MAX * TPM_PCR_COUNT];
    size_t n_parts = 0;
    Digest digest;
    Bytes *out = &bench->attest;

    lab_put_be(out, TPM_GENERATED, 4);
    lab_put_be(out, TPM_ST_ATTEST_QUOTE, 2);
    put_tpm2b(out, (ByteView){ 0 });
    put_tpm2b(out, view_of_string(QUALIFYING_DATA));
    lab_put_be(out, 123456789, 8);
    lab_put_be(out, 7, 4);
    lab_put_be(out, 1, 4);
    lab_put_be(out, 1, 1);
    lab_put_be(out, 0x20260101, 8);
    lab_put_be(out, bench->pcrs.n_banks, 4);
    for (size_t i = 0; i < bench->pcrs.n_banks; i++) {
        const EvidencePcrs *bank = &bench->pcrs.banks[i];
        lab_put_be(out, bank->bank, 2);
        lab_put_be(out, 3, 1);
        lab_put_le(out, bank->mask, 3);
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
            if (bank->mask & UINT32_C(1) << pcr)
                parts[n_parts++] = evidence_pcr(bank, pcr);
    }
    check_int(digest_of_parts(bench->digest, parts, n_parts, &digest), 0);
    put_tpm2b(out, digest_view(&digest));
}

void quote_bench_sign(QuoteBench *bench)
{
    SignatureScheme how = bench->scheme == TPM_ALG_RSASSA   ? SIGNATURE_RSASSA
                          : bench->scheme == TPM_ALG_RSAPSS ? SIGNATURE_RSAPSS
                                                            : SIGNATURE_ECDSA_RAW;
    size_t half = key_coordinate_size(bench->key);

    bytes_done(&bench->raw);
    bytes_done(&bench->signature);
    check_int(signature_sign(bench->key, how, bench->digest, VIEW(bench->attest), &bench->raw),
              SIGNATURE_OK);
    lab_put_be(&bench->signature, bench->scheme, 2);
    lab_put_be(&bench->signature, bench->hash, 2);
    if (half == 0) {
        put_tpm2b(&bench->signature, VIEW(bench->raw));
        return;
    }
    put_tpm2b(&bench->signature, (ByteView){ bench->raw.data, half });
    put_tpm2b(&bench->signature, (ByteView){ bench->raw.data + half, half });
}

QuoteBench quote_bench(const QuoteOrder *order)
{
    QuoteBench bench = { .key = forge_key(order->key) };

    bench.hash = order->hash ? order->hash : TPM_ALG_SHA256;
    bench.scheme = order->scheme                    ? order->scheme
                   : key_type(bench.key) == KEY_RSA ? TPM_ALG_RSASSA
                                                    : TPM_ALG_ECDSA;
    check_int(digest_from_tpm_id(bench.hash, &bench.digest), DIGEST_OK);
    put_public(&bench, order->attributes ? order->attributes : LAB_AK_ATTRIBUTES);
    put_values(order, &bench.pcrs);
    put_attest(&bench);
    quote_bench_sign(&bench);
    return bench;
}

void quote_bench_done(QuoteBench *bench)
{
    key_free(bench->key);
    bytes_done(&bench->attest);
    bytes_done(&bench->raw);
    bytes_done(&bench->signature);
    bytes_done(&bench->ak);
}

int quote_bench_judge(const QuoteBench *bench, Findings *findings)
{
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    const GenuineQuoteInput input = { .attest = VIEW(bench->attest),
                                      .signature = VIEW(bench->signature),
                                      .ak = VIEW(bench->ak),
                                      .pcrs = &bench->pcrs,
                                      .qualifying_data = view_of_string(QUALIFYING_DATA) };

    int r = genuine_quote_verify(&input, findings, &quote);
    check(r == GENUINE_QUOTE_OK || r == GENUINE_QUOTE_E_REFUSED);
    check_int(r == GENUINE_QUOTE_OK, findings_first_failure(findings) == NULL);
    return r;
}

void quote_bench_refuse(const QuoteBench *bench, const char *name)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(quote_bench_judge(bench, &findings), GENUINE_QUOTE_E_REFUSED);
    lab_check_failure(&findings, name);
}

void check_refused_as(const Findings *findings, const char *const *names, const char *what,
                      size_t at)
{
    for (size_t i = 0; i < findings->n_items; i++)
        for (size_t k = 0; names[k]; k++)
            if (findings->items[i].result == FINDING_FAILURE &&
                strcmp(findings->items[i].name, names[k]) == 0)
                return;
    (void)fprintf(stderr, "%s %zu: not refused by the right name\n", what, at);
    lab_print(findings);
    abort();
}
