/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWE: what is sealed is opened, here and by OpenSSL's own parts; what another library
 * (python3-jwcrypto 1.6.1) sealed is opened; everything else is refused.
 */
#include "crypto/jwe.h"

#include "base/encode.h"
#include "crypto/jwe-key.h"
#include "forge.h"
#include "testing.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* Plaintext of both: 00 01 … 1f. The first has the apv "nonce", the second "Bob" and "Alice". */
static const char p256_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA\n"
                               "AAAAAAAAAAAAAAAAAAAAAKd+V9GhRANCAATALske7+ls+9DuMrCgxUOp1M5Q1Nee\n"
                               "w8bCJnQ0wgvySUwdU76pFDKc2yGl4cOMCbPUvl8LMd38XL8Ou6o8XdXe\n"
                               "-----END PRIVATE KEY-----\n";
static const char p256_jwe[] =
    "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImFwdiI6ImJtOXVZMlUiLCJlbmMiOiJBMjU2R0NNIiwiZXBrIjp7"
    "ImNydiI6IlAtMjU2Iiwia3R5IjoiRUMiLCJ4IjoidGl3Z3l5c1A4eUVaSTBxY2s1alFXcE1jeXFYcjA1YnZp"
    "NWRMWDk4UEdsUSIsInkiOiJ3Y1dCU3dyQ2lTSE90SUtVUWZheXBRMnk2ZGNOcmdfdkJUSVBGVTZDS0RVIn0s"
    "ImtpZCI6ImsxIn0.jAXgCAhdLNgrjFunf6_diwJe-biE_8ciTJbfd_9K7Ylj9GjMi7mXMg.EYDhJn-gnDDw7"
    "aP_.sq0ASI_PzXGxavqJ8WAoxodgczFgT8GgBy4EMbByJwQ.cdm90vAfaidhHxR9HUb6-Q";
static const char p384_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAAAAAAAAAAAAAAAAAA\n"
                               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAKd+V9KhZANiAAQHKLXizfzU\n"
                               "1Y8Ct8aklLh48sFhVBuqT9nMn+JatlEgaammgdFTXrbvcvmm4lBNWOoZhkDlIZyW\n"
                               "qXk0S6vaX8GKzxEl3mIQSrZDadLi9cleFKG/6KoiUeGW/GxKjQZV4lQ=\n"
                               "-----END PRIVATE KEY-----\n";
static const char p384_jwe[] =
    "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImFwdSI6IlFXeHBZMlUiLCJhcHYiOiJRbTlpIiwiZW5jIjoiQTI1"
    "NkdDTSIsImVwayI6eyJjcnYiOiJQLTM4NCIsImt0eSI6IkVDIiwieCI6InNIMDBDVmFFWFRrblpHVFc3UlVD"
    "eXFxa054MU9KeHRxenYzNThkMmF5MXFpX0IxbWpiUFRkVzVWbmZiUDBIWnYiLCJ5IjoiN3hZb1VNY2p3TVd0"
    "QTkzMmxsNi10WnY2c3o4YjdCYUlhWW80OGFzejQ1bUV1VnNicVZaamZvcVdtQVdZNWV5eCJ9LCJraWQiOiJr"
    "MSJ9.eh0U31f9Rits-6yWypqYso_iwC2Gxtfrl7UqYSHSDPxwZPRsycqwuQ.oxb-PDaWoB30Nmt9.hkpPHJ4"
    "TQIFYHHw3GzMP-kZC3X4nDqzqN-_wuqY8ElI.-6-Np-XRBxO7AC9nCkicxA";

static Key *from_pem(const char *pem)
{
    Key *key = NULL;

    check_int(key_from_pem(view_of_string(pem), &key), KEY_OK);
    return key;
}

static ByteView nonce(void)
{
    return view_of_string("nonce");
}

/* Parses and opens: whatever said no first. */
static int open_text(const Key *key, const char *text, ByteView apv, Secret **ret)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    int r = jwe_parse(text, &parts);
    return r ? r : jwe_open(key, &parts, apv, ret);
}

static void check_opens(const Key *key, const char *text, ByteView apv, ByteView wanted)
{
    _cleanup_(secret_freep) Secret *secret = NULL;

    check_int(open_text(key, text, apv, &secret), JWE_OK);
    check(view_equal(secret_view(secret), wanted));
}

