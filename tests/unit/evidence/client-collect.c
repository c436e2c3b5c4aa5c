/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects from a source of evidence and says in words what came out, for the test in the lab:
 * client-collect CHOICE DEVICE CONFIGFS-DIRECTORY LOCK-DIRECTORY [TIMES]
 *     from the sources; pauses between requests are counted, not slept
 * client-collect --work CHOICE CONFIGFS-DIRECTORY LOG-DIRECTORY LOCK-DIRECTORY EVENT-LOG
 *     USERSPACE-LOG
 *     as attest-collect does with such options; prints its answer as it goes over the wire
 */
#include "collect-request.h"
#include "evidence/sources.h"
#include "fake-time.h"
#include "worker/collect.h"

static void print_findings(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++)
        (void)printf("%s %s %s: %s\n",
                     findings->items[i].result == FINDING_FAILURE ? "failure" : "warning",
                     findings->items[i].name, findings->items[i].subject, findings->items[i].found);
}

static void collect(char **argv)
{
    const SourceSettings settings = { argv[2], argv[3], SOURCE_VMPL_FILE_DEFAULT };
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_evidence_cpu_ EvidenceCpu cpu = { 0 };
    uint8_t report_data[SOURCE_REPORT_DATA_SIZE];
    static uint8_t counter;
    const char *source;
    Pacing *pacing = NULL;
    FakeTime fake;

    memset(report_data, ++counter, sizeof(report_data));
    fake_time_init(&fake, clock_boottime_usec(&clock_system));
    check_int(pacing_new(argv[4], &fake.time, &pacing), PACING_OK);
    const SourceInput input = { &settings, report_data, pacing };
    int r = sources_collect(argv[1], &input, &findings, &source, &cpu);
    pacing_free(pacing);
    print_findings(&findings);
    if (r == SOURCES_OK)
        (void)printf("ok %s %s report=%zu table=%zu vmpl=%u\n", source, cpu.provider,
                     cpu.outblob.size, cpu.auxblob.size, cpu.outblob.data[SNP_OFFSET_VMPL]);
    else
        (void)printf("no %d\n", r);
}

static int collect_as_program(char **argv)
{
    const CollectGrounds grounds = { .lock_directory = argv[5],
                                     .configfs_directory = argv[3],
                                     .log_directories = { argv[4] },
                                     .n_log_directories = 1 };
    const CollectPlaces places = { argv[2], SOURCE_DEVICE_DEFAULT, argv[3], argv[6], argv[7] };
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = collect_request_line(&places, view_of_string(COLLECT_CLAIMS));
    _cleanup_fd_list_ FdList fds = { 0 };
    _cleanup_free_ char *encoded = NULL;
    const FdList given = { 0 };

    check_int(collect_run(&grounds, view_of_string(line), &given, &answer, &fds), 0);
    check_int(worker_answer_encode(&answer, &encoded), 0);
    (void)fputs(encoded, stdout);
    for (size_t i = 0; i < fds.n_fds; i++) {
        _cleanup_bytes_ Bytes bytes = { 0 };
        check_int(fd_read_all(fds.fds[i], 1 << 20, &bytes), 0);
        check(write(fds.fds[i], "x", 1) < 0); /* sealed */
        (void)printf("fd %s size=%zu\n", answer.fd_names[i], bytes.size);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 8 && strcmp(argv[1], "--work") == 0)
        return collect_as_program(argv);
    if (argc < 5)
        return 2;
    for (int times = argc > 5 ? atoi(argv[5]) : 1; times > 0; times--)
        collect(argv);
    return EXIT_SUCCESS;
}
