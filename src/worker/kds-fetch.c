/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way in which AMD, or the way there, does not give what was asked for has a name.
 */
#include "worker/kds-fetch.h"

#include "net/http.h"

#include <stdio.h>
#include <string.h>

#define REPLY_SIZE_MAX (64 * 1024) /* bytes; a VCEK has some 1300, a chain 5000 */

#define STATUS_OK        200
#define STATUS_NOT_FOUND 404
#define STATUS_THROTTLED 429

static int refuse(Findings *findings, const char *name, const char *subject, const char *found)
{
    int r = findings_add(findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : KDS_FETCH_E_FAILED;
}

/* URL without what it asks for: everybody may read findings, and the chip says which machine. */
static void cut_chip(char *url, const KdsRequest *request)
{
    const char *product = snp_product_name(request->product);
    char *at = request->item == KDS_VCEK ? strstr(url, "/vcek/v1/") : NULL;

    at = at ? strstr(at, product) : NULL;
    if (at)
        at[strlen(product)] = 0;
}

static int refuse_exchange(Findings *findings, const char *url, int reason, const HttpReply *reply)
{
    char found[HTTP_DETAIL_MAX + 64];
    bool is_answer = reason == HTTP_E_TOO_LARGE || reason == HTTP_E_REDIRECT ||
                     reason == HTTP_E_TRUNCATED || reason == HTTP_E_MALFORMED;
    /* Where a redirect leads to repeats the chip, as a rule. */
    const char *detail = reason == HTTP_E_REDIRECT ? "" : reply->detail;

    (void)snprintf(found, sizeof(found), "%s%s%s", http_reason(reason), *detail ? ": " : "",
                   detail);
    return refuse(findings, is_answer ? "kds-answer-unusable" : "kds-unreachable", url, found);
}

static int refuse_status(Findings *findings, const char *url, const HttpReply *reply)
{
    char found[64];

    if (reply->status == STATUS_NOT_FOUND) {
        int r = refuse(findings, "kds-not-found", url, "404");
        return r < 0 ? r : KDS_FETCH_E_NOT_FOUND;
    }
    (void)snprintf(found, sizeof(found), "status %u", reply->status);
    if (reply->retry_after_sec > 0)
        (void)snprintf(found, sizeof(found), "status %u, wait %u s", reply->status,
                       (unsigned)reply->retry_after_sec);
    return refuse(findings,
                  reply->status == STATUS_THROTTLED ? "kds-throttled" : "kds-answer-unusable", url,
                  found);
}

static int exchange(const KdsSource *source, const char *url, HttpReply *reply)
{
    _cleanup_(http_freep) Http *http = NULL;
    bool is_near = http_is_metadata_url(source->base);
    const HttpConfig config = { .ca_pem = is_near ? NULL : source->ca_pem,
                                .proxy = is_near ? NULL : source->proxy,
                                .timeout_sec = source->timeout_sec,
                                .is_metadata = is_near };
    const HttpRequest get = { .method = "GET", .url = url, .reply_limit = REPLY_SIZE_MAX };

    int r = http_new(&config, &http);
    return r == HTTP_OK ? http_exchange(http, &get, reply) : r;
}

/* Addresses are made of what the report says, and some reports do not say enough. */
static int refuse_address(Findings *findings, const KdsRequest *request, int reason)
{
    const char *product = snp_product_name(request->product);

    if (reason == KDS_E_CHIP)
        return refuse(findings, "kds-chip-unknown", product, NULL);
    return refuse(findings, "kds-product-unknown", product,
                  reason == KDS_E_TCB ? "a TCB of another product line" : NULL);
}

int kds_fetch(const KdsSource *source, const KdsRequest *request, Findings *findings,
              uint64_t *ret_retry_sec, Bytes *ret)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    _cleanup_free_ char *url = NULL;

    *ret_retry_sec = 0;
    int r = kds_url(source->base, request, &url);
    if (r > 0)
        return refuse_address(findings, request, r);
    if (r == 0)
        r = exchange(source, url, &reply);
    if (r < 0)
        return r;
    cut_chip(url, request);
    if (r != HTTP_OK)
        return refuse_exchange(findings, url, r, &reply);
    *ret_retry_sec = reply.status / 100 == 2 ? 0 : reply.retry_after_sec;
    if (reply.status != STATUS_OK)
        return refuse_status(findings, url, &reply);
    if (reply.body.size == 0)
        return refuse(findings, "kds-answer-unusable", url, "nothing");
    *ret = TAKE_STRUCT(reply.body);
    return KDS_FETCH_OK;
}
