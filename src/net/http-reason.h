/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where libcurl's codes become ours, and the words for them.
 */
#pragma once

#include "net/http-certificate.h"
#include "net/http.h"

#include <curl/curl.h>

/* What is known of a transfer that ended without a complete reply. */
typedef struct HttpFailure {
    CURLcode code;
    const char *text; /* CURLOPT_ERRORBUFFER; may be empty */
    const HttpCertificate *certificate;
    bool uses_proxy;
    long proxy_status;  /* of the answer to CONNECT; 0: none */
    bool is_under_way;  /* connection and handshake were done: the request was being sent */
    bool has_too_much;  /* a cap of ours ended it */
    bool out_of_memory; /* in our own callbacks */
} HttpFailure;

/* A named no of http.h, or negative errno for what is our own fault. */
_must_check_ int http_reason_of(const HttpFailure *failure);