static void check_refused(const Key *key, const char *text, ByteView apv, int reason)
{
    Secret *secret = NULL;

    int r = open_text(key, text, apv, &secret);
    if (r != reason)
        (void)printf("  %s\n", text);
    check_int(r, reason);
    check(!secret);
}

static const uint8_t content[32] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
};

static char *seal(const Key *recipient)
{
    json_auto_t *members = json_pack("{ss ss}", "kid", "k1", "gate", "db");
    char *text = NULL;

    check_int(jwe_seal(recipient, members, nonce(), VIEW_OF_ARRAY(content), &text), JWE_OK);
    return text;
}

static void test_what_another_library_sealed_is_opened(void)
{
    _cleanup_(key_freep) Key *p256 = from_pem(p256_pem);
    _cleanup_(key_freep) Key *p384 = from_pem(p384_pem);

    check_opens(p256, p256_jwe, nonce(), VIEW_OF_ARRAY(content));
    check_opens(p384, p384_jwe, view_of_string("Bob"), VIEW_OF_ARRAY(content));
}

static void test_what_was_sealed_is_opened_with_its_header(void)
{
    static const char *const kinds[] = { "P-256", "P-384" };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        _cleanup_free_ char *text = seal(key), *other = seal(key);
        _cleanup_jwe_parts_ JweParts parts = { 0 };
        const char *gate;

        check_opens(key, text, nonce(), VIEW_OF_ARRAY(content));
        check(strcmp(text, other) != 0);
        check_int(jwe_parse(text, &parts), JWE_OK);
        check_int(json_get_string(parts.header, "gate", &gate), JSON_OK);
        check_str(gate, "db");
        check_int(json_object_size(parts.header), 6);
        check_int(parts.ciphertext.size, sizeof(content) + 16);
    }
}

static void test_a_member_and_an_apv_may_be_absent(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_free_ char *text = NULL;

    check_int(jwe_seal(key, NULL, (ByteView){ 0 }, view_of_string("x"), &text), JWE_OK);
    check_opens(key, text, (ByteView){ 0 }, view_of_string("x"));
    check_refused(key, text, nonce(), JWE_E_OPEN);
}

/* The wrapping key by OpenSSL's SSKDF, from the ephemeral key in PARTS and PKEY. */
static void derive(EVP_PKEY *pkey, const JweParts *parts, uint8_t ret[static 32])
{
    static const char info[] = "\0\0\0\x0e"
                               "ECDH-ES+A256KW"
                               "\0\0\0\0"
                               "\0\0\0\x05"
                               "nonce"
                               "\0\0\x01"; /* and the literal's own NUL: 256 */
    const json_t *epk = json_object_get(parts->header, "epk");
    _cleanup_bytes_ Bytes x = { 0 }, y = { 0 };
    uint8_t point[65] = { 4 }, shared[32];
    size_t size = sizeof(shared);
    char digest[] = "SHA256";

    check_int(json_get_base64url(epk, "x", 32, &x), JSON_OK);
    check_int(json_get_base64url(epk, "y", 32, &y), JSON_OK);
    memcpy(point + 1, x.data, 32);
    memcpy(point + 33, y.data, 32);
    EVP_PKEY *peer = EVP_PKEY_new();
    check(peer && EVP_PKEY_copy_parameters(peer, pkey) == 1 &&
          EVP_PKEY_set1_encoded_public_key(peer, point, sizeof(point)) == 1);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    check(EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1 &&
          EVP_PKEY_derive(context, shared, &size) == 1);

    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared, size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info,
                                          sizeof(info)),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
    EVP_KDF_CTX *kdf_context = EVP_KDF_CTX_new(kdf);
    check(EVP_KDF_derive(kdf_context, ret, 32, parameters) == 1);
    EVP_KDF_CTX_free(kdf_context);
    EVP_KDF_free(kdf);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
}

static void test_what_was_sealed_is_opened_by_the_parts_of_openssl(void)
{
    EVP_PKEY *pkey = forge_pkey("P-256");
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);
    _cleanup_free_ char *text = seal(key);
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    uint8_t wrapping[32], cek[48], plaintext[64];
    int size = 0;

    check_int(jwe_parse(text, &parts), JWE_OK);
    derive(pkey, &parts, wrapping);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    check(EVP_DecryptInit_ex(context, EVP_aes_256_wrap(), NULL, wrapping, NULL) == 1 &&
          EVP_DecryptUpdate(context, cek, &size, parts.encrypted_key.data, 40) == 1 && size == 32);
    EVP_CIPHER_CTX_free(context);

    context = EVP_CIPHER_CTX_new();
    check(EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, cek, parts.nonce.data) == 1 &&
          EVP_DecryptUpdate(context, NULL, &size, parts.associated.data,
                            (int)parts.associated.size) == 1 &&
          EVP_DecryptUpdate(context, plaintext, &size, parts.ciphertext.data, 32) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, parts.ciphertext.data + 32) == 1 &&
          EVP_DecryptFinal_ex(context, plaintext + 32, &size) == 1);
    EVP_CIPHER_CTX_free(context);
    check(memcmp(plaintext, content, sizeof(content)) == 0);
    EVP_PKEY_free(pkey);
}

