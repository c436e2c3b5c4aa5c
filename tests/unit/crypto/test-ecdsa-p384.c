/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-384 at its edges, whichever backend is linked: numbers out of range, points at infinity, equal
 * points, x beyond the order, and OpenSSL's opinion on everything else.
 */
#include "crypto/ecdsa-p384.h"

#include "testing.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#define SIZE 48

/* Numbers of the curve, and a signature that was made backwards. */
typedef struct Curve {
    EC_GROUP *group;
    BIGNUM *n, *p;
    BN_CTX *context;
} Curve;

typedef struct Crafted {
    Key *key;
    uint8_t hash[SIZE], r[SIZE], s[SIZE];
} Crafted;

static Curve curve_new(void)
{
    Curve curve = { .group = EC_GROUP_new_by_curve_name(NID_secp384r1),
                    .n = BN_new(),
                    .p = BN_new(),
                    .context = BN_CTX_new() };

    check(curve.group && curve.n && curve.p && curve.context);
    check_int(EC_GROUP_get_order(curve.group, curve.n, curve.context), 1);
    check_int(EC_GROUP_get_curve(curve.group, curve.p, NULL, NULL, curve.context), 1);
    return curve;
}

static void curve_done(Curve *curve)
{
    EC_GROUP_free(curve->group);
    BN_free(curve->n);
    BN_free(curve->p);
    BN_CTX_free(curve->context);
}

static void crafted_done(Crafted *crafted)
{
    key_free(crafted->key);
}

static Key *key_of_point(const Curve *curve, const EC_POINT *point)
{
    uint8_t bytes[1 + 2 * SIZE];
    Key *key = NULL;

    check_int(EC_POINT_point2oct(curve->group, point, POINT_CONVERSION_UNCOMPRESSED, bytes,
                                 sizeof(bytes), curve->context),
              sizeof(bytes));
    check_int(key_from_ec(KEY_P384, (ByteView){ bytes + 1, SIZE },
                          (ByteView){ bytes + 1 + SIZE, SIZE }, &key),
              KEY_OK);
    return key;
}

/*
 * A key under which (x(R) mod n, S) is a signature over Z: Q = (S R - Z G) / r. False when Q is the
 * point at infinity.
 */
static bool craft(const Curve *curve, const EC_POINT *point, const BIGNUM *s, const BIGNUM *z,
                  Crafted *ret)
{
    EC_POINT *q = EC_POINT_new(curve->group);
    BIGNUM *r = BN_new(), *u1 = BN_new(), *u2 = BN_new(), *inverse = BN_new();

    check_int(EC_POINT_get_affine_coordinates(curve->group, point, r, NULL, curve->context), 1);
    check_int(BN_nnmod(r, r, curve->n, curve->context), 1);
    check(BN_mod_inverse(inverse, r, curve->n, curve->context) != NULL);
    check_int(BN_mod_sub(u1, curve->n, z, curve->n, curve->context), 1);
    check_int(BN_mod_mul(u1, u1, inverse, curve->n, curve->context), 1);
    check_int(BN_mod_mul(u2, s, inverse, curve->n, curve->context), 1);
    check_int(EC_POINT_mul(curve->group, q, u1, point, u2, curve->context), 1);
    bool usable = !EC_POINT_is_at_infinity(curve->group, q);
    if (usable) {
        ret->key = key_of_point(curve, q);
        check(BN_bn2binpad(z, ret->hash, SIZE) == SIZE && BN_bn2binpad(r, ret->r, SIZE) == SIZE &&
              BN_bn2binpad(s, ret->s, SIZE) == SIZE);
    }
    BN_free(r);
    BN_free(u1);
    BN_free(u2);
    BN_free(inverse);
    EC_POINT_free(q);
    return usable;
}

static int run(const Crafted *crafted)
{
    return ecdsa_p384_verify(crafted->key, VIEW_OF_ARRAY(crafted->hash), VIEW_OF_ARRAY(crafted->r),
                             VIEW_OF_ARRAY(crafted->s));
}

/* The first point whose x is FROM or above. */
static EC_POINT *point_from(const Curve *curve, const BIGNUM *from)
{
    EC_POINT *point = EC_POINT_new(curve->group);
    BIGNUM *x = BN_dup(from);

    while (EC_POINT_set_compressed_coordinates(curve->group, point, x, 0, curve->context) != 1)
        check_int(BN_add_word(x, 1), 1);
    BN_free(x);
    return point;
}

static BIGNUM *random_scalar(const Curve *curve)
{
    BIGNUM *number = BN_new();

    check_int(BN_rand_range(number, curve->n), 1);
    return number;
}

static void number_to(const BIGNUM *number, uint8_t out[static SIZE])
{
    check_int(BN_bn2binpad(number, out, SIZE), SIZE);
}

