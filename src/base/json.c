/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded use of jansson.
 */
#include "base/json.h"

#include "base/encode.h"

#include <errno.h>
#include <string.h>

const char *json_reason(int reason)
{
    switch (reason) {
    case JSON_OK:
        return "ok";
    case JSON_E_SIZE:
        return "too large";
    case JSON_E_DEPTH:
        return "nested too deeply";
    case JSON_E_VALUES:
        return "too many values";
    case JSON_E_DUPLICATE:
        return "a member name occurs twice";
    case JSON_E_SYNTAX:
        return "not a JSON object or array";
    case JSON_E_MISSING:
        return "member missing";
    case JSON_E_TYPE:
        return "member of the wrong type or out of range";
    case JSON_E_ENCODING:
        return "not strict base64url";
    }
    return "unknown";
}

/* Counts brackets and commas outside strings, before a recursive and generous parser sees them. */
static int judge_shape(ByteView text)
{
    size_t depth = 0, n_values = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool opens = c == '{' || c == '[';

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        if (in_string || c == '"')
            continue;
        if (opens && ++depth > JSON_DEPTH_LIMIT)
            return JSON_E_DEPTH;
        if ((opens || c == ',') && ++n_values > JSON_VALUES_LIMIT)
            return JSON_E_VALUES;
        if ((c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return JSON_OK;
}

int json_parse(ByteView text, size_t limit, json_t **ret)
{
    json_error_t error;

    if (text.size > limit)
        return JSON_E_SIZE;
    if (text.size == 0)
        return JSON_E_SYNTAX;
    int r = judge_shape(text);
    if (r)
        return r;

    json_t *json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (json) {
        *ret = json;
        return JSON_OK;
    }

    switch (json_error_code(&error)) {
    case json_error_out_of_memory:
        return -ENOMEM;
    case json_error_duplicate_key:
        return JSON_E_DUPLICATE;
    default: /* jansson's enum, not ours */
        return JSON_E_SYNTAX;
    }
}

char *json_text(const json_t *json)
{
    return json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
}

char *json_text_sorted(const json_t *json)
{
    return json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

int json_get_string(const json_t *object, const char *name, const char **ret)
{
    const json_t *value = json_object_get(object, name);

    if (!value)
        return JSON_E_MISSING;
    /* An embedded NUL would be cut off by every C reader of the string. */
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return JSON_E_TYPE;
    *ret = json_string_value(value);
    return JSON_OK;
}

int json_get_object(const json_t *object, const char *name, json_t **ret)
{
    json_t *value = json_object_get(object, name);

    if (!value)
        return JSON_E_MISSING;
    if (!json_is_object(value))
        return JSON_E_TYPE;
    *ret = value;
    return JSON_OK;
}

int json_get_array(const json_t *object, const char *name, json_t **ret)
{
    json_t *value = json_object_get(object, name);

    if (!value)
        return JSON_E_MISSING;
    if (!json_is_array(value))
        return JSON_E_TYPE;
    *ret = value;
    return JSON_OK;
}

int json_get_bool(const json_t *object, const char *name, bool *ret)
{
    const json_t *value = json_object_get(object, name);

    if (!value)
        return JSON_E_MISSING;
    if (!json_is_boolean(value))
        return JSON_E_TYPE;
    *ret = json_is_true(value);
    return JSON_OK;
}

int json_get_u64(const json_t *object, const char *name, uint64_t *ret)
{
    const json_t *value = json_object_get(object, name);

    if (!value)
        return JSON_E_MISSING;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return JSON_E_TYPE;
    *ret = (uint64_t)json_integer_value(value);
    return JSON_OK;
}

int json_get_base64url(const json_t *object, const char *name, size_t limit, Bytes *ret)
{
    const char *text;
    int r = json_get_string(object, name, &text);
    if (r)
        return r;

    ByteView view = view_of_string(text);
    if (view.size > limit / 3 * 4 + 4)
        return JSON_E_SIZE;

    _cleanup_bytes_ Bytes bytes = { 0 };
    r = base64url_decode(view, &bytes);
    if (r)
        return r < 0 ? r : JSON_E_ENCODING;
    if (bytes.size > limit)
        return JSON_E_SIZE;
    *ret = TAKE_STRUCT(bytes);
    return JSON_OK;
}

int json_set_base64url(json_t *object, const char *name, ByteView bytes)
{
    _cleanup_free_ char *text = base64url_encode(bytes);

    if (!text || json_object_set_new(object, name, json_string(text)) < 0)
        return -ENOMEM;
    return 0;
}

int json_set_hex(json_t *object, const char *name, ByteView bytes)
{
    _cleanup_free_ char *text = hex_encode(bytes);

    if (!text || json_object_set_new(object, name, json_string(text)) < 0)
        return -ENOMEM;
    return 0;
}

const char *json_unknown_member(json_t *object, const char *const *known)
{
    const char *name;
    json_t *value;

    json_object_foreach (object, name, value) {
        const char *const *k = known;
        while (*k && strcmp(*k, name) != 0)
            k++;
        if (!*k)
            return name;
    }
    return NULL;
}
