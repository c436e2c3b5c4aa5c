/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection, one request, one answer: everything around the work.
 */
#pragma once

#include "worker/verb.h"

/* As VerbRun, for a program that knows more than the request says. */
typedef int ServeRun(const void *context, ByteView line, const FdList *given, WorkerAnswer *answer,
                     FdList *fds);

/*
 * Receives from SOCKET, runs RUN with CONTEXT, answers. An answer that cannot be made is replaced
 * by "internal-error". 0 when an answer was sent; negative errno; MESSAGE_E_TIMEOUT.
 */
_must_check_ int serve(int socket, ServeRun *run, const void *context);

/* CONTEXT is a Verb, which is run. */
ServeRun serve_verb;
