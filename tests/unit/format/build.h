/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building bytes for tests: every append is checked, so that a test reads as the layout it makes.
 */
#pragma once

#include "base/encode.h"
#include "testing.h"

static inline void put(Bytes *out, const void *data, size_t size)
{
    check_int(bytes_append(out, (ByteView){ data, size }), 0);
}

static inline void put_view(Bytes *out, ByteView view)
{
    check_int(bytes_append(out, view), 0);
}

static inline void put_fill(Bytes *out, uint8_t byte, size_t size)
{
    for (size_t i = 0; i < size; i++)
        check_int(bytes_append_u8(out, byte), 0);
}

static inline void put_le(Bytes *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        check_int(bytes_append_u8(out, (uint8_t)(value >> 8 * i)), 0);
}

static inline void put_be(Bytes *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        check_int(bytes_append_u8(out, (uint8_t)(value >> 8 * (size - 1 - i))), 0);
}

static inline void put_utf16(Bytes *out, const char *text)
{
    for (; *text; text++)
        put_le(out, (uint8_t)*text, 2);
}

/* A copy in memory of exactly its size, so that a sanitizer sees the first byte read past it. */
static inline uint8_t *tight_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    check(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}
