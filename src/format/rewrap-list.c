/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of what is to be wrapped anew, both directions.
 */
#include "format/rewrap-list.h"

#include <errno.h>
#include <string.h>

void rewrap_list_done(RewrapList *list)
{
    for (size_t i = 0; i < list->n_jwes; i++)
        free(list->jwes[i]);
    *list = (RewrapList){ 0 };
}

int rewrap_list_add(RewrapList *list, const char *jwe)
{
    if (!jwe_text_is_valid(jwe))
        return -EINVAL;
    if (list->n_jwes == REWRAP_LIST_MAX)
        return -ENOBUFS;

    char *copy = strdup(jwe);
    if (!copy)
        return -ENOMEM;
    list->jwes[list->n_jwes++] = copy;
    return 0;
}

int rewrap_list_emit(const RewrapList *list, Bytes *ret)
{
    json_auto_t *array = json_array();

    if (list->n_jwes == 0)
        return -EINVAL;
    for (size_t i = 0; array && i < list->n_jwes; i++)
        if (json_array_append_new(array, json_string(list->jwes[i])) < 0)
            return -ENOMEM;
    char *text = array ? json_text(array) : NULL;
    if (!text)
        return -ENOMEM;
    *ret = (Bytes){ .data = (uint8_t *)text, .size = strlen(text) };
    return 0;
}

static int take(const json_t *item, RewrapList *list)
{
    const char *jwe = json_string_value(item);

    if (!jwe || strlen(jwe) != json_string_length(item) || !jwe_text_is_valid(jwe))
        return REWRAP_LIST_E_JWE;
    for (size_t i = 0; i < list->n_jwes; i++)
        if (strcmp(list->jwes[i], jwe) == 0)
            return REWRAP_LIST_E_TWICE;
    return rewrap_list_add(list, jwe);
}

int rewrap_list_parse(ByteView json, RewrapList *ret)
{
    _cleanup_rewrap_list_ RewrapList list = { 0 };
    json_auto_t *array = NULL;
    size_t i;
    json_t *item;

    int r = json_parse(json, REWRAP_LIST_SIZE_MAX, &array);
    if (r < 0)
        return r;
    if (r == JSON_E_SIZE)
        return REWRAP_LIST_E_SIZE;
    if (r || !json_is_array(array))
        return REWRAP_LIST_E_SYNTAX;
    if (json_array_size(array) == 0 || json_array_size(array) > REWRAP_LIST_MAX)
        return REWRAP_LIST_E_SIZE;
    json_array_foreach (array, i, item) {
        r = take(item, &list);
        if (r)
            return r;
    }
    *ret = TAKE_STRUCT(list);
    return REWRAP_LIST_OK;
}
