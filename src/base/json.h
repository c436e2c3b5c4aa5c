/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handful of jansson helpers, all with limits: duplicate members, depth and size are refused
 * before a value is believed.
 */
#pragma once

#include "base/bytes.h"

#include <jansson.h>

#define JSON_DEPTH_LIMIT  16    /* nesting levels, spec/endpoints 6.6 */
#define JSON_VALUES_LIMIT 16384 /* values; each costs some hundred bytes once parsed */

enum {
    JSON_OK,
    JSON_E_SIZE,      /* more bytes than the limit */
    JSON_E_DEPTH,     /* nested deeper than JSON_DEPTH_LIMIT */
    JSON_E_VALUES,    /* more values than JSON_VALUES_LIMIT */
    JSON_E_DUPLICATE, /* a member name twice in one object */
    JSON_E_SYNTAX,    /* not JSON, or not an object/array at the top */
    JSON_E_MISSING,   /* member absent */
    JSON_E_TYPE,      /* member of another type, or out of range */
    JSON_E_ENCODING,  /* not strict base64url / hex */
};

/* A word for each of the above, for error texts. */
const char *json_reason(int reason);

/* Parses text of at most LIMIT bytes. RET is a new reference. Negative errno or a named no. */
_must_check_ int json_parse(ByteView text, size_t limit, json_t **ret);
/* Compact text, owned; NULL when out of memory. */
char *json_text(const json_t *json);
/* Compact text, members sorted. */
char *json_text_sorted(const json_t *json);

/* Members. JSON_OK, JSON_E_MISSING or JSON_E_TYPE. Strings and objects are borrowed. */
_must_check_ int json_get_string(const json_t *object, const char *name, const char **ret);
_must_check_ int json_get_object(const json_t *object, const char *name, json_t **ret);
_must_check_ int json_get_array(const json_t *object, const char *name, json_t **ret);
_must_check_ int json_get_bool(const json_t *object, const char *name, bool *ret);
/* Integers only, 0 to INT64_MAX. */
_must_check_ int json_get_u64(const json_t *object, const char *name, uint64_t *ret);
/* A base64url member of at most LIMIT decoded bytes; also JSON_E_ENCODING, JSON_E_SIZE. */
_must_check_ int json_get_base64url(const json_t *object, const char *name, size_t limit,
                                    Bytes *ret);
/* Sets a base64url member. -ENOMEM. */
_must_check_ int json_set_base64url(json_t *object, const char *name, ByteView bytes);
/* Sets a lower-case hex member. -ENOMEM. */
_must_check_ int json_set_hex(json_t *object, const char *name, ByteView bytes);
/* Returns the first member of OBJECT that is not in the NULL-terminated list, else NULL. */
const char *json_unknown_member(json_t *object, const char *const *known);
