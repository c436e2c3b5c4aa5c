/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of crypttab(5) and fstab(5): fields by lines, and one line of ours put in and taken out,
 * with every other byte as it was. A comment in front says that a line is ours. Pure.
 */
#pragma once

#include "base/macro.h"

#define TABLE_FIELD_SIZE 1024 /* bytes, NUL included; a longer one is cut */
#define TABLE_FIELDS     4    /* that are looked at: name, device, key, options, and fstab's */

typedef struct TableLine {
    size_t number; /* from 1 */
    char fields[TABLE_FIELDS][TABLE_FIELD_SIZE];
    size_t n_fields;
    bool is_ours; /* the comment in front names its volume */
} TableLine;

/* Where one reads. Begin with the text and zeros. */
typedef struct TableCursor {
    const char *text; /* what is left */
    size_t number;
    const char *comment; /* the line before; NULL: it was none */
    size_t comment_size;
} TableCursor;

/* The next line that is neither empty nor a comment; false behind the last. */
bool table_next(TableCursor *cursor, TableLine *ret);

/* The volume of a first field: "data" of "data" and of "/dev/mapper/data". */
const char *table_volume(const TableLine *line);
/* Is NAME among the options of TEXT, with a value or without? */
bool table_has_option(const char *text, const char *name);
/* The value of option NAME, owned; NULL when it is not there, or out of memory. */
char *table_option(const char *text, const char *name);

/*
 * TEXT (NULL: there is no such file) with LINE, without a line feed, as VOLUME's; one of ours that
 * is there is replaced. Owned; NULL when out of memory.
 */
char *table_with(const char *text, const char *volume, const char *line);
/* TEXT without it: what was before table_with(). Owned; NULL when out of memory. */
char *table_without(const char *text, const char *volume);
/* Is this all that is left of a file that table_with() began? */
bool table_is_void(const char *text);
