/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's private random generator, seeded by the kernel.
 */
#include "crypto/random.h"

#include "crypto/openssl.h"

#include <limits.h>
#include <openssl/rand.h>
#include <string.h>

int random_fill(uint8_t *out, size_t size)
{
    if (size <= INT_MAX && RAND_priv_bytes(out, (int)size) == 1)
        return 0;
    memset(out, 0, size);
    return openssl_failure();
}
