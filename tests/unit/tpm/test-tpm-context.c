/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the TPM, and each way in which it may not be reached.
 */
#include "base/lock-file.h"
#include "swtpm.h"

#include <sys/file.h>
#include <sys/resource.h>

static int open_tcti(const char *tcti, const char *lock_directory, TpmFailure *failure)
{
    const TpmContextOptions options = {
        .tcti = tcti,
        .lock_directory = lock_directory,
        .lock_wait_usec = 20000,
    };
    TpmContext *tpm = NULL;

    int r = tpm_context_open(&options, failure, &tpm);
    check(r == TPM_CONTEXT_OK || tpm == NULL);
    tpm_context_free(tpm);
    return r;
}

static void other_tctis_are_refused(void)
{
    static const char *const bad[] = {
        "",
        "device",
        "device:",
        "device:tpm0",
        "swtpm",
        "swtpm:",
        "mssim:",
        "cmd:id",
        "libtss2-tcti-x.so",
        "tabrmd:bus_type=session",
        "pcap:device:/dev/tpm0",
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        TpmFailure failure = { 0 };
        check_int(open_tcti(bad[i], NULL, &failure), TPM_CONTEXT_E_TCTI);
        check_str(failure.finding, "tpm-tcti-refused");
    }
    check(tpm_tcti_is_allowed("device:/dev/tpmrm0"));
    check(tpm_tcti_is_allowed("swtpm:path=/run/x"));
}

static void a_missing_device_is_named(void)
{
    TpmFailure failure = { 0 };

    check_int(open_tcti("device:/nonexistent/tpmrm0", NULL, &failure), TPM_CONTEXT_E_UNREACHABLE);
    check_str(failure.finding, "tpm-device-missing");
    check(strstr(failure.text, "/nonexistent/tpmrm0"));
}

static void something_that_is_no_tpm_is_unreachable(void)
{
    TpmFailure failure = { 0 };

    check_int(open_tcti("device:/dev/null", NULL, &failure), TPM_CONTEXT_E_UNREACHABLE);
    check_str(failure.finding, "tpm-unreachable");
    check_int(open_tcti("swtpm:path=/nonexistent/s", NULL, &failure), TPM_CONTEXT_E_UNREACHABLE);
    check_str(failure.finding, "tpm-unreachable");
}

static void a_lock_that_stays_taken_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmFailure failure = { 0 };
    int fd = -EBADF;

    check_int(lock_file_take(swtpm.directory, "tpm.lock", 0, &fd), LOCK_FILE_OK);
    check_int(open_tcti(swtpm.tcti, swtpm.directory, &failure), TPM_CONTEXT_E_LOCKED);
    check_str(failure.finding, "tpm-locked");
    (void)close(fd);
    check_int(open_tcti(swtpm.tcti, swtpm.directory, &failure), TPM_CONTEXT_OK);
    swtpm_stop(&swtpm);
}

static void a_lock_directory_that_is_missing_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmFailure failure = { 0 };

    check_int(open_tcti(swtpm.tcti, "/nonexistent", &failure), -ENOENT);
    check_str(failure.finding, "tpm-lock-failed");
    swtpm_stop(&swtpm);
}

static void a_want_of_descriptors_is_not_blamed_on_the_lock(void)
{
    Swtpm swtpm = swtpm_start();
    TpmFailure failure = { 0 };
    struct rlimit limit, none;

    check_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
    check_int(setrlimit(RLIMIT_NOFILE, &none), 0);
    check_int(open_tcti(swtpm.tcti, swtpm.directory, &failure), -EMFILE);
    check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
    check_str(failure.finding, "tpm-lock-no-descriptor");
    swtpm_stop(&swtpm);
}

static void a_lock_is_not_followed_through_a_link(void)
{
    char directory[] = "/tmp/lock-XXXXXX", path[64];
    int fd = -EBADF;

    check(mkdtemp(directory) != NULL);
    (void)snprintf(path, sizeof(path), "%s/tpm.lock", directory);
    check_int(symlink("/dev/null", path), 0);
    check_int(lock_file_take(directory, "tpm.lock", 0, &fd), -ELOOP);
    check_int(unlink(path), 0);
    check_int(rmdir(directory), 0);
}

static void a_tpm_that_goes_away_fails_the_command(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    check_int(tpm_handle_exists(tpm, 0x81000001), TPM_HANDLE_E_ABSENT);
    swtpm_end(&swtpm);
    check_int(tpm_handle_exists(tpm, 0x81000001), -EIO);
    check_str(tpm->failure.finding, "tpm-unreachable");
    check(strstr(tpm->failure.text, "TPM2_GetCapability"));
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

/* A process of its own that opens a transaction when told to. */
static pid_t start_second(const TpmContextOptions *options, int go_fd)
{
    pid_t pid = fork();

    check(pid >= 0);
    if (pid > 0)
        return pid;

    TpmFailure failure = { 0 };
    TpmContext *tpm = NULL;
    char byte;
    if (read(go_fd, &byte, 1) != 1)
        _exit(99);
    int r = tpm_context_open(options, &failure, &tpm);
    tpm_context_free(tpm);
    _exit(r);
}

static void two_transactions_take_turns(void)
{
    Swtpm swtpm = swtpm_start();
    const TpmContextOptions options = { .tcti = swtpm.tcti, .lock_directory = swtpm.directory };
    TpmFailure failure = { 0 };
    TpmContext *first = NULL;
    int go[2], status;

    check_int(pipe(go), 0);
    pid_t pid = start_second(&options, go[0]);
    check_int(tpm_context_open(&options, &failure, &first), TPM_CONTEXT_OK);
    check_int(write(go[1], "", 1), 1);
    (void)usleep(100000);
    check_int(waitpid(pid, &status, WNOHANG), 0);
    tpm_context_free(first);
    check_int(waitpid(pid, &status, 0), pid);
    check_int(status, 0);
    (void)close(go[0]);
    (void)close(go[1]);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "a TCTI other than device and swtpm is refused before it is loaded",
      other_tctis_are_refused },
    { "a missing device is named", a_missing_device_is_named },
    { "something that is no TPM is unreachable", something_that_is_no_tpm_is_unreachable },
    { "a lock that stays taken is named", a_lock_that_stays_taken_is_named },
    { "a lock directory that is missing is named", a_lock_directory_that_is_missing_is_named },
    { "a want of descriptors is not blamed on the lock",
      a_want_of_descriptors_is_not_blamed_on_the_lock },
    { "a lock is not followed through a symbolic link", a_lock_is_not_followed_through_a_link },
    { "a TPM that goes away fails the command and not the process",
      a_tpm_that_goes_away_fails_the_command },
    { "two transactions take turns", two_transactions_take_turns },
};

TEST_MAIN(tests)
