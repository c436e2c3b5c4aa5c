/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb collect where there is nothing to collect from; what it collects from simulated
 * hardware is in test-sources-in-lab.sh.
 */
#include "collect-request.h"
#include "fake-time.h"
#include "worker/collect.h"

static CollectPlaces nowhere(const TemporaryDirectory *locks)
{
    return (CollectPlaces){ "auto",     "/nonexistent/sev-guest", "/nonexistent/report", "", "",
                            locks->path };
}

static void run(const char *line, WorkerAnswer *answer)
{
    _cleanup_fd_list_ FdList fds = { 0 };
    const FdList given = { 0 };

    *answer = WORKER_ANSWER_INIT;
    check_int(collect_run(view_of_string(line), &given, answer, &fds), 0);
    check_int(answer->result, ANSWER_FAILED);
    check(answer->cpu.provider == NULL);
    check_int(fds.n_fds, 0);
}

static void a_machine_without_hardware_is_named(void)
{
    TemporaryDirectory locks = temporary_directory();
    CollectPlaces places = nowhere(&locks);
    _cleanup_free_ char *line = collect_request_line(&places, 1);
    _cleanup_worker_answer_ WorkerAnswer answer;
    _cleanup_free_ char *encoded = NULL;

    run(line, &answer);
    check_str(answer.error, "evidence-no-source");
    check_int(answer.findings.n_items, 3);
    check(answer.timings_usec[TIMING_TOTAL] != USEC_INFINITY);
    check(answer.timings_usec[TIMING_PACING] != USEC_INFINITY);
    check_int(worker_answer_encode(&answer, &encoded), 0);
    temporary_directory_remove(&locks);
}

static void a_lock_that_cannot_be_used_is_named(void)
{
    TemporaryDirectory locks = temporary_directory();
    CollectPlaces places = nowhere(&locks);
    _cleanup_worker_answer_ WorkerAnswer answer;

    places.lock_directory = "/nonexistent";
    _cleanup_free_ char *line = collect_request_line(&places, 1);
    run(line, &answer);
    check_str(answer.error, "report-lock-failed");
    temporary_directory_remove(&locks);
}

static void a_request_that_makes_no_sense_is_named(void)
{
    _cleanup_worker_answer_ WorkerAnswer empty, other;

    run("{}", &empty);
    check_str(empty.error, "worker-request-malformed");
    run("{\"verb\":\"round\"}", &other);
    check_str(other.error, "worker-request-malformed");
}

static const Test tests[] = {
    { "a machine without hardware is named", a_machine_without_hardware_is_named },
    { "a lock that cannot be used is named", a_lock_that_cannot_be_used_is_named },
    { "a request that makes no sense is named", a_request_that_makes_no_sense_is_named },
};

TEST_MAIN(tests)
