/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libcurl easy handle with every choice made: what it trusts, what it sends, what it never does.
 */
#include "net/http.h"

#include "base/wipe.h"
#include "net/http-certificate.h"
#include "net/http-reason.h"
#include "net/http-reply.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define CONNECT_TIMEOUT_SEC 10
#define LOW_SPEED_BYTES     16 /* per second; a verifier that thinks is silent, hence two thirds: */
#define LOW_SPEED_PART(sec) MAX((sec)*2 / 3, 1L)
/* Metadata services live on the link and must never be asked for through a proxy. */
#define NO_PROXY        "169.254.169.254,metadata.google.internal,localhost"
#define BEARER_MAX      8192 /* bytes */
#define PIN_PREFIX      "sha256//"
#define HEADER_LINE_MAX 1024

struct Http {
    CURL *curl;
    char *pins;
    char *proxy; /* "" for none; may hold a password */
    Bytes ca_pem;
    Secret *client_certificate; /* NULL: none */
    Secret *client_key;
    Secret *bearer;
    long timeout_sec;
    bool is_metadata;
    char error[CURL_ERROR_SIZE];
    HttpCertificate certificate; /* of the last handshake */
};

static bool is_header_safe(ByteView text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!isascii(text.data[i]) || !isgraph(text.data[i]))
            return false;
    return true;
}

static int copy_secret(ByteView view, Secret **ret)
{
    return view.size > 0 ? secret_new(view, ret) : 0;
}

static int join_pins(const HttpConfig *config, char **ret)
{
    _cleanup_bytes_ Bytes joined = { 0 };

    for (size_t i = 0; i < config->n_pins; i++) {
        /* libcurl takes anything else for a file name. */
        if (strncmp(config->pins[i], PIN_PREFIX, strlen(PIN_PREFIX)) != 0)
            return -EINVAL;
        int r = bytes_append(&joined, view_of_string(i > 0 ? ";" : ""));
        if (r == 0)
            r = bytes_append(&joined, view_of_string(config->pins[i]));
        if (r < 0)
            return r;
    }
    *ret = (char *)TAKE_STRUCT(joined).data;
    return 0;
}

static int copy_config(Http *http, const HttpConfig *config)
{
    int r = copy_secret(config->client_certificate, &http->client_certificate);
    if (r == 0)
        r = copy_secret(config->client_key, &http->client_key);
    if (r == 0)
        r = copy_secret(config->bearer, &http->bearer);
    if (r == 0 && config->ca_pem)
        r = bytes_copy(view_of_string(config->ca_pem), &http->ca_pem);
    if (r == 0)
        r = join_pins(config, &http->pins);
    if (r < 0)
        return r;

    http->timeout_sec = (long)config->timeout_sec;
    http->is_metadata = config->is_metadata;
    http->proxy = strdup(config->proxy ? config->proxy : "");
    return http->proxy ? 0 : -ENOMEM;
}

int http_new(const HttpConfig *config, Http **ret)
{
    if ((config->client_certificate.size > 0) != (config->client_key.size > 0))
        return HTTP_E_CLIENT_CERTIFICATE;
    if (config->bearer.size > BEARER_MAX || !is_header_safe(config->bearer))
        return -EINVAL;
    if (config->is_metadata && config->proxy && *config->proxy)
        return -EINVAL;

    /* The OpenSSL backend would write every session key to the file named there. */
    (void)unsetenv("SSLKEYLOGFILE");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -EIO;

    _cleanup_(http_freep) Http *http = calloc(1, sizeof(*http));
    if (!http) {
        curl_global_cleanup();
        return -ENOMEM;
    }
    http->curl = curl_easy_init();
    if (!http->curl)
        return -ENOMEM;

    int r = copy_config(http, config);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(http);
    return HTTP_OK;
}

Http *http_free(Http *http)
{
    if (!http)
        return NULL;

    curl_easy_cleanup(http->curl);
    (void)secret_free(http->bearer);
    (void)secret_free(http->client_key);
    (void)secret_free(http->client_certificate);
    bytes_done(&http->ca_pem);
    if (http->proxy)
        wipe(http->proxy, strlen(http->proxy));
    free(http->proxy);
    free(http->pins);
    free(http);
    curl_global_cleanup();
    return NULL;
}

static unsigned set_schemes(CURL *curl, bool is_metadata)
{
#if CURL_AT_LEAST_VERSION(7, 85, 0)
    const char *scheme = is_metadata ? "http" : "https";
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme) |
           curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, scheme);
#else
    long scheme = is_metadata ? CURLPROTO_HTTP : CURLPROTO_HTTPS;
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, scheme) |
           curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, scheme);
#endif
}

static unsigned set_blob(CURL *curl, CURLoption option, ByteView view)
{
    /* Not copied: libcurl would not wipe its copy. It does not write either. */
    struct curl_blob blob = {
        .data = (void *)(uintptr_t)view.data,
        .len = view.size,
        .flags = CURL_BLOB_NOCOPY,
    };
    return curl_easy_setopt(curl, option, &blob);
}

