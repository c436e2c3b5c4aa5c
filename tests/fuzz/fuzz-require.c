/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Require= rules: the first line is a rule, the rest are claims.
 */
#include "fuzz/require.h"
#include "token/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const Require *rule)
{
    _cleanup_free_ char *text = require_text(rule);
    _cleanup_require_ Require again = { 0 };

    /* Escapes in the value may make the text longer than a rule may be. */
    require(text != NULL);
    int r = require_parse(text, &again);
    if (r == REQUIRE_E_SIZE)
        return;
    require(r == REQUIRE_OK);
    require(strcmp(again.pointer, rule->pointer) == 0);
    require(again.operation == rule->operation && json_equal(again.value, rule->value));
}

static void check_json(const Require *rule)
{
    _cleanup_require_ Require again = { 0 };
    json_t *object = require_to_json(rule);

    require(object && require_from_json(object, &again) == REQUIRE_OK);
    require(strcmp(again.pointer, rule->pointer) == 0);
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_require_ Require rule = { 0 };
    json_t *claims = NULL;

    require(bytes_copy((ByteView){ .data = data, .size = length }, &line) == 0);
    if (require_parse((const char *)line.data, &rule) != REQUIRE_OK)
        return 0;
    check_text(&rule);
    check_json(&rule);
    if (!end || json_parse((ByteView){ end + 1, size - length - 1 }, 1 << 16, &claims) != JSON_OK)
        return 0;
    const json_t *found = NULL;
    int r = require_evaluate(&rule, claims, &found);
    require(r == REQUIRE_OK || r == REQUIRE_E_ABSENT || r == REQUIRE_E_UNMET);
    require((r == REQUIRE_E_ABSENT) == (found == NULL));
    json_decref(claims);
    return 0;
}
