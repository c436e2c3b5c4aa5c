/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-WRAP-PAD of OpenSSL, in one call as it wants it.
 */
#include "crypto/key-wrap.h"

#include "crypto/openssl.h"

#include <errno.h>

#define BLOCK_SIZE 8 /* bytes, RFC 5649 3 */

static int begin(ByteView key, bool wraps, EVP_CIPHER_CTX **ret)
{
    _cleanup_(EVP_CIPHER_freep) EVP_CIPHER *cipher =
        EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", NULL);
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

    if (!cipher || !context)
        return openssl_failure();
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_CipherInit_ex2(context, cipher, key.data, NULL, wraps ? 1 : 0, NULL) != 1)
        return openssl_failure();
    *ret = TAKE_PTR(context);
    return 0;
}

/* REFUSAL: what it is called when the cipher declines. */
static int run(EVP_CIPHER_CTX *context, ByteView in, int refusal, Bytes *ret)
{
    _cleanup_wiped_bytes_ Bytes out = { 0 };
    int size = 0;

    int r = bytes_new(in.size + 2 * BLOCK_SIZE, &out);
    if (r < 0)
        return r;
    if (EVP_CipherUpdate(context, out.data, &size, in.data, (int)in.size) != 1)
        return openssl_refusal(refusal);
    if (size <= 0 || (size_t)size > out.size)
        return -EIO;
    return bytes_copy((ByteView){ out.data, (size_t)size }, ret);
}

int key_wrap(ByteView key, ByteView plain, Bytes *ret)
{
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = NULL;

    if (key.size != KEY_WRAP_KEY_SIZE || plain.size == 0 || plain.size > KEY_WRAP_MAX)
        return -EINVAL;
    int r = begin(key, true, &context);
    return r == 0 ? run(context, plain, -EIO, ret) : r;
}

int key_unwrap(ByteView key, ByteView wrapped, Bytes *ret)
{
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = NULL;

    if (key.size != KEY_WRAP_KEY_SIZE)
        return -EINVAL;
    if (wrapped.size < 2 * BLOCK_SIZE || wrapped.size % BLOCK_SIZE != 0 ||
        wrapped.size > KEY_WRAP_MAX + 2 * BLOCK_SIZE)
        return KEY_WRAP_E_SIZE;
    int r = begin(key, false, &context);
    return r == 0 ? run(context, wrapped, KEY_WRAP_E_REFUSED, ret) : r;
}
