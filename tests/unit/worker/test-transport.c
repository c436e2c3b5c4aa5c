/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/transport.h"

#include "format/catalog.h"
#include "protocol/native.h"
#include "request-sample.h"
#include "tls-lab.h"

#include <errno.h>
#include <time.h>

#define SECRET_KEY "s3cret-api-key"

static TlsLab lab;

/* A request to the listeners given, in order, with descriptors as named. */
typedef struct Wish {
    const char *listeners[3];
    const char *authority; /* NULL: the lab's */
    const char *pin;       /* NULL: none */
    const char *proxy;     /* NULL: none */
    unsigned timeout_sec;
    const char *fd_names[3];
    ByteView fd_contents[3];
} Wish;

static void set_urls(json_t *verifier, const Wish *wish)
{
    json_t *urls = json_array();

    for (size_t i = 0; i < ELEMENTSOF(wish->listeners) && wish->listeners[i]; i++) {
        _cleanup_free_ char *url = tls_lab_url(&lab, wish->listeners[i], "/");
        check(json_array_append_new(urls, json_string(url)) == 0);
    }
    check(json_object_set_new(verifier, "urls", urls) == 0);
}

static RoundRequest *make_request(const Wish *wish, FdList *fds)
{
    RoundRequest *request = NULL;
    const char *member = NULL;
    json_auto_t *json = sample_round();
    json_t *verifier = json_object_get(json, "verifier"), *names = json_object_get(json, "fds");

    set_urls(verifier, wish);
    check(json_object_set_new(verifier, "ca_pem",
                              json_string(wish->authority ? wish->authority : lab.ca_pem)) == 0);
    check(json_object_set_new(verifier, "proxy", json_string(wish->proxy ? wish->proxy : "")) == 0);
    check(json_object_set_new(verifier, "timeout_sec",
                              json_integer(wish->timeout_sec ? wish->timeout_sec : 5)) == 0);
    check(json_array_clear(json_object_get(verifier, "pins")) == 0);
    if (wish->pin)
        check(json_array_append_new(json_object_get(verifier, "pins"), json_string(wish->pin)) ==
              0);
    for (size_t i = 0; i < ELEMENTSOF(wish->fd_names) && wish->fd_names[i]; i++) {
        check(json_array_append_new(names, json_string(wish->fd_names[i])) == 0);
        check(fd_list_take(fds, memfd_sealed("credential", wish->fd_contents[i])) == 0);
    }
    _cleanup_free_ char *text = json_text(json);
    int r = round_request_parse(view_of_string(text), fds, &request, &member);
    if (r != REQUEST_OK)
        (void)printf("  %s\n", member);
    check_int(r, REQUEST_OK);
    return request;
}

/* No text of an answer may hold a secret. */
static void check_is_silent(const WorkerAnswer *answer)
{
    json_auto_t *json = findings_to_json(&answer->findings);
    _cleanup_free_ char *text = json_text(json);

    check(text && !strstr(text, SECRET_KEY) && !strstr(text, "hunter2"));
    check(!strstr(text, "PRIVATE KEY"));
}

static int exchange(const Wish *wish, const char *path, WorkerAnswer *answer, HttpReply *reply)
{
    _cleanup_fd_list_ FdList fds = { 0 };
    _cleanup_(round_request_freep) RoundRequest *request = make_request(wish, &fds);
    _cleanup_(transport_freep) Transport *transport = NULL;
    ProtocolRequest protocol_request = { .method = "POST",
                                         .path = path,
                                         .content_type = "application/json",
                                         .accept = "application/json",
                                         .reply_limit = 16 << 10 };

    int r = transport_new(request, &protocol_native, answer, &transport);
    if (r == TRANSPORT_OK)
        r = transport_exchange(transport, &protocol_request, answer, reply);
    if (r == TRANSPORT_OK)
        r = transport_note_ends(transport, &answer->findings);
    check_is_silent(answer);
    return r;
}

static void check_fails(const Wish *wish, const char *path, const char *name)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_http_reply_ HttpReply reply = { 0 };

    check_int(exchange(wish, path, &answer, &reply), TRANSPORT_E_FAILED);
    const Finding *failure = findings_first_failure(&answer.findings);
    (void)printf("  %s: %s\n", failure->name, failure->found);
    check_str(failure->name, name);
    check(*failure->remedy);
}

