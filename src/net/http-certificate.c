/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listener in OpenSSL's verification of the chain, which tells of each certificate, fine or not.
 * It changes no answer.
 */
#include "net/http-certificate.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* Of our pointer in an SSL_CTX; below 0: there is none to be had. */
static int context_index(void)
{
    static int index = -1;

    if (index < 0)
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

static HttpCertificate *certificate_of(X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

    return ssl ? SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index()) : NULL;
}

static void note_date(const ASN1_TIME *date, char out[static 32])
{
    struct tm tm;

    if (ASN1_TIME_to_tm(date, &tm) != 1 || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(out, 32, "?");
}

static bool to_seconds(const ASN1_TIME *date, int64_t *ret)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(date, &tm) != 1)
        return false;
    *ret = timegm(&tm);
    return true;
}

static void note_fine(const X509 *x509, bool is_authority, HttpValidity *validity)
{
    int64_t from, until;

    if (!to_seconds(X509_get0_notBefore(x509), &from) ||
        !to_seconds(X509_get0_notAfter(x509), &until) ||
        (validity->is_known && validity->until_sec <= until))
        return;
    *validity = (HttpValidity){ true, is_authority, from, until };
}

static HttpCertificateFault fault_of(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return HTTP_CERTIFICATE_TOO_EARLY;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return HTTP_CERTIFICATE_TOO_LATE;
    default: /* OpenSSL's errors, not our enum */
        return HTTP_CERTIFICATE_FINE;
    }
}

static int certificate_on_verify(int is_fine, X509_STORE_CTX *store)
{
    HttpCertificate *certificate = certificate_of(store);
    const X509 *x509 = X509_STORE_CTX_get_current_cert(store);

    if (!certificate || !x509)
        return is_fine;
    if (is_fine) {
        note_fine(x509, X509_STORE_CTX_get_error_depth(store) > 0, &certificate->validity);
        return is_fine;
    }
    certificate->validity = (HttpValidity){ 0 };
    certificate->fault = fault_of(X509_STORE_CTX_get_error(store));
    certificate->is_authority = X509_STORE_CTX_get_error_depth(store) > 0;
    note_date(X509_get0_notBefore(x509), certificate->from);
    note_date(X509_get0_notAfter(x509), certificate->until);
    return is_fine;
}

/* libcurl has set what is verified by now; the mode is set once more, since it comes with the
 * listener. */
static CURLcode certificate_on_context(CURL *curl _unused_, void *context, void *userdata)
{
    HttpCertificate *certificate = userdata;

    certificate->validity = (HttpValidity){ 0 }; /* another handshake */
    if (SSL_CTX_set_ex_data(context, context_index(), userdata) != 1)
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, certificate_on_verify);
    return CURLE_OK;
}

CURLcode http_certificate_watch(CURL *curl, HttpCertificate *certificate)
{
    *certificate = (HttpCertificate){ 0 };
    CURLcode code = curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, certificate_on_context);
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, certificate) : code;
}

void http_certificate_describe(const HttpCertificate *certificate, const Clock *clock, char *out,
                               size_t size)
{
    char now[32];

    format_timestamp(clock_realtime_usec(clock), now);
    (void)snprintf(out, size, "%svalid from %s until %s; by this machine's clock it is %s",
                   certificate->is_authority ? "an authority's certificate, " : "",
                   certificate->from, certificate->until, now);
}
