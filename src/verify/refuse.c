/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings with formatted texts.
 */
#include "verify/refuse.h"

#include <stdarg.h>
#include <stdio.h>

int refuse(Findings *findings, const char *name, const char *subject, const char *wanted,
           const char *found, ...)
{
    char text[FINDING_TEXT_MAX];
    va_list arguments;

    va_start(arguments, found);
    (void)vsnprintf(text, sizeof(text), found, arguments);
    va_end(arguments);
    return findings_add(findings, name, subject, FINDING_FAILURE, text, wanted);
}

int warn(Findings *findings, const char *name, const char *subject, const char *wanted,
         const char *found, ...)
{
    char text[FINDING_TEXT_MAX];
    va_list arguments;

    va_start(arguments, found);
    (void)vsnprintf(text, sizeof(text), found, arguments);
    va_end(arguments);
    return findings_add(findings, name, subject, FINDING_WARNING, text, wanted);
}

void hex_text(ByteView bytes, char out[static HEX_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = MIN(bytes.size, (HEX_TEXT_MAX - 4) / 2);
    char *end = out;

    for (size_t i = 0; i < n; i++) {
        *end++ = digits[bytes.data[i] >> 4];
        *end++ = digits[bytes.data[i] & 15];
    }
    (void)snprintf(end, 4, "%s", n < bytes.size ? "..." : "");
}
