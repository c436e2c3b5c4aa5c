/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running server: what it answers to what it should not be asked, and that neither floods,
 * signals nor dying processes stop it. Real TLS, real processes.
 */
#include "lab.h"

#include "base/clock.h"
#include "base/encode.h"
#include "format/bundle.h"
#include "verifier/nonce.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define JSON_TYPE "application/json"

static Lab lab;

static LabReply get(const char *path)
{
    return lab_request(&lab, &(LabRequest){ .path = path });
}

static LabReply post(const char *path, const char *type, const char *body)
{
    const LabRequest request = { .path = path, .content_type = type, .body = view_of_string(body) };

    return lab_request(&lab, &request);
}

static void a_challenge_brings_a_nonce(void)
{
    _cleanup_reply_ LabReply reply = post("/challenge", JSON_TYPE, "{}");
    _cleanup_bytes_ Bytes nonce = { 0 };

    check_int(reply.status, 200);
    check_str(reply.content_type, JSON_TYPE);
    check_int(json_get_base64url(reply.json, "nonce", 64, &nonce), JSON_OK);
    check_int(nonce.size, NONCE_SIZE);
    check_int(json_string_length(json_object_get(reply.json, "expires")), 20);
    check_str(json_string_value(json_array_get(json_object_get(reply.json, "accept"), 0)),
              EVIDENCE_MEDIA_TYPE);
    check(json_object_get(reply.json, "credential") == NULL);
}

static void the_open_documents_are_there(void)
{
    _cleanup_reply_ LabReply health = get("/health"), jwks = get("/.well-known/jwks.json"),
                             metrics = get("/metrics");

    check_int(health.status, 200);
    check_str(json_string_value(json_object_get(health.json, "status")), "ok");
    check_int(jwks.status, 200);
    const json_t *key = json_array_get(json_object_get(jwks.json, "keys"), 0);
    check_str(json_string_value(json_object_get(key, "alg")), "ES256");
    check(json_object_get(key, "d") == NULL);
    check_int(metrics.status, 200);
    check(strncmp(metrics.content_type, "text/plain", 10) == 0);
    check(strstr((const char *)metrics.body.data, "attest_verifier_worker_starts_total 2\n"));

    _cleanup_reply_ LabReply head = lab_request(
        &lab, &(LabRequest){ .method = "GET", .path = "/health?x=%00", .content_type = NULL });
    check_int(head.status, 200);
}

