/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key agreement, derivation, wrapping and RSA for JWE. Every number on the way is erased.
 */
#include "crypto/jwe-key.h"

#include "base/wipe.h"
#include "crypto/openssl.h"
#include "crypto/random.h"

#include <errno.h>
#include <openssl/rsa.h>
#include <string.h>

#define BLOCK_SIZE 8 /* bytes by which AES key wrap lengthens, RFC 3394 2.2.1 */

void jwe_key_wipe(JweKey *key)
{
    wipe(key->data, sizeof(key->data));
}

/* What goes before each of the variable parts: its length, RFC 7518 4.6.2. */
static int append_sized(Bytes *bytes, ByteView part)
{
    if (part.size > UINT32_MAX)
        return -EINVAL;
    int r = bytes_append_be32(bytes, (uint32_t)part.size);
    return r < 0 ? r : bytes_append(bytes, part);
}

static int other_info(const JweContext *context, size_t size, Bytes *ret)
{
    _cleanup_bytes_ Bytes info = { 0 };

    int r = append_sized(&info, view_of_string(context->algorithm));
    if (r == 0)
        r = append_sized(&info, context->apu);
    if (r == 0)
        r = append_sized(&info, context->apv);
    if (r == 0)
        r = bytes_append_be32(&info, (uint32_t)size * 8); /* SuppPubInfo: bits wanted */
    if (r == 0)
        *ret = TAKE_STRUCT(info);
    return r;
}

int jwe_derive(ByteView secret, const JweContext *context, size_t size, JweKey *ret)
{
    static const uint8_t round[] = { 0, 0, 0, 1 }; /* one is enough: a SHA-256 */
    _cleanup_bytes_ Bytes info = { 0 };
    Digest digest;

    if (size > JWE_KEY_SIZE)
        return -EINVAL;
    int r = other_info(context, size, &info);
    if (r < 0)
        return r;
    const ByteView parts[] = { VIEW_OF_ARRAY(round), secret, VIEW(info) };
    r = digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), &digest);
    if (r == 0)
        memcpy(ret->data, digest.data, size);
    wipe(&digest, sizeof(digest));
    return r;
}

/* The x coordinate of the shared point, into ROOM; *RET_SIZE bytes. */
static int exchange(const Key *key, const Key *peer, uint8_t room[static KEY_COORDINATE_MAX],
                    size_t *ret_size)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key_pkey(key), NULL);
    size_t size = KEY_COORDINATE_MAX;

    if (!context || EVP_PKEY_derive_init(context) != 1)
        return openssl_failure();
    if (EVP_PKEY_derive_set_peer(context, key_pkey(peer)) != 1 ||
        EVP_PKEY_derive(context, room, &size) != 1)
        return openssl_refusal(KEY_E_INVALID);
    if (size != key_coordinate_size(key))
        return -EIO;
    *ret_size = size;
    return KEY_OK;
}

int jwe_agree(const Key *key, const Key *peer, const JweContext *context, JweKey *ret)
{
    uint8_t secret[KEY_COORDINATE_MAX];
    size_t size = 0;

    if (key_type(key) != key_type(peer) || key_coordinate_size(key) == 0)
        return KEY_E_INVALID;
    int r = exchange(key, peer, secret, &size);
    if (r == KEY_OK)
        r = jwe_derive((ByteView){ secret, size }, context, JWE_KEY_SIZE, ret);
    wipe(secret, sizeof(secret));
    return r;
}

/* AES-256 key wrap or unwrap of IN. OUT has room for a block more. KEY_OK, KEY_E_INVALID; -ENOMEM.
 */
static int run_wrap(const JweKey *wrapping, bool wraps, ByteView in, uint8_t *out, size_t wanted)
{
    _cleanup_(EVP_CIPHER_freep) EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int size = 0;

    if (!cipher || !context)
        return openssl_failure();
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_CipherInit_ex2(context, cipher, wrapping->data, NULL, wraps ? 1 : 0, NULL) != 1)
        return openssl_failure();
    if (EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) != 1)
        return openssl_refusal(KEY_E_INVALID);
    return (size_t)size == wanted ? KEY_OK : -EIO;
}

int jwe_wrap_key(const JweKey *wrapping, const JweKey *content,
                 uint8_t ret[static JWE_WRAPPED_KEY_SIZE])
{
    uint8_t room[JWE_WRAPPED_KEY_SIZE + BLOCK_SIZE];

    int r = run_wrap(wrapping, true, VIEW_OF_ARRAY(content->data), room, JWE_WRAPPED_KEY_SIZE);
    if (r == KEY_OK)
        memcpy(ret, room, JWE_WRAPPED_KEY_SIZE);
    return r <= 0 ? r : -EIO;
}

int jwe_unwrap_key(const JweKey *wrapping, ByteView wrapped, JweKey *ret)
{
    uint8_t room[JWE_WRAPPED_KEY_SIZE + BLOCK_SIZE];

    if (wrapped.size != JWE_WRAPPED_KEY_SIZE)
        return KEY_E_INVALID;
    int r = run_wrap(wrapping, false, wrapped, room, JWE_KEY_SIZE);
    if (r == KEY_OK)
        memcpy(ret->data, room, JWE_KEY_SIZE);
    wipe(room, sizeof(room));
    return r;
}

/* For BEGIN, EVP_PKEY_encrypt_init or its counterpart. NULL: OpenSSL's queue says why. */
static EVP_PKEY_CTX *begin_oaep(const Key *key, int (*begin)(EVP_PKEY_CTX *context))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key_pkey(key), NULL);

    if (context && begin(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md_name(context, "SHA2-256", NULL) == 1 &&
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, "SHA2-256", NULL) == 1)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

int jwe_encrypt_key(const Key *key, const JweKey *content, Bytes *ret)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = begin_oaep(key, EVP_PKEY_encrypt_init);
    _cleanup_bytes_ Bytes encrypted = { 0 };
    size_t size = key_bits(key) / 8;

    if (!context)
        return openssl_failure();
    int r = bytes_new(size, &encrypted);
    if (r < 0)
        return r;
    if (EVP_PKEY_encrypt(context, encrypted.data, &size, content->data, sizeof(content->data)) != 1)
        return openssl_failure();
    if (size != encrypted.size)
        return -EIO;
    *ret = TAKE_STRUCT(encrypted);
    return 0;
}

int jwe_decrypt_key(const Key *key, ByteView encrypted, JweKey *ret)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = begin_oaep(key, EVP_PKEY_decrypt_init);
    _cleanup_wiped_bytes_ Bytes room = { 0 };
    _cleanup_jwe_key_ JweKey otherwise = { 0 };
    size_t size = key_bits(key) / 8;

    if (!context)
        return openssl_failure();
    int r = bytes_new(size, &room);
    if (r == 0)
        r = random_fill(otherwise.data, sizeof(otherwise.data));
    if (r < 0)
        return r;
    bool is_ours =
        encrypted.size == size &&
        EVP_PKEY_decrypt(context, room.data, &size, encrypted.data, encrypted.size) == 1 &&
        size == sizeof(ret->data);
    openssl_forget();
    memcpy(ret->data, is_ours ? room.data : otherwise.data, sizeof(ret->data));
    return 0;
}
