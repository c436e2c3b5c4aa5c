/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include "testing.h"
#include "tls-lab.h"

#include <errno.h>

#define LIMIT       (64 * 1024)
#define TIMEOUT_SEC 5

static TlsLab lab;

static HttpConfig trusting(void)
{
    return (HttpConfig){ .ca_pem = lab.ca_pem, .timeout_sec = TIMEOUT_SEC };
}

/* One exchange with a listener; the reply is for the caller to look at and free. */
static int ask(const HttpConfig *config, const char *listener, const char *path, HttpReply *reply)
{
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_free_ char *url = tls_lab_url(&lab, listener, path);
    HttpRequest request = { .method = "GET", .url = url, .reply_limit = LIMIT };

    *reply = (HttpReply){ 0 };
    check_int(http_new(config, &http), HTTP_OK);
    return http_exchange(http, &request, reply);
}

static int ask_simply(const char *listener, const char *path)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();
    int r = ask(&config, listener, path, &reply);

    if (r != HTTP_OK) {
        check(reply.detail[0] != 0);
        (void)printf("  %s%s: %s: %s\n", listener, path, http_reason(r), reply.detail);
    }
    return r;
}

static json_t *echoed(const HttpReply *reply)
{
    json_t *json = NULL;

    check_int(reply->status, 200);
    check_int(json_parse(VIEW(reply->body), LIMIT, &json), JSON_OK);
    return json;
}

static const char *echoed_header(const json_t *echo, const char *name)
{
    return json_string_value(json_object_get(json_object_get(echo, "headers"), name));
}

static void test_a_post_arrives_whole(void)
{
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    _cleanup_bytes_ Bytes body = { 0 };
    _cleanup_free_ char *url = tls_lab_url(&lab, "good", "/echo");
    HttpConfig config = trusting();

    check(bytes_new(3 << 20, &body) == 0);
    memset(body.data, 'b', body.size);
    HttpRequest request = { .method = "POST",
                            .url = url,
                            .content_type = "application/json",
                            .accept = "application/json",
                            .body = VIEW(body),
                            .reply_limit = LIMIT };
    check_int(http_new(&config, &http), HTTP_OK);
    check_int(http_exchange(http, &request, &reply), HTTP_OK);

    json_auto_t *echo = echoed(&reply);
    check_str(json_string_value(json_object_get(echo, "method")), "POST");
    check_int(json_integer_value(json_object_get(echo, "size")), 3 << 20);
    check_str(echoed_header(echo, "content-type"), "application/json");
    check_str(echoed_header(echo, "accept"), "application/json");
    check_str(echoed_header(echo, "user-agent"), "attestd/" ATTESTD_VERSION);
    check_str(echoed_header(echo, "request-id"), reply.request_id);
    check_int(strlen(reply.request_id), 36);
    check(!echoed_header(echo, "expect"));
    check(!echoed_header(echo, "accept-encoding"));
    check(!echoed_header(echo, "cookie"));
    check(!echoed_header(echo, "authorization"));
    check_str(reply.content_type, "application/json");
}

static void test_one_connection_serves_several_exchanges(void)
{
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_free_ char *url = tls_lab_url(&lab, "good", "/echo");
    HttpConfig config = trusting();
    HttpRequest post = { .method = "POST", .url = url, .reply_limit = LIMIT };
    HttpRequest get = { .method = "GET", .url = url, .reply_limit = LIMIT };
    char first_id[HTTP_REQUEST_ID_SIZE];

    check_int(http_new(&config, &http), HTTP_OK);
    {
        _cleanup_http_reply_ HttpReply reply = { 0 };
        check_int(http_exchange(http, &post, &reply), HTTP_OK);
        memcpy(first_id, reply.request_id, sizeof(first_id));
    }
    _cleanup_http_reply_ HttpReply reply = { 0 };
    check_int(http_exchange(http, &get, &reply), HTTP_OK);
    json_auto_t *echo = echoed(&reply);
    check_str(json_string_value(json_object_get(echo, "method")), "GET");
    check(strcmp(first_id, reply.request_id) != 0);
}

