/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the verb "probe". What it finds is seen by attestctl doctor (tests/integration).
 */
#include "round-changes.h"
#include "worker/probe.h"

#include <errno.h>
#include <sys/stat.h>

static json_t *sample_probe(void)
{
    json_t *request = sample_round();

    check(json_object_set_new(request, "verb", json_string("probe")) == 0);
    check(json_object_del(request, "purpose") == 0 && json_object_del(request, "gates") == 0);
    return request;
}

static int parse(const json_t *json, size_t n_fds, RoundRequest **ret, const char **member)
{
    const FdList given = { .fds = { 100, 101, 102 }, .n_fds = n_fds };
    _cleanup_free_ char *text = json_text(json);

    check(text);
    return probe_request_parse(view_of_string(text), &given, ret, member);
}

static void test_accepted(void)
{
    _cleanup_(round_request_freep) RoundRequest *verifier = NULL, *machine = NULL;
    json_auto_t *json = sample_probe();

    check_int(parse(json, 0, &verifier, NULL), REQUEST_OK);
    check(verifier->has_verifier && verifier->event_log_fd == -EBADF);
    check(json_object_del(json, "verifier") == 0);
    change(json, "fds", "[\"eventlog-userspace\",\"eventlog\"]");
    check_int(parse(json, 2, &machine, NULL), REQUEST_OK);
    check(!machine->has_verifier);
    check_int(machine->userspace_log_fd, 100);
    check_int(machine->event_log_fd, 101);
}

static void test_refused(void)
{
    static const struct {
        const char *path, *value;
        size_t n_fds;
        int reason;
    } cases[] = {
        { "verb", "\"round\"", 0, REQUEST_E_MEMBER },
        { "evidence", "", 0, REQUEST_E_MEMBER },
        { "lock_directory", "\"lock\"", 0, REQUEST_E_MEMBER },
        { "fds", "[\"secret\"]", 1, REQUEST_E_MEMBER },
        { "fds", "[\"eventlog\"]", 0, REQUEST_E_DESCRIPTORS },
        { "fds", "[\"eventlog\",\"eventlog\"]", 2, REQUEST_E_DESCRIPTORS },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(round_request_freep) RoundRequest *request = NULL;
        json_auto_t *json = sample_probe();
        const char *member = NULL;
        change(json, cases[i].path, cases[i].value);
        check_int(parse(json, cases[i].n_fds, &request, &member), cases[i].reason);
        check_str(member, cases[i].path);
        check(!request);
    }
}

static void test_no_round(void)
{
    static const char *const members[] = { "purpose", "nonce", "gates", "wrapped" };

    for (size_t i = 0; i < ELEMENTSOF(members); i++) {
        _cleanup_(round_request_freep) RoundRequest *request = NULL;
        json_auto_t *json = sample_probe();
        check(json_object_set_new(json, members[i], json_array()) == 0);
        check_int(parse(json, 0, &request, NULL), REQUEST_E_UNKNOWN);
    }
}

static void test_logs_are_not_for_rounds(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    const FdList given = { .fds = { 100 }, .n_fds = 1 };
    json_auto_t *json = sample_round();
    const char *member = NULL;

    change(json, "fds", "[\"eventlog\"]");
    check_int(parse_round(json, &given, &request, &member), REQUEST_E_MEMBER);
    check_str(member, "fds");
}

/* A machine that has nothing is found to have nothing, and that is an answer. */
static void test_nothing_here(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    json_auto_t *json = sample_probe();
    char directory[] = "/tmp/test-probe-XXXXXX", lock[64];
    FdList fds = { 0 };

    check(mkdtemp(directory));
    check(json_object_set_new(json, "lock_directory", json_string(directory)) == 0);
    check(json_object_del(json, "verifier") == 0);
    change(json, "evidence.device", "\"/no/such/device\"");
    change(json, "evidence.configfs_directory", "\"/no/such/directory\"");
    change(json, "evidence.tcti", "\"device:/no/such/tpm\"");
    _cleanup_free_ char *text = json_text(json);
    check(text);
    check_int(probe_run(view_of_string(text), &no_fds, &answer, &fds), 0);
    check_int(answer.result, ANSWER_OK);
    const Check *device = check_list_find(&answer.checks, "device");
    const Check *tpm = check_list_find(&answer.checks, "tpm");
    check(device && check_state(device) == CHECK_NO);
    check(findings_has(&device->findings, "evidence-no-source"));
    check(findings_has(&device->findings, "snp-device-missing"));
    check(tpm && findings_has(&tpm->findings, "tpm-device-missing"));
    check_int(check_state(check_list_find(&answer.checks, "attestation-key")), CHECK_SKIPPED);
    check_int(check_state(check_list_find(&answer.checks, "pcr-bank")), CHECK_SKIPPED);
    check_int(check_state(check_list_find(&answer.checks, "event-log")), CHECK_SKIPPED);
    (void)snprintf(lock, sizeof(lock), "%s/tpm.lock", directory);
    (void)unlink(lock);
    check(rmdir(directory) == 0);
}

/* The collect worker has the capability to open it; attestd's user has not. */
static void test_device_of_root(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    json_auto_t *json = sample_probe();
    char path[] = "/tmp/test-probe-XXXXXX";
    FdList fds = { 0 };

    if (geteuid() != 0)
        return;
    _cleanup_close_ int fd = mkstemp(path);
    check(fd >= 0 && fchmod(fd, 0600) == 0);
    check(json_object_del(json, "verifier") == 0);
    json_t *evidence = json_object_get(json, "evidence");
    check(json_object_set_new(evidence, "source", json_string("sev-guest")) == 0);
    check(json_object_set_new(evidence, "device", json_string(path)) == 0);
    check(json_object_set_new(evidence, "tcti", json_string("none")) == 0);
    _cleanup_free_ char *text = json_text(json);
    check(text && seteuid(65534) == 0);
    check_int(probe_run(view_of_string(text), &no_fds, &answer, &fds), 0);
    check(seteuid(0) == 0 && unlink(path) == 0);
    const Check *device = check_list_find(&answer.checks, "device");
    check(device && check_state(device) == CHECK_OK);
    check_str(device->said, "sev-guest is there and may be used");
}

static void test_malformed(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    FdList fds = { 0 };

    check_int(probe_run(view_of_string("{}"), &no_fds, &answer, &fds), 0);
    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, "worker-request-malformed");
}

static const Test tests[] = {
    { "a probe is of a verifier or of the machine", test_accepted },
    { "what is wrong with a request is named", test_refused },
    { "nothing that only a round has is taken", test_no_round },
    { "a round takes no logs", test_logs_are_not_for_rounds },
    { "a machine with nothing to prove itself by is told so", test_nothing_here },
    { "a device that is root's alone is not called denied", test_device_of_root },
    { "a request that is none is answered", test_malformed },
};
TEST_MAIN(tests)
