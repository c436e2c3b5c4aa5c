/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWS. The order of the checks is that of spec/endpoints 7.1: no key is touched before the
 * algorithm is one that was asked for.
 */
#include "token/jws.h"

#include "base/encode.h"
#include "base/wipe.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

const char *jws_reason(int reason)
{
    switch (reason) {
    case JWS_OK:
        return "ok";
    case JWS_E_SIZE:
        return "too large";
    case JWS_E_FORM:
        return "not three parts of strict base64url";
    case JWS_E_HEADER:
        return "a header that is no JSON object, or a member of the wrong type";
    case JWS_E_DUPLICATE:
        return "a header member occurs twice";
    case JWS_E_ALGORITHM:
        return "an algorithm that is not allowed here";
    case JWS_E_CRITICAL:
        return "a critical extension";
    case JWS_E_TYPE:
        return "another type of token";
    case JWS_E_NESTED:
        return "a nested token";
    case JWS_E_KEY_UNKNOWN:
        return "no such key is pinned";
    case JWS_E_KEY_UNFIT:
        return "the key does not go with the algorithm";
    case JWS_E_SIGNATURE:
        return "the signature does not verify";
    }
    return "unknown";
}

void jws_done(Jws *jws)
{
    json_decref(jws->header);
    bytes_wipe_done(&jws->payload);
    *jws = (Jws){ 0 };
}

/* The three parts, still encoded, and what the signature is over. */
typedef struct Parts {
    ByteView header;
    ByteView payload;
    ByteView signature;
    ByteView signed_text; /* header, dot, payload */
} Parts;

static ByteView take_part(ByteView *text)
{
    const uint8_t *dot = text->size > 0 ? memchr(text->data, '.', text->size) : NULL;
    size_t size = dot ? (size_t)(dot - text->data) : text->size;
    ByteView part = { text->data, size };

    text->data = dot ? dot + 1 : NULL;
    text->size = dot ? text->size - size - 1 : 0;
    return part;
}

static int split(ByteView text, Parts *ret)
{
    ByteView rest = text;
    Parts parts;

    if (text.size > JWS_SIZE_MAX)
        return JWS_E_SIZE;
    parts.header = take_part(&rest);
    parts.payload = take_part(&rest);
    parts.signature = rest;
    if (parts.header.size == 0 || parts.payload.size == 0 || parts.signature.size == 0 ||
        memchr(parts.signature.data, '.', parts.signature.size))
        return JWS_E_FORM;
    parts.signed_text = (ByteView){ text.data, parts.header.size + 1 + parts.payload.size };
    *ret = parts;
    return JWS_OK;
}

static int decode(ByteView part, Bytes *ret)
{
    int r = base64url_decode(part, ret);

    return r <= 0 ? r : JWS_E_FORM;
}

static int parse_header(ByteView part, json_t **ret)
{
    _cleanup_bytes_ Bytes text = { 0 };
    json_t *header;

    if (part.size > JWS_HEADER_MAX / 3 * 4 + 4)
        return JWS_E_SIZE;
    int r = decode(part, &text);
    if (r)
        return r;
    r = json_parse(VIEW(text), JWS_HEADER_MAX, &header);
    if (r < 0)
        return r;
    if (r)
        return r == JSON_E_DUPLICATE ? JWS_E_DUPLICATE
               : r == JSON_E_SIZE    ? JWS_E_SIZE
                                     : JWS_E_HEADER;
    if (!json_is_object(header)) {
        json_decref(header);
        return JWS_E_HEADER;
    }
    *ret = header;
    return JWS_OK;
}

/* A string member, "" being none. JWS_OK with NULL when it is absent. */
static int optional_text(const json_t *header, const char *name, const char **ret)
{
    const char *text = NULL;

    int r = json_get_string(header, name, &text);
    if (r && r != JSON_E_MISSING)
        return JWS_E_HEADER;
    *ret = text;
    return JWS_OK;
}

/* Rule 2. */
static int judge_algorithm(const json_t *header, const char *const *allowed, const Jwa **ret)
{
    const char *name;

    int r = json_get_string(header, "alg", &name);
    if (r)
        return r == JSON_E_MISSING ? JWS_E_ALGORITHM : JWS_E_HEADER;
    for (; *allowed; allowed++)
        if (strcmp(*allowed, name) == 0)
            break;
    const Jwa *algorithm = *allowed ? jwa_find(name) : NULL;
    if (!algorithm)
        return JWS_E_ALGORITHM;
    *ret = algorithm;
    return JWS_OK;
}

/* Media types may leave out "application/" and are compared without case: RFC 7515 4.1.9. */
static const char *without_prefix(const char *type)
{
    static const char prefix[] = "application/";

    return strncasecmp(type, prefix, sizeof(prefix) - 1) == 0 ? type + sizeof(prefix) - 1 : type;
}

