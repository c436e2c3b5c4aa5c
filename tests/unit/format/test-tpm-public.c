/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMT_PUBLIC: the keys we use, and one broken twin for each refusal.
 */
#include "build.h"
#include "format/tpm-public.h"

#define AK_ATTRIBUTES 0x00050472
#define EK_ATTRIBUTES 0x000300b2

/* An ECC attestation key as our template makes it. */
typedef struct Shape {
    uint64_t type, name_alg, attributes;
    size_t policy_size;
    uint64_t symmetric, scheme, scheme_hash, curve, kdf;
    size_t x_size, y_size;
} Shape;

static const Shape good = {
    TPM_ALG_ECC,    TPM_ALG_SHA256, AK_ATTRIBUTES, 0,  TPM_ALG_NULL, TPM_ALG_ECDSA,
    TPM_ALG_SHA256, TPM_CURVE_P256, TPM_ALG_NULL,  32, 32,
};

static Bytes make_ecc(const Shape *shape)
{
    Bytes out = { 0 };

    put_be(&out, shape->type, 2);
    put_be(&out, shape->name_alg, 2);
    put_be(&out, shape->attributes, 4);
    put_be(&out, shape->policy_size, 2);
    put_fill(&out, 0xaa, shape->policy_size);
    put_be(&out, shape->symmetric, 2);
    if (shape->symmetric != TPM_ALG_NULL)
        put_be(&out, UINT64_C(128) << 16 | TPM_ALG_CFB, 4);
    put_be(&out, shape->scheme, 2);
    if (shape->scheme != TPM_ALG_NULL)
        put_be(&out, shape->scheme_hash, 2);
    put_be(&out, shape->curve, 2);
    put_be(&out, shape->kdf, 2);
    put_be(&out, shape->x_size, 2);
    put_fill(&out, 0x11, shape->x_size);
    put_be(&out, shape->y_size, 2);
    put_fill(&out, 0x22, shape->y_size);
    return out;
}

static int try_view(ByteView view)
{
    _cleanup_free_ uint8_t *copy = tight_copy(view.data, view.size);
    TpmPublic public;

    return tpm_public_parse((ByteView){ copy, view.size }, &public);
}

static int try_shape(const Shape *shape)
{
    _cleanup_bytes_ Bytes bytes = make_ecc(shape);

    return try_view(VIEW(bytes));
}

static Bytes make_rsa(uint16_t bits, uint32_t exponent, size_t modulus_size)
{
    Bytes out = { 0 };

    put_be(&out, TPM_ALG_RSA, 2);
    put_be(&out, TPM_ALG_SHA256, 2);
    put_be(&out, EK_ATTRIBUTES, 4);
    put_be(&out, 32, 2);
    put_fill(&out, 0x83, 32);
    put_be(&out, TPM_ALG_AES, 2);
    put_be(&out, 128, 2);
    put_be(&out, TPM_ALG_CFB, 2);
    put_be(&out, TPM_ALG_NULL, 2);
    put_be(&out, bits, 2);
    put_be(&out, exponent, 4);
    put_be(&out, modulus_size, 2);
    put_fill(&out, 0xc1, modulus_size);
    return out;
}

static int try_rsa(uint16_t bits, uint32_t exponent, size_t modulus_size)
{
    _cleanup_bytes_ Bytes bytes = make_rsa(bits, exponent, modulus_size);

    return try_view(VIEW(bytes));
}

static void test_an_ecc_attestation_key_is_read(void)
{
    _cleanup_bytes_ Bytes bytes = make_ecc(&good);
    TpmPublic public;

    check_int(tpm_public_parse(VIEW(bytes), &public), TPM_PUBLIC_OK);
    check_int(public.type, TPM_ALG_ECC);
    check_int(public.name_alg, TPM_ALG_SHA256);
    check_int(public.attributes, AK_ATTRIBUTES);
    check_int(public.auth_policy.size, 0);
    check_int(public.symmetric, TPM_ALG_NULL);
    check_int(public.scheme, TPM_ALG_ECDSA);
    check_int(public.scheme_hash, TPM_ALG_SHA256);
    check_int(public.curve, TPM_CURVE_P256);
    check(public.x.size == 32 && view_is_filled_with(public.x, 0x11));
    check(public.y.size == 32 && view_is_filled_with(public.y, 0x22));
    check(view_equal(public.raw, VIEW(bytes)));
    check(tpm_public_is_restricted_signing(&public));
    check(!tpm_public_is_restricted_decrypting(&public));
    check(tpm_public_is_bound_to_tpm(&public));
}

