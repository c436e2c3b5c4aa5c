/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP with a memory of which URL works.
 */
#include "worker/transport.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/wipe.h"
#include "crypto/certificate.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define API_KEY_MAX     8192        /* bytes of the file */
#define CERTIFICATE_MAX (64 * 1024) /* bytes of PEM, chain and key each */

/* Others wait 30 s for the TPM (TPM_LOCK_WAIT_USEC), which a round with gates holds meanwhile. */
#define GATES_TIMEOUT_SEC 15

struct Transport {
    Http *http;
    const VerifierSettings *verifier;
    size_t url;            /* index of the one in use */
    HttpValidity validity; /* of our own certificate */
};

const char *transport_finding(int http_reason)
{
    static const char *const names[] = {
        [HTTP_E_URL] = "verifier-url-invalid",
        [HTTP_E_RESOLVE] = "verifier-name-unresolved",
        [HTTP_E_CONNECT] = "verifier-unreachable",
        [HTTP_E_PROXY] = "verifier-proxy-failed",
        [HTTP_E_AUTHORITIES] = "verifier-authorities-unusable",
        [HTTP_E_TLS] = "verifier-tls-failed",
        [HTTP_E_TLS_CERTIFICATE] = "verifier-tls-untrusted",
        [HTTP_E_TLS_EARLY] = "verifier-tls-not-yet-valid",
        [HTTP_E_TLS_EXPIRED] = "verifier-tls-expired",
        [HTTP_E_PIN] = "verifier-pin-mismatch",
        [HTTP_E_CLIENT_CERTIFICATE] = "verifier-client-certificate-refused",
        [HTTP_E_TIMEOUT] = "verifier-timeout",
        [HTTP_E_TOO_LARGE] = "verifier-reply-too-large",
        [HTTP_E_REDIRECT] = "verifier-redirect",
        [HTTP_E_TRUNCATED] = "verifier-reply-truncated",
        [HTTP_E_MALFORMED] = "verifier-reply-malformed",
    };

    if (http_reason <= 0 || (size_t)http_reason >= ELEMENTSOF(names))
        return "verifier-reply-malformed";
    return names[http_reason];
}

static int fail(WorkerAnswer *answer, const char *name, const char *subject, const char *found)
{
    int r = findings_add(&answer->findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : TRANSPORT_E_FAILED;
}

/* Reads a passed descriptor; none is empty. */
static int read_credential(int fd, const char *name, size_t limit, WorkerAnswer *answer, Bytes *ret)
{
    if (fd < 0)
        return 0;
    int r = fd_read_all(fd, limit, ret);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return fail(answer, "verifier-credential-unusable", name, strerror(-r));
    return ret->size > 0 ? 0 : fail(answer, "verifier-credential-unusable", name, "empty");
}

/* The file's one line, without what ends it. */
static ByteView one_line(const Bytes *bytes)
{
    ByteView view = VIEW(*bytes);

    while (view.size > 0 && isspace(view.data[view.size - 1]))
        view.size--;
    return view;
}

static unsigned exchange_timeout_sec(const RoundRequest *request)
{
    unsigned timeout_sec = request->verifier.timeout_sec;

    return request->n_gates > 0 && !request->asks_no_gates ? MIN(timeout_sec, GATES_TIMEOUT_SEC)
                                                           : timeout_sec;
}

/* What is no certificate is for libcurl to refuse. */
static int read_validity(ByteView pem, HttpValidity *ret)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    if (pem.size == 0)
        return 0;
    int r = certificate_from_pem(pem, &certificate);
    if (r < 0)
        return r;
    if (r == CERTIFICATE_OK)
        *ret = (HttpValidity){ .is_known = true,
                               .from_sec = certificate_not_before_sec(certificate),
                               .until_sec = certificate_not_after_sec(certificate) };
    return 0;
}

static int open_http(const RoundRequest *request, const VerifierProtocol *protocol,
                     WorkerAnswer *answer, Transport *transport)
{
    _cleanup_wiped_bytes_ Bytes certificate = { 0 }, key = { 0 }, api_key = { 0 };

    int r = read_credential(request->client_certificate_fd, "client certificate", CERTIFICATE_MAX,
                            answer, &certificate);
    if (r == 0)
        r = read_credential(request->client_key_fd, "client key", CERTIFICATE_MAX, answer, &key);
    if (r == 0)
        r = read_credential(request->api_key_fd, "API key", API_KEY_MAX, answer, &api_key);
    if (r == 0)
        r = read_validity(VIEW(certificate), &transport->validity);
    if (r)
        return r;

    HttpConfig config = {
        .ca_pem = request->verifier.ca_pem,
        .pins = request->verifier.pins,
        .n_pins = request->verifier.n_pins,
        .client_certificate = VIEW(certificate),
        .client_key = VIEW(key),
        .proxy = request->verifier.proxy,
        .bearer = protocol->sends_bearer ? one_line(&api_key) : (ByteView){ 0 },
        .timeout_sec = exchange_timeout_sec(request),
    };
    r = http_new(&config, &transport->http);
    if (r == -EINVAL)
        return fail(answer, "verifier-credential-unusable", "API key", "not one printable word");
    if (r > 0)
        return fail(answer, "verifier-credential-unusable", "client certificate",
                    "certificate and key go together");
    return r;
}

