/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TPM transaction; what it says no to has a name.
 */
#include "worker/forget.h"

#include "base/clock.h"
#include "tpm/tpm-counter.h"
#include "worker/request-secret.h"

#include <errno.h>

static int fail(const ForgetRequest *request, const TpmFailure *failure, WorkerAnswer *answer)
{
    return findings_add(&answer->findings,
                        failure->finding ? failure->finding : "tpm-command-refused", request->name,
                        FINDING_FAILURE, failure->text, NULL);
}

/* One that is not there needs nothing. */
static int forget(const ForgetRequest *request, WorkerAnswer *answer)
{
    const TpmContextOptions options = {
        .tcti = request->evidence.tcti,
        .lock_directory = request->lock_directory,
        .owner = request->evidence.owner,
    };
    _cleanup_(tpm_context_freep) TpmContext *tpm = NULL;
    TpmFailure failure = { 0 };

    int r = tpm_context_open(&options, &failure, &tpm);
    if (r == TPM_CONTEXT_OK) {
        r = tpm_counter_remove(tpm, request->name, /* keep= */ 0);
        failure = tpm->failure;
    }
    return r == 0 || r == -ENOMEM ? r : fail(request, &failure, answer);
}

int forget_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(forget_request_freep) ForgetRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    (void)fds;
    int r = forget_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);

    r = forget(request, answer);
    if (r < 0)
        return r;
    return verb_conclude(answer, start);
}
