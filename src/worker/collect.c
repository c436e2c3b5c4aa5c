/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One collection: pacing, hardware report, logs, answer. Signals that would end the process wait
 * until the hardware has answered; the unit's time limit must leave it 90 s.
 */
#include "worker/collect.h"

#include "base/clock.h"
#include "base/file.h"
#include "evidence/event-logs.h"
#include "evidence/sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Name of the credential that carries the firmware log (systemd/attest-collect@.service). */
#define SPARE_CREDENTIAL "boot-log"

enum { COLLECT_OK, COLLECT_E_FAILED /* the answer's findings say why */ };

static int fail(WorkerAnswer *answer, const char *name, const char *subject, const char *found)
{
    int r = findings_add(&answer->findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : COLLECT_E_FAILED;
}

static int open_pacing(const CollectRequest *request, WorkerAnswer *answer, Pacing **ret)
{
    int r = pacing_new(request->lock_directory, &pacing_time_system, ret);

    if (r == PACING_E_BUSY)
        return fail(answer, "report-lock-busy", request->lock_directory, NULL);
    if (r < 0 && r != -ENOMEM)
        return fail(answer, "report-lock-failed", request->lock_directory, strerror(-r));
    return r;
}

/* Hands what was collected to the answer. */
static int keep_report(const char *source, EvidenceCpu *cpu, WorkerAnswer *answer)
{
    char *name = strdup(source);

    if (!name)
        return -ENOMEM;
    answer->source = name;
    answer->cpu = TAKE_STRUCT(*cpu);
    return COLLECT_OK;
}

static int collect_report(const CollectRequest *request, WorkerAnswer *answer)
{
    const SourceSettings settings = {
        .device = request->evidence.device,
        .configfs_directory = request->evidence.configfs_directory,
        .vmpl_file = SOURCE_VMPL_FILE_DEFAULT,
    };
    _cleanup_(pacing_freep) Pacing *pacing = NULL;
    _cleanup_evidence_cpu_ EvidenceCpu cpu = { 0 };
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *source;

    int r = open_pacing(request, answer, &pacing);
    if (r != COLLECT_OK)
        return r;

    const SourceInput input = { &settings, request->report_data, pacing };
    r = sources_collect(request->evidence.source, &input, &answer->findings, &source, &cpu);
    uint64_t waited = pacing_waited_usec(pacing);
    answer->timings_usec[TIMING_PACING] = waited;
    answer->timings_usec[TIMING_REPORT] = clock_boottime_usec(&clock_system) - start - waited;
    if (r != SOURCES_OK)
        return r < 0 ? r : COLLECT_E_FAILED;
    return keep_report(source, &cpu, answer);
}

static int attach(WorkerAnswer *answer, FdList *fds, const char *name, ByteView bytes)
{
    int fd = memfd_sealed(name, bytes);

    if (fd < 0)
        return fd;
    return answer_attach(answer, fds, name, fd);
}

/* Path of the service manager's copy of the firmware log; NULL when there is none. */
static char *spare_path(void)
{
    const char *directory = secure_getenv("CREDENTIALS_DIRECTORY"); /* systemd.exec(5) */
    char *path;

    if (!directory || asprintf(&path, "%s/" SPARE_CREDENTIAL, directory) < 0)
        return NULL;
    return path;
}

static int collect_firmware_log(const char *path, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_free_ char *spare = spare_path();
    _cleanup_bytes_ Bytes log = { 0 };

    int r = event_log_firmware(path, spare, &answer->findings, &log);
    if (r != EVENT_LOG_OK)
        return r < 0 ? r : COLLECT_OK;
    return attach(answer, fds, "eventlog", VIEW(log));
}

static int collect_userspace_log(const char *path, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_bytes_ Bytes log = { 0 };

    int r = event_log_userspace(path, &answer->findings, &log);
    if (r != EVENT_LOG_OK)
        return r < 0 ? r : COLLECT_OK;
    return attach(answer, fds, "eventlog-userspace", VIEW(log));
}

/* Logs last, as close to the quote as can be: one of them grows. */
static int collect_logs(const EvidenceSettings *settings, WorkerAnswer *answer, FdList *fds)
{
    int r = settings->event_log ? collect_firmware_log(settings->event_log, answer, fds) : 0;

    if (r < 0)
        return r;
    return settings->userspace_log ? collect_userspace_log(settings->userspace_log, answer, fds)
                                   : 0;
}

int collect_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(collect_request_freep) CollectRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    int r = collect_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);

    r = collect_report(request, answer);
    if (r == COLLECT_OK)
        r = collect_logs(&request->evidence, answer, fds);
    if (r < 0)
        return r;
    answer->timings_usec[TIMING_TOTAL] = clock_boottime_usec(&clock_system) - start;
    return worker_answer_decide(answer, ANSWER_FAILED);
}
