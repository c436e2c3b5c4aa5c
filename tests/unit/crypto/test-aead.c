/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include "base/encode.h"
#include "testing.h"

#include <errno.h>

static const uint8_t key[AEAD_KEY_SIZE] = "a key of exactly thirty-two byte";
static const uint8_t nonce[AEAD_NONCE_SIZE] = "twelve bytes";
static const uint8_t header[] = "{\"name\":\"db\"}";
static const uint8_t text[] = "the secret";

static Aead good(void)
{
    return (Aead){ .key = VIEW_OF_ARRAY(key),
                   .nonce = VIEW_OF_ARRAY(nonce),
                   .associated = VIEW_OF_ARRAY(header) };
}

static Bytes encrypted(void)
{
    const Aead aead = good();
    Bytes bytes = { 0 };

    check_int(aead_encrypt(&aead, VIEW_OF_ARRAY(text), &bytes), AEAD_OK);
    check_int(bytes.size, sizeof(text) + AEAD_TAG_SIZE);
    return bytes;
}

static void test_what_was_encrypted_comes_back(void)
{
    _cleanup_bytes_ Bytes ciphertext = encrypted(), plain = { 0 };
    const Aead aead = good();

    check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_OK);
    check(view_equal(VIEW(plain), VIEW_OF_ARRAY(text)));
    check(!memmem(ciphertext.data, ciphertext.size, text, sizeof(text)));
}

/* Test case 16 of the GCM specification (McGrew, Viega): AES-256, 96-bit IV, associated data. */
static void test_it_is_the_gcm_of_the_specification(void)
{
    _cleanup_bytes_ Bytes k = { 0 }, iv = { 0 }, aad = { 0 }, plain = { 0 }, wanted = { 0 };
    _cleanup_bytes_ Bytes found = { 0 };

    check_int(hex_decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", &k),
              0);
    check_int(hex_decode("cafebabefacedbaddecaf888", &iv), 0);
    check_int(hex_decode("feedfacedeadbeeffeedfacedeadbeefabaddad2", &aad), 0);
    check_int(hex_decode("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c959"
                         "56809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                         &plain),
              0);
    check_int(hex_decode("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e485"
                         "90dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                         "76fc6ece0f4e1768cddf8853bb2d551b",
                         &wanted),
              0);
    const Aead aead = { .key = VIEW(k), .nonce = VIEW(iv), .associated = VIEW(aad) };
    check_int(aead_encrypt(&aead, VIEW(plain), &found), AEAD_OK);
    check(view_equal(VIEW(found), VIEW(wanted)));
}

static void test_every_flipped_bit_is_refused(void)
{
    _cleanup_bytes_ Bytes ciphertext = encrypted();
    const Aead aead = good();

    for (size_t bit = 0; bit < ciphertext.size * 8; bit++) {
        _cleanup_bytes_ Bytes plain = { 0 };
        ciphertext.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_E_REFUSED);
        check(!plain.data);
        ciphertext.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_another_key_nonce_or_header_is_refused(void)
{
    static const uint8_t other[AEAD_KEY_SIZE] = "another, also of thirty-two byte";
    _cleanup_bytes_ Bytes ciphertext = encrypted(), plain = { 0 };
    Aead aead = good();

    aead.key = VIEW_OF_ARRAY(other);
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_E_REFUSED);
    aead = good();
    aead.nonce = (ByteView){ other, AEAD_NONCE_SIZE };
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_E_REFUSED);
    aead = good();
    aead.associated.size--;
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_E_REFUSED);
    aead.associated = (ByteView){ 0 };
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_E_REFUSED);
    check(!plain.data);
}

static void test_what_is_cut_short_is_refused(void)
{
    _cleanup_bytes_ Bytes ciphertext = encrypted();
    const Aead aead = good();

    for (size_t size = 0; size < ciphertext.size; size++) {
        _cleanup_bytes_ Bytes plain = { 0 };
        check_int(aead_decrypt(&aead, (ByteView){ ciphertext.data, size }, &plain), AEAD_E_REFUSED);
    }
}

static void test_an_empty_text_is_authenticated(void)
{
    _cleanup_bytes_ Bytes ciphertext = { 0 }, plain = { 0 };
    const Aead aead = good();

    check_int(aead_encrypt(&aead, (ByteView){ 0 }, &ciphertext), AEAD_OK);
    check_int(ciphertext.size, AEAD_TAG_SIZE);
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_OK);
    check_int(plain.size, 0);
    ciphertext.data[0] ^= 1;
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &plain), AEAD_E_REFUSED);
}

static void test_wrong_sizes_are_the_callers_error(void)
{
    _cleanup_bytes_ Bytes ciphertext = encrypted(), ret = { 0 };
    Aead aead = good();

    aead.key.size = 16;
    check_int(aead_encrypt(&aead, VIEW_OF_ARRAY(text), &ret), -EINVAL);
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &ret), -EINVAL);
    aead = good();
    aead.nonce.size = 8;
    check_int(aead_encrypt(&aead, VIEW_OF_ARRAY(text), &ret), -EINVAL);
    check_int(aead_decrypt(&aead, VIEW(ciphertext), &ret), -EINVAL);
    check(!ret.data);
}

static const Test tests[] = {
    { "what was encrypted comes back", test_what_was_encrypted_comes_back },
    { "it is the GCM of the specification", test_it_is_the_gcm_of_the_specification },
    { "every flipped bit is refused", test_every_flipped_bit_is_refused },
    { "another key, nonce or header is refused", test_another_key_nonce_or_header_is_refused },
    { "what is cut short is refused", test_what_is_cut_short_is_refused },
    { "an empty text is authenticated", test_an_empty_text_is_authenticated },
    { "wrong sizes are the caller's error", test_wrong_sizes_are_the_callers_error },
};

TEST_MAIN(tests)
