/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is found lies inside the text; and where the text is JSON, it is the value that a JSON
 * parser finds, bytes for bytes.
 */
#include "base/json.h"
#include "protocol/raw-member.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* jansson finds a name with escapes too. */
static bool has_escape(ByteView text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\\')
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ByteView text = { .data = data, .size = size };
    ByteView found = raw_member(text, "gates");
    json_auto_t *json = NULL;

    if (found.size > 0 && (found.data < data || found.data + found.size > data + size))
        abort();
    if (json_parse(text, 1 << 16, &json) != JSON_OK)
        return 0;
    const json_t *wanted = json_object_get(json, "gates");
    if (!wanted || has_escape(text)) {
        if (found.size > 0 && !wanted)
            abort();
        return 0;
    }
    json_auto_t *again = json_loadb((const char *)found.data, found.size, JSON_DECODE_ANY, NULL);
    if (!again || !json_equal(again, wanted))
        abort();
    return 0;
}
