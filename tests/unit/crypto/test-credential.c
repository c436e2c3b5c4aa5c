/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials, opened here by the TPM's own recipe written a second time with OpenSSL alone.
 */
#include "crypto/credential.h"

#include "base/reader.h"
#include "forge.h"
#include "testing.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

static const uint8_t ak_name[34] = { 0x00, 0x0b, 1, 2, 3 };
static const uint8_t secret[16] = "0123456789abcde";

/* KDFa through OpenSSL's KBKDF, an implementation of its own. */
static void kbkdf(const Digest *key, const char *label, ByteView context, uint8_t *out, size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
    EVP_KDF_CTX *kdf_context = EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    char mac[] = "HMAC";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, mac, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key->data,
                                          key->size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)label,
                                          strlen(label)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)context.data,
                                          context.size),
        OSSL_PARAM_construct_end(),
    };

    check(EVP_KDF_derive(kdf_context, out, size, parameters) == 1);
    EVP_KDF_CTX_free(kdf_context);
    EVP_KDF_free(kdf);
}

static void kdfa_agrees_with_kbkdf(void)
{
    Digest key = { .size = 32, .data = { 1, 2, 3 } };
    static const unsigned bits[] = { 128, 256, 512 };

    for (size_t i = 0; i < ELEMENTSOF(bits); i++) {
        uint8_t wanted[64];
        Digest found;
        kbkdf(&key, "STORAGE", VIEW_OF_ARRAY(ak_name), wanted, bits[i] / 8);
        KdfInput input = { .digest = DIGEST_SHA256,
                           .secret = digest_view(&key),
                           .label = "STORAGE",
                           .u = VIEW_OF_ARRAY(ak_name),
                           .bits = bits[i] };
        check_int(credential_kdfa(&input, &found), 0);
        check(view_equal(digest_view(&found), (ByteView){ wanted, bits[i] / 8 }));
    }
    Digest none;
    KdfInput too_long = { .digest = DIGEST_SHA256, .secret = digest_view(&key), .label = "X" };
    too_long.bits = 520;
    check_int(credential_kdfa(&too_long, &none), -22);
    too_long.bits = 264;
    check_int(credential_kdfe(&too_long, &none), -22);
}

static Digest open_rsa(EVP_PKEY *pkey, ByteView encrypted)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    uint8_t seed[256];
    size_t size = sizeof(seed);
    Digest digest = { 0 };

    check(EVP_PKEY_decrypt_init(context) == 1);
    check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1);
    check(EVP_PKEY_CTX_set_rsa_oaep_md_name(context, "SHA256", NULL) == 1);
    check(EVP_PKEY_CTX_set0_rsa_oaep_label(context, OPENSSL_memdup("IDENTITY", 9), 9) == 1);
    check(EVP_PKEY_decrypt(context, seed, &size, encrypted.data, encrypted.size) == 1);
    EVP_PKEY_CTX_free(context);
    check_int(size, 32);
    digest.size = size;
    memcpy(digest.data, seed, size);
    return digest;
}

static Digest open_ecc(EVP_PKEY *pkey, const Key *ek, ByteView point)
{
    Reader reader = reader_over(point);
    ByteView x = reader_tpm2b(&reader, 66);
    ByteView y = reader_tpm2b(&reader, 66);
    _cleanup_(key_freep) Key *ephemeral = NULL;
    _cleanup_bytes_ Bytes ek_x = { 0 };
    _cleanup_bytes_ Bytes ek_y = { 0 };
    _cleanup_bytes_ Bytes spki = { 0 };
    uint8_t z[66];
    size_t size = sizeof(z);
    Digest seed;

    check_int(reader_end(&reader), READER_OK);
    check_int(key_from_ec(key_type(ek), x, y, &ephemeral), KEY_OK);
    check_int(key_ec_point(ek, &ek_x, &ek_y), KEY_OK);
    check_int(key_to_spki(ephemeral, &spki), 0);
    const uint8_t *at = spki.data;
    EVP_PKEY *peer = d2i_PUBKEY(NULL, &at, (long)spki.size);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    check(peer && EVP_PKEY_derive_init(context) == 1);
    check(EVP_PKEY_derive_set_peer(context, peer) == 1);
    check(EVP_PKEY_derive(context, z, &size) == 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);

    _cleanup_bytes_ Bytes message = { 0 };
    check_int(bytes_append_be32(&message, 1), 0);
    check_int(bytes_append(&message, (ByteView){ z, size }), 0);
    check_int(bytes_append(&message, (ByteView){ (const uint8_t *)"IDENTITY", 9 }), 0);
    check_int(bytes_append(&message, x), 0);
    check_int(bytes_append(&message, VIEW(ek_x)), 0);
    check_int(digest_of(size == 48 ? DIGEST_SHA384 : DIGEST_SHA256, VIEW(message), &seed), 0);
    return seed;
}

