/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attest-collect refuses, and where there is nothing to collect from; what it collects from
 * simulated hardware is in test-sources-in-lab.sh.
 */
#include "collect-request.h"
#include "evidence/event-logs.h"
#include "evidence/source.h"
#include "fake-time.h"
#include "worker/collect.h"

#define NO_DEVICE   "/nonexistent/sev-guest"
#define NO_CONFIGFS "/nonexistent/report"

static CollectPlaces nowhere(void)
{
    return (CollectPlaces){ "auto", NO_DEVICE, NO_CONFIGFS, "", "" };
}

/* A unit that allows nowhere(), and logs in the directory of its lock. */
static CollectGrounds grounds_in(const char *directory)
{
    CollectGrounds grounds = COLLECT_GROUNDS_INIT;

    grounds.lock_directory = directory;
    grounds.device = NO_DEVICE;
    grounds.configfs_directory = NO_CONFIGFS;
    grounds.log_directories[grounds.n_log_directories++] = directory;
    return grounds;
}

static void run(const CollectGrounds *grounds, const char *line, WorkerAnswer *answer)
{
    _cleanup_fd_list_ FdList fds = { 0 };
    const FdList given = { 0 };

    *answer = WORKER_ANSWER_INIT;
    check_int(collect_run(grounds, view_of_string(line), &given, answer, &fds), 0);
    check_int(answer->result, ANSWER_FAILED);
    check(answer->cpu.provider == NULL);
    check_int(fds.n_fds, 0);
}

/* What PLACES and CLAIMS end in; SUBJECT of that, unless it is NULL. */
static void check_error(const CollectPlaces *places, const char *claims, const char *error,
                        const char *subject)
{
    TemporaryDirectory directory = temporary_directory();
    CollectGrounds grounds = grounds_in(directory.path);
    _cleanup_free_ char *line = collect_request_line(places, view_of_string(claims));
    _cleanup_worker_answer_ WorkerAnswer answer;

    run(&grounds, line, &answer);
    check_str(answer.error, error);
    if (subject)
        check_str(findings_first_failure(&answer.findings)->subject, subject);
    temporary_directory_remove(&directory);
}

static void a_machine_without_hardware_is_named(void)
{
    TemporaryDirectory directory = temporary_directory();
    CollectGrounds grounds = grounds_in(directory.path);
    CollectPlaces places = nowhere();
    _cleanup_free_ char *line = collect_request_line(&places, view_of_string(COLLECT_CLAIMS));
    _cleanup_worker_answer_ WorkerAnswer answer;
    _cleanup_free_ char *encoded = NULL;

    run(&grounds, line, &answer);
    check_str(answer.error, "evidence-no-source");
    check_int(answer.findings.n_items, 3);
    check(answer.timings_usec[TIMING_TOTAL] != USEC_INFINITY);
    check(answer.timings_usec[TIMING_PACING] != USEC_INFINITY);
    check_int(worker_answer_encode(&answer, &encoded), 0);
    temporary_directory_remove(&directory);
}

static void a_lock_that_cannot_be_used_is_named(void)
{
    CollectGrounds grounds = grounds_in("/nonexistent");
    CollectPlaces places = nowhere();
    _cleanup_free_ char *line = collect_request_line(&places, view_of_string(COLLECT_CLAIMS));
    _cleanup_worker_answer_ WorkerAnswer answer;

    run(&grounds, line, &answer);
    check_str(answer.error, "report-lock-failed");
}

static void a_request_that_makes_no_sense_is_named(void)
{
    CollectGrounds grounds = grounds_in("/nonexistent");
    _cleanup_worker_answer_ WorkerAnswer empty, other;

    run(&grounds, "{}", &empty);
    check_str(empty.error, "worker-request-malformed");
    run(&grounds, "{\"verb\":\"round\"}", &other);
    check_str(other.error, "worker-request-malformed");
}

static void a_path_that_the_unit_does_not_allow_is_refused(void)
{
    CollectPlaces device = nowhere(), configfs = nowhere(), log = nowhere(), userspace = nowhere(),
                  parent = nowhere(), relative = nowhere();

    device.device = "/dev/mem";
    check_error(&device, COLLECT_CLAIMS, "collect-path-refused", "sev-guest");
    configfs.configfs_directory = "/tmp";
    check_error(&configfs, COLLECT_CLAIMS, "collect-path-refused", "configfs-tsm");
    log.event_log = "/etc/shadow";
    check_error(&log, COLLECT_CLAIMS, "collect-path-refused", "eventlog");
    userspace.userspace_log = "/proc/self/environ";
    check_error(&userspace, COLLECT_CLAIMS, "collect-path-refused", "eventlog-userspace");
    parent.event_log = "/run/log/systemd/../../../etc/shadow";
    check_error(&parent, COLLECT_CLAIMS, "collect-path-refused", "eventlog");
    relative.device = "dev/sev-guest";
    check_error(&relative, COLLECT_CLAIMS, "worker-request-malformed", "evidence.device");
}

