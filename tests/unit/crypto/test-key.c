/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: every way in and out, and what is turned away at the door.
 */
#include "crypto/key.h"

#include "base/wipe.h"
#include "forge.h"
#include "testing.h"

#include <openssl/pem.h>

static const char *const kinds[] = { "P-256", "P-384", "P-521", "ED25519", "RSA-2048" };

static Bytes spki_of(EVP_PKEY *pkey)
{
    uint8_t *der = NULL;
    Bytes bytes = { 0 };
    int size = i2d_PUBKEY(pkey, &der);

    check(size > 0 && bytes_copy((ByteView){ der, (size_t)size }, &bytes) == 0);
    OPENSSL_free(der);
    return bytes;
}

static int load_spki(EVP_PKEY *pkey)
{
    _cleanup_bytes_ Bytes spki = spki_of(pkey);
    _cleanup_(key_freep) Key *key = NULL;

    return key_from_spki(VIEW(spki), &key);
}

static void every_kind_survives_spki(void)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        _cleanup_(key_freep) Key *again = NULL;
        _cleanup_bytes_ Bytes spki = { 0 };

        check_int(key_to_spki(key, &spki), 0);
        check_int(key_from_spki(VIEW(spki), &again), KEY_OK);
        check(key_equal(key, again));
        check_int(key_type(key), key_type(again));
        check(key_is_private(key) && !key_is_private(again));
    }
}

static void every_kind_survives_private_pem(void)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        _cleanup_(key_freep) Key *again = NULL;
        _cleanup_wiped_bytes_ Bytes pem = { 0 };

        check_int(key_to_private_pem(key, &pem), KEY_OK);
        check(strstr((char *)pem.data, "-----BEGIN PRIVATE KEY-----") == (char *)pem.data);
        check_int(key_from_pem(VIEW(pem), &again), KEY_OK);
        check(key_equal(key, again) && key_is_private(again));
    }
}

static void every_kind_survives_public_pem(void)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        _cleanup_(key_freep) Key *again = NULL;
        _cleanup_bytes_ Bytes pem = { 0 };
        _cleanup_bytes_ Bytes none = { 0 };

        check_int(key_to_public_pem(key, &pem), 0);
        check_int(key_from_pem(VIEW(pem), &again), KEY_OK);
        check(key_equal(key, again) && !key_is_private(again));
        check_int(key_to_private_pem(again, &none), KEY_E_PUBLIC_ONLY);
    }
}

static void generated_pairs_are_of_their_type(void)
{
    static const KeyType types[] = { KEY_P256, KEY_P384, KEY_P521, KEY_ED25519 };
    Key *none = NULL;

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_(key_freep) Key *a = NULL;
        _cleanup_(key_freep) Key *b = NULL;
        check_int(key_generate(types[i], &a), KEY_OK);
        check_int(key_generate(types[i], &b), KEY_OK);
        check_int(key_type(a), types[i]);
        check(key_is_private(a) && !key_equal(a, b));
    }
    check_int(key_generate(KEY_RSA, &none), KEY_E_UNSUPPORTED);
    check(none == NULL);
}

static void numbers_make_the_same_key(void)
{
    _cleanup_(key_freep) Key *rsa = forge_key("RSA-2048");
    _cleanup_(key_freep) Key *rsa_again = NULL;
    _cleanup_(key_freep) Key *ec = forge_key("P-384");
    _cleanup_(key_freep) Key *ec_again = NULL;
    _cleanup_bytes_ Bytes n = { 0 };
    _cleanup_bytes_ Bytes e = { 0 };
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };

    check_int(key_rsa_numbers(rsa, &n, &e), KEY_OK);
    check_int(n.size, 256);
    check_int(key_from_rsa(VIEW(n), VIEW(e), &rsa_again), KEY_OK);
    check(key_equal(rsa, rsa_again));
    check_int(key_bits(rsa_again), 2048);

    check_int(key_ec_point(ec, &x, &y), KEY_OK);
    check_int(x.size, 48);
    check_int(y.size, 48);
    check_int(key_from_ec(KEY_P384, VIEW(x), VIEW(y), &ec_again), KEY_OK);
    check(key_equal(ec, ec_again));
    check_int(key_ec_point(rsa, &x, &y), KEY_E_UNSUPPORTED);
    check_int(key_rsa_numbers(ec, &n, &e), KEY_E_UNSUPPORTED);
    check_int(key_ed25519_raw(ec, &n), KEY_E_UNSUPPORTED);
}

/* TPMs drop leading zeros of coordinates. */
static void a_short_coordinate_is_padded(void)
{
    for (;;) {
        _cleanup_(key_freep) Key *key = NULL;
        _cleanup_(key_freep) Key *again = NULL;
        _cleanup_bytes_ Bytes x = { 0 };
        _cleanup_bytes_ Bytes y = { 0 };
        check_int(key_generate(KEY_P256, &key), KEY_OK);
        check_int(key_ec_point(key, &x, &y), KEY_OK);
        if (x.data[0] != 0)
            continue;
        check_int(key_from_ec(KEY_P256, (ByteView){ x.data + 1, 31 }, VIEW(y), &again), KEY_OK);
        check(key_equal(key, again));
        return;
    }
}

