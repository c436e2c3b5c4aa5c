/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims, paths, pacing, hardware report, logs, answer. What is refused is refused before the
 * hardware is asked. Signals that would end the process wait until the hardware has answered; the
 * unit's time limit must leave it 90 s.
 */
#include "worker/collect.h"

#include "base/clock.h"
#include "base/file.h"
#include "evidence/binding.h"
#include "evidence/event-logs.h"
#include "evidence/sources.h"
#include "format/evidence-claims.h"
#include "worker/request-collect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Name of the credential that carries the firmware log (systemd/attest-collect@.service). */
#define SPARE_CREDENTIAL "boot-log"

enum { COLLECT_OK, COLLECT_E_FAILED /* the answer's findings say why */ };

/* One request on the unit's grounds. Borrowed. */
typedef struct Collection {
    const CollectGrounds *grounds;
    const CollectRequest *request;
    LogDirectories logs;
    WorkerAnswer *answer;
} Collection;

static int fail(WorkerAnswer *answer, const char *name, const char *subject, const char *found)
{
    int r = findings_add(&answer->findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : COLLECT_E_FAILED;
}

static int refuse_path(WorkerAnswer *answer, const char *subject, const char *path,
                       const char *wanted)
{
    int r = findings_add(&answer->findings, "collect-path-refused", subject, FINDING_FAILURE, path,
                         wanted);

    return r < 0 ? r : COLLECT_E_FAILED;
}

static bool is_either(const char *path, const char *usual, const char *other)
{
    return strcmp(path, usual) == 0 || (other && strcmp(path, other) == 0);
}

static int check_log(const Collection *c, const char *path, const char *subject)
{
    int r = path ? event_log_check(&c->logs, path, subject, &c->answer->findings) : EVENT_LOG_OK;

    return r > 0 ? COLLECT_E_FAILED : r;
}

/* The request may choose among what the unit allows. */
static int check_paths(const Collection *c)
{
    const EvidenceSettings *settings = &c->request->evidence;
    const CollectGrounds *grounds = c->grounds;

    if (!is_either(settings->device, SOURCE_DEVICE_DEFAULT, grounds->device))
        return refuse_path(c->answer, "sev-guest", settings->device, SOURCE_DEVICE_DEFAULT);
    if (!is_either(settings->configfs_directory, SOURCE_CONFIGFS_DIRECTORY_DEFAULT,
                   grounds->configfs_directory))
        return refuse_path(c->answer, "configfs-tsm", settings->configfs_directory,
                           SOURCE_CONFIGFS_DIRECTORY_DEFAULT);
    int r = check_log(c, settings->event_log, "eventlog");
    return r == COLLECT_OK ? check_log(c, settings->userspace_log, "eventlog-userspace") : r;
}

/* Nobody chooses REPORT_DATA: what is signed is the hash of claims that say what they are. */
static int bind_claims(const Collection *c, uint8_t ret[static BINDING_REPORT_DATA_SIZE])
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 };
    ByteView bytes = VIEW(c->request->claims);
    EvidenceDetail detail = { 0 };

    int r = evidence_claims_parse(bytes, &detail, &claims);
    if (r > 0)
        return fail(c->answer, "collect-claims-refused",
                    detail.member[0] ? detail.member : "claims", evidence_claims_reason(r));
    return r < 0 ? r : binding_report_data(bytes, ret);
}

static int open_pacing(const Collection *c, Pacing **ret)
{
    const char *directory = c->grounds->lock_directory;
    int r = pacing_new(directory, &pacing_time_system, ret);

    if (r == PACING_E_BUSY)
        return fail(c->answer, "report-lock-busy", directory, NULL);
    if (r < 0 && r != -ENOMEM)
        return fail(c->answer, "report-lock-failed", directory, strerror(-r));
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

static int collect_report(const Collection *c)
{
    const EvidenceSettings *evidence = &c->request->evidence;
    const SourceSettings settings = {
        .device = evidence->device,
        .configfs_directory = evidence->configfs_directory,
        .vmpl_file = SOURCE_VMPL_FILE_DEFAULT,
    };
    WorkerAnswer *answer = c->answer;
    uint8_t report_data[BINDING_REPORT_DATA_SIZE];
    _cleanup_(pacing_freep) Pacing *pacing = NULL;
    _cleanup_evidence_cpu_ EvidenceCpu cpu = { 0 };
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *source;

    int r = bind_claims(c, report_data);
    if (r == COLLECT_OK)
        r = open_pacing(c, &pacing);
    if (r != COLLECT_OK)
        return r;

    const SourceInput input = { &settings, report_data, pacing };
    r = sources_collect(evidence->source, &input, &answer->findings, &source, &cpu);
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

/* An absent log decides nothing here. */
static int without_log(int reason)
{
    if (reason < 0)
        return reason;
    return reason == EVENT_LOG_E_ABSENT ? COLLECT_OK : COLLECT_E_FAILED;
}

static int collect_firmware_log(const Collection *c, FdList *fds)
{
    _cleanup_free_ char *spare = spare_path();
    _cleanup_bytes_ Bytes log = { 0 };

    int r = event_log_firmware(&c->logs, c->request->evidence.event_log, spare,
                               &c->answer->findings, &log);
    if (r != EVENT_LOG_OK)
        return without_log(r);
    return attach(c->answer, fds, "eventlog", VIEW(log));
}

static int collect_userspace_log(const Collection *c, FdList *fds)
{
    _cleanup_bytes_ Bytes log = { 0 };

    int r = event_log_userspace(&c->logs, c->request->evidence.userspace_log, &c->answer->findings,
                                &log);
    if (r != EVENT_LOG_OK)
        return without_log(r);
    return attach(c->answer, fds, "eventlog-userspace", VIEW(log));
}

/* Logs last, as close to the quote as can be: one of them grows. */
static int collect_logs(const Collection *c, FdList *fds)
{
    const EvidenceSettings *settings = &c->request->evidence;
    int r = settings->event_log ? collect_firmware_log(c, fds) : 0;

    if (r < 0)
        return r;
    return settings->userspace_log ? collect_userspace_log(c, fds) : 0;
}

/* A paravisor's report is read where the TPM is, which is not here; for a TPM alone there is none.
 */
static bool is_for_logs_alone(const Collection *c)
{
    const char *source = c->request->evidence.source;

    return strcmp(source, "azure") == 0 || strcmp(source, "tpm") == 0;
}

int collect_run(const void *context, ByteView line, const FdList *given, WorkerAnswer *answer,
                FdList *fds)
{
    const CollectGrounds *grounds = context;
    _cleanup_(collect_request_freep) CollectRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    int r = collect_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);

    const Collection collection = {
        .grounds = grounds,
        .request = request,
        .logs = { grounds->log_directories, grounds->n_log_directories },
        .answer = answer,
    };
    r = check_paths(&collection);
    if (r == COLLECT_OK && !is_for_logs_alone(&collection))
        r = collect_report(&collection);
    if (r == COLLECT_OK)
        r = collect_logs(&collection, fds);
    if (r < 0)
        return r;
    return verb_conclude(answer, start);
}
