/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blocking HTTPS exchange at a time, over libcurl: certificates verified, environment and
 * redirects ignored, replies capped, every failure named (spec/endpoints 8.1). Knows nothing of
 * attestation. A cloud's metadata service has no TLS: to that one, and to nobody off this link, it
 * speaks plainly.
 */
#pragma once

#include "base/bytes.h"

#define HTTP_DETAIL_MAX      256 /* bytes of detail text, NUL included */
#define HTTP_REQUEST_ID_SIZE 37  /* a UUID as text, NUL included */
#define HTTP_RETRY_AFTER_MAX 120 /* seconds; spec/endpoints 8.2 */

enum {
    HTTP_OK,                   /* a reply came; its status may be any but 3xx */
    HTTP_E_URL,                /* not an https URL, or user information in it; of a metadata
                                  service not http_is_metadata_url() */
    HTTP_E_RESOLVE,            /* no address for the host */
    HTTP_E_CONNECT,            /* no connection, or none within the connect timeout, or lost in
                                  the handshake */
    HTTP_E_PROXY,              /* the proxy cannot be resolved or reached, or refuses the tunnel */
    HTTP_E_AUTHORITIES,        /* the configured certificate authorities cannot be read */
    HTTP_E_TLS,                /* TLS handshake failed: version, cipher, not TLS at all */
    HTTP_E_TLS_CERTIFICATE,    /* the peer's certificate is untrusted or for another name */
    HTTP_E_TLS_EARLY,          /* it, or an authority's, is not valid yet by our clock */
    HTTP_E_TLS_EXPIRED,        /* it, or an authority's, has expired by our clock */
    HTTP_E_PIN,                /* certificate fine, key not among the pinned ones */
    HTTP_E_CLIENT_CERTIFICATE, /* ours is wanted, refused or unusable */
    HTTP_E_TIMEOUT,            /* connected, but not done in time, or slower than the least speed */
    HTTP_E_TOO_LARGE,          /* more than reply_limit, or a huge header */
    HTTP_E_REDIRECT,           /* a 3xx; never followed */
    HTTP_E_TRUNCATED,          /* the connection ended inside the reply, or without one */
    HTTP_E_MALFORMED,          /* not HTTP/1.1 as curl understands it */
};

/* A word or two for each of the above. */
const char *http_reason(int reason);
/* True where the server never saw the request: the next address may be tried. */
bool http_is_unreachable(int reason);

/* How to reach one verifier. Text and bytes are copied by http_new(). */
typedef struct HttpConfig {
    const char *ca_pem;          /* trusted certificates, PEM; NULL: the system's */
    const char *const *pins;     /* "sha256//BASE64" of SubjectPublicKeyInfo */
    size_t n_pins;               /* 0: no pinning */
    ByteView client_certificate; /* PEM chain, leaf first; empty: none */
    ByteView client_key;         /* PEM; wiped when the Http is freed */
    const char *proxy;           /* URL; NULL or "": none */
    ByteView bearer;             /* sent as Authorization: Bearer, printable; empty: none; wiped */
    unsigned timeout_sec;        /* whole exchange; connecting may take min(10, timeout) */
    bool is_metadata; /* http to a metadata service: header "Metadata: true", never by a proxy */
} HttpConfig;

/*
 * "http://HOST[:PORT][/…]" with HOST an address of this link or this machine, written as a number:
 * 169.254.0.0/16, 127.0.0.0/8, [::1]. What goes there in the clear leaves the host for nobody.
 */
bool http_is_metadata_url(const char *url);

/* Borrowed. */
typedef struct HttpRequest {
    const char *method;       /* "GET", "POST" */
    const char *url;          /* https://host[:port]/path, IPv6 literals in brackets */
    const char *content_type; /* of the body; NULL: none */
    const char *accept;       /* NULL: none */
    ByteView body;
    size_t reply_limit; /* bytes of a 2xx body; other bodies: the smaller of this and 256 KiB */
} HttpRequest;

/* Owned: http_reply_done(). Every text is as the peer sent it: print through findings only. */
typedef struct HttpReply {
    unsigned status;
    char *content_type; /* NULL: none */
    Bytes body;
    uint64_t retry_after_sec;              /* clamped to 1 … 120; 0: absent */
    int64_t date_sec;                      /* Date, seconds since 1970; 0: absent or unparseable */
    char request_id[HTTP_REQUEST_ID_SIZE]; /* what we sent as request-id */
    char detail[HTTP_DETAIL_MAX]; /* why not, for a person; never a secret. Set on a named no too */
} HttpReply;

void http_reply_done(HttpReply *reply);
#define _cleanup_http_reply_ _cleanup_(http_reply_done)

/* The certificate of a server's chain that ends first, seconds since 1970. */
typedef struct HttpValidity {
    bool is_known;     /* false: there was no handshake, or the chain was not taken */
    bool is_authority; /* of a CA, not of the server itself */
    int64_t from_sec;
    int64_t until_sec;
} HttpValidity;

typedef struct Http Http;

/*
 * A connection cache of one. HTTP_E_CLIENT_CERTIFICATE when certificate or key come alone;
 * -EINVAL for a bearer that could break out of its header; -ENOMEM.
 */
_must_check_ int http_new(const HttpConfig *config, Http **ret);
Http *http_free(Http *http);
DEFINE_CLEANUP(Http *, http_free);

/*
 * Sends REQUEST, waits for the whole reply. HTTP_OK, a named no, or negative errno (out of memory,
 * no randomness, libcurl unusable). RET must be zeroed; it is filled with what there is (detail,
 * request_id, for HTTP_E_REDIRECT and HTTP_E_TOO_LARGE also status) on a named no.
 */
_must_check_ int http_exchange(Http *http, const HttpRequest *request, HttpReply *ret);
/* Of the last exchange, where it made a connection. */
HttpValidity http_validity(const Http *http);