static void test_the_date_of_the_server_is_read(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 }, without = { 0 };
    HttpConfig config = trusting();

    check_int(ask(&config, "good", "/echo", &reply), HTTP_OK);
    check_int(reply.date_sec, 1795327500);
    check_int(ask(&config, "good", "/bad-date", &without), HTTP_OK);
    check_int(without.date_sec, 0);
}

static void test_error_statuses_are_replies(void)
{
    _cleanup_http_reply_ HttpReply r500 = { 0 }, r403 = { 0 };
    HttpConfig config = trusting();

    check_int(ask(&config, "good", "/500", &r500), HTTP_OK);
    check_int(r500.status, 500);
    check_str((const char *)r500.body.data, "boom");
    check_int(ask(&config, "good", "/403", &r403), HTTP_OK);
    check_int(r403.status, 403);
    check_str(r403.content_type, "text/html");
}

static void test_retry_after_is_read_and_clamped(void)
{
    _cleanup_http_reply_ HttpReply soon = { 0 }, late = { 0 }, words = { 0 };
    HttpConfig config = trusting();

    check_int(ask(&config, "good", "/429", &soon), HTTP_OK);
    check_int(soon.status, 429);
    check_int(soon.retry_after_sec, 7);
    check_int(ask(&config, "good", "/429-late", &late), HTTP_OK);
    check_int(late.retry_after_sec, HTTP_RETRY_AFTER_MAX);
    check_int(ask(&config, "good", "/503-words", &words), HTTP_OK);
    check_int(words.retry_after_sec, 0);
}

static void test_a_redirect_is_named_and_not_followed(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();

    check_int(ask(&config, "good", "/302", &reply), HTTP_E_REDIRECT);
    check_int(reply.status, 302);
    check(strstr(reply.detail, "elsewhere.example"));
    check_int(ask_simply("good", "/304"), HTTP_E_REDIRECT);
}

static void test_replies_beyond_the_cap_are_cut_off(void)
{
    check_int(ask_simply("good", "/huge"), HTTP_E_TOO_LARGE);
    check_int(ask_simply("good", "/huge-unannounced"), HTTP_E_TOO_LARGE);
    check_int(ask_simply("good", "/huge-error"), HTTP_E_TOO_LARGE);
    check_int(ask_simply("good", "/chunked-endless"), HTTP_E_TOO_LARGE);
    check_int(ask_simply("good", "/endless-header"), HTTP_E_TOO_LARGE);
}

static void test_a_body_of_exactly_the_cap_is_taken(void)
{
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_http_reply_ HttpReply fits = { 0 }, not = { 0 };
    _cleanup_free_ char *url = tls_lab_url(&lab, "good", "/500");
    HttpConfig config = trusting();
    HttpRequest request = { .method = "GET", .url = url, .reply_limit = strlen("boom") };

    check_int(http_new(&config, &http), HTTP_OK);
    check_int(http_exchange(http, &request, &fits), HTTP_OK);
    request.reply_limit--;
    check_int(http_exchange(http, &request, &not ), HTTP_E_TOO_LARGE);
}

static void test_compressed_replies_are_left_alone(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();

    check_int(ask(&config, "good", "/gzip", &reply), HTTP_OK);
    check_int(reply.body.data[0], 0x1f);
}

static void test_a_connection_that_ends_early_is_truncated(void)
{
    check_int(ask_simply("good", "/close"), HTTP_E_TRUNCATED);
    check_int(ask_simply("good", "/reset"), HTTP_E_TRUNCATED);
    check_int(ask_simply("good", "/half"), HTTP_E_TRUNCATED);
}

static void test_garbage_is_not_http(void)
{
    check_int(ask_simply("good", "/garbage"), HTTP_E_MALFORMED);
}

static void test_slow_bytes_and_silence_time_out(void)
{
    HttpConfig config = trusting();

    config.timeout_sec = 2; /* the handshake is to come through, on a busy machine too */
    {
        _cleanup_http_reply_ HttpReply reply = { 0 };
        check_int(ask(&config, "good", "/slow", &reply), HTTP_E_TIMEOUT);
    }
    _cleanup_http_reply_ HttpReply reply = { 0 };
    check_int(ask(&config, "good", "/silent", &reply), HTTP_E_TIMEOUT);
    check(!http_is_unreachable(HTTP_E_TIMEOUT));
}

