/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a JWE against the published examples: RFC 7518 appendix C, RFC 3394 4.6.
 */
#include "crypto/jwe-key.h"

#include "base/encode.h"
#include "testing.h"

#include <errno.h>

/* The pairs of RFC 7518 appendix C, the same numbers as PKCS #8. */
static const char alice_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0/NxaRPUMQoAJt50\n"
                                "Gz8YiTr8gRTwyEaCumd+MToTmIqhRANCAASAjQYAgsF27tPndqSsWYzIZywXefl0\n"
                                "7sybA0EcpblJXUi1v8Un385T1qxxFSN9AxzP+HoFcLdzUKnlA+5zBaab\n"
                                "-----END PRIVATE KEY-----\n";
static const char bob_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVEmDZpDXXK8p8N0C\n"
                              "ndsxs924q6nS1RXFASRl6BfUqdyhRANCAATB40nLYexwJIzoAQNMODThuI6+EWHL\n"
                              "Ja84dB94X8/ExHvJZwjvgJUrU/jSVV/nK4Qe0EWIYosdN4pZSTlQDsnJ\n"
                              "-----END PRIVATE KEY-----\n";
#define SHARED "9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4"

static Bytes from_hex(const char *text)
{
    Bytes bytes = { 0 };

    check_int(hex_decode(text, &bytes), ENCODE_OK);
    return bytes;
}

static Key *from_pem(const char *pem)
{
    Key *key = NULL;

    check_int(key_from_pem(view_of_string(pem), &key), KEY_OK);
    return key;
}

static JweContext context_of(const char *algorithm)
{
    return (JweContext){ algorithm, view_of_string("Alice"), view_of_string("Bob") };
}

static void test_the_derivation_is_that_of_rfc_7518_appendix_c(void)
{
    _cleanup_bytes_ Bytes shared = from_hex(SHARED), wanted = { 0 };
    JweContext context = context_of("A128GCM");
    JweKey key = { { 0 } };

    check_int(base64url_decode(view_of_string("VqqN6vgjbSBcIijNcacQGg"), &wanted), ENCODE_OK);
    check_int(jwe_derive(VIEW(shared), &context, 16, &key), 0);
    check(view_equal((ByteView){ key.data, 16 }, VIEW(wanted)));
    check(view_is_filled_with((ByteView){ key.data + 16, 16 }, 0));
    check_int(jwe_derive(VIEW(shared), &context, JWE_KEY_SIZE + 1, &key), -EINVAL);
}

static void test_each_name_is_part_of_the_key(void)
{
    _cleanup_bytes_ Bytes shared = from_hex(SHARED);
    JweContext contexts[] = {
        context_of("A256KW"),
        context_of("A256GCM"),
        { "A256KW", view_of_string("Alic"), view_of_string("eBob") },
        { "A256KW", view_of_string("AliceBob"), { 0 } },
        { "A256KW", { 0 }, view_of_string("AliceBob") },
    };
    JweKey keys[ELEMENTSOF(contexts)];

    for (size_t i = 0; i < ELEMENTSOF(contexts); i++) {
        check_int(jwe_derive(VIEW(shared), &contexts[i], JWE_KEY_SIZE, &keys[i]), 0);
        for (size_t other = 0; other < i; other++)
            check(memcmp(keys[other].data, keys[i].data, JWE_KEY_SIZE) != 0);
    }
}

static void test_both_sides_agree_on_the_secret_of_appendix_c(void)
{
    _cleanup_bytes_ Bytes shared = from_hex(SHARED);
    _cleanup_(key_freep) Key *alice = from_pem(alice_pem);
    _cleanup_(key_freep) Key *bob = from_pem(bob_pem);
    JweContext context = context_of("ECDH-ES+A256KW");
    JweKey wanted, one, other;

    check_int(jwe_derive(VIEW(shared), &context, JWE_KEY_SIZE, &wanted), 0);
    check_int(jwe_agree(alice, bob, &context, &one), KEY_OK);
    check_int(jwe_agree(bob, alice, &context, &other), KEY_OK);
    check(memcmp(&wanted, &one, sizeof(one)) == 0 && memcmp(&wanted, &other, sizeof(other)) == 0);
}

