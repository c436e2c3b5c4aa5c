/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quote and signature: strict to the last byte.
 */
#include "build.h"
#include "format/tpm-attest.h"

typedef struct Shape {
    uint64_t magic, type, safe, bank, select_size;
    size_t digest_size;
    uint32_t n_selections;
    bool repeat_bank;
} Shape;

static const Shape good = {
    TPM_GENERATED, TPM_ST_ATTEST_QUOTE, 1, TPM_ALG_SHA256, 3, 32, 1, false
};

static Bytes make_quote(const Shape *shape)
{
    Bytes out = { 0 };

    put_be(&out, shape->magic, 4);
    put_be(&out, shape->type, 2);
    put_be(&out, 34, 2);
    put_fill(&out, 0x0b, 34);
    put_be(&out, 32, 2);
    put_fill(&out, 0xda, 32);
    put_be(&out, 123456, 8);
    put_be(&out, 3, 4);
    put_be(&out, 4, 4);
    put_be(&out, shape->safe, 1);
    put_be(&out, 0x2019102300163636, 8);
    put_be(&out, shape->n_selections, 4);
    for (uint32_t i = 0; i < shape->n_selections; i++) {
        put_be(&out, shape->repeat_bank || i == 0 ? shape->bank : TPM_ALG_SHA384, 2);
        put_be(&out, shape->select_size, 1);
        put(&out, "\x80\x08\x01\x01", shape->select_size);
    }
    put_be(&out, shape->digest_size, 2);
    put_fill(&out, 0xcc, shape->digest_size);
    return out;
}

static int try_view(ByteView view)
{
    _cleanup_free_ uint8_t *copy = tight_copy(view.data, view.size);
    TpmAttest attest;

    return tpm_attest_parse((ByteView){ copy, view.size }, &attest);
}

static int try_shape(const Shape *shape)
{
    _cleanup_bytes_ Bytes bytes = make_quote(shape);

    return try_view(VIEW(bytes));
}

static void test_a_quote_is_read(void)
{
    _cleanup_bytes_ Bytes bytes = make_quote(&good);
    TpmAttest attest;

    check_int(tpm_attest_parse(VIEW(bytes), &attest), TPM_ATTEST_OK);
    check_int(attest.qualified_signer.size, 34);
    check(attest.extra_data.size == 32 && view_is_filled_with(attest.extra_data, 0xda));
    check_int(attest.clock_msec, 123456);
    check_int(attest.reset_count, 3);
    check_int(attest.restart_count, 4);
    check(attest.safe);
    check(attest.firmware_version == 0x2019102300163636);
    check_int(attest.n_selections, 1);
    check_int(attest.selections[0].bank, TPM_ALG_SHA256);
    check_int(attest.selections[0].pcrs, 1 << 7 | 1 << 11 | 1 << 16);
    check(attest.pcr_digest.size == 32 && view_is_filled_with(attest.pcr_digest, 0xcc));
    check(view_equal(attest.raw, VIEW(bytes)));
}

static void test_each_field_has_its_refusal(void)
{
    Shape shape = good;

    shape.magic = 0xff544346;
    check_int(try_shape(&shape), TPM_ATTEST_E_MAGIC);
    shape = good;
    shape.type = 0x8017; /* certify */
    check_int(try_shape(&shape), TPM_ATTEST_E_TYPE);
    shape = good;
    shape.safe = 2;
    check_int(try_shape(&shape), TPM_ATTEST_E_SAFE);
    shape = good;
    shape.bank = TPM_ALG_RSA;
    check_int(try_shape(&shape), TPM_ATTEST_E_SELECTION);
    shape = good;
    shape.select_size = 2;
    check_int(try_shape(&shape), TPM_ATTEST_E_SELECTION);
    shape.select_size = 4;
    check_int(try_shape(&shape), TPM_ATTEST_E_SELECTION);
    shape = good;
    shape.n_selections = 2;
    check_int(try_shape(&shape), TPM_ATTEST_OK);
    shape.repeat_bank = true;
    check_int(try_shape(&shape), TPM_ATTEST_E_SELECTION);
    shape.n_selections = TPM_SELECTIONS_MAX + 1;
    check_int(try_shape(&shape), TPM_ATTEST_E_SELECTION);
    shape = good;
    shape.digest_size = 0;
    check_int(try_shape(&shape), TPM_ATTEST_E_DIGEST);
    shape.digest_size = 31;
    check_int(try_shape(&shape), TPM_ATTEST_E_DIGEST);
    shape.digest_size = 48;
    check_int(try_shape(&shape), TPM_ATTEST_OK);
}

static void test_an_empty_selection_is_read_as_empty(void)
{
    Shape shape = good;
    TpmAttest attest;

    shape.n_selections = 0;
    _cleanup_bytes_ Bytes bytes = make_quote(&shape);
    check_int(tpm_attest_parse(VIEW(bytes), &attest), TPM_ATTEST_OK);
    check_int(attest.n_selections, 0);
}