static void test_less_than_the_least_speed_times_out(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();

    config.timeout_sec = 6;
    check_int(ask(&config, "good", "/slow", &reply), HTTP_E_TIMEOUT);
    check(strstr(reply.detail, "too slow"));
}

static void test_a_handshake_without_end_is_no_connection(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();

    config.timeout_sec = 1;
    check_int(ask(&config, "deaf", "/", &reply), HTTP_E_CONNECT);
    check_int(ask_simply("reset", "/"), HTTP_E_CONNECT);
    check_int(ask_simply("ended", "/"), HTTP_E_CONNECT);
    check(http_is_unreachable(HTTP_E_CONNECT));
}

static void test_nobody_listening_is_no_connection(void)
{
    check_int(ask_simply("closed", "/"), HTTP_E_CONNECT);
}

static void test_an_unknown_host_is_not_resolved(void)
{
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();
    HttpRequest request = { .method = "GET",
                            .url = "https://verifier.invalid/",
                            .reply_limit = LIMIT };

    check_int(http_new(&config, &http), HTTP_OK);
    int r = http_exchange(http, &request, &reply);
    /* Where even the resolver cannot be reached, the time for connecting runs out first. */
    check(r == HTTP_E_RESOLVE || r == HTTP_E_CONNECT);
    check(http_is_unreachable(HTTP_E_RESOLVE));
}

static void test_wrong_certificates_are_untrusted(void)
{
    check_int(ask_simply("foreign", "/echo"), HTTP_E_TLS_CERTIFICATE);
    check_int(ask_simply("elsewhere", "/echo"), HTTP_E_TLS_CERTIFICATE);
}

/* Without a Date there are only the certificate's dates to compare with our clock. */
static void test_certificates_of_another_time_are_named_with_their_dates(void)
{
    static const struct {
        const char *listener;
        int reason;
    } cases[] = { { "expired", HTTP_E_TLS_EXPIRED }, { "early", HTTP_E_TLS_EARLY } };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_http_reply_ HttpReply reply = { 0 };
        HttpConfig config = trusting();

        check_int(ask(&config, cases[i].listener, "/echo", &reply), cases[i].reason);
        check(strstr(reply.detail, "valid from 20") == reply.detail);
        check(strstr(reply.detail, "; by this machine's clock it is 20") != NULL);
        check_int(reply.date_sec, 0);
    }
    /* What came of one handshake is not said of the next. */
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_http_reply_ HttpReply expired = { 0 }, foreign = { 0 };
    _cleanup_free_ char *first = tls_lab_url(&lab, "expired", "/echo");
    _cleanup_free_ char *second = tls_lab_url(&lab, "foreign", "/echo");
    HttpConfig config = trusting();
    HttpRequest request = { .method = "GET", .url = first, .reply_limit = LIMIT };

    check_int(http_new(&config, &http), HTTP_OK);
    check_int(http_exchange(http, &request, &expired), HTTP_E_TLS_EXPIRED);
    request.url = second;
    check_int(http_exchange(http, &request, &foreign), HTTP_E_TLS_CERTIFICATE);
    check(!strstr(foreign.detail, "clock"));
}

static void test_without_our_authority_the_server_is_untrusted(void)
{
    _cleanup_http_reply_ HttpReply by_system = { 0 }, by_other = { 0 };
    HttpConfig config = { .timeout_sec = TIMEOUT_SEC };

    check_int(ask(&config, "good", "/echo", &by_system), HTTP_E_TLS_CERTIFICATE);
    config.ca_pem = lab.other_pem;
    check_int(ask(&config, "good", "/echo", &by_other), HTTP_E_TLS_CERTIFICATE);
}

static void test_unreadable_authorities_are_named(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = { .ca_pem = "no certificate", .timeout_sec = TIMEOUT_SEC };

    check_int(ask(&config, "good", "/echo", &reply), HTTP_E_AUTHORITIES);
}

static void test_old_tls_and_no_tls_are_refused(void)
{
    check_int(ask_simply("old", "/echo"), HTTP_E_TLS);
    check_int(ask_simply("plain", "/echo"), HTTP_E_TLS);
}

