/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every raw form through attest_verify(): a byte for the kind, one for the time, then items, each a
 * byte for what it is, two for its size (little-endian), and its bytes.
 */
#include "fuzz/require.h"

#include "base/json.h"
#include "base/reader.h"

#include <attest/attest.h>

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_items(Reader *reader, attest_input *input)
{
    while (reader->left.size > 0) {
        attest_item item = (attest_item)reader_u8(reader);
        ByteView bytes = reader_view(reader, reader_le16(reader));
        if (reader_check(reader) != READER_OK)
            return;
        int r = attest_input_add(input, item, bytes.data ? bytes.data : (const uint8_t *)"",
                                 bytes.size);
        require(r >= 0 || r == -EINVAL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Reader reader = reader_over((ByteView){ .data = data, .size = size });
    attest_kind kind = (attest_kind)reader_u8(&reader);
    int64_t year = reader_u8(&reader);
    attest_result *result = NULL;
    attest_input *input;

    require(attest_input_new(&input) == 0);
    add_items(&reader, input);
    if (year > 0)
        attest_input_set_time(input, year * 365 * 24 * 3600);
    int r = attest_verify(input, kind, &result);
    require(r >= 0 || (r == -EINVAL && (kind < 1 || kind > 7)));
    (void)attest_input_free(input);
    if (r < 0)
        return 0;
    bool decides = false;
    for (size_t i = 0; i < attest_result_n_findings(result); i++)
        decides = decides || attest_finding_decides(attest_result_finding(result, i));
    require(decides == (r != ATTEST_PASS));
    json_t *json = json_loads(attest_result_json(result), JSON_REJECT_DUPLICATES, NULL);
    require(json_is_object(json_object_get(json, "claims")));
    json_decref(json);
    (void)attest_result_free(result);
    return 0;
}