static unsigned set_trust(Http *http)
{
    CURL *curl = http->curl;
    unsigned failed = set_schemes(curl, http->is_metadata);

    failed |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    failed |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    failed |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    failed |= http_certificate_watch(curl, &http->certificate);
    failed |= curl_easy_setopt(curl, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (http->ca_pem.size > 0) {
        failed |= set_blob(curl, CURLOPT_CAINFO_BLOB, VIEW(http->ca_pem));
        /* The blob replaces the bundle, not the directory that libcurl was built with. */
        failed |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (http->pins)
        failed |= curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, http->pins);
    if (http->client_certificate) {
        failed |= curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "PEM");
        failed |= curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM");
        failed |= set_blob(curl, CURLOPT_SSLCERT_BLOB, secret_view(http->client_certificate));
        failed |= set_blob(curl, CURLOPT_SSLKEY_BLOB, secret_view(http->client_key));
    }
    return failed;
}

static unsigned set_manners(Http *http)
{
    CURL *curl = http->curl;
    unsigned failed = 0;

    failed |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
    failed |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    failed |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    failed |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    failed |= curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
    failed |= curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    failed |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "attestd/" ATTESTD_VERSION);
    failed |= curl_easy_setopt(curl, CURLOPT_PROXY, http->proxy);
    failed |= curl_easy_setopt(curl, CURLOPT_NOPROXY, http->is_metadata ? "*" : NO_PROXY);
    failed |= curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    failed |= curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    failed |= curl_easy_setopt(curl, CURLOPT_TIMEOUT, http->timeout_sec);
    failed |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                               MIN(http->timeout_sec, (long)CONNECT_TIMEOUT_SEC));
    failed |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
    failed |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_PART(http->timeout_sec));
    return failed;
}

static unsigned set_request(CURL *curl, const HttpRequest *request)
{
    unsigned failed = curl_easy_setopt(curl, CURLOPT_URL, request->url);

    if (strcmp(request->method, "POST") == 0) {
        failed |= curl_easy_setopt(curl, CURLOPT_POST, 1L);
        failed |=
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        failed |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                                   request->body.data ? (const char *)request->body.data : "");
    } else {
        failed |= curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    return failed;
}

/* Wipes what may be a credential, then frees. */
static void header_list_done(struct curl_slist **list)
{
    for (struct curl_slist *item = *list; item; item = item->next)
        wipe(item->data, strlen(item->data));
    curl_slist_free_all(*list);
}

static int add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[HEADER_LINE_MAX];

    if (!value)
        return 0;
    int n = snprintf(line, sizeof(line), "%s:%s%s", name, *value ? " " : "", value);
    if (n < 0 || (size_t)n >= sizeof(line))
        return -EINVAL;
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

