/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM by OpenSSL.
 */
#include "crypto/aead.h"

#include "base/reader.h"
#include "crypto/openssl.h"

#include <errno.h>
#include <limits.h>

static bool is_sized(const Aead *aead, size_t size)
{
    return aead->key.size == AEAD_KEY_SIZE && aead->nonce.size == AEAD_NONCE_SIZE &&
           size <= INT_MAX - AEAD_TAG_SIZE && aead->associated.size <= INT_MAX;
}

/* A context with key and nonce, the associated data fed. */
static int begin(const Aead *aead, bool encrypts, EVP_CIPHER_CTX **ret)
{
    _cleanup_(EVP_CIPHER_freep) EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int size;

    if (!cipher || !context ||
        EVP_CipherInit_ex2(context, cipher, aead->key.data, aead->nonce.data, encrypts ? 1 : 0,
                           NULL) != 1)
        return openssl_failure();
    if (aead->associated.size > 0 && EVP_CipherUpdate(context, NULL, &size, aead->associated.data,
                                                      (int)aead->associated.size) != 1)
        return openssl_failure();
    *ret = TAKE_PTR(context);
    return 0;
}

/* The text itself; OUT has room for as much. */
static int feed(EVP_CIPHER_CTX *context, ByteView text, uint8_t *out)
{
    int size = 0;

    if (text.size > 0 && (EVP_CipherUpdate(context, out, &size, text.data, (int)text.size) != 1 ||
                          (size_t)size != text.size))
        return openssl_failure();
    return 0;
}

int aead_encrypt(const Aead *aead, ByteView plaintext, Bytes *ret)
{
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = NULL;
    _cleanup_bytes_ Bytes text = { 0 };
    int size;

    if (!is_sized(aead, plaintext.size))
        return -EINVAL;
    int r = begin(aead, true, &context);
    if (r == 0)
        r = bytes_new(plaintext.size + AEAD_TAG_SIZE, &text);
    if (r == 0)
        r = feed(context, plaintext, text.data);
    if (r < 0)
        return r;
    uint8_t *tag = text.data + plaintext.size;
    if (EVP_CipherFinal_ex(context, tag, &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_SIZE, tag) != 1)
        return openssl_failure();
    *ret = TAKE_STRUCT(text);
    return AEAD_OK;
}

int aead_decrypt(const Aead *aead, ByteView ciphertext, Bytes *ret)
{
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = NULL;
    _cleanup_wiped_bytes_ Bytes text = { 0 };
    uint8_t tag[AEAD_TAG_SIZE], none[1];
    int size;

    if (ciphertext.size < AEAD_TAG_SIZE)
        return AEAD_E_REFUSED;
    if (!is_sized(aead, ciphertext.size))
        return -EINVAL;
    Reader reader = reader_over(ciphertext);
    ByteView encrypted = reader_view(&reader, ciphertext.size - AEAD_TAG_SIZE);
    reader_copy(&reader, tag, sizeof(tag));

    int r = begin(aead, false, &context);
    if (r == 0)
        r = bytes_new(encrypted.size, &text);
    if (r == 0)
        r = feed(context, encrypted, text.data);
    if (r < 0)
        return r;
    if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) != 1)
        return openssl_failure();
    if (EVP_CipherFinal_ex(context, none, &size) != 1) {
        openssl_forget();
        return AEAD_E_REFUSED;
    }
    *ret = TAKE_STRUCT(text);
    return AEAD_OK;
}