static void test_every_reason_is_in_the_catalogue(void)
{
    for (int i = HTTP_E_URL; i <= HTTP_E_MALFORMED; i++)
        check(catalog_find(transport_finding(i)));
    check_str(transport_finding(HTTP_E_MALFORMED + 1), "verifier-reply-malformed");
}

static void test_each_misbehaviour_has_its_name(void)
{
    const Wish wish = { .listeners = { "good" } };
    const Wish hasty = { .listeners = { "good" }, .timeout_sec = 1 };

    check_fails(&wish, "/302", "verifier-redirect");
    check_fails(&wish, "/huge", "verifier-reply-too-large");
    check_fails(&wish, "/chunked-endless", "verifier-reply-too-large");
    check_fails(&wish, "/close", "verifier-reply-truncated");
    check_fails(&wish, "/garbage", "verifier-reply-malformed");
    check_fails(&hasty, "/slow", "verifier-timeout");
}

static void test_each_untrusted_peer_has_its_name(void)
{
    const Wish foreign = { .listeners = { "foreign" } }, expired = { .listeners = { "expired" } };
    const Wish early = { .listeners = { "early" } };
    const Wish elsewhere = { .listeners = { "elsewhere" } }, old = { .listeners = { "old" } };
    const Wish mutual = { .listeners = { "mutual" } }, closed = { .listeners = { "closed" } };
    const Wish authority = { .listeners = { "good" }, .authority = "none" };
    const Wish pinned = { .listeners = { "good" },
                          .pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };

    check_fails(&foreign, "/echo", "verifier-tls-untrusted");
    check_fails(&expired, "/echo", "verifier-tls-expired");
    check_fails(&early, "/echo", "verifier-tls-not-yet-valid");
    check_fails(&elsewhere, "/echo", "verifier-tls-untrusted");
    check_fails(&old, "/echo", "verifier-tls-failed");
    check_fails(&mutual, "/echo", "verifier-client-certificate-refused");
    check_fails(&closed, "/echo", "verifier-unreachable");
    check_fails(&authority, "/echo", "verifier-authorities-unusable");
    check_fails(&pinned, "/echo", "verifier-pin-mismatch");
}

static void test_a_proxy_that_refuses_is_named_without_its_password(void)
{
    char proxy[96];
    int port = (int)json_integer_value(json_object_get(lab.ports, "proxy-403"));

    (void)snprintf(proxy, sizeof(proxy), "http://joe:hunter2@127.0.0.1:%d", port);
    const Wish wish = { .listeners = { "good" }, .proxy = proxy };
    check_fails(&wish, "/echo", "verifier-proxy-failed");
}

static void test_replies_are_noted_whatever_their_status(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    const Wish wish = { .listeners = { "good" } };

    check_int(exchange(&wish, "/429", &answer, &reply), TRANSPORT_OK);
    check_int(reply.status, 429);
    check_int(answer.retry_after_sec, 7);
    check(strncmp(answer.verifier_url, "https://127.0.0.1:", 18) == 0);
    check(!answer.has_clock_skew);
}

static void test_the_skew_of_the_clocks_is_noted(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    const Wish wish = { .listeners = { "good" } };

    check_int(exchange(&wish, "/echo", &answer, &reply), TRANSPORT_OK);
    check(answer.has_clock_skew);
    check_int(answer.clock_skew_sec / 60, (1795327500 - (int64_t)time(NULL)) / 60);
}

static void test_the_next_url_is_tried_when_one_is_unreachable(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    const Wish wish = { .listeners = { "closed", "good" } };

    check_int(exchange(&wish, "/echo", &answer, &reply), TRANSPORT_OK);
    check_int(answer.findings.n_items, 1);
    check_str(answer.findings.items[0].name, "verifier-unreachable");
    check_int(answer.findings.items[0].result, FINDING_WARNING);
    check_int(reply.status, 200);
}

