/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way in which AMD, or the way there, does not give what was asked for has a name.
 */
#include "worker/fetch.h"

#include "base/clock.h"
#include "base/file.h"
#include "net/http.h"
#include "worker/request-fetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPLY_SIZE_MAX (64 * 1024) /* bytes; a VCEK has some 1300, a chain 5000 */

#define STATUS_OK        200
#define STATUS_NOT_FOUND 404
#define STATUS_THROTTLED 429

static int refuse(WorkerAnswer *answer, const char *name, const char *subject, const char *found)
{
    return findings_add(&answer->findings, name, subject, FINDING_FAILURE, found, NULL);
}

static int refuse_exchange(WorkerAnswer *answer, const char *url, int reason,
                           const HttpReply *reply)
{
    char found[HTTP_DETAIL_MAX + 64];
    bool is_answer = reason == HTTP_E_TOO_LARGE || reason == HTTP_E_REDIRECT ||
                     reason == HTTP_E_TRUNCATED || reason == HTTP_E_MALFORMED;

    (void)snprintf(found, sizeof(found), "%s: %s", http_reason(reason), reply->detail);
    return refuse(answer, is_answer ? "kds-answer-unusable" : "kds-unreachable", url, found);
}

static int refuse_status(WorkerAnswer *answer, const char *url, const HttpReply *reply)
{
    char found[64];

    if (reply->status == STATUS_NOT_FOUND)
        return refuse(answer, "kds-not-found", url, "404");
    answer->retry_after_sec = reply->retry_after_sec;
    (void)snprintf(found, sizeof(found), "status %u", reply->status);
    if (reply->retry_after_sec > 0)
        (void)snprintf(found, sizeof(found), "status %u, wait %u s", reply->status,
                       (unsigned)reply->retry_after_sec);
    return refuse(answer,
                  reply->status == STATUS_THROTTLED ? "kds-throttled" : "kds-answer-unusable", url,
                  found);
}

static int exchange(const FetchRequest *request, const char *url, WorkerAnswer *answer)
{
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    const HttpConfig config = { .ca_pem = request->ca_pem,
                                .proxy = request->proxy,
                                .timeout_sec = request->timeout_sec };
    const HttpRequest get = { .method = "GET", .url = url, .reply_limit = REPLY_SIZE_MAX };

    int r = http_new(&config, &http);
    if (r == HTTP_OK)
        r = http_exchange(http, &get, &reply);
    if (r < 0)
        return r;
    if (r != HTTP_OK)
        return refuse_exchange(answer, url, r, &reply);
    if (reply.status != STATUS_OK)
        return refuse_status(answer, url, &reply);
    if (reply.body.size == 0)
        return refuse(answer, "kds-answer-unusable", url, "nothing");
    return fd_write_all(request->out_fd, VIEW(reply.body));
}

/* Addresses are made of what the report says, and some reports do not say enough. */
static int refuse_address(WorkerAnswer *answer, const FetchRequest *request, int reason)
{
    const char *product = snp_product_name(request->kds.product);

    if (reason == KDS_E_CHIP)
        return refuse(answer, "kds-chip-unknown", product, NULL);
    return refuse(answer, "kds-product-unknown", product,
                  reason == KDS_E_TCB ? "a TCB of another product line" : NULL);
}

static int fetch(const FetchRequest *request, WorkerAnswer *answer)
{
    _cleanup_free_ char *url = NULL;

    int r = kds_url(request->base, &request->kds, &url);
    if (r > 0)
        r = refuse_address(answer, request, r);
    else if (r == 0)
        r = exchange(request, url, answer);
    return r;
}

int fetch_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(fetch_request_freep) FetchRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    (void)fds;
    int r = fetch_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);
    r = fetch(request, answer);
    return r < 0 ? r : verb_conclude(answer, start);
}