static int add_bearer(struct curl_slist **list, const Secret *bearer)
{
    static const char start[] = "Authorization: Bearer ";
    _cleanup_wiped_bytes_ Bytes line = { 0 };

    if (!bearer)
        return 0;
    ByteView key = secret_view(bearer);
    int r = bytes_new(strlen(start) + key.size, &line);
    if (r < 0)
        return r;
    memcpy(line.data, start, strlen(start));
    memcpy(line.data + strlen(start), key.data, key.size);

    struct curl_slist *longer = curl_slist_append(*list, (const char *)line.data);
    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

/* A random UUID, RFC 9562 5.4. */
static int make_request_id(char out[static HTTP_REQUEST_ID_SIZE])
{
    uint8_t b[16];

    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
        return -EIO;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, HTTP_REQUEST_ID_SIZE,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    return 0;
}

static int make_headers(const Http *http, const HttpRequest *request, const HttpReply *reply,
                        struct curl_slist **ret)
{
    _cleanup_(header_list_done) struct curl_slist *list = NULL;

    /* "Expect:" without a value: no waiting for 100 Continue. */
    int r = add_header(&list, "Expect", "");
    if (r == 0)
        r = add_header(&list, "Content-Type", request->content_type);
    if (r == 0)
        r = add_header(&list, "Accept", request->accept);
    if (r == 0)
        r = add_header(&list, "request-id", reply->request_id);
    if (r == 0 && http->is_metadata)
        r = add_header(&list, "Metadata", "true");
    if (r == 0)
        r = add_bearer(&list, http->bearer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(list);
    return 0;
}

static void url_cleanup(CURLU **url)
{
    curl_url_cleanup(*url);
}

static bool url_has(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
        return false;
    curl_free(text);
    return true;
}

/* SCHEME, a host, and no user information, which would end up in logs and proxies. */
static bool is_usable_url(CURLU *url, const char *text, const char *scheme)
{
    return url && strncasecmp(text, scheme, strlen(scheme)) == 0 &&
           curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
           !url_has(url, CURLUPART_USER) && !url_has(url, CURLUPART_PASSWORD) &&
           !url_has(url, CURLUPART_FRAGMENT);
}

static bool is_on_this_link(const char *host)
{
    struct in_addr address;

    if (strcmp(host, "[::1]") == 0)
        return true;
    if (inet_pton(AF_INET, host, &address) != 1)
        return false;
    uint32_t number = ntohl(address.s_addr);
    return number >> 16 == (169U << 8 | 254U) || number >> 24 == 127U;
}

bool http_is_metadata_url(const char *text)
{
    _cleanup_(url_cleanup) CURLU *url = curl_url();
    char *host = NULL;

    if (!is_usable_url(url, text, "http://") ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return false;
    bool is_ours = is_on_this_link(host);
    curl_free(host);
    return is_ours;
}

static bool may_ask(const Http *http, const char *text)
{
    _cleanup_(url_cleanup) CURLU *url = curl_url();

    return http->is_metadata ? http_is_metadata_url(text) : is_usable_url(url, text, "https://");
}

/* libcurl's text names hosts, certificates and system errors; it holds nothing that we sent. */
static void describe(const Http *http, const HttpFailure *failure, HttpReply *reply)
{
    const char *text = http->error[0] ? http->error : curl_easy_strerror(failure->code);

    if (failure->has_too_much)
        text = "cut off at the limit";
    if (failure->certificate->fault != HTTP_CERTIFICATE_FINE)
        http_certificate_describe(failure->certificate, &clock_system, reply->detail,
                                  sizeof(reply->detail));
    else
        (void)snprintf(reply->detail, sizeof(reply->detail), "%s", text);
}

/* libcurl ends a header line above 100 KiB as if there were no memory. */
static bool is_endless_line(CURLcode code, const HttpReceiver *receiver, bool is_under_way)
{
    return code == CURLE_OUT_OF_MEMORY && is_under_way && !receiver->out_of_memory;
}

static int refuse(const Http *http, CURLcode code, const HttpReceiver *receiver)
{
    long proxy_status = 0;
    curl_off_t pretransfer_usec = 0;

    (void)curl_easy_getinfo(http->curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    (void)curl_easy_getinfo(http->curl, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_usec);
    bool is_under_way = pretransfer_usec > 0;
    HttpFailure failure = {
        .code = code,
        .text = http->error,
        .certificate = &http->certificate,
        .uses_proxy = http->proxy[0] != 0,
        .proxy_status = proxy_status,
        .is_under_way = is_under_way,
        .has_too_much = receiver->has_too_much || is_endless_line(code, receiver, is_under_way),
        .out_of_memory = receiver->out_of_memory,
    };
    describe(http, &failure, receiver->reply);
    return http_reason_of(&failure);
}

static int refuse_redirect(CURL *curl, HttpReply *reply)
{
    char *target = NULL;

    (void)curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &target);
    (void)snprintf(reply->detail, sizeof(reply->detail), "%u to %s", reply->status,
                   target ? target : "nowhere");
    return HTTP_E_REDIRECT;
}

static int read_info(CURL *curl, HttpReply *reply)
{
    long status = 0;
    curl_off_t retry_after = 0;
    char *content_type = NULL;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &content_type);
    reply->status = status > 0 && status < 1000 ? (unsigned)status : 0;
    reply->retry_after_sec = retry_after > 0 ? (uint64_t)MIN(retry_after, HTTP_RETRY_AFTER_MAX) : 0;
    if (content_type) {
        reply->content_type = strdup(content_type);
        if (!reply->content_type)
            return -ENOMEM;
    }
    return 0;
}

static int perform(Http *http, const HttpRequest *request, HttpReply *reply)
{
    HttpReceiver receiver = { .reply = reply, .curl = http->curl, .limit = request->reply_limit };
    int r = http_receiver_attach(&receiver);
    if (r < 0)
        return r;

    CURLcode code = curl_easy_perform(http->curl);
    r = read_info(http->curl, reply);
    if (r < 0)
        return r;
    if (reply->status / 100 == 3)
        return refuse_redirect(http->curl, reply);
    return code == CURLE_OK ? HTTP_OK : refuse(http, code, &receiver);
}

HttpValidity http_validity(const Http *http)
{
    return http->certificate.validity;
}

int http_exchange(Http *http, const HttpRequest *request, HttpReply *ret)
{
    _cleanup_(header_list_done) struct curl_slist *headers = NULL;

    int r = make_request_id(ret->request_id);
    if (r < 0)
        return r;
    if (!may_ask(http, request->url)) {
        (void)snprintf(ret->detail, sizeof(ret->detail), "%s", http_reason(HTTP_E_URL));
        return HTTP_E_URL;
    }
    r = make_headers(http, request, ret, &headers);
    if (r < 0)
        return r;

    /* Keeps connections, forgets every option. */
    curl_easy_reset(http->curl);
    http->error[0] = 0;
    if (set_trust(http) | set_manners(http) | set_request(http->curl, request) |
        (unsigned)curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers))
        return -EIO;

    r = perform(http, request, ret);
    curl_easy_reset(http->curl);
    return r;
}
