/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting, asking and ending a real attest-verifier.
 */
#include "lab.h"

#include "base/clock.h"
#include "verifier/init.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATIENCE_USEC (20 * USEC_PER_SEC)

Lab lab_new(const char *prefix)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    Lab lab = { .directory = "/tmp/attest-verifier-XXXXXX" };
    char url[128];

    check(mkdtemp(lab.directory) != NULL);
    (void)snprintf(lab.verifier, sizeof(lab.verifier), "%s/v", lab.directory);
    (void)snprintf(lab.log, sizeof(lab.log), "%s/log", lab.directory);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:8443%s", prefix);
    const InitOptions options = { .directory = lab.verifier, .url = url };
    check_int(init_directory(&options, &findings), INIT_OK);
    return lab;
}

static int remove_one(const char *path, const struct stat *st _unused_, int kind _unused_,
                      struct FTW *ftw _unused_)
{
    return remove(path);
}

void lab_done(Lab *lab)
{
    if (lab->pid > 0)
        (void)lab_stop(lab);
    (void)nftw(lab->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* FD: a listening socket to pass as systemd does; negative: none. */
static _noreturn_ void become_server(const Lab *lab, const char *listen, const char *processes,
                                     int fd)
{
    int log = open(lab->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char pid[16];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(log, STDERR_FILENO);
    if (fd >= 0) {
        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
        check(fd == 3 ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, 3) == 3);
        (void)setenv("LISTEN_PID", pid, 1);
        (void)setenv("LISTEN_FDS", "1", 1);
    }
    /* A process that is not dumpable can be looked through for leaks by root alone. */
    if (geteuid() != 0)
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    (void)execl(ATTEST_VERIFIER, "attest-verifier", "serve", lab->verifier, "--listen", listen,
                "--processes", processes, (char *)NULL);
    _exit(127);
}

static char *read_log(const Lab *lab)
{
    Bytes bytes = { 0 };

    if (file_read(lab->log, 8 << 20, &bytes) < 0)
        return strdup("");
    return (char *)bytes.data;
}

size_t lab_log_size(const Lab *lab)
{
    _cleanup_free_ char *log = read_log(lab);

    return strlen(log);
}

void lab_await_log(const Lab *lab, const char *text, size_t offset)
{
    uint64_t start = clock_boottime_usec(&clock_system);

    for (;;) {
        _cleanup_free_ char *log = read_log(lab);
        if (strlen(log) >= offset && strstr(log + offset, text))
            return;
        if (clock_boottime_usec(&clock_system) - start > PATIENCE_USEC) {
            (void)fprintf(stderr, "not in the log: %s\n%s\n", text, log);
            abort();
        }
        (void)usleep(5000);
    }
}

static void await_serving(Lab *lab)
{
    lab_await_log(lab, "serving policy", 0);

    _cleanup_free_ char *log = read_log(lab);
    const char *place = strstr(log, " on 127.0.0.1:");
    lab->port = place ? (unsigned)strtoul(place + strlen(" on 127.0.0.1:"), NULL, 10) : 0;
}

void lab_serve(Lab *lab, const char *listen, const char *processes)
{
    (void)unlink(lab->log);
    lab->pid = fork();
    check(lab->pid >= 0);
    if (lab->pid == 0)
        become_server(lab, listen, processes, -1);
    await_serving(lab);
}

void lab_serve_activated(Lab *lab, int fd, const char *notify)
{
    (void)unlink(lab->log);
    lab->pid = fork();
    check(lab->pid >= 0);
    if (lab->pid == 0) {
        (void)setenv("NOTIFY_SOCKET", notify, 1);
        become_server(lab, "192.0.2.1:1", "1", fd);
    }
    await_serving(lab);
}

int lab_stop(Lab *lab)
{
    int status = 0;

    check(kill(lab->pid, SIGTERM) == 0);
    check(waitpid(lab->pid, &status, 0) == lab->pid);
    lab->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void lab_write(const Lab *lab, const char *name, const char *text)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", lab->verifier, name);
    check(file_write_atomic(path, view_of_string(text), 0600) == 0);
}

size_t lab_workers(const Lab *lab, pid_t *workers, size_t n_max)
{
    _cleanup_bytes_ Bytes text = { 0 };
    char path[64];
    size_t n = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)lab->pid, (int)lab->pid);
    check(file_read(path, 65536, &text) == 0);
    for (char *place = (char *)text.data; place && *place && n < n_max; n++) {
        workers[n] = (pid_t)strtol(place, &place, 10);
        place += strspn(place, " \n");
    }
    return n;
}

static size_t take_bytes(char *data, size_t size, size_t n, void *userdata)
{
    Bytes *body = userdata;

    check(bytes_append(body, (ByteView){ .data = (const uint8_t *)data, .size = size * n }) == 0);
    return size * n;
}

static struct curl_slist *headers_of(const LabRequest *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    char line[256];

    if (request->content_type) {
        (void)snprintf(line, sizeof(line), "Content-Type: %s", request->content_type);
        list = curl_slist_append(list, line);
    } else {
        list = curl_slist_append(list, "Content-Type:");
    }
    if (request->header)
        list = curl_slist_append(list, request->header);
    return list;
}

static void set_options(CURL *curl, const Lab *lab, const LabRequest *request)
{
    char url[256], ca[128];

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", request->unix_socket ? 1 : lab->port,
                   request->path);
    (void)snprintf(ca, sizeof(ca), "%s/tls/ca.pem", lab->verifier);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (request->unix_socket)
        (void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    if (request->body.data) {
        (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.data);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    }
    if (request->method)
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

LabReply lab_request(const Lab *lab, const LabRequest *request)
{
    struct curl_slist *headers = headers_of(request);
    CURL *curl = curl_easy_init();
    LabReply reply = { 0 };
    char *type = NULL;

    check(curl != NULL);
    set_options(curl, lab, request);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        (void)printf("  curl: %s\n", curl_easy_strerror(code));
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    (void)snprintf(reply.content_type, sizeof(reply.content_type), "%s", type ? type : "");
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (strstr(reply.content_type, "json"))
        check_int(json_parse(VIEW(reply.body), 1 << 20, &reply.json), JSON_OK);
    return reply;
}

void lab_reply_done(LabReply *reply)
{
    bytes_done(&reply->body);
    json_decref(reply->json);
    reply->json = NULL;
}

void lab_check_problem(const LabReply *reply, long status, const char *name)
{
    char type[96];

    (void)snprintf(type, sizeof(type), "tag:github.com,2026:attestd/problem/%s", name);
    check_int(reply->status, status);
    check_str(reply->content_type, "application/problem+json");
    check_str(json_string_value(json_object_get(reply->json, "type")), type);
    check_int(json_integer_value(json_object_get(reply->json, "status")), status);
    check(json_string_length(json_object_get(reply->json, "title")) > 0);
    check(json_string_length(json_object_get(reply->json, "detail")) > 0);
    check(json_array_size(json_object_get(reply->json, "findings")) > 0);
}

char *lab_challenge(const Lab *lab)
{
    const LabRequest request = { .path = "/challenge",
                                 .content_type = "application/json",
                                 .body = view_of_string("{}") };
    _cleanup_reply_ LabReply reply = lab_request(lab, &request);

    check_int(reply.status, 200);
    return strdup(json_string_value(json_object_get(reply.json, "nonce")));
}
