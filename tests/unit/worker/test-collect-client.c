/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/collect-client.h"

#include "base/clock.h"
#include "request-sample.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PATIENT (UINT64_C(5) * USEC_PER_SEC)

/* A collect worker that answers the same whatever it is asked. */
typedef struct Stand {
    char directory[64];
    char path[96];
    int listener;
} Stand;

static void stand_up(Stand *stand)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    *stand = (Stand){ .directory = "/tmp/attestd-collect.XXXXXX" };
    check(mkdtemp(stand->directory) != NULL);
    (void)snprintf(stand->path, sizeof(stand->path), "%s/sock", stand->directory);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", stand->path);
    stand->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(bind(stand->listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    check(listen(stand->listener, 4) == 0);
}

static void stand_down(Stand *stand)
{
    closep(&stand->listener);
    check(unlink(stand->path) == 0 && rmdir(stand->directory) == 0);
}

/* In a child: takes one request, which must parse, and sends LINE with the memfds. */
static pid_t answer_with(const Stand *stand, const char *line, const FdList *fds)
{
    pid_t pid = fork();

    check(pid >= 0);
    if (pid > 0)
        return pid;
    _cleanup_(collect_request_freep) CollectRequest *request = NULL;
    _cleanup_bytes_ Bytes asked = { 0 };
    _cleanup_fd_list_ FdList given = { 0 };
    int connection = accept4(stand->listener, NULL, NULL, SOCK_CLOEXEC);

    check(message_receive(connection, REQUEST_SIZE_MAX, PATIENT, &asked, &given) == MESSAGE_OK);
    check(collect_request_parse(VIEW(asked), &given, &request, NULL) == REQUEST_OK);
    check(view_equal(VIEW(request->claims), view_of_string(SAMPLE_CLAIMS)));
    check_str(request->evidence.device, "/dev/sev-guest");
    if (line)
        check(message_send(connection, view_of_string(line), PATIENT, fds) == MESSAGE_OK);
    _exit(0);
}

static RoundRequest *make_request(const char *socket_path)
{
    RoundRequest *request = NULL;
    const FdList none = { 0 };
    json_auto_t *json = sample_round();

    check(json_object_set_new(json, "collect_socket", json_string(socket_path)) == 0);
    _cleanup_free_ char *text = json_text(json);
    check_int(round_request_parse(view_of_string(text), &none, &request, NULL), REQUEST_OK);
    return request;
}

static bool logs_only; /* what is asked for */

static int ask_with(const CollectPatience *patience, const char *socket_path, WorkerAnswer *answer,
                    Collected *collected)
{
    _cleanup_(round_request_freep) RoundRequest *request = make_request(socket_path);

    return collect_ask(request, view_of_string(SAMPLE_CLAIMS), patience, logs_only, answer,
                       collected);
}

static int ask(const char *socket_path, WorkerAnswer *answer, Collected *collected)
{
    return ask_with(NULL, socket_path, answer, collected);
}

static int ask_stand(const char *line, FdList *fds, WorkerAnswer *answer, Collected *collected)
{
    Stand stand;
    int status = -1;

    stand_up(&stand);
    pid_t pid = answer_with(&stand, line, fds);
    int r = ask(stand.path, answer, collected);
    check(waitpid(pid, &status, 0) == pid);
    check_int(status, 0);
    stand_down(&stand);
    return r;
}

static void check_fails(const char *line, const char *name)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };

    check_int(ask_stand(line, NULL, &answer, &collected), COLLECTED_E_FAILED);
    check_str(findings_first_failure(&answer.findings)->name, name);
    check(!collected.cpu.provider);
}

static void test_report_and_logs_arrive(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };

    check(fd_list_take(&fds, memfd_sealed("a", view_of_string("userspace"))) == 0);
    check(fd_list_take(&fds, memfd_sealed("b", view_of_string("firmware"))) == 0);
    check_int(ask_stand("{\"result\":\"ok\",\"findings\":[{\"name\":\"evidence-source-skipped\","
                        "\"result\":\"warning\"}],\"timings_usec\":{\"report\":7,\"pacing\":9},"
                        "\"source\":\"sev-guest\",\"cpu\":{\"provider\":\"sev_guest\",\"outblob\":"
                        "\"AQID\"},\"fds\":[\"eventlog-userspace\",\"eventlog\"]}\n",
                        &fds, &answer, &collected),
              COLLECTED_OK);
    check_str(collected.cpu.provider, "sev_guest");
    check_str((const char *)collected.eventlog.data, "firmware");
    check_str((const char *)collected.eventlog_userspace.data, "userspace");
    check_int(answer.timings_usec[TIMING_REPORT], 7);
    check_int(answer.timings_usec[TIMING_PACING], 9);
    check(answer.timings_usec[TIMING_COLLECT] != USEC_INFINITY);
    check(findings_has(&answer.findings, "evidence-source-skipped"));
}

static void test_logs_come_alone_where_the_report_is_made_elsewhere(void)
{
    static const char line[] = "{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{},\"fds\":"
                               "[\"eventlog\"]}\n";
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };

    check_fails("{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{},\"fds\":[]}\n",
                "collect-answer-malformed");
    logs_only = true;
    check(fd_list_take(&fds, memfd_sealed("a", view_of_string("firmware"))) == 0);
    answer.timings_usec[TIMING_REPORT] = 5;
    check_int(ask_stand(line, &fds, &answer, &collected), COLLECTED_OK);
    check_str((const char *)collected.eventlog.data, "firmware");
    check(!collected.cpu.provider);
    check_int(answer.timings_usec[TIMING_REPORT], 5);
    check_fails(
        "{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{\"report\":7},\"source\":"
        "\"sev-guest\",\"cpu\":{\"provider\":\"sev_guest\",\"outblob\":\"AQID\"},\"fds\":[]}"
        "\n",
        "collect-answer-malformed");
    logs_only = false;
}