static void test_one_matching_pin_is_enough(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    const char *pins[] = { "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", lab.pin };
    HttpConfig config = trusting();

    config.pins = pins;
    config.n_pins = ELEMENTSOF(pins);
    check_int(ask(&config, "good", "/echo", &reply), HTTP_OK);
}

static void test_another_key_than_the_pinned_is_refused(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 }, other = { 0 };
    const char *pins[] = { "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };
    const char *right[] = { lab.pin };
    HttpConfig config = trusting();

    config.pins = pins;
    config.n_pins = 1;
    check_int(ask(&config, "good", "/echo", &reply), HTTP_E_PIN);
    /* A pin does not stand in for the chain. */
    config.pins = right;
    config.ca_pem = lab.other_pem;
    check_int(ask(&config, "good", "/echo", &other), HTTP_E_TLS_CERTIFICATE);
}

static void test_a_pin_that_is_a_file_name_is_refused(void)
{
    _cleanup_(http_freep) Http *http = NULL;
    const char *pins[] = { "/etc/passwd" };
    HttpConfig config = { .pins = pins, .n_pins = 1, .timeout_sec = TIMEOUT_SEC };

    check_int(http_new(&config, &http), -EINVAL);
}

static void test_a_client_certificate_is_shown_when_wanted(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();

    config.client_certificate = VIEW(lab.client_certificate);
    config.client_key = VIEW(lab.client_key);
    check_int(ask(&config, "mutual", "/echo", &reply), HTTP_OK);
}

static void test_a_missing_or_foreign_client_certificate_is_named(void)
{
    _cleanup_http_reply_ HttpReply foreign = { 0 }, broken = { 0 };
    _cleanup_(http_freep) Http *http = NULL;
    HttpConfig config = trusting();

    check_int(ask_simply("mutual", "/echo"), HTTP_E_CLIENT_CERTIFICATE);
    config.client_certificate = VIEW(lab.foreign_certificate);
    config.client_key = VIEW(lab.foreign_key);
    check_int(ask(&config, "mutual", "/echo", &foreign), HTTP_E_CLIENT_CERTIFICATE);
    config.client_key = VIEW(lab.client_key);
    check_int(ask(&config, "mutual", "/echo", &broken), HTTP_E_CLIENT_CERTIFICATE);
    config.client_key = (ByteView){ 0 };
    check_int(http_new(&config, &http), HTTP_E_CLIENT_CERTIFICATE);
}

static char *proxy_url(const char *listener, const char *user)
{
    char *url = NULL;
    int port = (int)json_integer_value(json_object_get(lab.ports, listener));

    check(asprintf(&url, "http://%s127.0.0.1:%d", user, port) > 0);
    return url;
}

static void test_the_proxy_is_used_when_told_and_learns_no_key(void)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    _cleanup_free_ char *proxy = proxy_url("proxy", "");
    HttpConfig config = trusting();

    config.proxy = proxy;
    config.bearer = view_of_string("very-secret-key");
    check_int(ask(&config, "good", "/echo", &reply), HTTP_OK);
    json_auto_t *echo = echoed(&reply);
    check_str(echoed_header(echo, "authorization"), "Bearer very-secret-key");
    json_t *proxied = json_object_get(echo, "proxied");
    check(json_array_size(proxied) > 0);
    const char *last = json_string_value(json_array_get(proxied, json_array_size(proxied) - 1));
    check(strncmp(last, "CONNECT ", strlen("CONNECT ")) == 0);
    check(!strstr(last, "very-secret-key") && !strstr(last, "request-id"));
    /* The Date is the server's, not the proxy's. */
    check_int(reply.date_sec, 1795327500);
}

static void test_proxies_of_the_environment_are_ignored(void)
{
    _cleanup_free_ char *proxy = proxy_url("proxy-403", "");

    check(setenv("https_proxy", proxy, 1) == 0 && setenv("HTTPS_PROXY", proxy, 1) == 0);
    check(setenv("ALL_PROXY", proxy, 1) == 0);
    check_int(ask_simply("good", "/echo"), HTTP_OK);
    check(unsetenv("https_proxy") == 0 && unsetenv("HTTPS_PROXY") == 0);
    check(unsetenv("ALL_PROXY") == 0);
}

