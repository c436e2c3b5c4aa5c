/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker answers on a socket: format/worker-answer for the JSON, worker/message for the line and
 * its descriptors.
 */
#pragma once

#include "format/worker-answer.h"
#include "worker/message.h"

/*
 * Adds the descriptor FD, called NAME on the wire, to ANSWER and FDS. FD is taken, also on
 * failure. -ENOMEM, -ENOBUFS.
 */
_must_check_ int answer_attach(WorkerAnswer *answer, FdList *fds, const char *name, int fd);

/* Negative errno, -EMSGSIZE when the answer does not fit; MESSAGE_E_TIMEOUT. */
_must_check_ int answer_send(int socket, const WorkerAnswer *answer, const FdList *fds,
                             uint64_t timeout_usec);

enum {
    ANSWER_RECEIVED,
    ANSWER_E_NONE,      /* the worker ended, or the time, without a whole line */
    ANSWER_E_MALFORMED, /* a line that is not an answer, or descriptors that do not match it */
};

/* As many descriptors as the answer names, in that order. Negative errno or a named no. */
_must_check_ int answer_receive(int socket, uint64_t timeout_usec, WorkerAnswer *ret,
                                FdList *ret_fds);
