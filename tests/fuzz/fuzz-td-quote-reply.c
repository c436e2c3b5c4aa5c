/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Azure's quoting service says: a quote that is read is not empty.
 */
#include "protocol/td-quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_bytes_ Bytes quote = { 0 };
    int r = td_quote_parse((ByteView){ .data = data, .size = size }, &quote);

    if ((r == TD_QUOTE_OK) != (quote.size > 0))
        abort();
    return 0;
}
