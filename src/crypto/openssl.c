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

BIO *openssl_reader(ByteView bytes)
{
    if (bytes.size > INT_MAX)
        return NULL;
    return BIO_new_mem_buf(bytes.data ? bytes.data : (const uint8_t *)"", (int)bytes.size);
}
