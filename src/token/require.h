/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Require= rules: "/submods/cpu/facts/debug = false". A JSON pointer (RFC 6901) into a token's
 * claims, an operator and a value. They only ever add to the built-in floor.
 */
#pragma once

#include "base/json.h"

typedef enum RequireOperator {
    REQUIRE_EQUAL,     /* =         same type and value */
    REQUIRE_NOT_EQUAL, /* !=        there, and not so */
    REQUIRE_AT_LEAST,  /* >=        integers */
    REQUIRE_AT_MOST,   /* <=        integers */
    REQUIRE_CONTAINS,  /* contains  array with this element, or text with this part */
} RequireOperator;

/* Owned. Zeroed is empty. */
typedef struct Require {
    char *pointer;
    RequireOperator operation;
    json_t *value; /* string, integer, boolean or null */
} Require;

enum {
    REQUIRE_OK,
    REQUIRE_E_POINTER,  /* rule: does not begin with "/", a bad "~" escape, or not UTF-8 */
    REQUIRE_E_OPERATOR, /* rule: none of the operators, or it stands alone */
    REQUIRE_E_VALUE,    /* rule: missing, an array, object or real number, or unfit for operator */
    REQUIRE_E_SIZE,     /* rule: longer than REQUIRE_TEXT_MAX */
    REQUIRE_E_ABSENT,   /* evaluation: nothing is there; this satisfies no operator, != included */
    REQUIRE_E_UNMET,    /* evaluation: something else is there */
};

#define REQUIRE_TEXT_MAX 1024 /* bytes of one rule */
#define REQUIRE_MAX      64   /* rules of one verifier section */

/* A word for each of the above, for error texts. */
const char *require_reason(int reason);
/* "=", "contains", … */
const char *require_operator_name(RequireOperator operation);

void require_done(Require *require);
#define _cleanup_require_ _cleanup_(require_done)

/*
 * Reads the text form: pointer, operator and value with white space between. The pointer ends at
 * the first operator that stands alone. A value that is a JSON literal (true, 3, "x y", null) is
 * that; anything else is text as it stands. REQUIRE_OK or a named no; -ENOMEM.
 */
_must_check_ int require_parse(const char *text, Require *ret);
/* The form in worker requests: {"pointer","operator","value"}, nothing else. The same answers. */
_must_check_ int require_from_json(const json_t *object, Require *ret);
/* New reference; NULL: no memory. */
json_t *require_to_json(const Require *require);
/* Text that require_parse() reads back, owned; NULL: no memory. */
char *require_text(const Require *require);

/*
 * REQUIRE_OK, REQUIRE_E_ABSENT or REQUIRE_E_UNMET. RET_FOUND (may be NULL) gets what is there,
 * borrowed from CLAIMS, or NULL.
 */
_must_check_ int require_evaluate(const Require *require, const json_t *claims,
                                  const json_t **ret_found);
/* What POINTER leads to in JSON, borrowed; NULL when nothing does. "" is the whole. */
const json_t *require_resolve(const json_t *json, const char *pointer);
