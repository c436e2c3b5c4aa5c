/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key-wrap.h"

#include "base/encode.h"
#include "forge.h"
#include "testing.h"

#include <errno.h>
#include <openssl/pem.h>

static const uint8_t key[KEY_WRAP_KEY_SIZE] = "a key of exactly thirty-two byte";

static Bytes hex(const char *text)
{
    Bytes bytes = { 0 };

    check_int(hex_decode(text, &bytes), 0);
    return bytes;
}

static void test_what_was_wrapped_comes_back(void)
{
    static const uint8_t text[] = "any number of bytes, not only blocks of them";

    for (size_t size = 1; size <= sizeof(text); size++) {
        _cleanup_bytes_ Bytes wrapped = { 0 }, plain = { 0 };
        const ByteView wanted = { text, size };
        check_int(key_wrap(VIEW_OF_ARRAY(key), wanted, &wrapped), 0);
        check_int(wrapped.size, (size + 7) / 8 * 8 + 8);
        check_int(key_unwrap(VIEW_OF_ARRAY(key), VIEW(wrapped), &plain), KEY_WRAP_OK);
        check(view_equal(VIEW(plain), wanted));
    }
}

/* The text of RFC 5649 section 6, under 256 bits: worked out step by step from bare AES. */
static void test_it_is_the_wrapping_of_rfc_5649(void)
{
    _cleanup_bytes_ Bytes kek =
        hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    _cleanup_bytes_ Bytes plain = hex("c37b7e6492584340bed12207808941155068f738");
    _cleanup_bytes_ Bytes wrapped = { 0 }, again = { 0 };

    check_int(key_wrap(VIEW(kek), VIEW(plain), &wrapped), 0);
    _cleanup_free_ char *found = hex_encode(VIEW(wrapped));
    check_str(found, "29b7fa191c2165684374eee9f74595e2a42bace75c425b3053efa26ffe1bb32f");
    check_int(key_unwrap(VIEW(kek), VIEW(wrapped), &again), KEY_WRAP_OK);
    check(view_equal(VIEW(again), VIEW(plain)));
}

static void test_any_changed_byte_is_refused(void)
{
    static const uint8_t text[] = "a private key";
    _cleanup_bytes_ Bytes wrapped = { 0 };

    check_int(key_wrap(VIEW_OF_ARRAY(key), VIEW_OF_ARRAY(text), &wrapped), 0);
    for (size_t i = 0; i < wrapped.size; i++) {
        Bytes plain = { 0 };
        wrapped.data[i] ^= 1;
        check_int(key_unwrap(VIEW_OF_ARRAY(key), VIEW(wrapped), &plain), KEY_WRAP_E_REFUSED);
        check(!plain.data);
        wrapped.data[i] ^= 1;
    }
}

static void test_sizes_that_cannot_be_are_refused(void)
{
    static const uint8_t zeros[KEY_WRAP_MAX + 32] = { 0 };
    Bytes plain = { 0 };

    for (size_t size = 0; size < 16; size++)
        check_int(key_unwrap(VIEW_OF_ARRAY(key), (ByteView){ zeros, size }, &plain),
                  KEY_WRAP_E_SIZE);
    check_int(key_unwrap(VIEW_OF_ARRAY(key), (ByteView){ zeros, 25 }, &plain), KEY_WRAP_E_SIZE);
    check_int(key_unwrap(VIEW_OF_ARRAY(key), VIEW_OF_ARRAY(zeros), &plain), KEY_WRAP_E_SIZE);
    check_int(key_unwrap((ByteView){ key, 16 }, (ByteView){ zeros, 24 }, &plain), -EINVAL);
    check_int(key_wrap(VIEW_OF_ARRAY(key), (ByteView){ zeros, 0 }, &plain), -EINVAL);
    check_int(key_wrap(VIEW_OF_ARRAY(key), VIEW_OF_ARRAY(zeros), &plain), -EINVAL);
}

static Bytes pkcs8_of(const Key *of)
{
    _cleanup_wiped_bytes_ Bytes pem = { 0 };
    Bytes der = { 0 };
    BIO *bio;
    EVP_PKEY *pkey;
    uint8_t *bytes = NULL;

    check_int(key_to_private_pem(of, &pem), KEY_OK);
    bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    int size = i2d_PKCS8_PRIV_KEY_INFO(info, &bytes);
    check(size > 0 && bytes_copy((ByteView){ bytes, (size_t)size }, &der) == 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    OPENSSL_free(bytes);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return der;
}

static void test_a_private_key_of_each_kind_is_read(void)
{
    static const char *const kinds[] = { "P-256", "P-384", "RSA-2048" };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *made = forge_key(kinds[i]), *found = NULL;
        _cleanup_wiped_bytes_ Bytes der = pkcs8_of(made);
        check_int(key_from_private_der(VIEW(der), &found), KEY_OK);
        check(key_is_private(found) && key_equal(found, made));
        check_int(bytes_append_u8(&der, 0), 0);
        Key *none = NULL;
        check_int(key_from_private_der(VIEW(der), &none), KEY_E_SYNTAX);
        check_int(key_from_private_der((ByteView){ der.data, der.size - 2 }, &none), KEY_E_SYNTAX);
        check_int(key_from_private_der((ByteView){ 0 }, &none), KEY_E_SYNTAX);
        check(!none);
    }
}

static const Test tests[] = {
    { "what was wrapped comes back", test_what_was_wrapped_comes_back },
    { "it is the wrapping of RFC 5649", test_it_is_the_wrapping_of_rfc_5649 },
    { "any changed byte is refused", test_any_changed_byte_is_refused },
    { "sizes that cannot be are refused", test_sizes_that_cannot_be_are_refused },
    { "a private key of each kind is read", test_a_private_key_of_each_kind_is_read },
};

TEST_MAIN(tests)