int transport_new(const RoundRequest *request, const VerifierProtocol *protocol,
                  WorkerAnswer *answer, Transport **ret)
{
    _cleanup_(transport_freep) Transport *transport = calloc(1, sizeof(*transport));

    if (!transport)
        return -ENOMEM;
    transport->verifier = &request->verifier;
    int r = open_http(request, protocol, answer, transport);
    if (r)
        return r;
    *ret = TAKE_PTR(transport);
    return TRANSPORT_OK;
}

Transport *transport_free(Transport *transport)
{
    if (!transport)
        return NULL;

    (void)http_free(transport->http);
    free(transport);
    return NULL;
}

/* URL= may or may not end in a slash. */
static char *join(const char *url, const char *path)
{
    size_t length = strlen(url);
    char *joined;

    while (length > 0 && url[length - 1] == '/')
        length--;
    return asprintf(&joined, "%.*s%s", (int)length, url, path) < 0 ? NULL : joined;
}

static int exchange_once(const Transport *transport, const ProtocolRequest *request,
                         HttpReply *reply)
{
    _cleanup_free_ char *url = join(transport->verifier->urls[transport->url], request->path);
    HttpRequest http_request = {
        .method = request->method,
        .url = url,
        .content_type = request->content_type,
        .accept = request->accept,
        .body = VIEW(request->body),
        .reply_limit = request->reply_limit,
    };

    return url ? http_exchange(transport->http, &http_request, reply) : -ENOMEM;
}

/* Passed over: a warning, and the next URL. Nothing left, or the server saw it: a failure. */
static int note_failure(Transport *transport, int reason, HttpReply *reply, WorkerAnswer *answer)
{
    bool is_passed_over =
        http_is_unreachable(reason) && transport->url + 1 < transport->verifier->n_urls;

    int r = findings_add(&answer->findings, transport_finding(reason),
                         transport->verifier->urls[transport->url],
                         is_passed_over ? FINDING_WARNING : FINDING_FAILURE, reply->detail, NULL);
    if (r < 0)
        return r;
    if (!is_passed_over)
        return TRANSPORT_E_FAILED;
    transport->url++;
    http_reply_done(reply);
    return 0;
}

static int note_reply(const Transport *transport, const HttpReply *reply, WorkerAnswer *answer)
{
    uint64_t now_sec = clock_realtime_usec(&clock_system) / USEC_PER_SEC;

    if (reply->status / 100 != 2)
        answer->retry_after_sec = reply->retry_after_sec;
    if (reply->date_sec > 0) {
        answer->has_clock_skew = true;
        answer->clock_skew_sec = reply->date_sec - (int64_t)now_sec;
    }
    free(answer->verifier_url);
    answer->verifier_url = strdup(transport->verifier->urls[transport->url]);
    return answer->verifier_url ? TRANSPORT_OK : -ENOMEM;
}

int transport_exchange(Transport *transport, const ProtocolRequest *request, WorkerAnswer *answer,
                       HttpReply *ret)
{
    for (;;) {
        int r = exchange_once(transport, request, ret);
        if (r < 0)
            return r;
        if (r == HTTP_OK)
            return note_reply(transport, ret, answer);
        r = note_failure(transport, r, ret, answer);
        if (r)
            return r;
    }
}

static int note_end(const HttpValidity *validity, const char *name, const char *subject,
                    Findings *findings)
{
    int64_t now_sec = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
    char until[32], found[48];

    if (!validity->is_known ||
        !validity_ends_soon(validity->from_sec, validity->until_sec, now_sec))
        return 0;
    format_timestamp((uint64_t)MAX(validity->until_sec, INT64_C(0)) * USEC_PER_SEC, until);
    (void)snprintf(found, sizeof(found), "valid until %s", until);
    return findings_add(findings, name, subject, FINDING_WARNING, found, NULL);
}

int transport_note_ends(const Transport *transport, Findings *findings)
{
    const HttpValidity server = http_validity(transport->http);
    const char *name =
        server.is_authority ? "verifier-authority-ends" : "verifier-certificate-ends";

    int r = note_end(&server, name, transport->verifier->urls[transport->url], findings);
    return r < 0 ? r
                 : note_end(&transport->validity, "client-certificate-ends",
                            "ClientCertificate=", findings);
}