static void wrong_requests_are_named(void)
{
    static const struct {
        const char *method, *path, *type, *body;
        long status;
        const char *problem;
    } cases[] = {
        { NULL, "/", NULL, NULL, 404, "request-path-unknown" },
        { NULL, "/challenge/", NULL, NULL, 404, "request-path-unknown" },
        { NULL, "/..%2fchallenge", NULL, NULL, 404, "request-path-unknown" },
        { "GET", "/challenge", NULL, NULL, 405, "request-method-not-allowed" },
        { "PUT", "/attest", NULL, "x", 405, "request-method-not-allowed" },
        { "DELETE", "/health", NULL, NULL, 405, "request-method-not-allowed" },
        { NULL, "/health", JSON_TYPE, "{}", 405, "request-method-not-allowed" },
        { NULL, "/challenge", "text/plain", "{}", 415, "request-media-type-unsupported" },
        { NULL, "/attest", JSON_TYPE, "{}", 415, "request-media-type-unsupported" },
        { NULL, "/challenge", JSON_TYPE, "", 400, "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "[]", 400, "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "{", 400, "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "{\"a\":1,\"a\":1}", 400, "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "{\"colour\":1}", 400, "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "{\"ak_public\":\"AAAA\"}", 400, "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "{\"ak_public\":1,\"ek_public\":2}", 400,
          "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "{\"ak_public\":\"AA==\",\"ek_public\":\"AA\"}", 400,
          "request-malformed" },
        { NULL, "/challenge", JSON_TYPE, "{\"ak_public\":\"AAAA\",\"ek_public\":\"AAAA\"}", 400,
          "challenge-keys-malformed" },
        { NULL, "/attest", EVIDENCE_MEDIA_TYPE, "", 400, "evidence-malformed" },
        { NULL, "/attest", EVIDENCE_MEDIA_TYPE, "nonsense", 400, "evidence-malformed" },
        { NULL, "/attest", EVIDENCE_MEDIA_TYPE, "{}", 400, "evidence-malformed" },
        { NULL, "/attest", EVIDENCE_MEDIA_TYPE, "{\"__cmwc_t\":\"tag:other\"}", 400,
          "evidence-malformed" },
        { NULL, "/attest", EVIDENCE_MEDIA_TYPE,
          "{\"__cmwc_t\":\"tag:github.com,2026:attestd/evidence#1\"}", 400, "evidence-malformed" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        LabRequest request = { .method = cases[i].method,
                               .path = cases[i].path,
                               .content_type = cases[i].type };
        if (cases[i].body)
            request.body = view_of_string(cases[i].body);
        _cleanup_reply_ LabReply reply = lab_request(&lab, &request);
        if (reply.status != cases[i].status)
            (void)printf("  %s %s\n", cases[i].path, cases[i].body ? cases[i].body : "");
        lab_check_problem(&reply, cases[i].status, cases[i].problem);
    }
}

static void large_bodies_are_refused(void)
{
    _cleanup_bytes_ Bytes body = { 0 };
    LabRequest request = { .path = "/challenge", .content_type = JSON_TYPE };

    check_int(bytes_new((6 << 20), &body), 0);
    memset(body.data, ' ', body.size);
    request.body = (ByteView){ .data = body.data, .size = 16385 };
    _cleanup_reply_ LabReply challenge = lab_request(&lab, &request);
    lab_check_problem(&challenge, 413, "request-body-too-large");

    request = (LabRequest){ .path = "/attest", .content_type = EVIDENCE_MEDIA_TYPE };
    request.body = (ByteView){ .data = body.data, .size = (4 << 20) + 1 };
    _cleanup_reply_ LabReply attest = lab_request(&lab, &request);
    lab_check_problem(&attest, 413, "request-body-too-large");
    request.body.size = body.size;
    _cleanup_reply_ LabReply larger = lab_request(&lab, &request);
    lab_check_problem(&larger, 413, "request-body-too-large");

    request.body.size = 4 << 20;
    _cleanup_reply_ LabReply limit = lab_request(&lab, &request);
    lab_check_problem(&limit, 400, "evidence-malformed");
}

static void bodies_without_length_are_refused(void)
{
    const LabRequest request = {
        .path = "/challenge",
        .content_type = JSON_TYPE,
        .header = "Transfer-Encoding: chunked",
        .body = view_of_string("{}"),
    };
    _cleanup_reply_ LabReply reply = lab_request(&lab, &request);

    lab_check_problem(&reply, 411, "request-length-required");
}

static int open_connection(void)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)lab.port),
        .sin_addr = { htonl(INADDR_LOOPBACK) },
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    check(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        (void)close(fd);
        return -errno;
    }
    return fd;
}

static size_t count_files(pid_t pid)
{
    char command[64];
    unsigned n = 0;

    (void)snprintf(command, sizeof(command), "ls /proc/%d/fd | wc -l", (int)pid);
    FILE *pipe = popen(command, "re");
    check(pipe != NULL && fscanf(pipe, "%u", &n) == 1);
    (void)pclose(pipe);
    return n;
}

/* 200 silent connections against two processes that take 64 each. */
static void a_flood_is_bounded_and_survived(void)
{
    static int fds[200];
    pid_t workers[4];

    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        fds[i] = open_connection();
    (void)usleep(300000);
    size_t n = lab_workers(&lab, workers, ELEMENTSOF(workers));
    check_int(n, 2);
    for (size_t i = 0; i < n; i++)
        if (geteuid() == 0) /* the processes are not dumpable: their files are root's */
            check(count_files(workers[i]) < 64 + 24);

    /* An honest agent gets through once the oldest guests have been cut. */
    _cleanup_reply_ LabReply reply = get("/health");
    check_int(reply.status, 200);
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    _cleanup_reply_ LabReply metrics = get("/metrics");
    check(!strstr((const char *)metrics.body.data, "attest_verifier_connections_cut_total 0\n"));
}

static void garbage_instead_of_tls_is_survived(void)
{
    static const char garbage[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    char buffer[64];

    for (int i = 0; i < 20; i++) {
        int fd = open_connection();
        check(fd >= 0);
        check(send(fd, garbage, sizeof(garbage) - 1, MSG_NOSIGNAL) > 0);
        while (recv(fd, buffer, sizeof(buffer), 0) > 0)
            ;
        (void)close(fd);
    }
    _cleanup_reply_ LabReply reply = get("/health");
    check_int(reply.status, 200);
}

static void a_killed_process_is_replaced(void)
{
    pid_t before[4], after[4];
    size_t offset = lab_log_size(&lab);

    check_int(lab_workers(&lab, before, ELEMENTSOF(before)), 2);
    check(kill(before[0], SIGKILL) == 0);
    lab_await_log(&lab, "was killed by signal 9", offset);
    uint64_t start = clock_boottime_usec(&clock_system);
    while (lab_workers(&lab, after, ELEMENTSOF(after)) < 2) {
        check(clock_boottime_usec(&clock_system) - start < 60 * USEC_PER_SEC);
        (void)usleep(10000);
    }
    check(after[0] != before[0] && after[1] != before[0]);
    for (int i = 0; i < 10; i++) {
        _cleanup_reply_ LabReply reply = get("/health");
        check_int(reply.status, 200);
    }
}

static void check_policy(const char *id)
{
    _cleanup_reply_ LabReply reply = get("/health");

    check_str(json_string_value(json_object_get(reply.json, "policy")), id);
}

/* Two processes serve, neither of them of BEFORE. */
static void await_others(const pid_t *before)
{
    uint64_t start = clock_boottime_usec(&clock_system);
    pid_t now[4];

    while (lab_workers(&lab, now, ELEMENTSOF(now)) != 2 || now[0] == before[0] ||
           now[0] == before[1] || now[1] == before[0] || now[1] == before[1]) {
        check(clock_boottime_usec(&clock_system) - start < 60 * USEC_PER_SEC);
        (void)usleep(10000);
    }
}

static void a_reload_takes_a_good_policy_and_no_other(void)
{
    size_t offset = lab_log_size(&lab);
    pid_t before[4];

    check_int(lab_workers(&lab, before, ELEMENTSOF(before)), 2);
    lab_write(&lab, "policy.json", "{\"attestd_policy\":1,\"id\":\"second\"}");
    check(kill(lab.pid, SIGHUP) == 0);
    lab_await_log(&lab, "reloaded: policy second", offset);
    await_others(before);
    check_policy("second");

    offset = lab_log_size(&lab);
    lab_write(&lab, "policy.json",
              "{\"attestd_policy\":1,\"id\":\"third\",\"snp\":{\"debgu\":true}}");
    check(kill(lab.pid, SIGHUP) == 0);
    lab_await_log(&lab, "policy.json: /snp/debgu", offset);
    lab_await_log(&lab, "still serving policy second", offset);
    check_policy("second");

    offset = lab_log_size(&lab);
    check_int(lab_workers(&lab, before, ELEMENTSOF(before)), 2);
    lab_write(&lab, "policy.json", "{\"attestd_policy\":1,\"id\":\"fourth\"}");
    check(kill(lab.pid, SIGHUP) == 0);
    lab_await_log(&lab, "reloaded: policy fourth", offset);
    await_others(before);
    check_policy("fourth");
    _cleanup_reply_ LabReply metrics = get("/metrics");
    check(strstr((const char *)metrics.body.data, "attest_verifier_reloads_total 2\n"));
    check(strstr((const char *)metrics.body.data, "attest_verifier_reload_failures_total 1\n"));
    const char *end = strstr((const char *)metrics.body.data,
                             "attest_verifier_certificate_expires_timestamp_seconds{certificate="
                             "\"server\"} ");
    check(end && strtoll(strchr(end, '}') + 1, NULL, 10) > time(NULL));
    check(strstr((const char *)metrics.body.data, "_seconds{certificate=\"ca\"} "));
}

static void a_stop_leaves_nothing(void)
{
    pid_t workers[4];
    size_t n = lab_workers(&lab, workers, ELEMENTSOF(workers));

    check_int(n, 2);
    check_int(lab_stop(&lab), 0);
    for (size_t i = 0; i < n; i++)
        check(kill(workers[i], 0) < 0 && errno == ESRCH);
    check(open_connection() < 0);
}

static void unix_sockets_work_and_go_away(void)
{
    char listen[96], path[80];

    (void)snprintf(path, sizeof(path), "%s/s", lab.directory);
    (void)snprintf(listen, sizeof(listen), "unix:%s", path);
    lab_serve(&lab, listen, "1");
    const LabRequest request = { .path = "/health", .unix_socket = path };
    _cleanup_reply_ LabReply reply = lab_request(&lab, &request);
    check_int(reply.status, 200);

    /* Killed: the file stays, and the next one takes its place. */
    check(kill(lab.pid, SIGKILL) == 0);
    (void)lab_stop(&lab);
    check(access(path, F_OK) == 0);
    lab_serve(&lab, listen, "1");
    _cleanup_reply_ LabReply again = lab_request(&lab, &request);
    check_int(again.status, 200);
    check_int(lab_stop(&lab), 0);
    check(access(path, F_OK) < 0);
}

static void check_notified(int fd, const char *wanted)
{
    char text[256];

    for (;;) {
        ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
        check(n > 0);
        text[n] = 0;
        if (strstr(text, wanted))
            return;
    }
}

static void systemd_passes_the_socket_and_is_told(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct sockaddr_un notify = { .sun_family = AF_UNIX };
    const struct timeval patience = { .tv_sec = 20 };
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int notified = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    check(bind(listening, (const struct sockaddr *)&address, sizeof(address)) == 0);
    check(listen(listening, 16) == 0);
    (void)snprintf(notify.sun_path, sizeof(notify.sun_path), "%s/notify", lab.directory);
    check(bind(notified, (const struct sockaddr *)&notify, sizeof(notify)) == 0);
    check(setsockopt(notified, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);

    lab_serve_activated(&lab, listening, notify.sun_path);
    check_notified(notified, "READY=1");
    _cleanup_reply_ LabReply reply = get("/health");
    check_int(reply.status, 200);
    check(kill(lab.pid, SIGHUP) == 0);
    check_notified(notified, "RELOADING=1");
    check_notified(notified, "READY=1");
    check_int(lab_stop(&lab), 0);
    check_notified(notified, "STOPPING=1");
    (void)close(listening);
    (void)close(notified);
}

static const Test tests[] = {
    { "a challenge brings a nonce", a_challenge_brings_a_nonce },
    { "health, keys and metrics are there", the_open_documents_are_there },
    { "wrong requests are named", wrong_requests_are_named },
    { "large bodies are refused", large_bodies_are_refused },
    { "bodies without a length are refused", bodies_without_length_are_refused },
    { "garbage instead of TLS is survived", garbage_instead_of_tls_is_survived },
    { "a killed process is replaced", a_killed_process_is_replaced },
    { "a flood is bounded and survived", a_flood_is_bounded_and_survived },
    { "a reload takes a good policy and no other", a_reload_takes_a_good_policy_and_no_other },
    { "a stop leaves nothing", a_stop_leaves_nothing },
    { "unix sockets work and go away", unix_sockets_work_and_go_away },
    { "systemd passes the socket and is told", systemd_passes_the_socket_and_is_told },
};

/* A small house, so that a test can fill it. */
static void shrink(void)
{
    _cleanup_bytes_ Bytes text = { 0 };
    json_t *json = NULL;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/verifier.json", lab.verifier);
    check_int(file_read(path, 65536, &text), 0);
    check_int(json_parse(VIEW(text), 65536, &json), JSON_OK);
    check_int(json_object_set_new(json, "connections", json_integer(64)), 0);
    _cleanup_free_ char *out = json_text(json);
    lab_write(&lab, "verifier.json", out);
    json_decref(json);
}

int main(int argc, char **argv)
{
    lab = lab_new("");
    shrink();
    lab_serve(&lab, "127.0.0.1:0", "2");
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    lab_done(&lab);
    return r;
}
