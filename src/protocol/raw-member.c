/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over members and values by their quotes, brackets and commas alone.
 */
#include "protocol/raw-member.h"

#include <string.h>

typedef struct Walker {
    ByteView text;
    size_t at;
} Walker;

static uint8_t peek(const Walker *walker)
{
    return walker->at < walker->text.size ? walker->text.data[walker->at] : 0;
}

static void skip_space(Walker *walker)
{
    while (peek(walker) && strchr(" \t\r\n", peek(walker)))
        walker->at++;
}

/* From the opening quote to behind the closing one. */
static void skip_string(Walker *walker)
{
    for (walker->at++; walker->at < walker->text.size && peek(walker) != '"'; walker->at++)
        walker->at += peek(walker) == '\\';
    walker->at++;
}

/* To the comma or bracket that ends the value, or to the end of the text. */
static void skip_value(Walker *walker)
{
    size_t depth = 0;

    while (walker->at < walker->text.size) {
        uint8_t c = peek(walker);
        bool closes = c == '}' || c == ']';

        if (depth == 0 && (closes || c == ','))
            return;
        if (c == '"') {
            skip_string(walker);
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= closes;
        walker->at++;
    }
}

/* What lies between START and where the walker stands. */
static ByteView taken(const Walker *walker, size_t start)
{
    size_t end = MIN(walker->at, walker->text.size);

    while (end > start && strchr(" \t\r\n", walker->text.data[end - 1]))
        end--;
    return (ByteView){ .data = walker->text.data + start, .size = end - start };
}

ByteView raw_member(ByteView text, const char *name)
{
    Walker walker = { .text = text };

    skip_space(&walker);
    if (peek(&walker) != '{')
        return (ByteView){ 0 };
    do {
        walker.at++;
        skip_space(&walker);
        size_t start = walker.at;
        if (peek(&walker) != '"')
            break;
        skip_string(&walker);
        ByteView key = taken(&walker, start);
        bool is_wanted =
            key.size == strlen(name) + 2 && memcmp(key.data + 1, name, strlen(name)) == 0;
        skip_space(&walker);
        walker.at++; /* the colon */
        skip_space(&walker);
        start = MIN(walker.at, text.size);
        skip_value(&walker);
        if (is_wanted)
            return taken(&walker, start);
    } while (peek(&walker) == ',');
    return (ByteView){ 0 };
}
