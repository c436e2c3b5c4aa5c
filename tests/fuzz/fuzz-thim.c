/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the metadata service says of the report's certificates: an answer that is read has all of
 * them, and is kept for a day at most.
 */
#include "protocol/thim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_thim_ Thim thim = { 0 };
    int r = thim_parse((ByteView){ .data = data, .size = size }, &thim);

    if (r == THIM_OK &&
        (thim.vcek.size == 0 || thim.ask.size == 0 || thim.ark.size == 0 || thim.fresh_sec > 86400))
        abort();
    if (r != THIM_OK && (thim.vcek.data || thim.ask.data || thim.ark.data))
        abort();
    return 0;
}