static void test_an_rsa_endorsement_key_is_read(void)
{
    _cleanup_bytes_ Bytes bytes = make_rsa(2048, 0, 256);
    TpmPublic public;

    check_int(tpm_public_parse(VIEW(bytes), &public), TPM_PUBLIC_OK);
    check_int(public.rsa_bits, 2048);
    check_int(public.rsa_exponent, 65537);
    check_int(public.rsa_modulus.size, 256);
    check_int(public.auth_policy.size, 32);
    check_int(public.symmetric, TPM_ALG_AES);
    check_int(public.symmetric_bits, 128);
    check(!tpm_public_is_restricted_signing(&public));
    check(tpm_public_is_restricted_decrypting(&public));
}

static void test_every_attribute_counts(void)
{
    static const struct {
        uint32_t attributes;
        bool is_signing, is_bound;
    } cases[] = {
        { AK_ATTRIBUTES, true, true },
        { AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_RESTRICTED, false, true },
        { AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_SIGN, false, true },
        { AK_ATTRIBUTES | TPM_OBJECT_DECRYPT, false, true },
        { AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_FIXED_TPM, true, false },
        { AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_FIXED_PARENT, true, false },
        { AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_SENSITIVE_DATA_ORIGIN, true, false },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Shape shape = good;
        TpmPublic public;
        shape.attributes = cases[i].attributes;
        _cleanup_bytes_ Bytes bytes = make_ecc(&shape);
        check_int(tpm_public_parse(VIEW(bytes), &public), TPM_PUBLIC_OK);
        check_int(tpm_public_is_restricted_signing(&public), cases[i].is_signing);
        check_int(tpm_public_is_bound_to_tpm(&public), cases[i].is_bound);
    }
}

static void test_each_field_has_its_refusal(void)
{
    Shape shape = good;

    shape.type = 8; /* a keyed hash */
    check_int(try_shape(&shape), TPM_PUBLIC_E_TYPE);
    shape = good;
    shape.name_alg = TPM_ALG_NULL;
    check_int(try_shape(&shape), TPM_PUBLIC_E_NAME_ALG);
    shape = good;
    shape.attributes |= 1;
    check_int(try_shape(&shape), TPM_PUBLIC_E_ATTRIBUTES);
    shape.attributes = AK_ATTRIBUTES | UINT32_C(1) << 31;
    check_int(try_shape(&shape), TPM_PUBLIC_E_ATTRIBUTES);
    shape = good;
    shape.policy_size = 20;
    check_int(try_shape(&shape), TPM_PUBLIC_E_POLICY);
    shape = good;
    shape.symmetric = TPM_ALG_SHA256;
    check_int(try_shape(&shape), TPM_PUBLIC_E_SYMMETRIC);
    shape = good;
    shape.scheme = TPM_ALG_RSASSA;
    check_int(try_shape(&shape), TPM_PUBLIC_E_SCHEME);
    shape = good;
    shape.scheme = 0x1a;
    check_int(try_shape(&shape), TPM_PUBLIC_E_SCHEME);
    shape = good;
    shape.scheme_hash = TPM_ALG_NULL;
    check_int(try_shape(&shape), TPM_PUBLIC_E_SCHEME);
    shape = good;
    shape.curve = 5;
    check_int(try_shape(&shape), TPM_PUBLIC_E_PARAMETER);
    shape = good;
    shape.kdf = 0x20;
    check_int(try_shape(&shape), TPM_PUBLIC_E_PARAMETER);
}

static void test_points_must_fit_the_curve(void)
{
    Shape shape = good;

    shape.x_size = 0;
    check_int(try_shape(&shape), TPM_PUBLIC_E_UNIQUE);
    shape.x_size = 33;
    check_int(try_shape(&shape), TPM_PUBLIC_E_UNIQUE);
    shape = good;
    shape.y_size = 0;
    check_int(try_shape(&shape), TPM_PUBLIC_E_UNIQUE);
    shape.y_size = 31;
    check_int(try_shape(&shape), TPM_PUBLIC_OK);
    shape.curve = TPM_CURVE_P384;
    shape.y_size = 48;
    check_int(try_shape(&shape), TPM_PUBLIC_OK);
    shape.y_size = 49;
    check_int(try_shape(&shape), TPM_PUBLIC_E_UNIQUE);
}

