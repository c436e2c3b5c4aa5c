/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Require= rules, evaluated. How they are written is in require-text.c.
 */
#include "token/require.h"

#include <string.h>

const char *require_reason(int reason)
{
    switch (reason) {
    case REQUIRE_OK:
        return "ok";
    case REQUIRE_E_POINTER:
        return "not a JSON pointer: it begins with / and has only ~0 and ~1";
    case REQUIRE_E_OPERATOR:
        return "no operator: one of = != >= <= contains, with spaces around it";
    case REQUIRE_E_VALUE:
        return "no value, or one that does not go with the operator";
    case REQUIRE_E_SIZE:
        return "too long";
    case REQUIRE_E_ABSENT:
        return "the claim is absent";
    case REQUIRE_E_UNMET:
        return "the claim says something else";
    }
    return "unknown";
}

void require_done(Require *require)
{
    free(require->pointer);
    json_decref(require->value);
    *require = (Require){ 0 };
}

/* The member whose name is this reference token, unescaped (RFC 6901 4). */
static const json_t *member(const json_t *object, const char *token, size_t size)
{
    char name[REQUIRE_TEXT_MAX + 1];
    size_t n = 0;

    if (size > REQUIRE_TEXT_MAX)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        bool is_escape = token[i] == '~' && i + 1 < size;
        if (is_escape)
            i++;
        name[n++] = !is_escape ? token[i] : token[i] == '0' ? '~' : '/';
    }
    name[n] = 0;
    return json_object_get(object, name);
}

/* Digits without a leading zero (RFC 6901 4). */
static const json_t *element(const json_t *array, const char *token, size_t size)
{
    size_t index = 0;

    if (size == 0 || size > 9 || (size > 1 && token[0] == '0'))
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (token[i] < '0' || token[i] > '9')
            return NULL;
        index = index * 10 + (size_t)(token[i] - '0');
    }
    return json_array_get(array, index);
}

const json_t *require_resolve(const json_t *json, const char *pointer)
{
    while (json && *pointer) {
        if (*pointer++ != '/')
            return NULL;
        size_t size = strcspn(pointer, "/");
        json = json_is_object(json)  ? member(json, pointer, size)
               : json_is_array(json) ? element(json, pointer, size)
                                     : NULL;
        pointer += size;
    }
    return json;
}

static bool contains(const json_t *found, const json_t *value)
{
    const json_t *item;
    size_t i;

    if (json_is_string(found) && json_is_string(value))
        return json_string_length(value) > 0 &&
               memmem(json_string_value(found), json_string_length(found), json_string_value(value),
                      json_string_length(value)) != NULL;
    json_array_foreach (found, i, item)
        if (json_equal(item, value))
            return true;
    return false;
}

static bool is_met(const Require *require, const json_t *found)
{
    bool both_integers = json_is_integer(found) && json_is_integer(require->value);

    switch (require->operation) {
    case REQUIRE_EQUAL:
        return json_equal(found, require->value);
    case REQUIRE_NOT_EQUAL:
        /* Another type is not "unequal", it is not what the rule is about. */
        return json_typeof(found) == json_typeof(require->value) ||
                       (json_is_boolean(found) && json_is_boolean(require->value))
                   ? !json_equal(found, require->value)
                   : false;
    case REQUIRE_AT_LEAST:
        return both_integers && json_integer_value(found) >= json_integer_value(require->value);
    case REQUIRE_AT_MOST:
        return both_integers && json_integer_value(found) <= json_integer_value(require->value);
    case REQUIRE_CONTAINS:
        return contains(found, require->value);
    }
    return false;
}

int require_evaluate(const Require *require, const json_t *claims, const json_t **ret_found)
{
    const json_t *found = require_resolve(claims, require->pointer);

    if (ret_found)
        *ret_found = found;
    if (!found)
        return REQUIRE_E_ABSENT;
    return is_met(require, found) ? REQUIRE_OK : REQUIRE_E_UNMET;
}
