/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the metadata service says of the report's certificates: an answer that is read has all of
 * them, is kept for a day at most, and is read again as it was kept.
 */
#include "base/macro.h"
#include "protocol/thim.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_kept(const Thim *thim)
{
    _cleanup_free_ char *text = thim_text(thim);
    _cleanup_thim_ Thim again = { 0 };

    if (!text || thim_parse(view_of_string(text), &again) != THIM_OK ||
        !view_equal(VIEW(again.vcek), VIEW(thim->vcek)) ||
        !view_equal(VIEW(again.ask), VIEW(thim->ask)) ||
        !view_equal(VIEW(again.ark), VIEW(thim->ark)) ||
        memcmp(&again.tcb, &thim->tcb, sizeof(again.tcb)) != 0 ||
        again.fresh_sec != thim->fresh_sec)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_thim_ Thim thim = { 0 };
    int r = thim_parse((ByteView){ .data = data, .size = size }, &thim);

    if (r == THIM_OK &&
        (thim.vcek.size == 0 || thim.ask.size == 0 || thim.ark.size == 0 || thim.fresh_sec > 86400))
        abort();
    if (r == THIM_OK)
        check_kept(&thim);
    if (r != THIM_OK && (thim.vcek.data || thim.ask.data || thim.ark.data))
        abort();
    return 0;
}
