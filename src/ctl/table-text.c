/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines are found by the comment in front and the volume in their first field; both have to agree.
 */
#include "ctl/table-text.h"

#include <stdio.h>
#include <string.h>

#define MAPPER    "/dev/mapper/"
#define MARK      "# attestctl volume "
#define MARK_OPEN " (behind a line without an end)" /* the text before had no last line feed */
#define FILE_MARK "# made by attestctl volume\n"    /* there was no such file */
#define BLANKS    " \t"

static size_t line_size(const char *text)
{
    const char *end = strchr(text, '\n');

    return end ? (size_t)(end - text) + 1 : strlen(text);
}

static void read_fields(const char *text, size_t size, TableLine *line)
{
    const char *end = text + size;

    for (line->n_fields = 0; line->n_fields < TABLE_FIELDS; line->n_fields++) {
        while (text < end && strchr(BLANKS "\r\n", *text))
            text++;
        const char *begin = text;
        while (text < end && !strchr(BLANKS "\r\n", *text))
            text++;
        size_t length = MIN((size_t)(text - begin), TABLE_FIELD_SIZE - 1);
        if (length == 0)
            return;
        memcpy(line->fields[line->n_fields], begin, length);
        line->fields[line->n_fields][length] = 0;
    }
}

const char *table_volume(const TableLine *line)
{
    const char *first = line->fields[0];

    return strncmp(first, MAPPER, strlen(MAPPER)) == 0 ? first + strlen(MAPPER) : first;
}

/* Does COMMENT say that the next line is VOLUME's? */
static bool is_mark(const char *comment, size_t size, const char *volume)
{
    const size_t prefix = strlen(MARK), length = strlen(volume), open = strlen(MARK_OPEN);

    if (size > 0 && comment[size - 1] == '\n')
        size--;
    if (size < prefix + length || memcmp(comment, MARK, prefix) != 0 ||
        memcmp(comment + prefix, volume, length) != 0)
        return false;
    size_t rest = size - prefix - length;
    return rest == 0 || (rest == open && memcmp(comment + prefix + length, MARK_OPEN, open) == 0);
}

bool table_next(TableCursor *cursor, TableLine *ret)
{
    while (*cursor->text) {
        const char *text = cursor->text;
        size_t size = line_size(text);
        const char *comment = cursor->comment;
        size_t blanks = strspn(text, BLANKS);
        bool is_comment = text[blanks] == '#';

        cursor->text += size;
        cursor->number++;
        cursor->comment = is_comment ? text : NULL;
        if (is_comment || blanks + strspn(text + blanks, "\r\n") >= size) {
            cursor->comment_size = is_comment ? size : 0;
            continue;
        }
        *ret = (TableLine){ .number = cursor->number };
        read_fields(text, size, ret);
        ret->is_ours = comment && is_mark(comment, cursor->comment_size, table_volume(ret));
        return true;
    }
    return false;
}

/* The option called NAME in a list with commas: where it begins, NULL when there is none. */
static const char *find_option(const char *text, const char *name)
{
    const size_t length = strlen(name);

    for (const char *p = text; *p;) {
        size_t size = strcspn(p, ",");
        if (size >= length && memcmp(p, name, length) == 0 && (size == length || p[length] == '='))
            return p;
        p += size;
        p += *p == ',' ? 1 : 0;
    }
    return NULL;
}

bool table_has_option(const char *text, const char *name)
{
    return find_option(text, name) != NULL;
}

char *table_option(const char *text, const char *name)
{
    const char *option = find_option(text, name);
    size_t length = strlen(name);

    if (!option || option[length] != '=')
        return NULL;
    return strndup(option + length + 1, strcspn(option + length + 1, ","));
}

/* Where VOLUME's comment and line stand in TEXT. */
static bool find_own(const char *text, const char *volume, size_t *ret_offset, size_t *ret_size)
{
    for (const char *p = text; *p; p += line_size(p)) {
        size_t size = line_size(p);
        TableLine line = { 0 };
        if (!is_mark(p, size, volume) || !p[size])
            continue;
        size_t own = line_size(p + size);
        read_fields(p + size, own, &line);
        if (line.n_fields > 0 && strcmp(table_volume(&line), volume) == 0) {
            *ret_offset = (size_t)(p - text);
            *ret_size = size + own;
            return true;
        }
    }
    return false;
}

char *table_with(const char *text, const char *volume, const char *line)
{
    const char *before = text ? text : FILE_MARK;
    size_t length = strlen(before), offset = length, size = 0;
    char *made = NULL;

    if (find_own(before, volume, &offset, &size)) {
        size_t mark = line_size(before + offset);
        size_t kept = offset + mark;
        return asprintf(&made, "%.*s%s\n%s", (int)kept, before, line, before + offset + size) < 0
                   ? NULL
                   : made;
    }
    bool is_open = length > 0 && before[length - 1] != '\n';
    return asprintf(&made, "%s%s" MARK "%s%s\n%s\n", before, is_open ? "\n" : "", volume,
                    is_open ? MARK_OPEN : "", line) < 0
               ? NULL
               : made;
}

char *table_without(const char *text, const char *volume)
{
    size_t offset, size;
    char *made = NULL;

    if (!find_own(text, volume, &offset, &size))
        return strdup(text);
    bool is_last = text[offset + size] == 0;
    size_t mark = line_size(text + offset) - 1, open = strlen(MARK_OPEN);
    bool was_open = mark > open && memcmp(text + offset + mark - open, MARK_OPEN, open) == 0;
    size_t kept = offset - (was_open && is_last && offset > 0 ? 1 : 0);
    return asprintf(&made, "%.*s%s", (int)kept, text, text + offset + size) < 0 ? NULL : made;
}

bool table_is_void(const char *text)
{
    return strcmp(text, FILE_MARK) == 0;
}
