/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes at all, as attestctl inspect gets them: every recogniser, and JSON of what it found.
 */
#include "fuzz/require.h"

#include "base/json.h"

#include <attest/attest.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    attest_result *result = NULL;

    int r = attest_inspect(data, size, &result);
    require(r == ATTEST_PASS || r == ATTEST_E_UNREADABLE);
    json_t *json = json_loads(attest_result_json(result), JSON_REJECT_DUPLICATES, NULL);
    const json_t *content = json_object_get(json, "content");
    require(json_is_object(content));
    require((r == ATTEST_PASS) == (attest_result_n_findings(result) == 0));
    require(r == ATTEST_PASS ? json_object_size(content) > 0 : json_object_size(content) == 0);
    json_decref(json);
    (void)attest_result_free(result);
    return 0;
}
