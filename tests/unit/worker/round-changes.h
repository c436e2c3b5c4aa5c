/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round request with one thing changed, parsed as it came.
 */
#pragma once

#include "request-sample.h"

static const FdList no_fds;

static inline int parse_round(const json_t *json, const FdList *given, RoundRequest **ret,
                              const char **member)
{
    _cleanup_free_ char *text = json_text(json);

    check(text);
    return round_request_parse(view_of_string(text), given, ret, member);
}

/* JSON text as a value; "" removes the member. */
static inline void change(json_t *request, const char *path, const char *value)
{
    const char *name;
    json_t *object = sample_find(request, path, &name);

    if (!*value) {
        check(json_object_del(object, name) == 0);
        return;
    }
    check(json_object_set_new(object, name, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
}
