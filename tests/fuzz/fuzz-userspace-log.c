/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's measurement log: parse, emit, parse again, emit again, compare.
 */
#include "format/userspace-log.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_userspace_log_ UserspaceLog log = { 0 }, again = { 0 };
    _cleanup_bytes_ Bytes first = { 0 }, second = { 0 };
    size_t index = 0;

    int r = userspace_log_parse((ByteView){ data, size }, &index, &log);
    require(r >= 0 && strcmp(userspace_log_reason(r), "unknown") != 0);
    if (r)
        return 0;
    require(userspace_log_emit(&log, &first) == 0);
    /* Escapes may make what is written longer than what was read. */
    if (first.size > USERSPACE_LOG_SIZE_MAX)
        return 0;
    require(userspace_log_parse(VIEW(first), &index, &again) == USERSPACE_LOG_OK);
    require(again.n_items == log.n_items);
    require(userspace_log_emit(&again, &second) == 0);
    require(view_equal(VIEW(first), VIEW(second)));
    return 0;
}
