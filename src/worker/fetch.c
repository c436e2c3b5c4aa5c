/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the request to the memfd that it came with.
 */
#include "worker/fetch.h"

#include "base/clock.h"
#include "base/file.h"
#include "worker/kds-fetch.h"
#include "worker/request-fetch.h"

static int fetch(const FetchRequest *request, WorkerAnswer *answer)
{
    const KdsSource source = { .base = request->base,
                               .ca_pem = request->ca_pem,
                               .proxy = request->proxy,
                               .timeout_sec = request->timeout_sec };
    _cleanup_bytes_ Bytes certificate = { 0 };

    int r = kds_fetch(&source, &request->kds, &answer->findings, &answer->retry_after_sec,
                      &certificate);
    if (r != KDS_FETCH_OK)
        return MIN(r, 0);
    return fd_write_all(request->out_fd, VIEW(certificate));
}

int fetch_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(fetch_request_freep) FetchRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    (void)fds;
    int r = fetch_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);
    r = fetch(request, answer);
    return r < 0 ? r : verb_conclude(answer, start);
}
