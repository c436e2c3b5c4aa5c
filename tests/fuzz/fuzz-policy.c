/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy files: every text is a policy, which then can be put into printable words, or an error
 * with a place and a cause.
 */
#include "fuzz/require.h"
#include "verify/policy-explain.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_words(const Policy *policy)
{
    json_auto_t *explained = NULL;
    json_t *item;
    size_t i;

    require(policy_explain(policy, &explained) == 0);
    json_t *demands = json_object_get(explained, "demands");
    require(json_array_size(demands) > 0);
    json_array_foreach (demands, i, item) {
        const char *text = json_string_value(item);
        require(text && text[0] && strlen(text) < POLICY_SENTENCE_MAX);
        for (const char *c = text; *c; c++)
            require(*c >= 0x20 && *c <= 0x7e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(policy_freep) Policy *policy = NULL;
    PolicyError error = { 0 };

    int r = policy_parse((ByteView){ .data = data, .size = size }, &policy, &error);
    if (r == POLICY_OK) {
        require(policy && policy->id);
        require_words(policy);
    }
    if (r == POLICY_E_INVALID)
        require(!policy && error.path[0] && error.cause[0]);
    return 0;
}
