/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start values of registers.
 */
#include "verify/pcr-start.h"

#include <string.h>

#define PCR_DRTM_FIRST 17
#define PCR_DRTM_LAST  22

Digest pcr_start(unsigned pcr, DigestAlgorithm algorithm)
{
    Digest value = { .size = digest_size(algorithm) };
    bool is_drtm = pcr >= PCR_DRTM_FIRST && pcr <= PCR_DRTM_LAST;

    memset(value.data, is_drtm ? 0xff : 0, value.size);
    return value;
}
