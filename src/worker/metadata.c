/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange, and the name of whatever else than a 200 comes of it.
 */
#include "worker/metadata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATUS_OK  200
#define BODY_SHOWN 160 /* bytes of an error's body that go into a finding */

static int refuse(Findings *findings, const char *name, const char *subject, const char *found)
{
    int r = findings_add(findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : METADATA_E_FAILED;
}

static int refuse_exchange(Findings *findings, const char *subject, int reason,
                           const HttpReply *reply)
{
    char found[HTTP_DETAIL_MAX + 64];
    bool is_answer = reason == HTTP_E_TOO_LARGE || reason == HTTP_E_REDIRECT ||
                     reason == HTTP_E_TRUNCATED || reason == HTTP_E_MALFORMED;

    (void)snprintf(found, sizeof(found), "%s: %s", http_reason(reason), reply->detail);
    return refuse(findings, is_answer ? "metadata-answer-unusable" : "metadata-unreachable",
                  subject, found);
}

/* The shape of its errors is not documented: their beginning is shown as it is. */
static int refuse_status(Findings *findings, const char *subject, const HttpReply *reply)
{
    char found[BODY_SHOWN + 32];
    int shown = (int)MIN(reply->body.size, (size_t)BODY_SHOWN);

    (void)snprintf(found, sizeof(found), "status %u%s%.*s", reply->status, shown > 0 ? ": " : "",
                   shown, reply->body.data ? (const char *)reply->body.data : "");
    return refuse(findings, "metadata-refused", subject, found);
}

/* MetadataURL= may or may not end in a slash. */
static char *join(const char *base, const char *path)
{
    size_t length = strlen(base);
    char *url;

    while (length > 0 && base[length - 1] == '/')
        length--;
    return asprintf(&url, "%.*s%s", (int)length, base, path) < 0 ? NULL : url;
}

int metadata_exchange(const MetadataRequest *request, HttpReply *ret)
{
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_free_ char *url = join(request->base, request->path);
    const HttpConfig config = { .is_metadata = true, .timeout_sec = request->patience_sec };
    const HttpRequest ask = {
        .method = request->body ? "POST" : "GET",
        .url = url,
        .content_type = request->body ? "application/json" : NULL,
        .accept = "application/json",
        .body = request->body ? view_of_string(request->body) : (ByteView){ 0 },
        .reply_limit = request->reply_limit,
    };

    if (!url)
        return -ENOMEM;
    int r = http_new(&config, &http);
    return r == HTTP_OK ? http_exchange(http, &ask, ret) : r;
}

int metadata_ask(const MetadataRequest *request, Findings *findings, WorkerAnswer *answer,
                 Bytes *ret)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };

    int r = metadata_exchange(request, &reply);
    if (r < 0)
        return r;
    if (r != HTTP_OK)
        return refuse_exchange(findings, request->path, r, &reply);
    if (reply.status != STATUS_OK) {
        answer->retry_after_sec = reply.retry_after_sec;
        return refuse_status(findings, request->path, &reply);
    }
    *ret = TAKE_STRUCT(reply.body);
    return METADATA_OK;
}
