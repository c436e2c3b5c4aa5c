/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where OpenSSL's errors end.
 */
#include "crypto/openssl.h"

#include <errno.h>
#include <limits.h>

int openssl_failure(void)
{
    unsigned long error = ERR_peek_last_error();

    ERR_clear_error();
    return error != 0 && ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE ? -ENOMEM : -EIO;
}

int openssl_verdict(int r)
{
    bool at_infinity = false;
    bool no_memory = false;
    unsigned long error;

    while ((error = ERR_get_error()) != 0) {
        at_infinity = at_infinity || (ERR_GET_LIB(error) == ERR_LIB_EC &&
                                      ERR_GET_REASON(error) == EC_R_POINT_AT_INFINITY);
        no_memory = no_memory || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    }
    if (r == 1)
        return SIGNATURE_OK;
    if (r == 0 || at_infinity)
        return SIGNATURE_E_BAD;
    return no_memory ? -ENOMEM : -EIO;
}

int openssl_refusal(int refusal)
{
    bool no_memory = false;
    unsigned long error;

    while ((error = ERR_get_error()) != 0)
        no_memory = no_memory || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    return no_memory ? -ENOMEM : refusal;
}

void openssl_forget(void)
{
    ERR_clear_error();
}

const char *openssl_digest_name(DigestAlgorithm algorithm)
{
    switch (algorithm) {
    case DIGEST_SHA1:
        return "SHA1";
    case DIGEST_SHA256:
        return "SHA2-256";
    case DIGEST_SHA384:
        return "SHA2-384";
    case DIGEST_SHA512:
        return "SHA2-512";
    }
    return "";
}

int ecdsa_der(ByteView r, ByteView s, Bytes *ret)
{
    _cleanup_(ECDSA_SIG_freep) ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r_number = BN_bin2bn(r.data, (int)r.size, NULL);
    BIGNUM *s_number = BN_bin2bn(s.data, (int)s.size, NULL);
    uint8_t *der = NULL;

    if (!pair || !r_number || !s_number || ECDSA_SIG_set0(pair, r_number, s_number) != 1) {
        BN_free(r_number);
        BN_free(s_number);
        return openssl_failure();
    }
    int size = i2d_ECDSA_SIG(pair, &der);
    if (size < 0)
        return openssl_failure();
    int result = bytes_copy((ByteView){ der, (size_t)size }, ret);
    OPENSSL_free(der);
    return result;
}

BIO *openssl_reader(ByteView bytes)
{
    if (bytes.size > INT_MAX)
        return NULL;
    return BIO_new_mem_buf(bytes.data ? bytes.data : (const uint8_t *)"", (int)bytes.size);
}
