/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer shape of a compact JWE.
 */
#include "format/jwe-text.h"

#include <string.h>

#define PARTS 5

bool jwe_text_is_valid(const char *text)
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    if (strnlen(text, JWE_TEXT_MAX + 1) > JWE_TEXT_MAX)
        return false;
    for (int part = 1; part <= PARTS; part++) {
        size_t length = strspn(text, characters);
        text += length;
        if (length == 0 || *text != (part < PARTS ? '.' : 0))
            return false;
        text++;
    }
    return true;
}