static void test_keys_of_two_curves_do_not_agree(void)
{
    _cleanup_(key_freep) Key *alice = from_pem(alice_pem);
    JweContext context = context_of("ECDH-ES+A256KW");
    static const KeyType types[] = { KEY_P384, KEY_P521, KEY_ED25519 };
    JweKey ret = { { 7 } };

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_(key_freep) Key *other = NULL;
        check_int(key_generate(types[i], &other), KEY_OK);
        check_int(jwe_agree(alice, other, &context, &ret), KEY_E_INVALID);
        check_int(jwe_agree(other, alice, &context, &ret), KEY_E_INVALID);
    }
    check_int(ret.data[0], 7);
}

static JweKey key_of(const char *hex)
{
    _cleanup_bytes_ Bytes bytes = from_hex(hex);
    JweKey key;

    check_int(bytes.size, JWE_KEY_SIZE);
    memcpy(key.data, bytes.data, JWE_KEY_SIZE);
    return key;
}

static void test_wrapping_is_that_of_rfc_3394(void)
{
    JweKey wrapping = key_of("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    JweKey content = key_of("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    _cleanup_bytes_ Bytes wanted =
        from_hex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43b"
                 "fb988b9b7a02dd21");
    uint8_t wrapped[JWE_WRAPPED_KEY_SIZE];
    JweKey again;

    check_int(jwe_wrap_key(&wrapping, &content, wrapped), 0);
    check(view_equal(VIEW_OF_ARRAY(wrapped), VIEW(wanted)));
    check_int(jwe_unwrap_key(&wrapping, VIEW_OF_ARRAY(wrapped), &again), KEY_OK);
    check(memcmp(&again, &content, sizeof(content)) == 0);
}

static void test_a_wrapped_key_with_one_bit_changed_is_refused(void)
{
    JweKey wrapping = { { 1 } }, content = { { 2 } }, again = { { 7 } };
    uint8_t wrapped[JWE_WRAPPED_KEY_SIZE];

    check_int(jwe_wrap_key(&wrapping, &content, wrapped), 0);
    for (size_t bit = 0; bit < sizeof(wrapped) * 8; bit++) {
        wrapped[bit / 8] = (uint8_t)(wrapped[bit / 8] ^ 1U << bit % 8);
        check_int(jwe_unwrap_key(&wrapping, VIEW_OF_ARRAY(wrapped), &again), KEY_E_INVALID);
        wrapped[bit / 8] = (uint8_t)(wrapped[bit / 8] ^ 1U << bit % 8);
    }
    for (size_t size = 0; size < sizeof(wrapped); size++)
        check_int(jwe_unwrap_key(&wrapping, (ByteView){ wrapped, size }, &again), KEY_E_INVALID);
    wrapping.data[31] ^= 1;
    check_int(jwe_unwrap_key(&wrapping, VIEW_OF_ARRAY(wrapped), &again), KEY_E_INVALID);
    check_int(again.data[0], 7);
}

static const Test tests[] = {
    { "the derivation is that of RFC 7518 appendix C",
      test_the_derivation_is_that_of_rfc_7518_appendix_c },
    { "each name is part of the key", test_each_name_is_part_of_the_key },
    { "both sides agree on the secret of appendix C",
      test_both_sides_agree_on_the_secret_of_appendix_c },
    { "keys of two curves do not agree", test_keys_of_two_curves_do_not_agree },
    { "wrapping is that of RFC 3394", test_wrapping_is_that_of_rfc_3394 },
    { "a wrapped key with one bit changed is refused",
      test_a_wrapped_key_with_one_bit_changed_is_refused },
};

TEST_MAIN(tests)