static void test_another_key_or_another_apv_opens_nothing(void)
{
    static const char *const others[] = { "P-256", "P-384" };
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);

    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_(key_freep) Key *other = forge_key(others[i]);
        check_refused(other, p256_jwe, nonce(), JWE_E_OPEN);
    }
    check_refused(key, p256_jwe, view_of_string("nonc"), JWE_E_OPEN);
    check_refused(key, p256_jwe, view_of_string("noncf"), JWE_E_OPEN);
    check_refused(key, p256_jwe, (ByteView){ 0 }, JWE_E_OPEN);
}

static void test_keys_of_other_kinds_are_refused_by_name(void)
{
    static const char *const kinds[] = { "P-521", "ED25519" };
    _cleanup_bytes_ Bytes pem = { 0 };
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);
    _cleanup_(key_freep) Key *public = NULL;
    char *text = NULL;

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *other = forge_key(kinds[i]);
        check_refused(other, p256_jwe, nonce(), JWE_E_KEY);
        check_int(jwe_seal(other, NULL, nonce(), view_of_string("x"), &text), JWE_E_KEY);
    }
    check_int(key_to_public_pem(key, &pem), 0);
    check_int(key_from_pem(VIEW(pem), &public), KEY_OK);
    check_refused(public, p256_jwe, nonce(), JWE_E_KEY);
    check(!text);
}

/* p256_jwe with the JSON text HEADER instead of its own. */
static char *with_header(const char *header)
{
    _cleanup_free_ char *encoded = base64url_encode(view_of_string(header));
    char *text = NULL;

    check(encoded && asprintf(&text, "%s%s", encoded, strchr(p256_jwe, '.')) > 0);
    return text;
}

/* The header of p256_jwe with one member set to VALUE, JSON; "" removes it. */
static char *with_member(const char *name, const char *value)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    check_int(jwe_parse(p256_jwe, &parts), JWE_OK);
    if (*value)
        check(json_object_set_new(parts.header, name, json_loads(value, JSON_DECODE_ANY, NULL)) ==
              0);
    else
        check(json_object_del(parts.header, name) == 0);
    _cleanup_free_ char *header = json_text(parts.header);
    return with_header(header);
}

#define X "\"tiwgyysP8yEZI0qck1jQWpMcyqXr05bvi5dLX98PGlQ\""

