/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWE to RSA keys: what is sealed is opened, what another library (python3-jwcrypto 1.6.1)
 * sealed is opened, and whatever was altered opens nothing and says no more than that.
 */
#include "base/encode.h"
#include "crypto/jwe.h"
#include "forge.h"
#include "rsa-sample.h"
#include "testing.h"

#include <errno.h>

/* Plaintext: 00 01 … 1f. */
static const char rsa_jwe[] =
    "eyJhbGciOiAiUlNBLU9BRVAtMjU2IiwgImVuYyI6ICJBMjU2R0NNIiwgImtpZCI6ICJrMSJ9.bKJAp0E7Uhe"
    "M3LMvx8C4JetVuAFT1S0Un-LaTMINUX2_-TtKV57r0BQi7oEzUHQZZ3_t84tqK1Bh8MXOMNF6zd59DJ_VRjE"
    "DA5glxf0ZjFIlZfOziVofuVGqlV-Ky1aSXFC3hYaKStQl9nn9AW2mbVlK1X97MVBOVqpAi-eEf_xBi-VQB8j"
    "U0CbmnIswZv3HUDRzNE81VbRZdAtIdvjxdg3o35sTqM8hsKZDCuJj7wL64njTYtU4P2ffe0pUZxpOKeTJIvt"
    "8XvR-4WHxu7LpEUNKWcLenCGlQAAY3UReIP57e5yR4ZH1tDS0xhWIPbvQSh0E6BcnHKMgLb2FwTpZqw.wXuv"
    "MCj4tOo7ejBh.lXZgf9PYBEQbFI1hhgWqdZupTGRaul9_LUgp2ovw8d0.zGy-4GP70PJ2KZ1PUBLvMQ";

static const uint8_t content[32] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
};

static Key *rsa_key(void)
{
    Key *key = NULL;

    check_int(key_from_pem(view_of_string(rsa_sample_pem), &key), KEY_OK);
    return key;
}

/* Parses and opens: whatever said no first. */
static int open_text(const Key *key, const char *text, ByteView apv, Secret **ret)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    int r = jwe_parse(text, &parts);
    return r ? r : jwe_open(key, &parts, apv, ret);
}

static void check_opens(const Key *key, const char *text)
{
    _cleanup_(secret_freep) Secret *secret = NULL;

    check_int(open_text(key, text, (ByteView){ 0 }, &secret), JWE_OK);
    check(view_equal(secret_view(secret), VIEW_OF_ARRAY(content)));
}

static void check_refused(const Key *key, const char *text, int reason)
{
    Secret *secret = NULL;

    int r = open_text(key, text, (ByteView){ 0 }, &secret);
    if (r != reason)
        (void)printf("  %s\n", text);
    check_int(r, reason);
    check(!secret);
}

static void test_what_another_library_sealed_is_opened(void)
{
    _cleanup_(key_freep) Key *key = rsa_key();

    check_opens(key, rsa_jwe);
}

static void test_what_was_sealed_is_opened_with_its_header(void)
{
    static const char *const kinds[] = { "RSA-2048", "RSA-3072", "RSA-4096" };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        json_auto_t *members = json_pack("{ss ss}", "kid", "k1", "gate", "db");
        _cleanup_free_ char *text = NULL, *other = NULL;
        _cleanup_jwe_parts_ JweParts parts = { 0 };

        check_int(jwe_seal(key, members, (ByteView){ 0 }, VIEW_OF_ARRAY(content), &text), JWE_OK);
        check_int(jwe_seal(key, members, (ByteView){ 0 }, VIEW_OF_ARRAY(content), &other), JWE_OK);
        check(strcmp(text, other) != 0);
        check_opens(key, text);
        check_int(jwe_parse(text, &parts), JWE_OK);
        check_int(parts.algorithm, JWE_RSA_OAEP_256);
        check_int(parts.encrypted_key.size, key_bits(key) / 8);
        check_int(json_object_size(parts.header), 4);
    }
}

static void test_the_type_of_the_key_decides_how(void)
{
    _cleanup_(key_freep) Key *rsa = rsa_key();
    _cleanup_(key_freep) Key *other = forge_key("RSA-2048");
    _cleanup_(key_freep) Key *longer = forge_key("RSA-3072");
    _cleanup_(key_freep) Key *ec = forge_key("P-256");
    _cleanup_free_ char *text = NULL;

    check_int(jwe_seal(ec, NULL, (ByteView){ 0 }, VIEW_OF_ARRAY(content), &text), JWE_OK);
    check_refused(rsa, text, JWE_E_OPEN);
    check_refused(ec, rsa_jwe, JWE_E_OPEN);
    check_refused(other, rsa_jwe, JWE_E_OPEN);
    check_refused(longer, rsa_jwe, JWE_E_OPEN);
}

