/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caps are enforced here, where the bytes arrive: libcurl's own limit looks at Content-Length only
 * (spec/endpoints 8.1).
 */
#include "net/http-reply.h"

#include "base/wipe.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Any count but the one given ends a transfer; libcurl has a name for this since 7.87 only. */
#define END_TRANSFER ((size_t)0xFFFFFFFF)

#define DATE_SIZE 64 /* bytes of the longest Date we read; RFC 9110 5.6.7 needs 29 */

void http_reply_done(HttpReply *reply)
{
    free(reply->content_type);
    bytes_wipe_done(&reply->body); /* there may be a token in it */
    *reply = (HttpReply){ 0 };
}

static size_t body_limit(const HttpReceiver *receiver)
{
    long status = 0;

    (void)curl_easy_getinfo(receiver->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2)
        return receiver->limit;
    return MIN(receiver->limit, (size_t)HTTP_ERROR_BODY_MAX);
}

/* A short count ends the transfer. */
static size_t http_on_body(char *data, size_t size, size_t n_items, void *userdata)
{
    HttpReceiver *receiver = userdata;
    Bytes *body = &receiver->reply->body;
    ByteView more = { .data = (const uint8_t *)data, .size = size * n_items };

    if (more.size > body_limit(receiver) - MIN(body->size, body_limit(receiver))) {
        receiver->has_too_much = true;
        return END_TRANSFER;
    }
    if (bytes_wipe_append(body, more) < 0) {
        receiver->out_of_memory = true;
        return END_TRANSFER;
    }
    return more.size;
}

static void read_date(const char *value, size_t size, HttpReply *reply)
{
    char text[DATE_SIZE];

    if (size >= sizeof(text))
        return;
    memcpy(text, value, size);
    text[size] = 0;
    int64_t date = curl_getdate(text, NULL);
    reply->date_sec = date > 0 ? date : 0;
}

static size_t http_on_header(char *data, size_t size, size_t n_items, void *userdata)
{
    static const char date[] = "Date:";
    HttpReceiver *receiver = userdata;
    size_t n = size * n_items;

    receiver->header_size += n;
    if (receiver->header_size > HTTP_HEADER_MAX) {
        receiver->has_too_much = true;
        return END_TRANSFER;
    }
    if (n >= strlen(date) && strncasecmp(data, date, strlen(date)) == 0)
        read_date(data + strlen(date), n - strlen(date), receiver->reply);
    return n;
}

int http_receiver_attach(HttpReceiver *receiver)
{
    unsigned failed = 0;

    failed |= curl_easy_setopt(receiver->curl, CURLOPT_WRITEFUNCTION, http_on_body);
    failed |= curl_easy_setopt(receiver->curl, CURLOPT_WRITEDATA, receiver);
    failed |= curl_easy_setopt(receiver->curl, CURLOPT_HEADERFUNCTION, http_on_header);
    failed |= curl_easy_setopt(receiver->curl, CURLOPT_HEADERDATA, receiver);
    failed |=
        curl_easy_setopt(receiver->curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)receiver->limit);
    return failed ? -EIO : 0;
}