static void a_link_out_of_a_directory_for_logs_is_refused(void)
{
    TemporaryDirectory directory = temporary_directory();
    CollectGrounds grounds = grounds_in(directory.path);
    CollectPlaces places = nowhere();
    _cleanup_worker_answer_ WorkerAnswer answer;
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/log", directory.path);
    check_int(symlink("/etc/passwd", path), 0);
    places.event_log = path;
    _cleanup_free_ char *line = collect_request_line(&places, view_of_string(COLLECT_CLAIMS));
    run(&grounds, line, &answer);
    check_str(answer.error, "collect-path-refused");
    temporary_directory_remove(&directory);
}

/* The report of a paravisor is no matter of this program; the logs are. */
static void of_a_paravisor_only_the_logs_are_collected(void)
{
    TemporaryDirectory directory = temporary_directory();
    CollectGrounds grounds = grounds_in(directory.path);
    CollectPlaces places = nowhere();
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };
    const FdList given = { 0 };
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/log", directory.path);
    check_int(file_write_atomic(path, view_of_string("a log"), 0644), 0);
    places.source = "azure";
    places.event_log = path;
    _cleanup_free_ char *line = collect_request_line(&places, view_of_string(COLLECT_CLAIMS));
    check_int(collect_run(&grounds, view_of_string(line), &given, &answer, &fds), 0);
    check_int(answer.result, ANSWER_OK);
    check(answer.cpu.provider == NULL);
    check_int(fds.n_fds, 1);
    check_str(answer.fd_names[0], "eventlog");
    (void)snprintf(path, sizeof(path), "%s/report.lock", directory.path);
    check_int(access(path, F_OK), -1);
    temporary_directory_remove(&directory);
}

static void the_usual_paths_need_no_allowance(void)
{
    CollectGrounds grounds = COLLECT_GROUNDS_INIT;
    CollectPlaces places = { "auto", SOURCE_DEVICE_DEFAULT, SOURCE_CONFIGFS_DIRECTORY_DEFAULT,
                             EVENT_LOG_FIRMWARE_DEFAULT, EVENT_LOG_USERSPACE_DEFAULT };
    _cleanup_free_ char *line = collect_request_line(&places, view_of_string(COLLECT_CLAIMS));
    _cleanup_worker_answer_ WorkerAnswer answer;

    /* Past the paths, and no hardware is asked. */
    grounds.lock_directory = "/nonexistent";
    run(&grounds, line, &answer);
    check_str(answer.error, "report-lock-failed");
}

static void nothing_but_claims_of_ours_is_signed(void)
{
    static const char *const refused[][2] = {
        { "64 bytes of somebody's choice, to be signed by this very machine", "claims" },
        { "[]", "claims" },
        { "{}", "eat_profile" },
        { "{\"eat_profile\":\"tag:psacertified.org,2023:psa#tfm\",\"eat_nonce\":\"AAAAAAAAAAA\"}",
          "eat_profile" },
        { "{\"eat_profile\":\"tag:github.com,2026:attestd/evidence#1\",\"purpose\":\"other\"}",
          "purpose" },
        { COLLECT_CLAIMS "x", "claims" },
    };
    CollectPlaces places = nowhere();

    for (size_t i = 0; i < ELEMENTSOF(refused); i++)
        check_error(&places, refused[i][0], "collect-claims-refused", refused[i][1]);
}

static const Test tests[] = {
    { "of a paravisor only the logs are collected", of_a_paravisor_only_the_logs_are_collected },
    { "a machine without hardware is named", a_machine_without_hardware_is_named },
    { "a lock that cannot be used is named", a_lock_that_cannot_be_used_is_named },
    { "a request that makes no sense is named", a_request_that_makes_no_sense_is_named },
    { "a path that the unit does not allow is refused",
      a_path_that_the_unit_does_not_allow_is_refused },
    { "a link out of a directory for logs is refused",
      a_link_out_of_a_directory_for_logs_is_refused },
    { "the usual paths need no allowance", the_usual_paths_need_no_allowance },
    { "nothing but claims of ours is signed", nothing_but_claims_of_ours_is_signed },
};

TEST_MAIN(tests)
