/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests about secrets with one thing changed, and what is said of them.
 */
#pragma once

#include "request-sample.h"

#include <stdio.h>
#include <string.h>

typedef int Parse(const json_t *json, const FdList *given, const char **member);

typedef struct Change {
    const char *path, *value; /* JSON text; "" removes the member */
    int reason;
    const char *member; /* NULL: the path */
} Change;

/* "gate.name" → the member "name" of the object "gate". */
static inline void change_member(json_t *request, const char *path, const char *value)
{
    const char *dot = strchr(path, '.'), *name = dot ? dot + 1 : path;
    char parent[64] = "";
    json_t *object = request;

    if (dot) {
        (void)snprintf(parent, sizeof(parent), "%.*s", (int)(dot - path), path);
        object = json_object_get(request, parent);
    }
    if (*value)
        check(json_object_set_new(object, name, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    else
        check(json_object_del(object, name) == 0);
}

static inline void check_changes(json_t *(*sample)(void), Parse *parse, const FdList *given,
                                 const Change *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_auto_t *json = sample();
        const char *member = NULL;
        const char *wanted = changes[i].member ? changes[i].member : changes[i].path;
        change_member(json, changes[i].path, changes[i].value);
        int r = parse(json, given, &member);
        if (r != changes[i].reason || (r > 0 && (!member || strcmp(member, wanted) != 0)))
            (void)printf("  %s = %s: %s at %s\n", changes[i].path, changes[i].value,
                         request_reason(r), member ? member : "nowhere");
        check_int(r, changes[i].reason);
        if (r > 0)
            check_str(member, wanted);
    }
}