/* Rule 7. */
static int judge_type(const json_t *header, const char *wanted)
{
    const char *type;
    const char *content;

    int r = optional_text(header, "typ", &type);
    if (r)
        return r;
    r = optional_text(header, "cty", &content);
    if (r)
        return r;
    if (!type && wanted)
        return JWS_E_TYPE;
    if (type && strcasecmp(without_prefix(type), wanted ? without_prefix(wanted) : "JWT") != 0)
        return JWS_E_TYPE;
    if (content && strcasecmp(without_prefix(content), "JWT") == 0)
        return JWS_E_NESTED;
    return JWS_OK;
}

/* Rule 4: kid only ever selects among pinned keys. */
static int select_key(const json_t *header, const Jwks *keys, const Jwk **ret)
{
    const char *kid;

    int r = optional_text(header, "kid", &kid);
    if (r)
        return r;
    const Jwk *key = kid ? jwks_find(keys, kid) : keys->n_keys == 1 ? &keys->keys[0] : NULL;
    if (!key)
        return JWS_E_KEY_UNKNOWN;
    *ret = key;
    return JWS_OK;
}

/* Rules 2, 6, 7, 4 and 3. */
static int judge_header(const json_t *header, const JwsExpectation *expected, const Jwa **ret,
                        const Jwk **ret_key)
{
    const Jwa *algorithm;
    const Jwk *key;

    int r = judge_algorithm(header, expected->algorithms, &algorithm);
    if (r)
        return r;
    if (json_object_get(header, "crit") || json_object_get(header, "b64"))
        return JWS_E_CRITICAL;
    r = judge_type(header, expected->type);
    if (r)
        return r;
    r = select_key(header, expected->keys, &key);
    if (r)
        return r;
    if (!jwa_suits(algorithm, key->key) || (key->algorithm && key->algorithm != algorithm))
        return JWS_E_KEY_UNFIT;
    *ret = algorithm;
    *ret_key = key;
    return JWS_OK;
}

/* Rule 8. */
static int judge_signature(const Jws *jws, const Parts *parts)
{
    _cleanup_bytes_ Bytes signature = { 0 };

    int r = decode(parts->signature, &signature);
    if (r)
        return r;
    r = signature_verify(jws->key->key, jws->algorithm->scheme, jws->algorithm->digest,
                         parts->signed_text, VIEW(signature));
    return r <= 0 ? r : JWS_E_SIGNATURE;
}

int jws_verify(ByteView text, const JwsExpectation *expected, Jws *ret)
{
    _cleanup_jws_ Jws jws = { 0 };
    Parts parts;

    if (!expected->keys || expected->keys->n_keys == 0 || !expected->algorithms ||
        !expected->algorithms[0])
        return -EINVAL;

    int r = split(text, &parts);
    if (r)
        return r;
    r = parse_header(parts.header, &jws.header);
    if (r)
        return r;
    r = decode(parts.payload, &jws.payload);
    if (r)
        return r;
    r = judge_header(jws.header, expected, &jws.algorithm, &jws.key);
    if (r)
        return r;
    r = judge_signature(&jws, &parts);
    if (r)
        return r;
    *ret = TAKE_STRUCT(jws);
    return JWS_OK;
}

static int emit_header(const Jwa *algorithm, const char *kid, const char *type, char **ret)
{
    json_t *header =
        json_pack("{s:s, s:s*, s:s*}", "alg", algorithm->name, "kid", kid, "typ", type);
    _cleanup_free_ char *text = header ? json_text(header) : NULL;

    json_decref(header);
    if (!text)
        return -ENOMEM;
    *ret = base64url_encode(view_of_string(text));
    return *ret ? 0 : -ENOMEM;
}

static char *join(const char *first, const char *second)
{
    size_t size = strlen(first) + 1 + strlen(second) + 1;
    char *text = malloc(size);

    if (text)
        (void)snprintf(text, size, "%s.%s", first, second);
    return text;
}

int jws_sign(const Key *key, const char *kid, const char *type, ByteView payload, char **ret)
{
    const Jwa *algorithm = jwa_of_key(key);
    _cleanup_free_ char *header = NULL;
    _cleanup_bytes_ Bytes signature = { 0 };

    if (!algorithm)
        return -EINVAL;
    int r = emit_header(algorithm, kid, type, &header);
    if (r < 0)
        return r;
    _cleanup_free_ char *body = base64url_encode(payload);
    _cleanup_free_ char *signed_text = body ? join(header, body) : NULL;
    if (!signed_text)
        return -ENOMEM;
    r = signature_sign(key, algorithm->scheme, algorithm->digest, view_of_string(signed_text),
                       &signature);
    if (r)
        return r < 0 ? r : -EINVAL;
    _cleanup_free_ char *encoded = base64url_encode(VIEW(signature));
    char *text = encoded ? join(signed_text, encoded) : NULL;
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}