/* Some signature, made the usual way. */
static Crafted some_signature(void)
{
    Crafted crafted = { 0 };
    _cleanup_bytes_ Bytes raw = { 0 };
    Digest digest;
    ByteView message = view_of_string("a report");

    check_int(key_generate(KEY_P384, &crafted.key), KEY_OK);
    check_int(signature_sign(crafted.key, SIGNATURE_ECDSA_RAW, DIGEST_SHA384, message, &raw),
              SIGNATURE_OK);
    check_int(digest_of(DIGEST_SHA384, message, &digest), 0);
    memcpy(crafted.hash, digest.data, SIZE);
    memcpy(crafted.r, raw.data, SIZE);
    memcpy(crafted.s, raw.data + SIZE, SIZE);
    check_int(run(&crafted), SIGNATURE_OK);
    return crafted;
}

static void test_numbers_out_of_range_are_refused(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();
    _cleanup_(crafted_done) Crafted good = some_signature();
    BIGNUM *beyond = BN_dup(curve.n);
    uint8_t numbers[6][SIZE] = { { 0 } }; /* 0, n, n + 1, p, 2^384 - 1, 1 */

    number_to(curve.n, numbers[1]);
    check_int(BN_add_word(beyond, 1), 1);
    number_to(beyond, numbers[2]);
    number_to(curve.p, numbers[3]);
    memset(numbers[4], 0xff, SIZE);
    numbers[5][SIZE - 1] = 1;
    for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
        Crafted bad = good;
        memcpy(bad.r, numbers[i], SIZE);
        check_int(run(&bad), SIGNATURE_E_BAD);
        memcpy(bad.s, numbers[i], SIZE);
        check_int(run(&bad), SIGNATURE_E_BAD);
        memcpy(bad.r, good.r, SIZE);
        check_int(run(&bad), SIGNATURE_E_BAD);
    }
    BN_free(beyond);
}

/* r + n is the same number modulo n, and another signature: refused. */
static void test_a_second_spelling_of_r_is_refused(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();
    BIGNUM *small = BN_new(), *s = random_scalar(&curve), *z = random_scalar(&curve);
    _cleanup_(crafted_done) Crafted crafted = { 0 };

    check_int(BN_set_word(small, 5), 1);
    EC_POINT *point = point_from(&curve, small);
    check(craft(&curve, point, s, z, &crafted));
    check_int(run(&crafted), SIGNATURE_OK);
    BIGNUM *r = BN_bin2bn(crafted.r, SIZE, NULL);
    check_int(BN_add(r, r, curve.n), 1);
    number_to(r, crafted.r);
    check_int(run(&crafted), SIGNATURE_E_BAD);
    BN_free(r);
    BN_free(small);
    BN_free(s);
    BN_free(z);
    EC_POINT_free(point);
}

/* x(R) from n to p: r is x - n, and the signature is good. */
static void test_an_x_beyond_the_order_is_reduced(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();
    BIGNUM *s = random_scalar(&curve), *z = random_scalar(&curve);
    BIGNUM *from = BN_dup(curve.n);
    _cleanup_(crafted_done) Crafted crafted = { 0 };

    check_int(BN_add_word(from, 1), 1); /* r must not be 0 */
    EC_POINT *point = point_from(&curve, from);
    check(craft(&curve, point, s, z, &crafted));
    check_int(run(&crafted), SIGNATURE_OK);
    BIGNUM *r = BN_bin2bn(crafted.r, SIZE, NULL);
    check(BN_num_bits(r) < 200); /* p - n has 190 bits */
    check_int(BN_add_word(r, 1), 1);
    number_to(r, crafted.r);
    check_int(run(&crafted), SIGNATURE_E_BAD);
    BN_free(from);
    BN_free(r);
    BN_free(s);
    BN_free(z);
    EC_POINT_free(point);
}

/* s and n - s both verify: ECDSA is malleable, and TPMs and firmware write either. */
static void test_the_other_half_of_s_verifies(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();
    _cleanup_(crafted_done) Crafted crafted = some_signature();
    BIGNUM *s = BN_bin2bn(crafted.s, SIZE, NULL);

    check_int(BN_sub(s, curve.n, s), 1);
    number_to(s, crafted.s);
    check_int(run(&crafted), SIGNATURE_OK);
    BN_free(s);
}

