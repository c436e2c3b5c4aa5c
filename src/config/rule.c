/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a Require= rule.
 */
#include "config/rule.h"

#include <errno.h>
#include <string.h>

void rule_done(Rule *rule)
{
    free(rule->pointer);
    json_decref(rule->value);
    *rule = (Rule){ 0 };
}

/* RFC 6901: "/" begins every token; "~" is followed by 0 or 1. */
static bool is_pointer(const char *text, size_t size)
{
    if (size < 2 || text[0] != '/')
        return false;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '~' && text[i + 1] != '0' && text[i + 1] != '1')
            return false;
    return true;
}

/* A JSON string, integer or boolean as written; any other text stands for itself. */
static json_t *rule_value(const char *text)
{
    json_auto_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

    if (json_is_integer(value) || json_is_boolean(value) || json_is_string(value))
        return TAKE_PTR(value);
    return json_string(text);
}

int rule_parse(const char *text, Rule *ret)
{
    static const char *const operators[] = { "=", "!=", ">=", "<=", "contains" };
    size_t pointer = strcspn(text, " ");
    const char *operator= text + pointer + strspn(text + pointer, " ");
    size_t operator_size = strcspn(operator, " ");
    const char *value = operator+ operator_size + strspn(operator+ operator_size, " ");
    _cleanup_rule_ Rule rule = { 0 };

    if (!is_pointer(text, pointer))
        return RULE_E_POINTER;
    for (size_t i = 0; i < ELEMENTSOF(operators); i++)
        if (strlen(operators[i]) == operator_size &&
            memcmp(operators[i], operator, operator_size) == 0)
            rule.operation = operators[i];
    if (!rule.operation)
        return RULE_E_OPERATOR;
    if (!*value)
        return RULE_E_VALUE;

    rule.pointer = strndup(text, pointer);
    rule.value = rule_value(value);
    if (!rule.pointer || !rule.value)
        return -ENOMEM;
    bool is_ordered = rule.operation[0] == '>' || rule.operation[0] == '<';
    if (is_ordered && !json_is_integer(rule.value))
        return RULE_E_VALUE;
    *ret = TAKE_STRUCT(rule);
    return RULE_OK;
}