static void test_only_the_unreachable_is_passed_over(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    const Wish untrusted = { .listeners = { "foreign", "good" } };
    const Wish failing = { .listeners = { "good", "mutual" } };
    const Wish nobody = { .listeners = { "closed", "closed" } };

    check_fails(&untrusted, "/echo", "verifier-tls-untrusted");
    check_fails(&nobody, "/echo", "verifier-unreachable");
    check_int(exchange(&failing, "/500", &answer, &reply), TRANSPORT_OK);
    check_int(reply.status, 500);
}

static void test_credentials_come_through_descriptors(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_http_reply_ HttpReply reply = { 0 };
    const Wish wish = {
        .listeners = { "mutual" },
        .fd_names = { "client-key", "api-key", "client-certificate" },
        .fd_contents = { VIEW(lab.client_key), view_of_string(SECRET_KEY "\n"),
                         VIEW(lab.client_certificate) },
    };

    check_int(exchange(&wish, "/echo", &answer, &reply), TRANSPORT_OK);
    check(strstr((const char *)reply.body.data, "Bearer " SECRET_KEY "\""));
}

static void test_credentials_that_are_none_are_named(void)
{
    static const char two_lines[] = SECRET_KEY "\r\nX-Admin: 1\n";
    const Wish key = { .listeners = { "good" },
                       .fd_names = { "api-key" },
                       .fd_contents = { view_of_string(two_lines) } };
    const Wish empty = { .listeners = { "good" },
                         .fd_names = { "api-key" },
                         .fd_contents = { view_of_string("") } };
    const Wish alone = { .listeners = { "good" },
                         .fd_names = { "client-key" },
                         .fd_contents = { VIEW(lab.client_key) } };

    check_fails(&key, "/echo", "verifier-credential-unusable");
    check_fails(&empty, "/echo", "verifier-credential-unusable");
    check_fails(&alone, "/echo", "verifier-credential-unusable");
}

static void check_ends(const Wish *wish, const char *name)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_http_reply_ HttpReply reply = { 0 };

    check_int(exchange(wish, "/echo", &answer, &reply), TRANSPORT_OK);
    check_int(answer.findings.n_items, name ? 1 : 0);
    if (!name)
        return;
    const Finding *finding = &answer.findings.items[0];
    (void)printf("  %s: %s\n", finding->name, finding->found);
    check_str(finding->name, name);
    check(finding->result == FINDING_WARNING && strstr(finding->found, "valid until 20"));
}

static void test_certificates_that_end_soon_are_named(void)
{
    const Wish good = { .listeners = { "good" } }, ending = { .listeners = { "ending" } };
    const Wish faded = { .listeners = { "faded" }, .authority = lab.fading_pem };
    const Wish client = { .listeners = { "good" },
                          .fd_names = { "client-certificate", "client-key" },
                          .fd_contents = { VIEW(lab.ending_certificate), VIEW(lab.ending_key) } };

    check_ends(&good, NULL);
    check_ends(&ending, "verifier-certificate-ends");
    check_ends(&faded, "verifier-authority-ends");
    check_ends(&client, "client-certificate-ends");
}

static const Test tests[] = {
    { "every reason is in the catalogue", test_every_reason_is_in_the_catalogue },
    { "each misbehaviour has its name", test_each_misbehaviour_has_its_name },
    { "each untrusted peer has its name", test_each_untrusted_peer_has_its_name },
    { "a proxy that refuses is named without its password",
      test_a_proxy_that_refuses_is_named_without_its_password },
    { "replies are noted whatever their status", test_replies_are_noted_whatever_their_status },
    { "the skew of the clocks is noted", test_the_skew_of_the_clocks_is_noted },
    { "the next URL is tried when one is unreachable",
      test_the_next_url_is_tried_when_one_is_unreachable },
    { "certificates that end soon are named", test_certificates_that_end_soon_are_named },
    { "only the unreachable is passed over", test_only_the_unreachable_is_passed_over },
    { "credentials come through descriptors", test_credentials_come_through_descriptors },
    { "credentials that are none are named", test_credentials_that_are_none_are_named },
};

int main(int argc, char **argv)
{
    tls_lab_start(&lab);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    tls_lab_stop(&lab);
    return r;
}