/* u1 G + u2 Q is the point at infinity: refused whatever r is. */
static void test_a_sum_at_infinity_is_refused(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();
    _cleanup_(crafted_done) Crafted crafted = { 0 };
    EC_POINT *q = EC_POINT_new(curve.group);
    BIGNUM *d = BN_new(), *z = BN_new(), *r = random_scalar(&curve);

    /* Q = d G and z = -r d, so u1 + u2 d = (z + r d) / s = 0. */
    check_int(BN_set_word(d, 7), 1);
    check_int(EC_POINT_mul(curve.group, q, d, NULL, NULL, curve.context), 1);
    crafted.key = key_of_point(&curve, q);
    check_int(BN_mod_mul(z, r, d, curve.n, curve.context), 1);
    check_int(BN_sub(z, curve.n, z), 1);
    number_to(z, crafted.hash);
    number_to(r, crafted.r);
    crafted.s[SIZE - 1] = 1;
    check_int(run(&crafted), SIGNATURE_E_BAD);
    memset(crafted.r, 0, SIZE); /* x of a point at infinity, as some store it */
    check_int(run(&crafted), SIGNATURE_E_BAD);
    BN_free(d);
    BN_free(z);
    BN_free(r);
    EC_POINT_free(q);
}

/*
 * Signatures whose sums meet special cases of point addition. They are good, and nobody makes them
 * by chance; a backend may refuse them but must not take a changed one.
 */
static void check_never_taken_when_changed(const Crafted *crafted)
{
    int r = run(crafted);

    check(r == SIGNATURE_OK || r == SIGNATURE_E_BAD);
    (void)printf("    %s\n", r == SIGNATURE_OK ? "taken" : "refused");
    for (size_t i = 0; i < 8 * SIZE; i += 7) {
        Crafted changed = *crafted;
        changed.r[i / 8] ^= (uint8_t)(1 << i % 8);
        check_int(run(&changed), SIGNATURE_E_BAD);
        changed = *crafted;
        changed.s[i / 8] ^= (uint8_t)(1 << i % 8);
        check_int(run(&changed), SIGNATURE_E_BAD);
    }
}

static void test_special_sums_are_not_taken_when_changed(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();
    _cleanup_(crafted_done) Crafted zero = { 0 }, equal = { 0 };
    BIGNUM *s = random_scalar(&curve), *z = BN_new(), *d = BN_new(), *k = BN_new(), *r = BN_new();
    EC_POINT *point = EC_POINT_new(curve.group), *q = EC_POINT_new(curve.group);

    /* A hash of zero: u1 G is the point at infinity. */
    BN_zero(z);
    check_int(EC_POINT_mul(curve.group, point, s, NULL, NULL, curve.context), 1);
    check(craft(&curve, point, s, z, &zero));
    check_never_taken_when_changed(&zero);

    /* z = r d, so u1 G = u2 Q, a doubling; k = 2 z / s. */
    check_int(BN_set_word(d, 11), 1);
    check_int(BN_set_word(k, 12345), 1);
    check_int(EC_POINT_mul(curve.group, q, d, NULL, NULL, curve.context), 1);
    check_int(EC_POINT_mul(curve.group, point, k, NULL, NULL, curve.context), 1);
    check_int(EC_POINT_get_affine_coordinates(curve.group, point, r, NULL, curve.context), 1);
    check_int(BN_nnmod(r, r, curve.n, curve.context), 1);
    check_int(BN_mod_mul(z, r, d, curve.n, curve.context), 1);
    check_int(BN_mod_lshift1(s, z, curve.n, curve.context), 1);
    check(BN_mod_inverse(k, k, curve.n, curve.context) != NULL);
    check_int(BN_mod_mul(s, s, k, curve.n, curve.context), 1);
    equal.key = key_of_point(&curve, q);
    number_to(z, equal.hash);
    number_to(r, equal.r);
    number_to(s, equal.s);
    check_never_taken_when_changed(&equal);

    BN_free(s);
    BN_free(z);
    BN_free(d);
    BN_free(k);
    BN_free(r);
    EC_POINT_free(point);
    EC_POINT_free(q);
}

static void test_hashes_of_every_size_verify(void)
{
    static const size_t sizes[] = { 20, 32, 48, 64 };
    _cleanup_(curve_done) Curve curve = curve_new();

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        uint8_t hash[64];
        BIGNUM *s = random_scalar(&curve), *k = random_scalar(&curve);
        EC_POINT *point = EC_POINT_new(curve.group);
        _cleanup_(crafted_done) Crafted crafted = { 0 };
        check_int(RAND_bytes(hash, sizeof(hash)), 1);
        hash[0] &= 0x7f; /* below n */
        BIGNUM *z = BN_bin2bn(hash, (int)MIN(sizes[i], SIZE), NULL);
        check_int(EC_POINT_mul(curve.group, point, k, NULL, NULL, curve.context), 1);
        check(craft(&curve, point, s, z, &crafted));
        ByteView r = VIEW_OF_ARRAY(crafted.r), s_view = VIEW_OF_ARRAY(crafted.s);
        check_int(ecdsa_p384_verify(crafted.key, (ByteView){ hash, sizes[i] }, r, s_view),
                  SIGNATURE_OK);
        hash[sizes[i] - 1] ^= 1;
        check_int(ecdsa_p384_verify(crafted.key, (ByteView){ hash, sizes[i] }, r, s_view),
                  sizes[i] > SIZE ? SIGNATURE_OK : SIGNATURE_E_BAD);
        BN_free(s);
        BN_free(k);
        BN_free(z);
        EC_POINT_free(point);
    }
}