static void check_proxy_is_refused(const char *proxy)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    HttpConfig config = trusting();

    config.proxy = proxy;
    config.bearer = view_of_string("very-secret-key");
    check_int(ask(&config, "good", "/echo", &reply), HTTP_E_PROXY);
    (void)printf("  %s\n", reply.detail);
    check(reply.detail[0] != 0);
    check(!strstr(reply.detail, "hunter2") && !strstr(reply.detail, "very-secret-key"));
}

static void test_an_unwilling_proxy_is_named_without_its_password(void)
{
    _cleanup_free_ char *refusing = proxy_url("proxy-403", "joe:hunter2@");
    _cleanup_free_ char *asking = proxy_url("proxy-407", "joe:hunter2@");
    _cleanup_free_ char *absent = proxy_url("closed", "joe:hunter2@");

    check_proxy_is_refused(refusing);
    check_proxy_is_refused(asking);
    check_proxy_is_refused(absent);
    check_proxy_is_refused("http://joe:hunter2@proxy.invalid:8080");
}

static void test_ipv6_literals_work(void)
{
    if (!json_object_get(lab.ports, "ipv6")) {
        (void)printf("  no IPv6 on this machine\n");
        return;
    }
    check_int(ask_simply("ipv6", "/echo"), HTTP_OK);
}

static void test_only_https_urls_without_user_information(void)
{
    static const char *const urls[] = {
        "http://127.0.0.1/",   "file:///etc/passwd",
        "127.0.0.1",           "https://",
        "https://u:p@host/",   "https://u@host/",
        "https://host/#there", "ftp://host/",
        "https://ho st/",      "",
    };
    HttpConfig config = trusting();
    _cleanup_(http_freep) Http *http = NULL;

    check_int(http_new(&config, &http), HTTP_OK);
    for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
        _cleanup_http_reply_ HttpReply reply = { 0 };
        HttpRequest request = { .method = "GET", .url = urls[i], .reply_limit = LIMIT };
        check_int(http_exchange(http, &request, &reply), HTTP_E_URL);
    }
}

static void test_a_metadata_service_is_on_this_link(void)
{
    static const char *const good[] = { "http://169.254.169.254/x?y=1", "http://127.0.0.1:8080",
                                        "http://[::1]:80/", "HTTP://169.254.0.1" };
    static const char *const bad[] = {
        "https://169.254.169.254/", "http://example.org/",    "http://10.0.0.1/",
        "http://169.255.1.1/",      "http://u@127.0.0.1/",    "http://127.0.0.1.example/",
        "http://[fe80::1]/",        "http://127.0.0.1/#part", "",
        "ftp://127.0.0.1/",
    };

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(http_is_metadata_url(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!http_is_metadata_url(bad[i]));
}

static void test_only_a_metadata_service_is_spoken_to_plainly(void)
{
    HttpConfig config = { .is_metadata = true, .timeout_sec = TIMEOUT_SEC };
    _cleanup_(http_freep) Http *http = NULL, *proxied = NULL;
    _cleanup_http_reply_ HttpReply tls = { 0 }, plain = { 0 };
    _cleanup_free_ char *url = tls_lab_url(&lab, "good", "/echo");
    char plain_url[64];

    (void)snprintf(plain_url, sizeof(plain_url), "http://127.0.0.1:%d/",
                   (int)json_integer_value(json_object_get(lab.ports, "plain")));
    check_int(http_new(&config, &http), HTTP_OK);
    HttpRequest request = { .method = "GET", .url = url, .reply_limit = LIMIT };
    check_int(http_exchange(http, &request, &tls), HTTP_E_URL);
    request.url = plain_url;
    check_int(http_exchange(http, &request, &plain), HTTP_OK);
    check_int(plain.status, 400);
    config.proxy = "http://127.0.0.1:1";
    check_int(http_new(&config, &proxied), -EINVAL);
}

static void test_a_key_that_would_break_out_of_its_header_is_refused(void)
{
    _cleanup_(http_freep) Http *http = NULL;
    HttpConfig config = trusting();

    config.bearer = view_of_string("key\r\nX-Other: 1");
    check_int(http_new(&config, &http), -EINVAL);
    config.bearer = view_of_string("two words");
    check_int(http_new(&config, &http), -EINVAL);
}

static void test_session_keys_are_not_written_anywhere(void)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/keys.log", lab.directory);
    check(setenv("SSLKEYLOGFILE", path, 1) == 0);
    check_int(ask_simply("good", "/echo"), HTTP_OK);
    check(access(path, F_OK) != 0);
}

