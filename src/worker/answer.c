/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers on the wire.
 */
#include "worker/answer.h"

#include <errno.h>
#include <string.h>

int answer_attach(WorkerAnswer *answer, FdList *fds, const char *name, int fd)
{
    if (answer->n_fds >= ANSWER_FDS_MAX || answer->n_fds != fds->n_fds) {
        (void)close(fd);
        return -ENOBUFS;
    }

    int r = fd_list_take(fds, fd);
    if (r < 0)
        return r;
    char *copy = strdup(name);
    if (!copy) {
        (void)close(fds->fds[--fds->n_fds]);
        return -ENOMEM;
    }
    answer->fd_names[answer->n_fds++] = copy;
    return 0;
}

int answer_send(int socket, const WorkerAnswer *answer, const FdList *fds, uint64_t timeout_usec)
{
    _cleanup_free_ char *line = NULL;

    int r = worker_answer_encode(answer, &line);
    if (r < 0)
        return r;
    return message_send(socket, view_of_string(line), timeout_usec, fds);
}

int answer_receive(int socket, uint64_t timeout_usec, WorkerAnswer *ret, FdList *ret_fds)
{
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    int r = message_receive(socket, ANSWER_SIZE_MAX, timeout_usec, &line, &fds);
    if (r == -ECONNRESET)
        return ANSWER_E_NONE;
    if (r < 0)
        return r;
    if (r == MESSAGE_E_NOTHING || r == MESSAGE_E_TRUNCATED || r == MESSAGE_E_TIMEOUT)
        return ANSWER_E_NONE;
    if (r != MESSAGE_OK)
        return ANSWER_E_MALFORMED;

    r = worker_answer_decode(VIEW(line), &answer);
    if (r < 0)
        return r;
    if (r != WORKER_ANSWER_OK || answer.n_fds != fds.n_fds)
        return ANSWER_E_MALFORMED;

    *ret = answer;
    answer = WORKER_ANSWER_INIT;
    *ret_fds = TAKE_STRUCT(fds);
    return ANSWER_RECEIVED;
}
