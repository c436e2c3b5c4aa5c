/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded cursor.
 */
#include "base/reader.h"

#include <string.h>

Reader reader_over(ByteView bytes)
{
    return (Reader){ .left = bytes };
}

ByteView reader_view(Reader *reader, uint64_t size)
{
    if (reader->failed || size > reader->left.size) {
        reader->failed = true;
        return (ByteView){ 0 };
    }

    ByteView view = { .data = reader->left.data, .size = (size_t)size };
    if (size > 0)
        reader->left.data += size;
    reader->left.size -= (size_t)size;
    reader->offset += (size_t)size;
    return view;
}

void reader_copy(Reader *reader, uint8_t *out, size_t size)
{
    ByteView view = reader_view(reader, size);

    if (view.size == size && size > 0)
        memcpy(out, view.data, size);
    else
        memset(out, 0, size);
}

void reader_skip(Reader *reader, uint64_t size)
{
    (void)reader_view(reader, size);
}

static uint64_t read_integer(Reader *reader, size_t width, bool big_endian)
{
    ByteView view = reader_view(reader, width);
    uint64_t value = 0;

    for (size_t i = 0; i < view.size; i++)
        value = value << 8 | view.data[big_endian ? i : view.size - 1 - i];
    return value;
}

uint8_t reader_u8(Reader *reader)
{
    return (uint8_t)read_integer(reader, 1, true);
}

uint16_t reader_le16(Reader *reader)
{
    return (uint16_t)read_integer(reader, 2, false);
}

uint32_t reader_le32(Reader *reader)
{
    return (uint32_t)read_integer(reader, 4, false);
}

uint64_t reader_le64(Reader *reader)
{
    return read_integer(reader, 8, false);
}

uint16_t reader_be16(Reader *reader)
{
    return (uint16_t)read_integer(reader, 2, true);
}

uint32_t reader_be32(Reader *reader)
{
    return (uint32_t)read_integer(reader, 4, true);
}

uint64_t reader_be64(Reader *reader)
{
    return read_integer(reader, 8, true);
}

ByteView reader_tpm2b(Reader *reader, uint16_t limit)
{
    uint16_t size = reader_be16(reader);

    if (size > limit) {
        reader->failed = true;
        return (ByteView){ 0 };
    }
    return reader_view(reader, size);
}

int reader_check(const Reader *reader)
{
    return reader->failed ? READER_E_TRUNCATED : READER_OK;
}

int reader_end(const Reader *reader)
{
    if (reader->failed)
        return READER_E_TRUNCATED;
    return reader->left.size > 0 ? READER_E_TRAILING : READER_OK;
}
