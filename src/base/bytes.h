/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory with a length: Bytes owns, ByteView borrows. Growth is bounded by the caller.
 */
#pragma once

#include "base/macro.h"

/* Owned. Release with bytes_done(); a zeroed struct is empty and valid. */
typedef struct Bytes {
    uint8_t *data;
    size_t size; /* bytes */
} Bytes;

/* Borrowed. Valid as long as what it points into. */
typedef struct ByteView {
    const uint8_t *data;
    size_t size; /* bytes */
} ByteView;

#define VIEW(bytes)          ((ByteView){ .data = (bytes).data, .size = (bytes).size })
#define VIEW_OF_ARRAY(array) ((ByteView){ .data = (array), .size = sizeof(array) })

void bytes_done(Bytes *bytes);
#define _cleanup_bytes_ _cleanup_(bytes_done)

/* Copies VIEW into fresh memory, followed by one NUL that does not count. -ENOMEM. */
_must_check_ int bytes_copy(ByteView view, Bytes *ret);
/* Allocates SIZE zero bytes (and one NUL behind them). -ENOMEM. */
_must_check_ int bytes_new(size_t size, Bytes *ret);
/* Appends to BYTES. -ENOMEM, -EOVERFLOW. BYTES is unchanged on failure. */
_must_check_ int bytes_append(Bytes *bytes, ByteView more);
_must_check_ int bytes_append_u8(Bytes *bytes, uint8_t value);
_must_check_ int bytes_append_be16(Bytes *bytes, uint16_t value);
_must_check_ int bytes_append_be32(Bytes *bytes, uint32_t value);
_must_check_ int bytes_append_be64(Bytes *bytes, uint64_t value);
_must_check_ int bytes_append_le16(Bytes *bytes, uint16_t value);
_must_check_ int bytes_append_le32(Bytes *bytes, uint32_t value);
_must_check_ int bytes_append_le64(Bytes *bytes, uint64_t value);

ByteView view_of_string(const char *text);
/* Equality of public values; secrets and nonces go through equal_constant_time() of wipe.h. */
bool view_equal(ByteView a, ByteView b);
bool view_is_filled_with(ByteView view, uint8_t byte);
