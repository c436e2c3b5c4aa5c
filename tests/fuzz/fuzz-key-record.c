/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of the attestation key, which root reads in a directory of another user: whatever is
 * accepted is read again as the same.
 */
#include "config/key-record.h"

#include "format/worker-answer-tpm.h"

#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_key_record_ KeyRecord record = { 0 }, again = { 0 };

    if (key_record_parse((ByteView){ .data = data, .size = size }, &record) != KEY_RECORD_OK) {
        require(!record.boot_id && !record.tpm && !record.name[0]);
        return 0;
    }
    require(answer_tpm_name_is_valid(record.name));
    _cleanup_free_ char *text = key_record_text(&record);
    require(text && key_record_parse(view_of_string(text), &again) == KEY_RECORD_OK);
    require(strcmp(record.boot_id, again.boot_id) == 0 && strcmp(record.tpm, again.tpm) == 0);
    require(strcmp(record.name, again.name) == 0);
    return 0;
}