static void test_members_of_the_header_are_checked_one_by_one(void)
{
    static const struct {
        const char *name, *value;
        int reason;
    } cases[] = {
        { "alg", "", JWE_E_MALFORMED },
        { "alg", "7", JWE_E_MALFORMED },
        { "alg", "\"dir\"", JWE_E_ALGORITHM },
        { "alg", "\"ECDH-ES\"", JWE_E_ALGORITHM },
        { "alg", "\"ECDH-ES+A128KW\"", JWE_E_ALGORITHM },
        { "alg", "\"RSA-OAEP\"", JWE_E_ALGORITHM },
        { "alg", "\"RSA-OAEP-256\"", JWE_E_MALFORMED }, /* with epk */
        { "alg", "\"PBES2-HS256+A128KW\"", JWE_E_ALGORITHM },
        { "enc", "", JWE_E_MALFORMED },
        { "enc", "null", JWE_E_MALFORMED },
        { "enc", "\"A128GCM\"", JWE_E_ALGORITHM },
        { "enc", "\"A256CBC-HS512\"", JWE_E_ALGORITHM },
        { "enc", "\"a256gcm\"", JWE_E_ALGORITHM },
        { "crit", "[\"exp\"]", JWE_E_ALGORITHM },
        { "crit", "null", JWE_E_ALGORITHM },
        { "zip", "\"DEF\"", JWE_E_ALGORITHM },
        { "epk", "", JWE_E_MALFORMED },
        { "epk", "[]", JWE_E_MALFORMED },
        { "epk", "{}", JWE_E_MALFORMED },
        { "epk", "{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":" X ",\"y\":" X "}", JWE_E_MALFORMED },
        { "epk", "{\"kty\":\"EC\",\"crv\":7,\"x\":" X ",\"y\":" X "}", JWE_E_MALFORMED },
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":" X ",\"y\":" X "}", JWE_E_ALGORITHM },
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":" X "}", JWE_E_MALFORMED },
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":" X ",\"y\":1}", JWE_E_MALFORMED },
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":" X ",\"y\":" X ",\"d\":" X "}",
          JWE_E_MALFORMED },
        { "apv", "7", JWE_E_MALFORMED },
        { "apv", "\"\"", JWE_E_MALFORMED },
        { "apv", "\"bm9uY2U=\"", JWE_E_MALFORMED },
        { "apv", "\"bm9uY2V\"", JWE_E_MALFORMED },
        { "apu", "null", JWE_E_MALFORMED },
        { "apu",
          "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          "AA\"",
          JWE_E_MALFORMED },
        /* Behind the parse nothing says what it was. */
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":" X ",\"y\":" X "}", JWE_E_OPEN },
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":" X ",\"y\":" X "}", JWE_E_OPEN },
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", JWE_E_OPEN },
        { "epk", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"!\",\"y\":\"\"}", JWE_E_OPEN },
        { "apv", "", JWE_E_OPEN },
        { "apu", "\"QWxpY2U\"", JWE_E_OPEN },
        { "kid", "\"k2\"", JWE_E_OPEN },
        { "more", "1", JWE_E_OPEN },
    };
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = with_member(cases[i].name, cases[i].value);
        (void)printf("  %s = %s\n", cases[i].name, cases[i].value);
        check_refused(key, text, nonce(), cases[i].reason);
    }
}

static void test_a_header_that_is_no_object_is_refused(void)
{
    static const char *const headers[] = {
        "", "[]", "7", "{", "{\"a\"}", "{\"alg\":\"ECDH-ES+A256KW\",\"alg\":1}", "null"
    };
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);

    for (size_t i = 0; i < ELEMENTSOF(headers); i++) {
        _cleanup_free_ char *text = with_header(headers[i]);
        check_refused(key, text, nonce(), JWE_E_MALFORMED);
    }
}

/* Part INDEX of p256_jwe replaced. */
static char *with_part(size_t index, const char *part)
{
    const char *at = p256_jwe;
    char *text = NULL;

    for (size_t i = 0; i < index; i++)
        at = strchr(at, '.') + 1;
    check(asprintf(&text, "%.*s%s%s", (int)(at - p256_jwe), p256_jwe, part, at + strcspn(at, ".")) >
          0);
    return text;
}

static void test_parts_of_another_size_are_refused(void)
{
    static const struct {
        size_t index;
        const char *part;
    } cases[] = {
        { 0, "" },
        { 1, "" },
        { 1, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        { 1, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        { 2, "" },
        { 2, "AAAAAAAAAAA" },
        { 2, "AAAAAAAAAAAAAAAAAAAAAA" },
        { 3, "" },
        { 3, "AB" }, /* trailing bits */
        { 3, "A" },
        { 3, "AA=" },
        { 3, "AA." },
        { 3, "A+" },
        { 3, "AA\n" },
        { 4, "" },
        { 4, "AAAAAAAAAAAAAAAA" },
        { 4, "AAAAAAAAAAAAAAAAAAAAAAA" },
        { 4, "AAAAAAAAAAAAAAAAAAAAAA.AA" },
    };
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = with_part(cases[i].index, cases[i].part);
        check_refused(key, text, nonce(), JWE_E_MALFORMED);
    }
}

static void test_a_text_too_long_is_refused(void)
{
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);
    char filler[JWE_TEXT_MAX + 1];

    memset(filler, 'A', JWE_TEXT_MAX);
    filler[JWE_TEXT_MAX] = 0;
    _cleanup_free_ char *text = with_part(3, filler);
    check_refused(key, text, nonce(), JWE_E_MALFORMED);
}

static void test_no_beginning_of_one_is_one(void)
{
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);
    char text[sizeof(p256_jwe)];

    for (size_t size = 0; size < strlen(p256_jwe); size++) {
        Secret *secret = NULL;
        memcpy(text, p256_jwe, size);
        text[size] = 0;
        check_int(open_text(key, text, nonce(), &secret), JWE_E_MALFORMED);
    }
}

