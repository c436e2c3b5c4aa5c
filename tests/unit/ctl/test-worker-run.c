/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/worker-run.h"

#include "base/clock.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int run(const char *program, const char *verb, uint64_t timeout_usec)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    const WorkerOrder order = { .program = program,
                                .verb = verb,
                                .line = view_of_string("{}\n"),
                                .timeout_usec = timeout_usec };

    return worker_run_order(&order, &answer);
}

static void test_silent(void)
{
    /* The verb is how many seconds it sleeps; nobody waits for them. */
    check_int(run("/bin/sleep", "600", 1), WORKER_RUN_E_SILENT);
}

/* Runs a shell as the worker, on SCRIPT. */
static int run_script(const char *script, uint64_t timeout_usec)
{
    char path[] = "/tmp/test-worker-run.XXXXXX";
    int fd = mkstemp(path);

    check(fd >= 0 && close(fd) == 0);
    check_int(file_write_atomic(path, view_of_string(script), 0600), 0);
    int r = run("/bin/sh", path, timeout_usec);
    check(unlink(path) == 0);
    return r;
}

/* Whoever took over a worker could keep us as well; nobody waits for these either. */
static void test_stays(void)
{
    check_int(run_script("exec sleep 600 3>&-\n", 300 * USEC_PER_MSEC), WORKER_RUN_E_NO_ANSWER);
    check_int(run_script("while printf ' ' >&3; do sleep 0.05; done\n", 300 * USEC_PER_MSEC),
              WORKER_RUN_E_SILENT);
}

static void test_no_answer(void)
{
    check_int(run("/bin/true", "x", 60 * USEC_PER_SEC), WORKER_RUN_E_NO_ANSWER);
    check_int(run("/bin/true", "x", 0), WORKER_RUN_E_NO_ANSWER);
}

static void test_absent(void)
{
    check_int(run("/no/such/program", "x", 60 * USEC_PER_SEC), WORKER_RUN_E_ABSENT);
}

#define NOBODY 65534

/* What a shell as the worker finds, run by root as USER; NULL: as whom we run. */
static void look(const WorkerUser *user, Bytes *ret)
{
    static const char script[] = "exec >\"${0%/*}/out\"\n"
                                 "echo \"uid $(id -u)\"; env; ls /proc/$$/fd | tr '\\n' ' '\n"
                                 "[ \"$(cut -d' ' -f6 /proc/$$/stat)\" != $$ ] || echo session\n";
    char directory[] = "/tmp/test-worker-run.XXXXXX", path[64], out[64], command[64];
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    check(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/script", directory);
    (void)snprintf(out, sizeof(out), "%s/out", directory);
    (void)snprintf(command, sizeof(command), "rm -r %s", directory);
    check(chmod(directory, 0777) == 0);
    check_int(file_write_atomic(path, view_of_string(script), 0644), 0);
    const WorkerOrder order = { .program = "/bin/sh",
                                .verb = path,
                                .line = view_of_string("{}\n"),
                                .user = user,
                                .timeout_usec = 60 * USEC_PER_SEC };
    int r = worker_run_order(&order, &answer);
    check_int(r, WORKER_RUN_E_NO_ANSWER);
    check_int(file_read(out, 65536, ret), 0);
    check(system(command) == 0);
}

static bool says(const Bytes *text, const char *part)
{
    return strstr((const char *)text->data, part);
}

static void test_inherits_nothing(void)
{
    const WorkerUser nobody = { .uid = NOBODY, .gid = NOBODY, .groups = { NOBODY }, .n_groups = 1 };
    _cleanup_bytes_ Bytes own = { 0 }, another = { 0 };
    int left_open = fcntl(STDERR_FILENO, F_DUPFD, 200);

    check(left_open >= 200);
    check(setenv("TEST_TOKEN", "of root", 1) == 0);
    look(NULL, &own);
    check(says(&own, "TEST_TOKEN=of root"));
    check(says(&own, "LISTEN_FDS=1"));
    check(!says(&own, " 200 "));
    check(!says(&own, "session"));
    if (geteuid() == 0) {
        look(&nobody, &another);
        check(says(&another, "uid 65534\n"));
        check(!says(&another, "TEST_TOKEN"));
        check(says(&another, "LISTEN_FDS=1"));
        check(!says(&another, " 200 "));
        check(says(&another, "session"));
    }
    check(close(left_open) == 0);
}

static const Test tests[] = {
    { "a worker that says nothing in time is ended", test_silent },
    { "so is one that talks on and on, or hangs up and stays", test_stays },
    { "one that ends without an answer is named", test_no_answer },
    { "so is one that cannot be started", test_absent },
    { "it inherits no open file, and as another user no environment and no terminal",
      test_inherits_nothing },
};
TEST_MAIN(tests)