/* What OpenSSL says of the same hash, r and s. */
static int opinion(EVP_PKEY *pkey, const Crafted *crafted)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    uint8_t *der = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);

    check_int(
        ECDSA_SIG_set0(pair, BN_bin2bn(crafted->r, SIZE, NULL), BN_bin2bn(crafted->s, SIZE, NULL)),
        1);
    int size = i2d_ECDSA_SIG(pair, &der);
    check_int(EVP_PKEY_verify_init(context), 1);
    int r = EVP_PKEY_verify(context, der, (size_t)size, crafted->hash, SIZE);
    ECDSA_SIG_free(pair);
    OPENSSL_free(der);
    EVP_PKEY_CTX_free(context);
    return r == 1 ? SIGNATURE_OK : SIGNATURE_E_BAD;
}

static EVP_PKEY *pkey_of(const Key *key)
{
    _cleanup_bytes_ Bytes der = { 0 };
    const uint8_t *at;

    check_int(key_to_spki(key, &der), 0);
    at = der.data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.size);
    check(pkey != NULL);
    return pkey;
}

/* Random signatures, good and with a bit changed: every answer is OpenSSL's. */
static void test_every_answer_is_that_of_openssl(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();

    for (size_t i = 0; i < 60; i++) {
        BIGNUM *s = random_scalar(&curve), *k = random_scalar(&curve), *z = random_scalar(&curve);
        EC_POINT *point = EC_POINT_new(curve.group);
        _cleanup_(crafted_done) Crafted crafted = { 0 };
        check_int(EC_POINT_mul(curve.group, point, k, NULL, NULL, curve.context), 1);
        check(craft(&curve, point, s, z, &crafted));
        EVP_PKEY *pkey = pkey_of(crafted.key);
        uint8_t *const parts[] = { crafted.hash, crafted.r, crafted.s };
        check_int(run(&crafted), SIGNATURE_OK);
        check_int(opinion(pkey, &crafted), SIGNATURE_OK);
        for (size_t part = 0; part < ELEMENTSOF(parts); part++) {
            size_t bit = (i * 131 + part * 17) % (8 * SIZE);
            parts[part][bit / 8] ^= (uint8_t)(1 << bit % 8);
            check_int(run(&crafted), opinion(pkey, &crafted));
            parts[part][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        EVP_PKEY_free(pkey);
        BN_free(s);
        BN_free(k);
        BN_free(z);
        EC_POINT_free(point);
    }
}

/* Before any backend is asked. */
static void test_points_off_the_curve_are_no_keys(void)
{
    _cleanup_(curve_done) Curve curve = curve_new();
    uint8_t x[SIZE] = { 0 }, y[SIZE] = { 0 };
    Key *key = NULL;

    check_int(key_from_ec(KEY_P384, VIEW_OF_ARRAY(x), VIEW_OF_ARRAY(y), &key), KEY_E_INVALID);
    x[SIZE - 1] = 1;
    y[SIZE - 1] = 1;
    check_int(key_from_ec(KEY_P384, VIEW_OF_ARRAY(x), VIEW_OF_ARRAY(y), &key), KEY_E_INVALID);
    number_to(curve.p, x);
    check_int(key_from_ec(KEY_P384, VIEW_OF_ARRAY(x), VIEW_OF_ARRAY(y), &key), KEY_E_INVALID);
}

static const Test tests[] = {
    { "numbers out of range are refused", test_numbers_out_of_range_are_refused },
    { "a second spelling of r is refused", test_a_second_spelling_of_r_is_refused },
    { "an x beyond the order is reduced", test_an_x_beyond_the_order_is_reduced },
    { "the other half of s verifies", test_the_other_half_of_s_verifies },
    { "a sum at infinity is refused", test_a_sum_at_infinity_is_refused },
    { "special sums are not taken when changed", test_special_sums_are_not_taken_when_changed },
    { "hashes of every size verify", test_hashes_of_every_size_verify },
    { "every answer is that of OpenSSL", test_every_answer_is_that_of_openssl },
    { "points off the curve are no keys", test_points_off_the_curve_are_no_keys },
};

TEST_MAIN(tests)
