/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes a token apart without asking who signed it.
 */
#include "attest/describe-token.h"

#include "attest/describe-certificate.h"
#include "base/encode.h"
#include "token/jws.h"

#include <errno.h>
#include <string.h>

ByteView token_trim(ByteView text)
{
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]) &&
           text.data[text.size - 1] != 0)
        text.size--;
    while (text.size > 0 && strchr(" \t\r\n", text.data[0]) && text.data[0] != 0) {
        text.data++;
        text.size--;
    }
    return text;
}

/* Header, payload and signature; false when it is not three parts. */
static bool split(ByteView text, ByteView parts[static 3])
{
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *dot = text.size > 0 ? memchr(text.data, '.', text.size) : NULL;
        if ((dot == NULL) != (i == 2))
            return false;
        parts[i] = (ByteView){ text.data, dot ? (size_t)(dot - text.data) : text.size };
        text = (ByteView){ dot ? dot + 1 : NULL, dot ? text.size - parts[i].size - 1 : 0 };
    }
    return true;
}

/* JSON object in base64url. */
static int read_part(ByteView part, json_t **ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    json_auto_t *json = NULL;

    int r = base64url_decode(part, &bytes);
    if (r)
        return r < 0 ? r : DESCRIBE_TOKEN_E_FORM;
    r = json_parse(VIEW(bytes), JWS_SIZE_MAX, &json);
    if (r)
        return r < 0 ? r : DESCRIBE_TOKEN_E_FORM;
    if (!json_is_object(json))
        return DESCRIBE_TOKEN_E_FORM;
    *ret = TAKE_PTR(json);
    return DESCRIBE_TOKEN_OK;
}

int describe_token(ByteView text, json_t **ret)
{
    json_auto_t *header = NULL, *claims = NULL;
    _cleanup_bytes_ Bytes signature = { 0 };
    ByteView parts[3];

    if (text.size > JWS_SIZE_MAX || !split(text, parts))
        return DESCRIBE_TOKEN_E_FORM;
    int r = read_part(parts[0], &header);
    if (r == DESCRIBE_TOKEN_OK)
        r = read_part(parts[1], &claims);
    if (r)
        return r;
    r = base64url_decode(parts[2], &signature);
    if (r)
        return r < 0 ? r : DESCRIBE_TOKEN_E_FORM;
    json_t *json = json_pack("{s:O, s:O, s:I}", "header", header, "claims", claims,
                             "signature_size", (json_int_t)signature.size);
    if (!json)
        return -ENOMEM;
    *ret = json;
    return DESCRIBE_TOKEN_OK;
}

/* One certificate of x5c: standard base64, line breaks allowed. */
static int add_certificate(json_t *certs, const json_t *text)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    _cleanup_free_ char *clean = strdup(json_is_string(text) ? json_string_value(text) : "");
    _cleanup_bytes_ Bytes der = { 0 };
    json_t *described = NULL;
    size_t n = 0;

    if (!clean)
        return -ENOMEM;
    for (const char *c = clean; *c; c++)
        if (*c != '\n' && *c != '\r')
            clean[n++] = *c;
    int r = base64_decode((ByteView){ (const uint8_t *)clean, n }, &der);
    if (r == 0)
        r = certificate_from_der_to_show(VIEW(der), &certificate);
    if (r)
        return r < 0 ? r : 0;
    r = describe_certificate(certificate, &described);
    return r < 0 ? r : json_array_append_new(certs, described) ? -ENOMEM : 0;
}

static json_t *text_or_null(const json_t *key, const char *name)
{
    json_t *value = json_object_get(key, name);

    return json_is_string(value) ? json_incref(value) : json_null();
}

static int describe_key(const json_t *key, json_t *keys)
{
    json_auto_t *certs = json_array();
    const json_t *chain = json_object_get(key, "x5c");
    const json_t *text;
    size_t i;

    json_array_foreach (chain, i, text) {
        int r = i < CERTIFICATE_LIST_MAX ? add_certificate(certs, text) : 0;
        if (r < 0)
            return r;
    }
    json_t *object = json_pack("{s:o, s:o, s:O}", "kid", text_or_null(key, "kid"), "alg",
                               text_or_null(key, "alg"), "certs", certs);
    return json_array_append_new(keys, object) ? -ENOMEM : 0;
}

int describe_jwks(const json_t *set, json_t **ret)
{
    json_auto_t *keys = json_array();
    const json_t *key;
    size_t i;

    json_array_foreach (json_object_get(set, "keys"), i, key) {
        int r = describe_key(key, keys);
        if (r < 0)
            return r;
    }
    if (!keys)
        return -ENOMEM;
    *ret = TAKE_PTR(keys);
    return 0;
}
