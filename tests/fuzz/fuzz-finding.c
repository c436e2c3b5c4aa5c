/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings as an outsider sends them: read, write, read again, compare.
 */
#include "format/finding.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_findings_ Findings findings = { 0 }, again = { 0 };
    json_auto_t *json = NULL;

    if (json_parse((ByteView){ data, size }, 1 << 16, &json) != JSON_OK)
        return 0;
    int r = findings_from_json(&findings, json);
    require(r >= 0 && findings.n_items <= FINDINGS_MAX);
    if (r)
        return 0;
    json_auto_t *first = findings_to_json(&findings);
    require(first != NULL);
    require(findings_from_json(&again, first) == JSON_OK);
    json_auto_t *second = findings_to_json(&again);
    require(json_equal(first, second));
    return 0;
}