static void test_every_reason_has_words(void)
{
    for (int i = HTTP_OK; i <= HTTP_E_MALFORMED; i++)
        check(strcmp(http_reason(i), "unknown") != 0);
    check_str(http_reason(-1), "unknown");
    check_str(http_reason(HTTP_E_MALFORMED + 1), "unknown");
}

static const Test tests[] = {
    { "session keys are not written anywhere", test_session_keys_are_not_written_anywhere },
    { "a post arrives whole", test_a_post_arrives_whole },
    { "one connection serves several exchanges", test_one_connection_serves_several_exchanges },
    { "the date of the server is read", test_the_date_of_the_server_is_read },
    { "error statuses are replies", test_error_statuses_are_replies },
    { "Retry-After is read and clamped", test_retry_after_is_read_and_clamped },
    { "a redirect is named and not followed", test_a_redirect_is_named_and_not_followed },
    { "replies beyond the cap are cut off", test_replies_beyond_the_cap_are_cut_off },
    { "a body of exactly the cap is taken", test_a_body_of_exactly_the_cap_is_taken },
    { "compressed replies are left alone", test_compressed_replies_are_left_alone },
    { "a connection that ends early is truncated", test_a_connection_that_ends_early_is_truncated },
    { "garbage is not HTTP", test_garbage_is_not_http },
    { "slow bytes and silence time out", test_slow_bytes_and_silence_time_out },
    { "less than the least speed times out", test_less_than_the_least_speed_times_out },
    { "a handshake without end is no connection", test_a_handshake_without_end_is_no_connection },
    { "nobody listening is no connection", test_nobody_listening_is_no_connection },
    { "an unknown host is not resolved", test_an_unknown_host_is_not_resolved },
    { "wrong certificates are untrusted", test_wrong_certificates_are_untrusted },
    { "certificates of another time are named, with their dates",
      test_certificates_of_another_time_are_named_with_their_dates },
    { "without our authority the server is untrusted",
      test_without_our_authority_the_server_is_untrusted },
    { "unreadable authorities are named", test_unreadable_authorities_are_named },
    { "old TLS and no TLS are refused", test_old_tls_and_no_tls_are_refused },
    { "one matching pin is enough", test_one_matching_pin_is_enough },
    { "another key than the pinned is refused", test_another_key_than_the_pinned_is_refused },
    { "a pin that is a file name is refused", test_a_pin_that_is_a_file_name_is_refused },
    { "a client certificate is shown when wanted", test_a_client_certificate_is_shown_when_wanted },
    { "a missing or foreign client certificate is named",
      test_a_missing_or_foreign_client_certificate_is_named },
    { "the proxy is used when told and learns no key",
      test_the_proxy_is_used_when_told_and_learns_no_key },
    { "proxies of the environment are ignored", test_proxies_of_the_environment_are_ignored },
    { "an unwilling proxy is named without its password",
      test_an_unwilling_proxy_is_named_without_its_password },
    { "IPv6 literals work", test_ipv6_literals_work },
    { "only https URLs without user information", test_only_https_urls_without_user_information },
    { "a metadata service is on this link", test_a_metadata_service_is_on_this_link },
    { "only a metadata service is spoken to plainly",
      test_only_a_metadata_service_is_spoken_to_plainly },
    { "a key that would break out of its header is refused",
      test_a_key_that_would_break_out_of_its_header_is_refused },
    { "every reason has words", test_every_reason_has_words },
};

int main(int argc, char **argv)
{
    tls_lab_start(&lab);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    tls_lab_stop(&lab);
    return r;
}
