/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows, escapes, and values of JSON as text.
 */
#include "ctl/show.h"

#include "ctl/output.h"
#include "format/tpm-alg.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define LABEL_WIDTH 16
#define DEPTH_MAX   8 /* of nested objects that are shown; JSON has the rest */
#define NAME_SIZE   128

void show_text_on(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c >= 0x20 && *c < 0x7f)
            (void)fputc(*c, out);
        else
            (void)fprintf(out, "\\x%02x", *c);
}

void show_text(const char *text)
{
    show_text_on(stdout, text);
}

void show_heading(const char *text)
{
    (void)fputs(output_tone(TONE_BOLD), stdout);
    show_text(text);
    (void)printf("%s\n", output_reset());
}

void show_row(const char *label, const char *text)
{
    (void)printf("%s%*s%s%s ", output_tone(TONE_DIM), LABEL_WIDTH, label, *label ? ":" : " ",
                 output_reset());
    show_text(text);
    (void)putchar('\n');
}

void show_rowf(const char *label, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0)
        text = NULL; /* undefined then */
    show_row(label, text ? text : "?");
}

const json_t *show_at(const json_t *object, const char *path)
{
    char name[NAME_SIZE];

    while (object && *path) {
        size_t n = strcspn(path, ".");
        if (n >= sizeof(name))
            return NULL;
        memcpy(name, path, n);
        name[n] = 0;
        object = json_object_get(object, name);
        path += n + (path[n] == '.' ? 1 : 0);
    }
    return object;
}

const char *show_string(const json_t *object, const char *path)
{
    const char *text = json_string_value(show_at(object, path));

    return text ? text : "";
}

bool show_is_true(const json_t *object, const char *path)
{
    return json_is_true(show_at(object, path));
}

/* Owned text of a value that is no object and no list; NULL for those, and for nothing. */
static char *scalar_text(const json_t *value)
{
    char *text = NULL;

    if (json_is_string(value))
        return strdup(json_string_value(value));
    if (json_is_boolean(value))
        return strdup(json_is_true(value) ? "yes" : "no");
    if (json_is_integer(value))
        return asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0 ? NULL
                                                                                       : text;
    return NULL;
}

/* "a, b, c"; what has no text of its own is left out. */
static char *list_text(const json_t *array)
{
    char *text = NULL;
    size_t size = 0, i;
    json_t *item;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return NULL;
    json_array_foreach (array, i, item) {
        _cleanup_free_ char *part = scalar_text(item);
        if (part)
            (void)fprintf(stream, "%s%s", i > 0 ? ", " : "", part);
    }
    (void)fclose(stream);
    return text;
}

static bool is_list_of_scalars(const json_t *array)
{
    size_t i;
    json_t *item;

    json_array_foreach (array, i, item)
        if (json_is_object(item) || json_is_array(item))
            return false;
    return json_is_array(array);
}

static char *value_text(const json_t *value)
{
    if (is_list_of_scalars(value))
        return list_text(value);
    if (json_is_object(value) || json_is_array(value))
        return json_text(value);
    return scalar_text(value);
}

void show_field(const json_t *object, const char *label, const char *path)
{
    _cleanup_free_ char *text = value_text(show_at(object, path));

    if (text && *text)
        show_row(label, text);
}

void show_registers_text(const json_t *numbers, char out[static SHOW_REGISTERS_SIZE])
{
    size_t used = 0, n = json_array_size(numbers), next;

    out[0] = 0;
    for (size_t i = 0; i < n && used < SHOW_REGISTERS_SIZE; i = next) {
        json_int_t first = json_integer_value(json_array_get(numbers, i)), last = first;
        for (next = i + 1; next < n && last < TPM_PCR_COUNT; next++, last++)
            if (json_integer_value(json_array_get(numbers, next)) != last + 1)
                break;
        used += (size_t)snprintf(out + used, SHOW_REGISTERS_SIZE - used, "%s%lld",
                                 i > 0 ? ", " : "", (long long)first);
        if (last > first && used < SHOW_REGISTERS_SIZE)
            used += (size_t)snprintf(out + used, SHOW_REGISTERS_SIZE - used, "%s%lld",
                                     last > first + 1 ? "-" : ", ", (long long)last);
    }
}

/* Nested members are named by their path: no indentation can be mistaken for content. */
static void show_members(const json_t *object, const char *prefix, unsigned depth)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
        _cleanup_free_ char *label = NULL;
        if (asprintf(&label, "%s%s%s", prefix, *prefix ? "." : "", name) < 0)
            label = NULL;
        if (!label)
            return;
        if (json_is_object(value) && depth < DEPTH_MAX) {
            show_members(value, label, depth + 1);
            continue;
        }
        _cleanup_free_ char *text = value_text(value);
        if (!text || !*text)
            continue;
        (void)fputs("  ", stdout);
        show_text(label);
        (void)fputs(" = ", stdout);
        show_text(text);
        (void)putchar('\n');
    }
}

void show_tree(const json_t *object)
{
    show_members(object, "", 0);
}

/* A number, or a text such as "0x3001f". */
static bool number_at(const json_t *object, const char *path, uint64_t *ret)
{
    const json_t *value = show_at(object, path);
    char *end;

    if (json_is_integer(value)) {
        *ret = (uint64_t)json_integer_value(value);
        return true;
    }
    if (!json_is_string(value))
        return false;
    *ret = strtoull(json_string_value(value), &end, 16);
    return *json_string_value(value) && !*end;
}

void show_bits(const json_t *object, const char *label, const char *path, const ShowBit *bits,
               size_t n_bits, uint64_t other_mask)
{
    uint64_t number, known = other_mask;

    if (!number_at(object, path, &number))
        return;
    show_field(object, label, path);
    for (size_t i = 0; i < n_bits; i++) {
        uint64_t mask = UINT64_C(1) << bits[i].bit;
        const char *text = number & mask ? bits[i].set : bits[i].clear;
        known |= mask;
        if (text)
            show_row("", text);
    }
    if (number & ~known)
        show_rowf("", "bits of no known meaning: 0x%" PRIx64, number & ~known);
}
