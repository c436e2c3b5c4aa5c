/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller is answered whatever happens, as long as there is memory for it.
 */
#include "worker/serve.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

/* The caller writes its line at once and reads ours as soon as it is there. */
#define EXCHANGE_TIMEOUT_USEC (UINT64_C(10) * USEC_PER_SEC)

static int exchange(int socket, ServeRun *run, const void *context, WorkerAnswer *answer,
                    FdList *fds)
{
    _cleanup_fd_list_ FdList given = { 0 };
    _cleanup_bytes_ Bytes line = { 0 };

    int r = message_receive(socket, REQUEST_SIZE_MAX, EXCHANGE_TIMEOUT_USEC, &line, &given);
    if (r < 0)
        return r;
    if (r == MESSAGE_OK)
        return run(context, VIEW(line), &given, answer, fds);
    r = findings_add(&answer->findings, "worker-request-malformed", "request", FINDING_FAILURE,
                     message_reason(r), NULL);
    return r < 0 ? r : worker_answer_decide(answer, ANSWER_FAILED);
}

static int answer_internal_error(int socket, int error)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    int r = findings_add(&answer.findings, "internal-error", program_invocation_short_name,
                         FINDING_FAILURE, strerror(-error), NULL);
    if (r == 0)
        r = worker_answer_decide(&answer, ANSWER_FAILED);
    return r < 0 ? r : answer_send(socket, &answer, NULL, EXCHANGE_TIMEOUT_USEC);
}

int serve_verb(const void *context, ByteView line, const FdList *given, WorkerAnswer *answer,
               FdList *fds)
{
    const Verb *verb = context;

    return verb->run(line, given, answer, fds);
}

int serve(int socket, ServeRun *run, const void *context)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };

    int r = exchange(socket, run, context, &answer, &fds);
    if (r == 0)
        r = answer_send(socket, &answer, &fds, EXCHANGE_TIMEOUT_USEC);
    return r < 0 ? answer_internal_error(socket, r) : r;
}
