/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owned and borrowed memory.
 */
#include "base/bytes.h"

#include <errno.h>
#include <string.h>

void bytes_done(Bytes *bytes)
{
    free(bytes->data);
    *bytes = (Bytes){ 0 };
}

int bytes_new(size_t size, Bytes *ret)
{
    if (size == SIZE_MAX)
        return -EOVERFLOW;

    uint8_t *data = calloc(1, size + 1);
    if (!data)
        return -ENOMEM;

    *ret = (Bytes){ .data = data, .size = size };
    return 0;
}

int bytes_copy(ByteView view, Bytes *ret)
{
    Bytes copy;
    int r = bytes_new(view.size, &copy);
    if (r < 0)
        return r;

    if (view.size > 0)
        memcpy(copy.data, view.data, view.size);
    *ret = copy;
    return 0;
}

int bytes_append(Bytes *bytes, ByteView more)
{
    if (more.size >= SIZE_MAX - bytes->size)
        return -EOVERFLOW;

    size_t size = bytes->size + more.size;
    uint8_t *data = realloc(bytes->data, size + 1);
    if (!data)
        return -ENOMEM;

    if (more.size > 0)
        memcpy(data + bytes->size, more.data, more.size);
    data[size] = 0;
    *bytes = (Bytes){ .data = data, .size = size };
    return 0;
}

static int append_integer(Bytes *bytes, uint64_t value, size_t width, bool big_endian)
{
    uint8_t encoded[8];

    for (size_t i = 0; i < width; i++) {
        size_t shift = 8 * (big_endian ? width - 1 - i : i);
        encoded[i] = (uint8_t)(value >> shift);
    }
    return bytes_append(bytes, (ByteView){ .data = encoded, .size = width });
}

int bytes_append_u8(Bytes *bytes, uint8_t value)
{
    return append_integer(bytes, value, 1, true);
}

int bytes_append_be16(Bytes *bytes, uint16_t value)
{
    return append_integer(bytes, value, 2, true);
}

int bytes_append_be32(Bytes *bytes, uint32_t value)
{
    return append_integer(bytes, value, 4, true);
}

int bytes_append_be64(Bytes *bytes, uint64_t value)
{
    return append_integer(bytes, value, 8, true);
}

int bytes_append_le16(Bytes *bytes, uint16_t value)
{
    return append_integer(bytes, value, 2, false);
}

int bytes_append_le32(Bytes *bytes, uint32_t value)
{
    return append_integer(bytes, value, 4, false);
}

int bytes_append_le64(Bytes *bytes, uint64_t value)
{
    return append_integer(bytes, value, 8, false);
}

ByteView view_of_string(const char *text)
{
    return (ByteView){ .data = (const uint8_t *)text, .size = strlen(text) };
}

bool view_equal(ByteView a, ByteView b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool view_is_filled_with(ByteView view, uint8_t byte)
{
    for (size_t i = 0; i < view.size; i++)
        if (view.data[i] != byte)
            return false;
    return true;
}
