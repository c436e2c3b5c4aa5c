/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict hex, base64 and base64url.
 */
#include "base/encode.h"

#include <errno.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *hex_encode(ByteView bytes)
{
    if (bytes.size > (SIZE_MAX - 1) / 2)
        return NULL;

    char *text = malloc(bytes.size * 2 + 1);
    if (!text)
        return NULL;

    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = hex_digits[bytes.data[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes.data[i] & 15];
    }
    text[bytes.size * 2] = 0;
    return text;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hex_decode(const char *text, Bytes *ret)
{
    size_t length = strlen(text);
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (length % 2 != 0)
        return ENCODE_E_LENGTH;
    int r = bytes_new(length / 2, &bytes);
    if (r < 0)
        return r;

    for (size_t i = 0; i < bytes.size; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return ENCODE_E_CHARACTER;
        bytes.data[i] = (uint8_t)(high << 4 | low);
    }
    *ret = TAKE_STRUCT(bytes);
    return ENCODE_OK;
}

static char *encode64(ByteView bytes, const char *digits, bool padded)
{
    if (bytes.size > SIZE_MAX / 2)
        return NULL;

    char *text = malloc((bytes.size + 2) / 3 * 4 + 1);
    if (!text)
        return NULL;

    char *out = text;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t n = MIN(bytes.size - i, 3);
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        if (n > 1)
            group |= (uint32_t)bytes.data[i + 1] << 8;
        if (n > 2)
            group |= bytes.data[i + 2];
        for (size_t k = 0; k < 4; k++)
            if (k <= n)
                *out++ = digits[group >> (18 - 6 * k) & 63];
            else if (padded)
                *out++ = '=';
    }
    *out = 0;
    return text;
}

char *base64_encode(ByteView bytes)
{
    return encode64(bytes, base64_digits, true);
}

char *base64url_encode(ByteView bytes)
{
    return encode64(bytes, base64url_digits, false);
}

#define NO_DIGIT 0xff

static void fill_values(const char *digits, uint8_t values[static 256])
{
    memset(values, NO_DIGIT, 256);
    for (uint8_t i = 0; i < 64; i++)
        values[(uint8_t)digits[i]] = i;
}

/* TEXT holds digits only, no padding. */
static int decode64(ByteView text, const char *digits, Bytes *ret)
{
    uint8_t values[256];
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (text.size % 4 == 1)
        return ENCODE_E_LENGTH;
    int r = bytes_new(text.size / 4 * 3 + (text.size % 4 ? text.size % 4 - 1 : 0), &bytes);
    if (r < 0)
        return r;

    fill_values(digits, values);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t value = values[text.data[i]];
        if (value == NO_DIGIT)
            return ENCODE_E_CHARACTER;
        bits = bits << 6 | value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            bytes.data[n++] = (uint8_t)(bits >> n_bits);
            bits &= (1U << n_bits) - 1;
        }
    }
    if (bits != 0)
        return ENCODE_E_TRAILING_BITS;
    *ret = TAKE_STRUCT(bytes);
    return ENCODE_OK;
}

int base64url_decode(ByteView text, Bytes *ret)
{
    return decode64(text, base64url_digits, ret);
}

int base64_decode(ByteView text, Bytes *ret)
{
    if (text.size % 4 != 0)
        return ENCODE_E_LENGTH;
    for (int i = 0; i < 2 && text.size > 0 && text.data[text.size - 1] == '='; i++)
        text.size--;
    return decode64(text, base64_digits, ret);
}