static void test_a_key_that_is_no_use_is_refused_by_name(void)
{
    _cleanup_(key_freep) Key *key = rsa_key();
    _cleanup_(key_freep) Key *large = NULL;
    _cleanup_(key_freep) Key *public = NULL;
    const uint8_t e[] = { 1, 0, 1 };
    uint8_t n[520];
    _cleanup_bytes_ Bytes pem = { 0 };
    char *text = NULL;

    memset(n, 0xff, sizeof(n)); /* nobody asks whether it has two factors */
    check_int(key_from_rsa(VIEW_OF_ARRAY(n), VIEW_OF_ARRAY(e), &large), KEY_OK);
    check_int(key_to_public_pem(key, &pem), 0);
    check_int(key_from_pem(VIEW(pem), &public), KEY_OK);
    check_refused(public, rsa_jwe, JWE_E_KEY);
    check_refused(large, rsa_jwe, JWE_E_KEY);
    check_int(jwe_seal(large, NULL, (ByteView){ 0 }, VIEW_OF_ARRAY(content), &text), JWE_E_KEY);
    check_int(jwe_seal(key, NULL, view_of_string("nonce"), VIEW_OF_ARRAY(content), &text), -EINVAL);
    check(!text);
}

static void test_it_has_no_apv(void)
{
    _cleanup_(key_freep) Key *key = rsa_key();
    Secret *secret = NULL;

    check_int(open_text(key, rsa_jwe, view_of_string("nonce"), &secret), JWE_E_OPEN);
    check(!secret);
}

/* Part INDEX of rsa_jwe replaced. */
static char *with_part(size_t index, const char *part)
{
    const char *at = rsa_jwe;
    char *text = NULL;

    for (size_t i = 0; i < index; i++)
        at = strchr(at, '.') + 1;
    check(asprintf(&text, "%.*s%s%s", (int)(at - rsa_jwe), rsa_jwe, part, at + strcspn(at, ".")) >
          0);
    return text;
}

static void test_members_of_an_agreement_are_refused(void)
{
    static const struct {
        const char *header;
        int reason;
    } cases[] = {
        { "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"epk\":{}}", JWE_E_MALFORMED },
        { "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"apv\":\"bm9uY2U\"}", JWE_E_MALFORMED },
        { "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"apu\":\"bm9uY2U\"}", JWE_E_MALFORMED },
        { "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A128GCM\"}", JWE_E_ALGORITHM },
        { "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"crit\":[]}", JWE_E_ALGORITHM },
        { "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", JWE_E_ALGORITHM },
        { "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", JWE_E_ALGORITHM },
        { "{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\"}", JWE_E_ALGORITHM },
        { "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"kid\":\"k2\"}", JWE_E_OPEN },
    };
    _cleanup_(key_freep) Key *key = rsa_key();

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *header = base64url_encode(view_of_string(cases[i].header));
        _cleanup_free_ char *text = with_part(0, header);
        check_refused(key, text, cases[i].reason);
    }
}

static void test_an_encrypted_key_has_the_size_of_a_modulus(void)
{
    static const size_t sizes[] = { 40, 255, 513 };
    _cleanup_(key_freep) Key *key = rsa_key();
    uint8_t zeros[513] = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        _cleanup_free_ char *part = base64url_encode((ByteView){ zeros, sizes[i] });
        _cleanup_free_ char *text = with_part(1, part);
        check_refused(key, text, JWE_E_MALFORMED);
    }
    /* Another modulus, and no ciphertext of this one at all. */
    _cleanup_free_ char *longer = base64url_encode((ByteView){ zeros, 384 });
    _cleanup_free_ char *zero = base64url_encode((ByteView){ zeros, 256 });
    memset(zeros, 0xff, sizeof(zeros));
    _cleanup_free_ char *ones = base64url_encode((ByteView){ zeros, 256 });
    const char *const parts[] = { longer, zero, ones };
    for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
        _cleanup_free_ char *text = with_part(1, parts[i]);
        check_refused(key, text, JWE_E_OPEN);
    }
}

static void test_a_changed_byte_opens_nothing(void)
{
    _cleanup_(key_freep) Key *key = rsa_key();

    for (size_t part = 1; part < 5; part++) {
        _cleanup_jwe_parts_ JweParts parts = { 0 };
        check_int(jwe_parse(rsa_jwe, &parts), JWE_OK);
        const ByteView views[] = { { 0 },
                                   VIEW(parts.encrypted_key),
                                   VIEW(parts.nonce),
                                   { parts.ciphertext.data, sizeof(content) },
                                   { parts.ciphertext.data + sizeof(content), 16 } };
        _cleanup_bytes_ Bytes bytes = { 0 };
        check_int(bytes_copy(views[part], &bytes), 0);
        for (size_t i = 0; i < bytes.size; i += part == 1 ? 17 : 1) {
            bytes.data[i] ^= 1;
            _cleanup_free_ char *encoded = base64url_encode(VIEW(bytes));
            _cleanup_free_ char *text = with_part(part, encoded);
            check_refused(key, text, JWE_E_OPEN);
            bytes.data[i] ^= 1;
        }
    }
}

static const Test tests[] = {
    { "what another library sealed is opened", test_what_another_library_sealed_is_opened },
    { "what was sealed is opened with its header", test_what_was_sealed_is_opened_with_its_header },
    { "the type of the key decides how", test_the_type_of_the_key_decides_how },
    { "a key that is no use is refused by name", test_a_key_that_is_no_use_is_refused_by_name },
    { "it has no apv", test_it_has_no_apv },
    { "members of an agreement are refused", test_members_of_an_agreement_are_refused },
    { "an encrypted key has the size of a modulus",
      test_an_encrypted_key_has_the_size_of_a_modulus },
    { "a changed byte opens nothing", test_a_changed_byte_opens_nothing },
};

TEST_MAIN(tests)
