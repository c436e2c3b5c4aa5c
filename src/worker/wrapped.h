/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verb "wrapped", over the socket of "release": lists the wrapped data keys behind gates of kind
 * rewrap, for a round to take to the verifier. They are no secrets, and nothing here is believed: a
 * file that was altered lists what its secret will then not open with.
 */
#pragma once

#include "worker/verb.h"

/* A Verb: WrappedRequest in, AnswerWrapped out, by name. */
_must_check_ int wrapped_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds);