static void a_point_off_the_curve_is_refused(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    Key *bad = NULL;
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };
    static const uint8_t zero[32] = { 0 };

    check_int(key_ec_point(key, &x, &y), KEY_OK);
    y.data[31] ^= 1;
    check_int(key_from_ec(KEY_P256, VIEW(x), VIEW(y), &bad), KEY_E_INVALID);
    check_int(key_from_ec(KEY_P256, VIEW_OF_ARRAY(zero), VIEW_OF_ARRAY(zero), &bad), KEY_E_INVALID);
    check_int(key_from_ec(KEY_P256, (ByteView){ 0 }, VIEW(y), &bad), KEY_E_INVALID);
    y.data[31] ^= 1;
    check_int(key_from_ec(KEY_P384, VIEW(x), VIEW(y), &bad), KEY_E_INVALID);
    check_int(key_from_ec(KEY_RSA, VIEW(x), VIEW(y), &bad), KEY_E_UNSUPPORTED);
    check_int(key_from_ed25519((ByteView){ x.data, 31 }, &bad), KEY_E_INVALID);
    check(bad == NULL);
}

static void a_point_off_the_curve_in_spki_is_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    _cleanup_bytes_ Bytes spki = spki_of(pkey);
    Key *bad = NULL;

    spki.data[spki.size - 1] ^= 1;
    check(key_from_spki(VIEW(spki), &bad) > 0);
    check(bad == NULL);
}

static void weak_rsa_keys_are_refused(void)
{
    static const uint8_t three[] = { 3 };
    static const uint8_t even[] = { 1, 0, 0 };
    static const uint8_t big[] = { 1, 0, 0, 0, 0, 0, 0, 0, 1 };
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *small = forge_pkey("RSA-1024");
    _cleanup_(key_freep) Key *good = forge_key("RSA-2048");
    Key *bad = NULL;
    _cleanup_bytes_ Bytes n = { 0 };
    _cleanup_bytes_ Bytes e = { 0 };
    uint8_t large[1025] = { 0x01 };

    check_int(load_spki(small), KEY_E_WEAK);
    check_int(key_rsa_numbers(good, &n, &e), KEY_OK);
    check_int(key_from_rsa(VIEW(n), VIEW_OF_ARRAY(three), &bad), KEY_E_WEAK);
    check_int(key_from_rsa(VIEW(n), VIEW_OF_ARRAY(even), &bad), KEY_E_WEAK);
    check_int(key_from_rsa(VIEW(n), VIEW_OF_ARRAY(big), &bad), KEY_E_WEAK);
    check_int(key_from_rsa(VIEW(n), (ByteView){ 0 }, &bad), KEY_E_WEAK);
    n.data[255] &= 0xfe;
    check_int(key_from_rsa(VIEW(n), VIEW(e), &bad), KEY_E_WEAK);
    check_int(key_from_rsa((ByteView){ n.data, 255 }, VIEW(e), &bad), KEY_E_WEAK);
    large[1024] = 1;
    check_int(key_from_rsa(VIEW_OF_ARRAY(large), VIEW(e), &bad), KEY_E_WEAK);
    check(bad == NULL);
}

static void foreign_kinds_are_refused(void)
{
    static const char *const foreign[] = { "secp256k1", "secp224r1", "X25519", "ED448",
                                           "RSA-PSS-2048" };

    for (size_t i = 0; i < ELEMENTSOF(foreign); i++) {
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey(foreign[i]);
        check_int(load_spki(pkey), KEY_E_UNSUPPORTED);
    }
}

/* The curve of CVE-2020-0601: parameters written out instead of a name. */
static void a_curve_spelled_out_is_refused(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = NULL;

    check(EVP_PKEY_keygen_init(context) == 1);
    check(EVP_PKEY_CTX_set_group_name(context, "P-256") == 1);
    check(EVP_PKEY_CTX_set_ec_param_enc(context, 0 /* explicit */) == 1);
    check(EVP_PKEY_keygen(context, &pkey) == 1);
    EVP_PKEY_CTX_free(context);
    check_int(load_spki(pkey), KEY_E_UNSUPPORTED);
}

static void bytes_behind_the_key_are_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    _cleanup_bytes_ Bytes spki = spki_of(pkey);
    Key *bad = NULL;

    check_int(bytes_append_u8(&spki, 0), 0);
    check_int(key_from_spki(VIEW(spki), &bad), KEY_E_SYNTAX);
    check_int(key_from_spki((ByteView){ 0 }, &bad), KEY_E_SYNTAX);
}

