/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formula.
 */
#include "evidence/binding.h"

#include "crypto/digest.h"

#include <errno.h>
#include <string.h>

static int hash(DigestAlgorithm algorithm, ByteView claims, uint8_t *ret, size_t size)
{
    Digest digest;

    int r = digest_of(algorithm, claims, &digest);
    if (r < 0)
        return r;
    if (digest.size != size)
        return -EINVAL;
    memcpy(ret, digest.data, size);
    return 0;
}

int binding_report_data(ByteView claims, uint8_t ret[static BINDING_REPORT_DATA_SIZE])
{
    return hash(DIGEST_SHA512, claims, ret, BINDING_REPORT_DATA_SIZE);
}

int binding_qualifying_data(ByteView claims, uint8_t ret[static BINDING_QUALIFYING_DATA_SIZE])
{
    return hash(DIGEST_SHA256, claims, ret, BINDING_QUALIFYING_DATA_SIZE);
}
