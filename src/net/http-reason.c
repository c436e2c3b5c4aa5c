/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for what can go wrong between us and a server.
 */
#include "net/http-reason.h"

#include <errno.h>
#include <string.h>

const char *http_reason(int reason)
{
    static const char *const reasons[] = {
        [HTTP_OK] = "ok",
        [HTTP_E_URL] = "not an https URL",
        [HTTP_E_RESOLVE] = "name not resolved",
        [HTTP_E_CONNECT] = "no connection",
        [HTTP_E_PROXY] = "proxy unreachable or unwilling",
        [HTTP_E_AUTHORITIES] = "certificate authorities unreadable",
        [HTTP_E_TLS] = "TLS handshake failed",
        [HTTP_E_TLS_CERTIFICATE] = "certificate untrusted",
        [HTTP_E_TLS_EARLY] = "certificate not yet valid",
        [HTTP_E_TLS_EXPIRED] = "certificate expired",
        [HTTP_E_PIN] = "key not pinned",
        [HTTP_E_CLIENT_CERTIFICATE] = "client certificate wanted, refused or unusable",
        [HTTP_E_TIMEOUT] = "not done in time",
        [HTTP_E_TOO_LARGE] = "reply too large",
        [HTTP_E_REDIRECT] = "redirect",
        [HTTP_E_TRUNCATED] = "connection ended early",
        [HTTP_E_MALFORMED] = "not HTTP",
    };

    if (reason < 0 || (size_t)reason >= ELEMENTSOF(reasons))
        return "unknown";
    return reasons[reason];
}

bool http_is_unreachable(int reason)
{
    return reason == HTTP_E_RESOLVE || reason == HTTP_E_CONNECT || reason == HTTP_E_PROXY;
}

/*
 * TLS alerts by which a server speaks about *our* certificate. In TLS 1.3 they arrive after the
 * handshake, so libcurl reports a failed read and only OpenSSL's text tells.
 */
static bool names_our_certificate(const char *text)
{
    static const char *const alerts[] = {
        "alert certificate required", "alert bad certificate",     "alert unknown ca",
        "alert certificate expired",  "alert certificate revoked", "alert unsupported certificate",
        "alert certificate unknown",
    };

    for (size_t i = 0; i < ELEMENTSOF(alerts); i++)
        if (strstr(text, alerts[i]))
            return true;
    return false;
}

/* The peer went away in the middle of the handshake: libcurl calls it TLS, and only its texts tell.
 */
static bool names_a_lost_peer(const char *text)
{
    static const char *const losses[] = { "Recv failure", "Send failure", "SSL_ERROR_SYSCALL",
                                          "Connection reset", "unexpected eof" };

    for (size_t i = 0; i < ELEMENTSOF(losses); i++)
        if (strstr(text, losses[i]))
            return true;
    return false;
}

/* CURLcode is not our enum: what is not listed is a broken exchange. */
static int reason_of_code(CURLcode code)
{
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_BAD_FUNCTION_ARGUMENT:
        return -EIO;
    case CURLE_URL_MALFORMAT:
        return HTTP_E_URL;
    case CURLE_COULDNT_RESOLVE_HOST:
        return HTTP_E_RESOLVE;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        return HTTP_E_CONNECT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return HTTP_E_PROXY;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
        return HTTP_E_AUTHORITIES;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_SHUTDOWN_FAILED:
        return HTTP_E_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return HTTP_E_TLS_CERTIFICATE;
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return HTTP_E_PIN;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CLIENTCERT:
        return HTTP_E_CLIENT_CERTIFICATE;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_E_TIMEOUT;
    case CURLE_FILESIZE_EXCEEDED:
        return HTTP_E_TOO_LARGE;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return HTTP_E_TRUNCATED;
    default:
        return HTTP_E_MALFORMED;
    }
}

static int reason_of_certificate(HttpCertificateFault fault)
{
    switch (fault) {
    case HTTP_CERTIFICATE_TOO_EARLY:
        return HTTP_E_TLS_EARLY;
    case HTTP_CERTIFICATE_TOO_LATE:
        return HTTP_E_TLS_EXPIRED;
    case HTTP_CERTIFICATE_FINE:
        break;
    }
    return HTTP_E_TLS_CERTIFICATE;
}

int http_reason_of(const HttpFailure *failure)
{
    if (failure->out_of_memory)
        return -ENOMEM;
    if (failure->has_too_much)
        return HTTP_E_TOO_LARGE;

    int reason = reason_of_code(failure->code);
    if (reason < 0)
        return reason;
    if (names_our_certificate(failure->text))
        return HTTP_E_CLIENT_CERTIFICATE;
    if (reason == HTTP_E_TLS_CERTIFICATE)
        return reason_of_certificate(failure->certificate->fault);
    if (failure->proxy_status != 0 && failure->proxy_status / 100 != 2)
        return HTTP_E_PROXY;
    if ((reason == HTTP_E_TIMEOUT && !failure->is_under_way) ||
        (reason == HTTP_E_TLS && names_a_lost_peer(failure->text)))
        reason = HTTP_E_CONNECT;
    if (reason == HTTP_E_CONNECT && failure->uses_proxy && failure->proxy_status == 0)
        return HTTP_E_PROXY;
    return reason;
}