static void test_a_quote_cut_anywhere_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = make_quote(&good);

    for (size_t size = 0; size < bytes.size; size++)
        check_int(try_view((ByteView){ bytes.data, size }), TPM_ATTEST_E_TRUNCATED);
    put_fill(&bytes, 0, 1);
    check_int(try_view(VIEW(bytes)), TPM_ATTEST_E_TRAILING);
}

static Bytes make_signature(uint64_t algorithm, uint64_t hash, size_t first, size_t second)
{
    Bytes out = { 0 };

    put_be(&out, algorithm, 2);
    put_be(&out, hash, 2);
    put_be(&out, first, 2);
    put_fill(&out, 0x51, first);
    if (algorithm == TPM_ALG_ECDSA) {
        put_be(&out, second, 2);
        put_fill(&out, 0x52, second);
    }
    return out;
}

static int try_signature(uint64_t algorithm, uint64_t hash, size_t first, size_t second)
{
    _cleanup_bytes_ Bytes bytes = make_signature(algorithm, hash, first, second);
    TpmSignature signature;

    return tpm_signature_parse(VIEW(bytes), &signature);
}

static void test_signatures_are_read(void)
{
    _cleanup_bytes_ Bytes rsa = make_signature(TPM_ALG_RSASSA, TPM_ALG_SHA256, 256, 0);
    _cleanup_bytes_ Bytes ecdsa = make_signature(TPM_ALG_ECDSA, TPM_ALG_SHA384, 47, 48);
    TpmSignature signature;

    check_int(tpm_signature_parse(VIEW(rsa), &signature), TPM_SIGNATURE_OK);
    check_int(signature.algorithm, TPM_ALG_RSASSA);
    check_int(signature.hash, TPM_ALG_SHA256);
    check_int(signature.rsa.size, 256);
    check_int(signature.r.size, 0);
    check_int(tpm_signature_parse(VIEW(ecdsa), &signature), TPM_SIGNATURE_OK);
    check_int(signature.rsa.size, 0);
    check(signature.r.size == 47 && view_is_filled_with(signature.r, 0x51));
    check(signature.s.size == 48 && view_is_filled_with(signature.s, 0x52));
}

static void test_signatures_have_their_refusals(void)
{
    check_int(try_signature(TPM_ALG_RSAPSS, TPM_ALG_SHA256, 512, 0), TPM_SIGNATURE_OK);
    check_int(try_signature(TPM_ALG_NULL, TPM_ALG_SHA256, 1, 0), TPM_SIGNATURE_E_ALGORITHM);
    check_int(try_signature(0x05, TPM_ALG_SHA256, 1, 0), TPM_SIGNATURE_E_ALGORITHM);
    check_int(try_signature(TPM_ALG_RSASSA, TPM_ALG_NULL, 256, 0), TPM_SIGNATURE_E_HASH);
    check_int(try_signature(TPM_ALG_RSASSA, TPM_ALG_SHA256, 0, 0), TPM_SIGNATURE_E_VALUE);
    check_int(try_signature(TPM_ALG_RSASSA, TPM_ALG_SHA256, 513, 0), TPM_SIGNATURE_E_VALUE);
    check_int(try_signature(TPM_ALG_ECDSA, TPM_ALG_SHA256, 0, 32), TPM_SIGNATURE_E_VALUE);
    check_int(try_signature(TPM_ALG_ECDSA, TPM_ALG_SHA256, 32, 0), TPM_SIGNATURE_E_VALUE);
    check_int(try_signature(TPM_ALG_ECDSA, TPM_ALG_SHA256, 32, 67), TPM_SIGNATURE_E_VALUE);
}

static void test_a_signature_cut_anywhere_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = make_signature(TPM_ALG_ECDSA, TPM_ALG_SHA256, 32, 32);
    TpmSignature signature;

    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(tpm_signature_parse((ByteView){ copy, size }, &signature),
                  TPM_SIGNATURE_E_TRUNCATED);
    }
    put_fill(&bytes, 0, 1);
    check_int(tpm_signature_parse(VIEW(bytes), &signature), TPM_SIGNATURE_E_TRAILING);
}

static void test_every_refusal_has_a_reason(void)
{
    for (int reason = TPM_ATTEST_OK; reason <= TPM_ATTEST_E_DIGEST; reason++)
        check(strcmp(tpm_attest_reason(reason), "unknown") != 0);
    for (int reason = TPM_SIGNATURE_OK; reason <= TPM_SIGNATURE_E_VALUE; reason++)
        check(strcmp(tpm_signature_reason(reason), "unknown") != 0);
    check_str(tpm_attest_reason(99), "unknown");
    check_str(tpm_signature_reason(99), "unknown");
}

static const Test tests[] = {
    { "a quote is read", test_a_quote_is_read },
    { "each field has its refusal", test_each_field_has_its_refusal },
    { "an empty selection is read as empty", test_an_empty_selection_is_read_as_empty },
    { "a quote cut anywhere is refused", test_a_quote_cut_anywhere_is_refused },
    { "signatures are read", test_signatures_are_read },
    { "signatures have their refusals", test_signatures_have_their_refusals },
    { "a signature cut anywhere is refused", test_a_signature_cut_anywhere_is_refused },
    { "every refusal has a reason", test_every_refusal_has_a_reason },
};

TEST_MAIN(tests)
