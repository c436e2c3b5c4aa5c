/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a server's certificate was not taken, where the reason is time: libcurl says so in words
 * only, and without the dates that tell a person which clock is wrong. And how long those that were
 * taken will be.
 */
#pragma once

#include "base/clock.h"
#include "net/http.h"

#include <curl/curl.h>

typedef enum HttpCertificateFault {
    HTTP_CERTIFICATE_FINE,      /* or at fault for anything but time */
    HTTP_CERTIFICATE_TOO_EARLY, /* it is not valid yet, by our clock */
    HTTP_CERTIFICATE_TOO_LATE,  /* it has expired, by our clock */
} HttpCertificateFault;

typedef struct HttpCertificate {
    HttpCertificateFault fault;
    bool is_authority; /* of a CA, not of the server itself */
    char from[32];     /* RFC 3339 */
    char until[32];
    HttpValidity validity; /* of a chain that was taken */
} HttpCertificate;

/*
 * Has the handshakes of CURL write to CERTIFICATE, which must outlast it. What is trusted stays as
 * it is. A CURLcode that is not CURLE_OK: this TLS library cannot be watched.
 */
CURLcode http_certificate_watch(CURL *curl, HttpCertificate *certificate);
/* "valid from A until B; by this machine's clock it is C", into OUT. */
void http_certificate_describe(const HttpCertificate *certificate, const Clock *clock, char *out,
                               size_t size);
