/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes in: libcurl's callbacks for header and body, each with its cap.
 */
#pragma once

#include "net/http.h"

#include <curl/curl.h>

#define HTTP_HEADER_MAX (64 * 1024) /* bytes of all header lines of one exchange */
#define HTTP_ERROR_BODY_MAX                                                                        \
    (256 * 1024) /* bytes of a body that is not 2xx: a signed refusal fits */

/* Fills an HttpReply while a transfer runs. Borrowed by the handle for that time. */
typedef struct HttpReceiver {
    HttpReply *reply;
    CURL *curl;
    size_t limit;       /* bytes of a 2xx body */
    size_t header_size; /* bytes so far */
    bool has_too_much;
    bool out_of_memory;
} HttpReceiver;

/* Sets CURL's write and header functions to fill RECEIVER. -EIO. */
_must_check_ int http_receiver_attach(HttpReceiver *receiver);
