/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-384 by OpenSSL.
 */
#include "crypto/ecdsa-p384.h"
#include "crypto/openssl.h"

const char *ecdsa_p384_backend(void)
{
    return "OpenSSL";
}

int ecdsa_p384_verify(const Key *key, ByteView hash, ByteView r, ByteView s)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key_pkey(key), NULL);
    _cleanup_bytes_ Bytes der = { 0 };

    int result = ecdsa_der(r, s, &der);
    if (result < 0)
        return result;
    if (!context || EVP_PKEY_verify_init(context) != 1)
        return openssl_failure();
    return openssl_verdict(EVP_PKEY_verify(context, der.data, der.size, hash.data, hash.size));
}
