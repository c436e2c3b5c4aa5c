/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON Web Token: header, dates as dates, claims.
 */
#include "base/clock.h"
#include "ctl/output.h"
#include "ctl/show-content.h"

#include <string.h>

static void show_date(const json_t *claims, const char *label, const char *name)
{
    const json_t *value = json_object_get(claims, name);
    json_int_t seconds = json_integer_value(value);
    char moment[96];

    if (!json_is_integer(value) || seconds <= 0 || seconds > INT64_C(253402300799))
        return;
    format_moment((uint64_t)seconds * USEC_PER_SEC, moment);
    show_row(label, moment);
}

static bool is_shown_above(const char *name)
{
    static const char *const names[] = { "iss", "sub", "aud", "jti", "iat", "nbf", "exp" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void show_claims(const json_t *claims)
{
    json_auto_t *rest = json_object();
    const char *name;
    json_t *value;

    show_field(claims, "Issuer", "iss");
    show_field(claims, "Subject", "sub");
    show_field(claims, "Audience", "aud");
    show_field(claims, "Id", "jti");
    show_date(claims, "Issued", "iat");
    show_date(claims, "Not before", "nbf");
    show_date(claims, "Expires", "exp");
    json_object_foreach ((json_t *)(uintptr_t)claims, name, value)
        if (!is_shown_above(name) && json_object_set(rest, name, value) < 0)
            return;
    if (json_object_size(rest) == 0)
        return;
    show_heading("Claims");
    show_tree(rest);
}

void show_token(const json_t *token)
{
    show_field(token, "Algorithm", "header.alg");
    show_field(token, "Key id", "header.kid");
    show_field(token, "Type", "header.typ");
    if (show_at(token, "signature_valid"))
        show_field(token, "Signature valid", "signature_valid");
    else
        show_row("Signature", "not checked");
    show_claims(show_at(token, "claims"));
}
