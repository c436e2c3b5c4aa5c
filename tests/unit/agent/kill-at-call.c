/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program and kills it at a system call: kill-at-call N REPORT PROGRAM [ARGUMENT]…
 * System calls count from the first accept4() that accepts somebody, or, as +N, from the program's
 * start. The program is killed before the Nth of them is made; REPORT, empty, is there before it is
 * killed. It has the same process id, parent and descriptors as without this, and nobody else keeps
 * its descriptors.
 */
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

typedef struct Trace {
    size_t n_calls; /* since somebody was accepted */
    uint64_t under_way;
    bool is_counting;
} Trace;

static _noreturn_ void give_up(const char *what)
{
    (void)fprintf(stderr, "kill-at-call: %s: %s\n", what, strerror(errno));
    _exit(125);
}

/* True when the program is to be killed now. */
static bool at_call(pid_t pid, size_t n, Trace *trace)
{
    struct __ptrace_syscall_info info = { 0 };

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <= 0)
        return false;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        trace->under_way = info.entry.nr;
        return trace->is_counting && trace->n_calls + 1 == n;
    }
    if (info.op != PTRACE_SYSCALL_INFO_EXIT)
        return false;
    if (trace->is_counting)
        trace->n_calls++;
    if (trace->under_way == SYS_accept4 && info.exit.rval >= 0)
        trace->is_counting = true;
    return false;
}

static void write_report(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        give_up(path);
    (void)close(fd);
}

static void trace_to_the_end(pid_t pid, size_t n, bool from_start, const char *report)
{
    Trace trace = { .is_counting = from_start };
    int status;

    while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
        int signal = WSTOPSIG(status);
        bool is_call = signal == (SIGTRAP | 0x80), is_event = status >> 16 != 0;
        if (is_call && at_call(pid, n, &trace)) {
            write_report(report);
            if (kill(pid, SIGKILL) < 0)
                give_up("kill");
            continue;
        }
        if (ptrace(PTRACE_SYSCALL, pid, NULL, is_call || is_event ? 0L : (long)signal) < 0 &&
            errno != ESRCH)
            give_up("ptrace");
    }
}

/* The tracer is the child, so that the program stays whom its manager started. */
static _noreturn_ void run_tracer(pid_t pid, int ready, const char *number, const char *report)
{
    if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0 ||
        ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
        give_up("ptrace");
    if (dup2(ready, STDIN_FILENO) < 0 || close_range(3, ~0U, 0) < 0)
        give_up("descriptors");
    (void)close(STDIN_FILENO); /* the program goes on */
    trace_to_the_end(pid, strtoul(number, NULL, 10), *number == '+', report);
    _exit(0);
}

int main(int argc, char **argv)
{
    int pipe_fds[2];
    char byte;

    if (argc < 4 || pipe2(pipe_fds, O_CLOEXEC) < 0)
        return 2;
    pid_t self = getpid(), tracer = fork();
    if (tracer < 0)
        give_up("fork");
    if (tracer == 0)
        run_tracer(self, pipe_fds[1], argv[1], argv[2]);
    (void)prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
    (void)close(pipe_fds[1]);
    (void)!read(pipe_fds[0], &byte, sizeof(byte)); /* its end: the tracer is there */
    (void)close(pipe_fds[0]);
    (void)execv(argv[3], argv + 3);
    give_up(argv[3]);
}