/* What a TPM does in ActivateCredential: checks the integrity, then decrypts. SHA-256 only. */
static bool open_blob(const Digest *seed, ByteView name, ByteView blob, Bytes *ret)
{
    Reader reader = reader_over(blob);
    Reader body = reader_over(reader_tpm2b(&reader, 512));
    ByteView integrity = reader_tpm2b(&body, 64);
    ByteView identity = body.left;
    uint8_t key[32];
    uint8_t iv[16] = { 0 };
    uint8_t plain[128];
    Digest digest;
    int size;

    check_int(reader_end(&reader), READER_OK);
    kbkdf(seed, "INTEGRITY", (ByteView){ 0 }, key, 32);
    check_int(
        digest_hmac(DIGEST_SHA256, VIEW_OF_ARRAY(key), (ByteView[]){ identity, name }, 2, &digest),
        0);
    if (!view_equal(digest_view(&digest), integrity))
        return false;
    kbkdf(seed, "STORAGE", name, key, 16);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    check(EVP_DecryptInit_ex2(context, EVP_aes_128_cfb128(), key, iv, NULL) == 1);
    check(EVP_DecryptUpdate(context, plain, &size, identity.data, (int)identity.size) == 1);
    EVP_CIPHER_CTX_free(context);

    Reader opened = reader_over((ByteView){ plain, (size_t)size });
    ByteView credential = reader_tpm2b(&opened, 64);
    check_int(reader_end(&opened), READER_OK);
    check_int(bytes_copy(credential, ret), 0);
    return true;
}

static void check_round_trip(const char *kind)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey(kind);
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);
    CredentialEk ek = { .key = key, .name_algorithm = DIGEST_SHA256, .symmetric_bits = 128 };
    _cleanup_bytes_ Bytes blob = { 0 };
    _cleanup_bytes_ Bytes encrypted = { 0 };
    _cleanup_bytes_ Bytes opened = { 0 };
    uint8_t other_name[34] = { 0x00, 0x0b, 1, 2, 4 };

    check_int(
        credential_make(&ek, VIEW_OF_ARRAY(ak_name), VIEW_OF_ARRAY(secret), &blob, &encrypted),
        CREDENTIAL_OK);
    Reader reader = reader_over(VIEW(encrypted));
    ByteView inner = reader_tpm2b(&reader, 512);
    check_int(reader_end(&reader), READER_OK);
    Digest seed = key_type(key) == KEY_RSA ? open_rsa(pkey, inner) : open_ecc(pkey, key, inner);

    check(open_blob(&seed, VIEW_OF_ARRAY(ak_name), VIEW(blob), &opened));
    check(view_equal(VIEW(opened), VIEW_OF_ARRAY(secret)));
    Bytes none = { 0 };
    check(!open_blob(&seed, VIEW_OF_ARRAY(other_name), VIEW(blob), &none));
    blob.data[blob.size - 1] ^= 1;
    check(!open_blob(&seed, VIEW_OF_ARRAY(ak_name), VIEW(blob), &none));
}

static void a_credential_for_an_rsa_key_opens(void)
{
    check_round_trip("RSA-2048");
}

static void a_credential_for_a_p256_key_opens(void)
{
    check_round_trip("P-256");
}

static void two_credentials_differ(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    CredentialEk ek = { .key = key, .name_algorithm = DIGEST_SHA256, .symmetric_bits = 128 };
    Bytes a = { 0 };
    Bytes b = { 0 };
    Bytes c = { 0 };
    Bytes d = { 0 };

    check_int(credential_make(&ek, VIEW_OF_ARRAY(ak_name), VIEW_OF_ARRAY(secret), &a, &b), 0);
    check_int(credential_make(&ek, VIEW_OF_ARRAY(ak_name), VIEW_OF_ARRAY(secret), &c, &d), 0);
    check(!view_equal(VIEW(a), VIEW(c)) && !view_equal(VIEW(b), VIEW(d)));
    bytes_done(&a);
    bytes_done(&b);
    bytes_done(&c);
    bytes_done(&d);
}

static int make(const char *kind, DigestAlgorithm hash, unsigned bits, ByteView name, ByteView text)
{
    _cleanup_(key_freep) Key *key = forge_key(kind);
    CredentialEk ek = { .key = key, .name_algorithm = hash, .symmetric_bits = bits };
    _cleanup_bytes_ Bytes blob = { 0 };
    _cleanup_bytes_ Bytes encrypted = { 0 };

    int r = credential_make(&ek, name, text, &blob, &encrypted);
    check((r == CREDENTIAL_OK) == (blob.size > 0));
    return r;
}

static void unfit_keys_and_sizes_are_refused(void)
{
    ByteView name = VIEW_OF_ARRAY(ak_name);
    ByteView text = VIEW_OF_ARRAY(secret);
    uint8_t longer[33] = { 1 };

    check_int(make("P-384", DIGEST_SHA384, 256, name, text), CREDENTIAL_OK);
    check_int(make("P-521", DIGEST_SHA256, 128, name, text), CREDENTIAL_E_KEY);
    check_int(make("ED25519", DIGEST_SHA256, 128, name, text), CREDENTIAL_E_KEY);
    check_int(make("P-256", DIGEST_SHA256, 128, name, (ByteView){ 0 }), CREDENTIAL_E_SIZE);
    check_int(make("P-256", DIGEST_SHA256, 128, name, VIEW_OF_ARRAY(longer)), CREDENTIAL_E_SIZE);
    check_int(make("P-256", DIGEST_SHA256, 192, name, text), CREDENTIAL_E_SIZE);
    check_int(make("P-256", DIGEST_SHA256, 128, (ByteView){ ak_name, 2 }, text), CREDENTIAL_E_SIZE);
}

static const Test tests[] = {
    { "KDFa agrees with KBKDF", kdfa_agrees_with_kbkdf },
    { "a credential for an RSA key opens", a_credential_for_an_rsa_key_opens },
    { "a credential for a P-256 key opens", a_credential_for_a_p256_key_opens },
    { "two credentials differ", two_credentials_differ },
    { "unfit keys and sizes are refused", unfit_keys_and_sizes_are_refused },
};

TEST_MAIN(tests)
