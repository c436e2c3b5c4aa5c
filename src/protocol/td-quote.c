/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"report":BASE64URL} and {"quote":BASE64URL}; other clients see other alphabets and padding, so
 * all are read.
 */
#include "protocol/td-quote.h"

#include "base/encode.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

const char *td_quote_reason(int reason)
{
    switch (reason) {
    case TD_QUOTE_OK:
        return "ok";
    case TD_QUOTE_E_JSON:
        return "not an object with a quote";
    case TD_QUOTE_E_ENCODING:
        return "the quote is not base64";
    }
    return "unknown";
}

char *td_quote_request(ByteView td_report)
{
    json_auto_t *object = json_object();

    return object && json_set_base64url(object, "report", td_report) == 0 ? json_text(object)
                                                                          : NULL;
}

/* To the alphabet of base64url, without padding. */
static char *plain_base64url(const char *text)
{
    char *copy = strdup(text);
    size_t length = strlen(text);

    for (char *c = copy; c && *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    for (int padding = 0; copy && padding < 2 && length > 0 && copy[length - 1] == '='; padding++)
        copy[--length] = 0;
    return copy;
}

int td_quote_parse(ByteView body, Bytes *ret)
{
    _cleanup_bytes_ Bytes quote = { 0 };
    json_auto_t *object = NULL;
    const char *text = NULL;

    int r = json_parse(body, TD_QUOTE_REPLY_MAX, &object);
    if (r < 0)
        return r;
    if (r != JSON_OK || json_get_string(object, "quote", &text) != JSON_OK)
        return TD_QUOTE_E_JSON;
    _cleanup_free_ char *plain = plain_base64url(text);
    if (!plain)
        return -ENOMEM;
    r = base64url_decode(view_of_string(plain), &quote);
    if (r < 0)
        return r;
    if (r || quote.size == 0)
        return TD_QUOTE_E_ENCODING;
    *ret = TAKE_STRUCT(quote);
    return TD_QUOTE_OK;
}