static void every_truncation_is_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("RSA-2048");
    _cleanup_bytes_ Bytes spki = spki_of(pkey);
    Key *bad = NULL;

    for (size_t size = 0; size < spki.size; size++)
        check_int(key_from_spki((ByteView){ spki.data, size }, &bad), KEY_E_SYNTAX);
}

static int load_pem(EVP_PKEY *pkey, bool is_traditional, const EVP_CIPHER *cipher)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    _cleanup_(key_freep) Key *key = NULL;
    const uint8_t *pass = (const uint8_t *)"word";

    if (is_traditional)
        check(PEM_write_bio_PrivateKey_traditional(bio, pkey, cipher, pass, 4, NULL, NULL) == 1);
    else
        check(PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, "word", 4, NULL, NULL) == 1);
    long size = BIO_get_mem_data(bio, &text);
    int r = key_from_pem((ByteView){ (const uint8_t *)text, (size_t)size }, &key);
    BIO_free(bio);
    return r;
}

static void traditional_private_keys_are_read(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *ec = forge_pkey("P-256");
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *rsa = forge_pkey("RSA-2048");

    check_int(load_pem(ec, true, NULL), KEY_OK);
    check_int(load_pem(rsa, true, NULL), KEY_OK);
}

static void encrypted_private_keys_are_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *ec = forge_pkey("P-256");

    check_int(load_pem(ec, false, EVP_aes_128_cbc()), KEY_E_UNSUPPORTED);
    check_int(load_pem(ec, true, EVP_aes_128_cbc()), KEY_E_UNSUPPORTED);
}

static void other_pem_is_refused(void)
{
    static const char *const texts[] = {
        "",
        "hello",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n",
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n"
         "-----END PUBLIC KEY-----\n"),
    };
    Key *bad = NULL;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        check_int(key_from_pem(view_of_string(texts[i]), &bad), KEY_E_SYNTAX);
    check_int(key_from_pem(view_of_string("-----BEGIN CERTIFICATE-----\nAAAA\n"
                                          "-----END CERTIFICATE-----\n"),
                           &bad),
              KEY_E_UNSUPPORTED);
}

static void halves_that_do_not_belong_together_are_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    uint8_t *der = NULL;
    Key *bad = NULL;
    int size = i2d_PrivateKey(pkey, &der);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;

    check(size > 40);
    der[10] ^= 1; /* inside the private scalar */
    check(PEM_write_bio(bio, "EC PRIVATE KEY", "", der, size) > 0);
    long length = BIO_get_mem_data(bio, &text);
    check(key_from_pem((ByteView){ (const uint8_t *)text, (size_t)length }, &bad) > 0);
    check(bad == NULL);
    OPENSSL_free(der);
    BIO_free(bio);
}

static void a_reference_outlives_the_first(void)
{
    Key *key = forge_key("P-256");
    _cleanup_(key_freep) Key *other = key_ref(key);

    check(other && key_equal(key, other));
    key = key_free(key);
    check_int(key_bits(other), 256);
}

static void the_spki_hash_is_that_of_the_der(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-384");
    _cleanup_bytes_ Bytes spki = { 0 };
    Digest by_key;
    Digest by_hand;

    check_int(key_to_spki(key, &spki), 0);
    check_int(digest_of(DIGEST_SHA384, VIEW(spki), &by_hand), 0);
    check_int(key_spki_sha384(key, &by_key), 0);
    check(digest_equal(&by_key, &by_hand));
}

static const Test tests[] = {
    { "every kind survives SPKI", every_kind_survives_spki },
    { "every kind survives private PEM", every_kind_survives_private_pem },
    { "every kind survives public PEM", every_kind_survives_public_pem },
    { "generated pairs are of their type", generated_pairs_are_of_their_type },
    { "numbers make the same key", numbers_make_the_same_key },
    { "a short coordinate is padded", a_short_coordinate_is_padded },
    { "a point off the curve is refused", a_point_off_the_curve_is_refused },
    { "a point off the curve in SPKI is refused", a_point_off_the_curve_in_spki_is_refused },
    { "weak RSA keys are refused", weak_rsa_keys_are_refused },
    { "foreign kinds are refused", foreign_kinds_are_refused },
    { "a curve spelled out is refused", a_curve_spelled_out_is_refused },
    { "bytes behind the key are refused", bytes_behind_the_key_are_refused },
    { "every truncation is refused", every_truncation_is_refused },
    { "traditional private keys are read", traditional_private_keys_are_read },
    { "encrypted private keys are refused", encrypted_private_keys_are_refused },
    { "other PEM is refused", other_pem_is_refused },
    { "halves that do not belong together are refused",
      halves_that_do_not_belong_together_are_refused },
    { "a reference outlives the first", a_reference_outlives_the_first },
    { "the SPKI hash is that of the DER", the_spki_hash_is_that_of_the_der },
};

TEST_MAIN(tests)
