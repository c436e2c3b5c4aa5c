/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-release itself, killed at system calls of a release, around each of its sends and in
 * between: who is named has the whole secret or nothing of it, and who is not has nothing.
 */
#include "secret-lab.h"

#include "worker/answer.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>

#define SECRET "a secret of forty-one bytes, and no more."
#define OTHER  "what is behind the other name, all of it."

#define N_SPREAD 150 /* kills spread over the whole run */
#define N_NEAR   8   /* system call stops before and after a send */
#define N_SENDS  2   /* in a run to the end */

/* At each stop, of a run to the end: is it a send of a secret? */
typedef struct Trace {
    size_t n_stops;
    size_t sends[N_SENDS];
    size_t n_sends;
} Trace;

static _noreturn_ void run_worker(int socket)
{
    char pid[16];

    if (dup2(socket, 3) != 3 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(126);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "1", 1);
    (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* does not work while traced */
    (void)execl(ATTEST_RELEASE, ATTEST_RELEASE, "release", (char *)NULL);
    _exit(127);
}

static bool is_send_of_a_secret(pid_t pid)
{
    struct __ptrace_syscall_info info = { 0 };

    check(ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) > 0);
    return info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_sendto &&
           info.entry.args[2] == strlen(SECRET);
}

static void note(Trace *trace, pid_t pid)
{
    trace->n_stops++;
    if (!is_send_of_a_secret(pid))
        return;
    check(trace->n_sends < N_SENDS);
    trace->sends[trace->n_sends++] = trace->n_stops;
}

/* Steps from system call to system call, and kills at stop AT. 0: never. */
static void step(pid_t pid, size_t at, Trace *trace)
{
    long signal = 0;
    int status;

    check_int(waitpid(pid, &status, 0), pid);
    check(WIFSTOPPED(status));
    check_int(
        ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)),
        0);
    for (;;) {
        check_int(ptrace(PTRACE_SYSCALL, pid, NULL, (void *)signal), 0);
        check_int(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) || WIFSIGNALED(status))
            return;
        signal = WSTOPSIG(status);
        if (signal != (SIGTRAP | 0x80))
            continue;
        signal = 0;
        note(trace, pid);
        if (trace->n_stops == at) {
            check_int(kill(pid, SIGKILL), 0);
            check_int(waitpid(pid, &status, 0), pid);
            return;
        }
    }
}

static SecretBatch mixed_batch(const SecretLab *lab, ByteView approval)
{
    SecretBatch batch = secret_batch_new(lab);

    secret_batch_approve(&batch, "db", approval);
    (void)secret_batch_ask(&batch, "db-password", "unit:web.service");
    (void)secret_batch_ask(&batch, "db-password", "unit:db.service");
    (void)secret_batch_ask(&batch, "other", "unit:db.service");
    (void)secret_batch_ask(&batch, "other", "unit:web.service");
    return batch;
}

static void check_whole_or_nothing(int end, const char *secret, size_t *count)
{
    _cleanup_bytes_ Bytes got = secret_end_read(end);

    if (got.size == 0)
        return;
    check(view_equal(VIEW(got), view_of_string(secret)));
    ++*count;
}

static void check_nothing(int end)
{
    _cleanup_bytes_ Bytes got = secret_end_read(end);

    check_int(got.size, 0);
}

/* Killed with these in use; the kernel's resource manager would flush them. */
static void flush_what_was_left(const SecretLab *lab)
{
    static const uint32_t ranges[] = { 0x80000000, 0x02000000, 0x03000000 };
    TpmContext *tpm = swtpm_open(&lab->swtpm);

    for (size_t i = 0; i < ELEMENTSOF(ranges); i++) {
        _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
        check_int(Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                     TPM2_CAP_HANDLES, ranges[i], 64, NULL, &data),
                  TSS2_RC_SUCCESS);
        for (size_t j = 0; j < data->data.handles.count; j++) {
            ESYS_TR object = ESYS_TR_NONE;
            check_int(Esys_TR_FromTPMPublic(tpm->esys, data->data.handles.handle[j], ESYS_TR_NONE,
                                            ESYS_TR_NONE, ESYS_TR_NONE, &object),
                      TSS2_RC_SUCCESS);
            tpm_flush(tpm, &object);
        }
    }
    tpm_context_free(tpm);
}

/* One run, killed at stop AT. How many were served. */
static size_t run_killed(const SecretLab *lab, ByteView approval, size_t at, Trace *trace)
{
    _cleanup_secret_batch_ SecretBatch batch = mixed_batch(lab, approval);
    _cleanup_free_ char *text = json_text(batch.request), *line = NULL;
    size_t n_served = 0;
    int pair[2];

    check(asprintf(&line, "%s\n", text) > 0);
    check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0)
        run_worker(pair[1]);
    (void)close(pair[1]);
    check_int(message_send(pair[0], view_of_string(line), USEC_PER_SEC, &batch.given), MESSAGE_OK);
    step(pid, at, trace);

    check_nothing(batch.ends[0]);
    check_whole_or_nothing(batch.ends[1], SECRET, &n_served);
    check_whole_or_nothing(batch.ends[2], OTHER, &n_served);
    check_nothing(batch.ends[3]);
    (void)close(pair[0]);
    if (at > 0)
        flush_what_was_left(lab);
    return n_served;
}

static Bytes file_of(const SecretLab *lab, const char *name)
{
    char path[128];
    Bytes bytes = { 0 };

    (void)snprintf(path, sizeof(path), "%s/%s", lab->secrets, name);
    check_int(file_read(path, SECRET_FILE_SIZE_MAX, &bytes), 0);
    return bytes;
}

static void test_a_worker_killed_anywhere_serves_no_wrong_asker(void)
{
    SecretLab lab = secret_lab_start();
    Trace whole = { 0 };
    size_t n_kills = 0, served[N_SENDS + 1] = { 0 };

    secret_lab_seal(&lab, "db-password", "unit:db.service", SECRET);
    secret_lab_seal(&lab, "other", "unit:db.service", OTHER);
    Approval approval = secret_lab_approve(&lab, "db", lab.release_key, -600);
    _cleanup_bytes_ Bytes json = { 0 }, file = file_of(&lab, "db-password.secret");
    check_int(approval_emit(&approval, &json), 0);
    approval_done(&approval);

    check_int(run_killed(&lab, VIEW(json), 0, &whole), 2);
    check_int(whole.n_sends, N_SENDS);
    for (size_t i = 0; i < N_SPREAD; i++, n_kills++)
        served[run_killed(&lab, VIEW(json), 1 + i * whole.n_stops / N_SPREAD, &(Trace){ 0 })]++;
    for (size_t i = 0; i < N_SENDS; i++)
        for (size_t at = whole.sends[i] - N_NEAR; at <= whole.sends[i] + N_NEAR; at++, n_kills++)
            served[run_killed(&lab, VIEW(json), at, &(Trace){ 0 })]++;
    (void)printf("  %zu stops, killed at %zu: %zu times none served, %zu one, %zu both\n",
                 whole.n_stops, n_kills, served[0], served[1], served[2]);
    check(served[0] > 0 && served[1] > 0 && served[2] > 0);

    _cleanup_bytes_ Bytes after = file_of(&lab, "db-password.secret");
    check(view_equal(VIEW(file), VIEW(after)));
    check_int(run_killed(&lab, VIEW(json), 0, &(Trace){ 0 }), 2);
    secret_lab_stop(&lab);
}

static const Test tests[] = {
    { "a worker killed anywhere serves no wrong asker",
      test_a_worker_killed_anywhere_serves_no_wrong_asker },
};

TEST_MAIN(tests)
