/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reader of approvals accepts, the writer writes, and the reader accepts that again.
 */
#include "secret/approval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_approval_ Approval approval = { 0 }, again = { 0 };
    _cleanup_bytes_ Bytes json = { 0 }, second = { 0 };

    int r = approval_parse((ByteView){ .data = data, .size = size }, &approval);
    if ((r == APPROVAL_OK) != (approval.gate != NULL))
        abort();
    if (r != APPROVAL_OK)
        return 0;
    if (approval_emit(&approval, &json) != 0 || approval_parse(VIEW(json), &again) != APPROVAL_OK ||
        approval_emit(&again, &second) != 0 || !view_equal(VIEW(json), VIEW(second)))
        abort();
    return 0;
}