static void test_rsa_parameters_must_fit(void)
{
    check_int(try_rsa(2048, 0, 256), TPM_PUBLIC_OK);
    check_int(try_rsa(3072, 65537, 384), TPM_PUBLIC_OK);
    check_int(try_rsa(4096, 65537, 512), TPM_PUBLIC_OK);
    check_int(try_rsa(1024, 0, 128), TPM_PUBLIC_E_PARAMETER);
    check_int(try_rsa(2047, 0, 256), TPM_PUBLIC_E_PARAMETER);
    check_int(try_rsa(2048, 3, 256), TPM_PUBLIC_E_PARAMETER);
    check_int(try_rsa(2048, 65538, 256), TPM_PUBLIC_E_PARAMETER);
    check_int(try_rsa(2048, 0, 0), TPM_PUBLIC_E_UNIQUE);
    check_int(try_rsa(2048, 0, 255), TPM_PUBLIC_E_UNIQUE);
    check_int(try_rsa(2048, 0, 257), TPM_PUBLIC_E_UNIQUE);

    _cleanup_bytes_ Bytes bytes = make_rsa(2048, 0, 256);
    bytes.data[bytes.size - 1] = 0xc0;
    check_int(try_view(VIEW(bytes)), TPM_PUBLIC_E_UNIQUE);
    bytes.data[bytes.size - 1] = 0xc1;
    bytes.data[bytes.size - 256] = 0x7f;
    check_int(try_view(VIEW(bytes)), TPM_PUBLIC_E_UNIQUE);
}

static void test_a_key_cut_anywhere_is_refused(void)
{
    _cleanup_bytes_ Bytes ecc = make_ecc(&good), rsa = make_rsa(2048, 0, 256);

    for (size_t size = 0; size < ecc.size; size++)
        check_int(try_view((ByteView){ ecc.data, size }), TPM_PUBLIC_E_TRUNCATED);
    for (size_t size = 0; size < rsa.size; size++)
        check_int(try_view((ByteView){ rsa.data, size }), TPM_PUBLIC_E_TRUNCATED);
    put_fill(&ecc, 0, 1);
    check_int(try_view(VIEW(ecc)), TPM_PUBLIC_E_TRAILING);
    put_fill(&rsa, 0, 1);
    check_int(try_view(VIEW(rsa)), TPM_PUBLIC_E_TRAILING);
}

static void test_integers_are_padded_or_refused(void)
{
    static const uint8_t value[] = { 0, 0, 1, 2 };
    uint8_t out[3] = { 9, 9, 9 };

    check(tpm_pad_integer((ByteView){ value + 2, 2 }, out, 3));
    check(out[0] == 0 && out[1] == 1 && out[2] == 2);
    check(tpm_pad_integer(VIEW_OF_ARRAY(value), out, 3));
    check(out[0] == 0 && out[1] == 1 && out[2] == 2);
    check(tpm_pad_integer(VIEW_OF_ARRAY(value), out, 2));
    check(out[0] == 1 && out[1] == 2);
    check(!tpm_pad_integer(VIEW_OF_ARRAY(value), out, 1));
    check(out[0] == 1);
    check(tpm_pad_integer((ByteView){ 0 }, out, 3));
    check(out[0] == 0 && out[1] == 0 && out[2] == 0);
}

static void test_every_refusal_has_a_reason(void)
{
    for (int reason = TPM_PUBLIC_OK; reason <= TPM_PUBLIC_E_UNIQUE; reason++)
        check(strcmp(tpm_public_reason(reason), "unknown") != 0);
    check_str(tpm_public_reason(99), "unknown");
}

static const Test tests[] = {
    { "an ECC attestation key is read", test_an_ecc_attestation_key_is_read },
    { "an RSA endorsement key is read", test_an_rsa_endorsement_key_is_read },
    { "every attribute counts", test_every_attribute_counts },
    { "each field has its refusal", test_each_field_has_its_refusal },
    { "points must fit the curve", test_points_must_fit_the_curve },
    { "RSA parameters must fit", test_rsa_parameters_must_fit },
    { "a key cut anywhere is refused", test_a_key_cut_anywhere_is_refused },
    { "integers are padded or refused", test_integers_are_padded_or_refused },
    { "every refusal has a reason", test_every_refusal_has_a_reason },
};

TEST_MAIN(tests)
