/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of rounds, as root reads them: what is read is written the same, fits its file, and holds
 * nothing that looks like a key.
 */
#include "format/redact.h"
#include "format/round-record.h"
#include "fuzz/require.h"

#include <ctype.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_no_key(const char *text)
{
    size_t n = 0;

    for (const char *c = text; *c; c++) {
        n = isxdigit((unsigned char)*c) ? n + 1 : 0;
        require(n < REDACT_RUN_MIN);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_round_record_ RoundRecord record = ROUND_RECORD_INIT, again = ROUND_RECORD_INIT;

    int r = round_record_decode((ByteView){ .data = data, .size = size }, &record);
    require(r >= 0);
    if (r > 0)
        return 0;
    for (size_t i = 0; i < record.findings.n_items; i++) {
        require_no_key(record.findings.items[i].found);
        _cleanup_free_ char *shown = redact_foreign(record.findings.items[i].found);
        require(shown != NULL);
        require_no_key(shown);
    }
    _cleanup_free_ char *text = round_record_encode(&record);
    require(text && strlen(text) <= ROUND_RECORD_MAX);
    require(round_record_decode(view_of_string(text), &again) == 0);
    _cleanup_free_ char *text_again = round_record_encode(&again);
    require(text_again && strcmp(text, text_again) == 0);
    return 0;
}
