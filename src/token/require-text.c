/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Require= rules as people write them and as worker requests carry them.
 */
#include "token/require.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const operator_names[] = {
    [REQUIRE_EQUAL] = "=",    [REQUIRE_NOT_EQUAL] = "!=",      [REQUIRE_AT_LEAST] = ">=",
    [REQUIRE_AT_MOST] = "<=", [REQUIRE_CONTAINS] = "contains",
};

static const char blanks[] = " \t";

const char *require_operator_name(RequireOperator operation)
{
    return operator_names[operation];
}

static int find_operator(const char *text, size_t size, RequireOperator *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(operator_names); i++)
        if (strlen(operator_names[i]) == size && strncmp(operator_names[i], text, size) == 0) {
            *ret = (RequireOperator)i;
            return REQUIRE_OK;
        }
    return REQUIRE_E_OPERATOR;
}

static bool is_utf8(const char *text)
{
    json_t *string = json_string(text);
    bool is_valid = string != NULL;

    json_decref(string);
    return is_valid;
}

/* "/", and every "~" followed by 0 or 1 (RFC 6901 3). */
static bool pointer_is_valid(const char *pointer)
{
    if (*pointer != '/' || !is_utf8(pointer))
        return false;
    for (const char *c = pointer; *c; c++)
        if (*c == '~' && c[1] != '0' && c[1] != '1')
            return false;
    return true;
}

static bool value_suits(RequireOperator operation, const json_t *value)
{
    bool is_text =
        json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
    bool is_scalar =
        is_text || json_is_integer(value) || json_is_boolean(value) || json_is_null(value);

    switch (operation) {
    case REQUIRE_EQUAL:
    case REQUIRE_NOT_EQUAL:
        return is_scalar;
    case REQUIRE_AT_LEAST:
    case REQUIRE_AT_MOST:
        return json_is_integer(value);
    case REQUIRE_CONTAINS:
        return is_scalar && !(is_text && json_string_length(value) == 0);
    }
    return false;
}

/* Takes VALUE over in every case. */
static int require_new(const char *pointer, RequireOperator operation, json_t *value, Require *ret)
{
    _cleanup_require_ Require require = { .operation = operation, .value = value };

    if (!pointer_is_valid(pointer))
        return REQUIRE_E_POINTER;
    if (!value_suits(operation, value))
        return REQUIRE_E_VALUE;
    require.pointer = strdup(pointer);
    if (!require.pointer)
        return -ENOMEM;
    *ret = TAKE_STRUCT(require);
    return REQUIRE_OK;
}

/* A JSON literal is what it says; anything else is text. NULL: no memory, or not UTF-8. */
static json_t *value_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

    return value ? value : json_string(text);
}

/* The word behind the blanks at AT; RET_SIZE is 0 at the end. */
static const char *next_word(const char *at, size_t *ret_size)
{
    at += strspn(at, blanks);
    *ret_size = strcspn(at, blanks);
    return at;
}

static int parse_value(const char *text, const char *end, json_t **ret)
{
    while (end > text && strchr(blanks, end[-1]))
        end--;
    _cleanup_free_ char *trimmed = strndup(text, (size_t)(end - text));
    if (!trimmed)
        return -ENOMEM;
    json_t *value = *trimmed ? value_of(trimmed) : NULL;
    if (!value)
        return REQUIRE_E_VALUE;
    *ret = value;
    return REQUIRE_OK;
}

int require_parse(const char *text, Require *ret)
{
    const char *end = text + strlen(text);
    RequireOperator operation;
    json_t *value;
    size_t size;

    if (end - text > REQUIRE_TEXT_MAX)
        return REQUIRE_E_SIZE;
    text += strspn(text, blanks);
    if (*text != '/')
        return REQUIRE_E_POINTER;

    /* The pointer may have spaces in it, so the first operator ends it. */
    const char *behind = text + strcspn(text, blanks);
    const char *word = next_word(behind, &size);
    while (size > 0 && find_operator(word, size, &operation) != REQUIRE_OK) {
        behind = word + size;
        word = next_word(behind, &size);
    }
    if (size == 0)
        return REQUIRE_E_OPERATOR;
    _cleanup_free_ char *pointer = strndup(text, (size_t)(behind - text));
    if (!pointer)
        return -ENOMEM;

    const char *rest = word + size;
    int r = parse_value(rest + strspn(rest, blanks), end, &value);
    if (r)
        return r;
    return require_new(pointer, operation, value, ret);
}

int require_from_json(const json_t *object, Require *ret)
{
    const char *pointer;
    const char *name;
    RequireOperator operation;

    if (!json_is_object(object) || json_object_size(object) != 3 ||
        json_get_string(object, "pointer", &pointer) != JSON_OK)
        return REQUIRE_E_POINTER;
    if (json_get_string(object, "operator", &name) != JSON_OK ||
        find_operator(name, strlen(name), &operation) != REQUIRE_OK)
        return REQUIRE_E_OPERATOR;
    if (strlen(pointer) > REQUIRE_TEXT_MAX)
        return REQUIRE_E_SIZE;
    json_t *value = json_object_get(object, "value");
    if (!value)
        return REQUIRE_E_VALUE;
    return require_new(pointer, operation, json_incref(value), ret);
}

json_t *require_to_json(const Require *require)
{
    return json_pack("{s:s, s:s, s:O}", "pointer", require->pointer, "operator",
                     require_operator_name(require->operation), "value", require->value);
}

char *require_text(const Require *require)
{
    _cleanup_free_ char *value = json_text(require->value);
    char *text = NULL;

    if (!value || asprintf(&text, "%s %s %s", require->pointer,
                           require_operator_name(require->operation), value) < 0)
        return NULL;
    return text;
}