static void test_a_worker_that_failed_says_why(void)
{
    check_fails("{\"result\":\"failed\",\"error\":\"snp-device-missing\",\"findings\":[{\"name\":"
                "\"snp-device-missing\",\"result\":\"failure\"}],\"timings_usec\":{}}\n",
                "snp-device-missing");
}

static void test_a_worker_that_ends_is_named(void)
{
    check_fails(NULL, "collect-worker-ended");
    check_fails("{\"result\":\"ok\"", "collect-worker-ended");
}

static void test_answers_that_are_none_are_named(void)
{
    check_fails("{}\n", "collect-answer-malformed");
    check_fails("{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{}}\n",
                "collect-answer-malformed");
    check_fails("{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{},\"fds\":[\"eventlog\"]}\n",
                "collect-answer-malformed");
}

static void check_logs_fail(const char *names, size_t n_fds, const char *name)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    char line[256];

    for (size_t i = 0; i < n_fds; i++)
        check(fd_list_take(&fds, memfd_sealed("log", view_of_string("log"))) == 0);
    (void)snprintf(line, sizeof(line),
                   "{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{},\"cpu\":{\"provider\":"
                   "\"sev_guest\",\"outblob\":\"AQID\"},\"fds\":%s}\n",
                   names);
    check_int(ask_stand(line, &fds, &answer, &collected), COLLECTED_E_FAILED);
    check_str(findings_first_failure(&answer.findings)->name, name);
}

static void test_logs_under_wrong_names_are_refused(void)
{
    check_logs_fail("[\"token\"]", 1, "collect-answer-malformed");
    check_logs_fail("[\"eventlog\",\"eventlog\"]", 2, "collect-answer-malformed");
}

static void test_a_log_beyond_the_limit_is_refused(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    _cleanup_bytes_ Bytes log = { 0 };

    check(bytes_new(EVIDENCE_MEMBER_SIZE_MAX + 1, &log) == 0);
    check(fd_list_take(&fds, memfd_sealed("log", VIEW(log))) == 0);
    check_int(
        ask_stand("{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{},\"cpu\":{"
                  "\"provider\":\"sev_guest\",\"outblob\":\"AQID\"},\"fds\":[\"eventlog\"]}\n",
                  &fds, &answer, &collected),
        COLLECTED_E_FAILED);
    check(findings_has(&answer.findings, "evidence-event-log-unreadable"));
}

static void test_nobody_at_the_socket_is_named(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };

    check_int(ask("/nonexistent/collect.sock", &answer, &collected), COLLECTED_E_FAILED);
    check_str(findings_first_failure(&answer.findings)->name, "collect-worker-unreachable");
}

/* More than a socket holds, so that the end comes while it is being sent. */
static void test_a_worker_that_ends_before_it_has_read_is_named(void)
{
    static const uint8_t claims[1 << 20];
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };
    int status = -1;
    Stand stand;

    stand_up(&stand);
    _cleanup_(round_request_freep) RoundRequest *request = make_request(stand.path);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0)
        _exit(accept4(stand.listener, NULL, NULL, SOCK_CLOEXEC) < 0);
    check_int(collect_ask(request, VIEW_OF_ARRAY(claims), NULL, false, &answer, &collected),
              COLLECTED_E_FAILED);
    check_str(findings_first_failure(&answer.findings)->name, "collect-worker-ended");
    check(waitpid(pid, &status, 0) == pid);
    check_int(status, 0);
    stand_down(&stand);
}

static void count(void *userdata)
{
    (*(int *)userdata)++;
}

/* Of a worker that takes its time, or does not. */
static int ask_slow_stand(uint64_t patience_usec, bool is_slow, int *ret_over)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_collected_ Collected collected = { 0 };
    const CollectPatience patience = { patience_usec, count, ret_over };
    int status = -1;
    Stand stand;

    stand_up(&stand);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        if (is_slow)
            (void)usleep(200000);
        pid = answer_with(&stand,
                          "{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{},\"cpu\":{"
                          "\"provider\":\"sev_guest\",\"outblob\":\"AQID\"}}\n",
                          NULL);
        _exit(waitpid(pid, &status, 0) == pid ? status : 1);
    }
    int r = ask_with(&patience, stand.path, &answer, &collected);
    check(waitpid(pid, &status, 0) == pid);
    check_int(status, 0);
    stand_down(&stand);
    return r;
}

static void test_patience_ends_once_and_the_wait_goes_on(void)
{
    int over = 0;

    check_int(ask_slow_stand(20000, true, &over), COLLECTED_OK);
    check_int(over, 1);
    over = 0;
    check_int(ask_slow_stand(PATIENT, false, &over), COLLECTED_OK);
    check_int(over, 0);
}

static const Test tests[] = {
    { "logs come alone where the report is made elsewhere",
      test_logs_come_alone_where_the_report_is_made_elsewhere },
    { "report and logs arrive", test_report_and_logs_arrive },
    { "a worker that failed says why", test_a_worker_that_failed_says_why },
    { "a worker that ends is named", test_a_worker_that_ends_is_named },
    { "answers that are none are named", test_answers_that_are_none_are_named },
    { "logs under wrong names are refused", test_logs_under_wrong_names_are_refused },
    { "a log beyond the limit is refused", test_a_log_beyond_the_limit_is_refused },
    { "a worker that ends before it has read is named",
      test_a_worker_that_ends_before_it_has_read_is_named },
    { "nobody at the socket is named", test_nobody_at_the_socket_is_named },
    { "patience ends once and the wait goes on", test_patience_ends_once_and_the_wait_goes_on },
};

TEST_MAIN(tests)
