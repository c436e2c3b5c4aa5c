/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verb of a worker program: one request in, one answer out. main reads and writes the socket; a
 * verb never sees it.
 */
#pragma once

#include "worker/answer.h"
#include "worker/request.h"

/*
 * Does what LINE asks. GIVEN are the descriptors that came with it. Fills ANSWER (which arrives as
 * WORKER_ANSWER_INIT) and FDS, also when the request is malformed: then it says so in a finding.
 * Negative errno only when no answer could be made; main then answers "failed", internal-error.
 */
typedef int VerbRun(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds);

typedef struct Verb {
    const char *name;
    VerbRun *run;
} Verb;

/*
 * Puts "worker-request-malformed" into ANSWER, naming the member, and decides it as failed. For a
 * named no of a request's parser. -ENOMEM.
 */
_must_check_ int verb_refuse_request(WorkerAnswer *answer, int reason, const char *member);
/*
 * Ends a verb that began at START_USEC of the boot clock: its time, and "failed" if anything in
 * ANSWER decides against it. -ENOMEM.
 */
_must_check_ int verb_conclude(WorkerAnswer *answer, uint64_t start_usec);
