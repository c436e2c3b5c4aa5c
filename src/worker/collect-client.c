/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection, one request, one answer, from the other side.
 */
#include "worker/collect-client.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Turns of other processes (90 s) and one throttled hardware request (60 s). */
#define ANSWER_TIMEOUT_USEC  (UINT64_C(155) * USEC_PER_SEC)
#define REQUEST_TIMEOUT_USEC (UINT64_C(10) * USEC_PER_SEC)

void collected_done(Collected *collected)
{
    evidence_cpu_done(&collected->cpu);
    bytes_done(&collected->eventlog);
    bytes_done(&collected->eventlog_userspace);
    *collected = (Collected){ 0 };
}

static int fail(WorkerAnswer *answer, const char *name, const char *subject, const char *found)
{
    int r = findings_add(&answer->findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : COLLECTED_E_FAILED;
}

static int open_socket(const char *path, int *ret)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    *ret = TAKE_FD(fd);
    return 0;
}

/* The report of a paravisor is not for the collect worker to make: of it only the logs are. */
static json_t *evidence_of(const RoundRequest *request, bool logs_only)
{
    if (!logs_only)
        return json_incref(request->evidence_json);
    json_t *copy = json_deep_copy(request->evidence_json);
    if (copy && json_object_set_new(copy, "source", json_string("azure")) < 0) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

static int make_line(const RoundRequest *request, ByteView claims, bool logs_only, char **ret)
{
    json_auto_t *object =
        json_pack("{ss so}", "verb", "collect", "evidence", evidence_of(request, logs_only));

    if (!object || json_set_base64url(object, "claims", claims) < 0)
        return -ENOMEM;
    _cleanup_free_ char *text = json_text(object);
    return text && asprintf(ret, "%s\n", text) >= 0 ? 0 : -ENOMEM;
}

static int send_request(const RoundRequest *request, ByteView claims, bool logs_only, int socket)
{
    _cleanup_free_ char *line = NULL;

    int r = make_line(request, claims, logs_only, &line);
    if (r < 0)
        return r;
    r = message_send(socket, view_of_string(line), REQUEST_TIMEOUT_USEC, NULL);
    return r == MESSAGE_E_TIMEOUT ? -ETIMEDOUT : r;
}

/* Takes the bytes of a log, and only once. */
static int read_log(int fd, Bytes *log, WorkerAnswer *answer, const char *name)
{
    if (log->size > 0)
        return fail(answer, "collect-answer-malformed", name, "twice");
    int r = fd_read_all(fd, EVIDENCE_MEMBER_SIZE_MAX, log);
    if (r == -ENOMEM)
        return r;
    return r < 0 ? fail(answer, "evidence-event-log-unreadable", name, strerror(-r)) : 0;
}

static int read_logs(const WorkerAnswer *theirs, const FdList *fds, WorkerAnswer *answer,
                     Collected *collected)
{
    for (size_t i = 0; i < fds->n_fds; i++) {
        const char *name = theirs->fd_names[i];
        Bytes *log = strcmp(name, "eventlog") == 0             ? &collected->eventlog
                     : strcmp(name, "eventlog-userspace") == 0 ? &collected->eventlog_userspace
                                                               : NULL;
        int r = log ? read_log(fds->fds[i], log, answer, name)
                    : fail(answer, "collect-answer-malformed", "fds", name);
        if (r)
            return r;
    }
    return COLLECTED_OK;
}

static int take_answer(WorkerAnswer *theirs, const FdList *fds, bool logs_only,
                       WorkerAnswer *answer, Collected *collected)
{
    if (!logs_only) {
        answer->timings_usec[TIMING_PACING] = theirs->timings_usec[TIMING_PACING];
        answer->timings_usec[TIMING_REPORT] = theirs->timings_usec[TIMING_REPORT];
    }
    int r = findings_move(&answer->findings, &theirs->findings);
    if (r < 0)
        return r;
    if (theirs->result != ANSWER_OK)
        return COLLECTED_E_FAILED;
    if (!theirs->cpu.provider != logs_only)
        return fail(answer, "collect-answer-malformed", "cpu", logs_only ? "there" : "absent");
    collected->cpu = TAKE_STRUCT(theirs->cpu);
    return read_logs(theirs, fds, answer, collected);
}

static int receive_answer(int socket, bool logs_only, WorkerAnswer *answer, Collected *collected)
{
    _cleanup_worker_answer_ WorkerAnswer theirs = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };

    int r = answer_receive(socket, ANSWER_TIMEOUT_USEC, &theirs, &fds);
    if (r < 0)
        return r;
    if (r == ANSWER_E_NONE)
        return fail(answer, "collect-worker-ended", "cpu", NULL);
    if (r == ANSWER_E_MALFORMED)
        return fail(answer, "collect-answer-malformed", "cpu", NULL);
    return take_answer(&theirs, &fds, logs_only, answer, collected);
}

static void be_patient(int socket, const CollectPatience *patience)
{
    struct pollfd pollfd = { .fd = socket, .events = POLLIN };

    if (patience && poll(&pollfd, 1, (int)(patience->usec / USEC_PER_MSEC)) == 0)
        patience->over(patience->userdata);
}

int collect_ask(const RoundRequest *request, ByteView claims, const CollectPatience *patience,
                bool logs_only, WorkerAnswer *answer, Collected *ret)
{
    _cleanup_collected_ Collected collected = { 0 };
    _cleanup_close_ int socket = -EBADF;
    uint64_t start = clock_boottime_usec(&clock_system);

    int r = open_socket(request->collect_socket, &socket);
    if (r == 0)
        r = send_request(request, claims, logs_only, socket);
    if (r == -ENOMEM)
        return r;
    /* Somebody was there, and was killed before it had read all. */
    if (r == -EPIPE || r == -ECONNRESET)
        return fail(answer, "collect-worker-ended", "cpu", strerror(-r));
    if (r < 0)
        return fail(answer, "collect-worker-unreachable", request->collect_socket, strerror(-r));

    be_patient(socket, patience);
    r = receive_answer(socket, logs_only, answer, &collected);
    answer->timings_usec[TIMING_COLLECT] = clock_boottime_usec(&clock_system) - start;
    if (r == COLLECTED_OK)
        *ret = TAKE_STRUCT(collected);
    return r;
}
