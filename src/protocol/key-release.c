/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"target","nonce","enc"}, and {"error":{"code","message","innererror":{"code"}}}. A 403 is a
 * missing role, a key that is not for release, or a policy that the token does not meet: only the
 * vault's words tell which, so that they are shown whatever they are taken for.
 */
#include "protocol/key-release.h"

#include "base/json.h"
#include "base/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ERROR_MAX (64 * 1024) /* bytes of an error's body that are read */

char *key_release_url(const char *key_url, const char *api_version)
{
    char *url;

    return asprintf(&url, "%s/release?api-version=%s", key_url, api_version) < 0 ? NULL : url;
}

/* Neither needs escaping: a token is base64url and dots, and so is a nonce without the dots. */
static bool is_plain(ByteView text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] > '~' || text.data[i] == '"' || text.data[i] == '\\')
            return false;
    return text.size > 0;
}

int key_release_request(ByteView token, const char *nonce, Bytes *ret)
{
    static const char start[] = "{\"enc\":\"" KEY_RELEASE_ENC "\",\"nonce\":\"";
    static const char middle[] = "\",\"target\":\"", end[] = "\"}";
    const ByteView parts[] = { view_of_string(start), view_of_string(nonce), view_of_string(middle),
                               token, view_of_string(end) };
    _cleanup_wiped_bytes_ Bytes body = { 0 };
    size_t size = 0, at = 0;

    if (!is_plain(token) || !is_plain(view_of_string(nonce)))
        return -EINVAL;
    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        size += parts[i].size;
    int r = bytes_new(size, &body);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
        memcpy(body.data + at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    *ret = TAKE_STRUCT(body);
    return 0;
}

/* What a status means, and words where they say more. The first row that fits. */
static const struct {
    unsigned status;
    const char *word; /* in any case of letters; NULL: whatever it says */
    const char *finding;
} refusals[] = {
    { 400, "exportable", "vault-key-not-exportable" },
    { 401, NULL, "vault-unauthorized" },
    { 403, "exportable", "vault-key-not-exportable" },
    { 403, "KeyOperationForbidden", "vault-key-not-exportable" },
    { 403, "attestation", "vault-policy-refused" },
    { 403, "release policy", "vault-policy-refused" },
    { 403, NULL, "vault-forbidden" },
    { 404, NULL, "vault-key-unknown" },
    { 408, NULL, "vault-busy" },
    { 429, NULL, "vault-busy" },
    { 503, NULL, "vault-busy" },
};

static const char *finding_of(unsigned status, const char *text)
{
    for (size_t i = 0; i < ELEMENTSOF(refusals); i++)
        if (refusals[i].status == status &&
            (!refusals[i].word || strcasestr(text, refusals[i].word)))
            return refusals[i].finding;
    return "vault-error";
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

int key_release_refusal(const ProtocolReply *reply, char found[static FINDING_TEXT_MAX],
                        const char **ret_finding)
{
    json_auto_t *document = NULL;

    int r = json_parse(reply->body, ERROR_MAX, &document);
    if (r < 0)
        return r;
    const json_t *error = json_object_get(document, "error");
    const char *code = text_of(error, "code"), *message = text_of(error, "message");
    const char *inner = text_of(json_object_get(error, "innererror"), "code");

    (void)snprintf(found, FINDING_TEXT_MAX, "%u%s%s%s%s%s%s", reply->status, *code ? " " : "", code,
                   *inner ? "/" : "", inner, *message ? ": " : "", message);
    *ret_finding = finding_of(reply->status, found);
    return 0;
}
