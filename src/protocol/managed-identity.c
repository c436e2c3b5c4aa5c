/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metadata/identity/oauth2/token?api-version=&resource=[&client_id=] and its
 * {"access_token","token_type",…} or {"error","error_description"}.
 */
#include "protocol/managed-identity.h"

#include "base/json.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PATH "/metadata/identity/oauth2/token?api-version=2018-02-01"

const char *managed_identity_reason(int reason)
{
    switch (reason) {
    case MANAGED_IDENTITY_OK:
        return "ok";
    case MANAGED_IDENTITY_E_JSON:
        return "not an object with an access_token";
    case MANAGED_IDENTITY_E_TOKEN:
        return "the access_token is no Bearer token";
    }
    return "unknown";
}

static bool is_unreserved(char c)
{
    return (isascii((unsigned char)c) && isalnum((unsigned char)c)) || strchr("-._~", c);
}

/* RFC 3986 2.1. Owned; NULL: no memory. */
static char *percent_encode(const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = malloc(3 * strlen(text) + 1);
    char *out = encoded;

    for (; encoded && *text; text++) {
        if (is_unreserved(*text)) {
            *out++ = *text;
            continue;
        }
        *out++ = '%';
        *out++ = digits[(unsigned char)*text >> 4];
        *out++ = digits[(unsigned char)*text & 15];
    }
    if (encoded)
        *out = 0;
    return encoded;
}

char *managed_identity_path(const char *resource, const char *client_id)
{
    _cleanup_free_ char *whom = percent_encode(resource);
    _cleanup_free_ char *who = percent_encode(client_id ? client_id : "");
    char *path;

    if (!whom || !who ||
        asprintf(&path, PATH "&resource=%s%s%s", whom, client_id ? "&client_id=" : "", who) < 0)
        return NULL;
    return path;
}

static bool is_bearer_word(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (!isascii((unsigned char)text[i]) || !isgraph((unsigned char)text[i]))
            return false;
    return length > 0 && length <= MANAGED_IDENTITY_TOKEN_MAX;
}

static int read_token(const json_t *object, Secret **ret)
{
    const char *token = NULL, *type = json_string_value(json_object_get(object, "token_type"));

    if (json_get_string(object, "access_token", &token) != JSON_OK)
        return MANAGED_IDENTITY_E_JSON;
    if ((type && strcasecmp(type, "Bearer") != 0) || !is_bearer_word(token))
        return MANAGED_IDENTITY_E_TOKEN;
    return secret_new(view_of_string(token), ret);
}

int managed_identity_parse(ByteView body, Secret **ret)
{
    json_auto_t *object = NULL;

    int r = json_parse(body, MANAGED_IDENTITY_REPLY_MAX, &object);
    if (r)
        return r < 0 ? r : MANAGED_IDENTITY_E_JSON;
    return read_token(object, ret);
}

/* What a status means; 404, 410, 429 and 5xx pass, as with all that this service is asked. */
static const char *finding_of(unsigned status, const char *description)
{
    if (status == 400 && strcasestr(description, "identity not found"))
        return "identity-missing";
    return status == 400 || status == 401 || status == 403 ? "identity-refused"
                                                           : "metadata-refused";
}

int managed_identity_refusal(const ProtocolReply *reply, char found[static FINDING_TEXT_MAX],
                             const char **ret_finding)
{
    json_auto_t *object = NULL;

    int r = json_parse(reply->body, MANAGED_IDENTITY_REPLY_MAX, &object);
    if (r < 0)
        return r;
    const char *error = json_string_value(json_object_get(object, "error"));
    const char *description = json_string_value(json_object_get(object, "error_description"));

    (void)snprintf(found, FINDING_TEXT_MAX, "status %u%s%s%s%s", reply->status, error ? " " : "",
                   error ? error : "", description ? ": " : "", description ? description : "");
    *ret_finding = finding_of(reply->status, description ? description : "");
    return 0;
}
