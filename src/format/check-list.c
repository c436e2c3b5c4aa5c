/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of checks, in and out of JSON.
 */
#include "format/check-list.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void check_done(Check *check)
{
    free(check->name);
    free(check->said);
    findings_done(&check->findings);
}

void check_list_done(CheckList *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        check_done(&list->items[i]);
    free(list->items);
    *list = (CheckList){ 0 };
}

int check_list_add(CheckList *list, const char *name, const char *source, Check **ret)
{
    Check *items = reallocarray(list->items, list->n_items + 1, sizeof(list->items[0]));
    if (!items)
        return -ENOMEM;
    list->items = items;

    Check *check = &items[list->n_items];
    *check = (Check){ .name = strdup(name), .findings = { .source = source } };
    if (!check->name)
        return -ENOMEM;
    list->n_items++;
    *ret = check;
    return 0;
}

const Check *check_list_find(const CheckList *list, const char *name)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

CheckState check_state(const Check *check)
{
    if (check->is_skipped)
        return CHECK_SKIPPED;
    if (findings_first_failure(&check->findings))
        return CHECK_NO;
    return check->findings.n_items > 0 ? CHECK_WARN : CHECK_OK;
}

const char *check_state_name(CheckState state)
{
    switch (state) {
    case CHECK_OK:
        return "ok";
    case CHECK_WARN:
        return "warn";
    case CHECK_NO:
        return "no";
    case CHECK_SKIPPED:
        return "skipped";
    }
    return "?";
}

static void make_printable(char *text)
{
    for (char *c = text; *c; c++)
        if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
            *c = '?';
}

static _printf_(2, 0) int say(Check *check, const char *format, va_list arguments)
{
    char text[CHECK_SAID_MAX + 1];

    (void)vsnprintf(text, sizeof(text), format, arguments);
    make_printable(text);
    char *said = strdup(text);
    if (!said)
        return -ENOMEM;
    free(check->said);
    check->said = said;
    return 0;
}

int check_say(Check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int r = say(check, format, arguments);
    va_end(arguments);
    return r;
}

int check_skip(Check *check, const char *format, ...)
{
    va_list arguments;

    check->is_skipped = true;
    va_start(arguments, format);
    int r = say(check, format, arguments);
    va_end(arguments);
    return r;
}

/* Appends those of ALL with RESULT to CHOSEN while there is room. */
static int choose(const json_t *all, const char *result, json_t *chosen)
{
    size_t i;
    json_t *item;

    json_array_foreach (all, i, item) {
        if (strcmp(json_string_value(json_object_get(item, "result")), result) != 0 ||
            json_array_size(chosen) >= CHECK_FINDINGS_MAX)
            continue;
        if (json_array_append(chosen, item) < 0)
            return -ENOMEM;
    }
    return 0;
}

static json_t *findings_chosen(const Findings *findings)
{
    json_auto_t *all = findings_to_json(findings), *chosen = json_array();

    if (!all || !chosen || choose(all, "failure", chosen) < 0 || choose(all, "warning", chosen) < 0)
        return NULL;
    return TAKE_PTR(chosen);
}

/* Beside findings it would say that there are none. */
static const char *said_of(const Check *check)
{
    CheckState state = check_state(check);

    return check->said && (state == CHECK_OK || state == CHECK_SKIPPED) ? check->said : "";
}

json_t *check_list_to_json(const CheckList *list)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < list->n_items; i++) {
        const Check *check = &list->items[i];
        json_t *item = json_pack("{ss ss ss so}", "check", check->name, "result",
                                 check_state_name(check_state(check)), "said", said_of(check),
                                 "findings", findings_chosen(&check->findings));
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static bool name_is_valid(const char *name)
{
    size_t length = strlen(name);

    for (const char *c = name; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
            return false;
    return length > 0 && length <= CHECK_NAME_MAX;
}

/* As it was said, and so it must come out of what is read. */
static bool result_is(const Check *check, const char *result)
{
    return strcmp(check_state_name(check_state(check)), result) == 0;
}

static int read_check(CheckList *list, json_t *item)
{
    static const char *const known[] = { "check", "result", "said", "findings", NULL };
    const char *name, *result, *said;
    json_t *findings;
    Check *check;

    if (!json_is_object(item) || json_unknown_member(item, known) ||
        json_get_string(item, "check", &name) || json_get_string(item, "result", &result) ||
        json_get_string(item, "said", &said) || json_get_array(item, "findings", &findings) ||
        !name_is_valid(name) || check_list_find(list, name))
        return JSON_E_TYPE;
    if (strlen(said) > CHECK_SAID_MAX || json_array_size(findings) > CHECK_FINDINGS_MAX)
        return JSON_E_SIZE;
    int r = check_list_add(list, name, NULL, &check);
    if (r == 0)
        r = check_say(check, "%s", said);
    if (r < 0)
        return r;
    check->is_skipped = strcmp(result, "skipped") == 0;
    r = findings_from_json(&check->findings, findings);
    if (r)
        return r;
    return result_is(check, result) ? JSON_OK : JSON_E_TYPE;
}

int check_list_from_json(CheckList *list, const json_t *array)
{
    size_t i;
    json_t *item;

    if (!json_is_array(array))
        return JSON_E_TYPE;
    if (json_array_size(array) > CHECK_LIST_MAX)
        return JSON_E_SIZE;
    json_array_foreach (array, i, item) {
        int r = read_check(list, item);
        if (r)
            return r;
    }
    return JSON_OK;
}
