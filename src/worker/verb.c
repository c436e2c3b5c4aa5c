/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all verbs answer alike.
 */
#include "worker/verb.h"

#include "base/clock.h"

int verb_refuse_request(WorkerAnswer *answer, int reason, const char *member)
{
    int r = findings_add(&answer->findings, "worker-request-malformed", member, FINDING_FAILURE,
                         request_reason(reason), NULL);

    return r < 0 ? r : worker_answer_decide(answer, ANSWER_FAILED);
}

int verb_conclude(WorkerAnswer *answer, uint64_t start_usec)
{
    answer->timings_usec[TIMING_TOTAL] = clock_boottime_usec(&clock_system) - start_usec;
    return worker_answer_decide(answer, ANSWER_FAILED);
}
