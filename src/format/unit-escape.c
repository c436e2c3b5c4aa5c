/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escapes as systemd 252 makes them (unit-name.c, do_escape() there).
 */
#include "format/unit-escape.h"

#include <stdio.h>
#include <string.h>

#define LETTERS      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS       "0123456789"
#define UNIT_SUFFIX  ".service"
#define UNIT_LETTERS LETTERS DIGITS ":-_.\\"

static char *escape_char(char *out, char c, bool is_first)
{
    static const char digits[] = "0123456789abcdef";

    if (c == '/') {
        *out++ = '-';
    } else if (strchr(LETTERS DIGITS ":_", c) || (c == '.' && !is_first)) {
        *out++ = c;
    } else {
        *out++ = '\\';
        *out++ = 'x';
        *out++ = digits[(unsigned char)c >> 4];
        *out++ = digits[(unsigned char)c & 15];
    }
    return out;
}

char *unit_escape(const char *text)
{
    char *escaped = malloc(strlen(text) * 4 + 1), *out = escaped;

    if (!escaped)
        return NULL;
    for (const char *c = text; *c; c++)
        out = escape_char(out, *c, c == text);
    *out = 0;
    return escaped;
}

char *unit_escape_path(const char *path)
{
    return unit_escape(strcmp(path, "/") == 0 ? path : path + 1);
}

char *unit_of_volume(const char *volume)
{
    _cleanup_free_ char *escaped = unit_escape(volume);
    char *name = NULL;

    return !escaped || asprintf(&name, "systemd-cryptsetup@%s" UNIT_SUFFIX, escaped) < 0 ? NULL
                                                                                         : name;
}

bool unit_is_service(const char *name)
{
    size_t length = strlen(name), suffix = strlen(UNIT_SUFFIX);

    if (length <= suffix || length > UNIT_NAME_LIMIT ||
        strcmp(name + length - suffix, UNIT_SUFFIX) != 0)
        return false;
    size_t stem = length - suffix, prefix = strspn(name, UNIT_LETTERS);
    if (prefix >= stem)
        return true;
    /* One "@", with something on either side. */
    return name[prefix] == '@' && prefix > 0 && prefix + 1 < stem &&
           strspn(name + prefix + 1, UNIT_LETTERS "@") == length - prefix - 1;
}