/* The spelling is strict, so no other text is the same JWE. */
static void test_with_any_bit_changed_it_is_refused(void)
{
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);
    char text[sizeof(p256_jwe)];

    memcpy(text, p256_jwe, sizeof(text));
    for (size_t bit = 0; bit < strlen(p256_jwe) * 8; bit++) {
        Secret *secret = NULL;
        text[bit / 8] = (char)(text[bit / 8] ^ (char)(1U << bit % 8));
        int r = open_text(key, text, nonce(), &secret);
        check(r == JWE_E_MALFORMED || r == JWE_E_ALGORITHM || r == JWE_E_OPEN);
        check(!secret);
        text[bit / 8] = p256_jwe[bit / 8];
    }
}

static void test_bits_changed_behind_the_parse_are_one_error(void)
{
    _cleanup_(key_freep) Key *key = from_pem(p256_pem);
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    Bytes *fields[] = { &parts.encrypted_key, &parts.nonce, &parts.ciphertext, &parts.associated,
                        &parts.apv };

    check_int(jwe_parse(p256_jwe, &parts), JWE_OK);
    for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
        for (size_t bit = 0; bit < fields[i]->size * 8; bit++) {
            Secret *secret = NULL;
            uint8_t *byte = &fields[i]->data[bit / 8];
            *byte = (uint8_t)(*byte ^ 1U << bit % 8);
            check_int(jwe_open(key, &parts, nonce(), &secret), JWE_E_OPEN);
            *byte = (uint8_t)(*byte ^ 1U << bit % 8);
        }
    }
}

static void test_what_cannot_be_sealed_is_said(void)
{
    static const char *const own[] = { "alg", "enc", "epk", "apu", "apv", "crit", "zip" };
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    uint8_t large[JWE_TEXT_MAX + 1] = { 0 };
    char *text = NULL;

    for (size_t i = 0; i < ELEMENTSOF(own); i++) {
        json_auto_t *members = json_pack("{ss}", own[i], "x");
        check_int(jwe_seal(key, members, nonce(), view_of_string("x"), &text), -EINVAL);
    }
    check_int(jwe_seal(key, NULL, nonce(), (ByteView){ 0 }, &text), -EINVAL);
    check_int(jwe_seal(key, NULL, (ByteView){ large, JWE_PARTY_INFO_MAX + 1 }, view_of_string("x"),
                       &text),
              -EINVAL);
    check_int(jwe_seal(key, NULL, nonce(), VIEW_OF_ARRAY(large), &text), -E2BIG);
    check_int(jwe_seal(key, NULL, nonce(), (ByteView){ large, JWE_TEXT_MAX - 400 }, &text), -E2BIG);
    check(!text);
}

static void test_every_refusal_has_a_reason(void)
{
    for (int reason = JWE_OK; reason <= JWE_E_OPEN; reason++)
        check(strcmp(jwe_reason(reason), "unknown") != 0);
    check_str(jwe_reason(99), "unknown");
}

static const Test tests[] = {
    { "what another library sealed is opened", test_what_another_library_sealed_is_opened },
    { "what was sealed is opened with its header", test_what_was_sealed_is_opened_with_its_header },
    { "a member and an apv may be absent", test_a_member_and_an_apv_may_be_absent },
    { "what was sealed is opened by the parts of OpenSSL",
      test_what_was_sealed_is_opened_by_the_parts_of_openssl },
    { "another key or another apv opens nothing", test_another_key_or_another_apv_opens_nothing },
    { "keys of other kinds are refused by name", test_keys_of_other_kinds_are_refused_by_name },
    { "members of the header are checked one by one",
      test_members_of_the_header_are_checked_one_by_one },
    { "a header that is no object is refused", test_a_header_that_is_no_object_is_refused },
    { "parts of another size are refused", test_parts_of_another_size_are_refused },
    { "a text too long is refused", test_a_text_too_long_is_refused },
    { "no beginning of one is one", test_no_beginning_of_one_is_one },
    { "with any bit changed it is refused", test_with_any_bit_changed_it_is_refused },
    { "bits changed behind the parse are one error",
      test_bits_changed_behind_the_parse_are_one_error },
    { "what cannot be sealed is said", test_what_cannot_be_sealed_is_said },
    { "every refusal has a reason", test_every_refusal_has_a_reason },
};

TEST_MAIN(tests)
