/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child with its end of a socket pair as descriptor 3, as sd_listen_fds(3) wants it.
 */
#include "ctl/worker-run.h"

#include "base/file.h"
#include "ctl/complain.h"
#include "format/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LISTEN_FD        3   /* SD_LISTEN_FDS_START */
#define EXIT_NOT_STARTED 127 /* as a shell says it */

#define REMEDY_WORKER "see that attest-release is installed and of this version"

/* In the child. Standard input may be the secret: only the worker's request says what it is. */
static int prepare(int socket, pid_t parent)
{
    char pid[24];
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 ||
        getppid() != parent)
        return -errno;
    if (socket == LISTEN_FD ? fcntl(socket, F_SETFD, 0) < 0 : dup2(socket, LISTEN_FD) < 0)
        return -errno;
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "1", 1) < 0 ||
        unsetenv("LISTEN_FDNAMES") < 0)
        return -errno;
    return 0;
}

/* The child's pid, or negative errno. */
static pid_t start(const char *program, const char *verb, int socket)
{
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid < 0 ? -errno : pid;
    if (prepare(socket, parent) == 0)
        (void)execl(program, program, verb, (char *)NULL);
    _exit(EXIT_NOT_STARTED);
}

/* The descriptor, if there is one, goes with the first bytes. */
static int send_request(int socket, ByteView line, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { .bytes = { 0 } };
    struct iovec part = { .iov_base = (uint8_t *)(uintptr_t)line.data, .iov_len = line.size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    }
    while (part.iov_len > 0) {
        ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        part.iov_base = (uint8_t *)part.iov_base + n;
        part.iov_len -= (size_t)n;
        message.msg_control = NULL;
        message.msg_controllen = 0;
    }
    return 0;
}

/* A worker that ended early, or never started, shows at either end of the exchange. */
static int exchange(int socket, ByteView line, int fd, Bytes *ret)
{
    int r = send_request(socket, line, fd);

    if (r == -EPIPE || r == -ECONNRESET)
        return WORKER_RUN_E_NO_ANSWER;
    if (r == 0)
        r = fd_read_all(socket, ANSWER_SIZE_MAX, ret);
    return r == -ECONNRESET || r == -EFBIG ? WORKER_RUN_E_NO_ANSWER : r;
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_STARTED ? WORKER_RUN_E_ABSENT
                                                                        : WORKER_RUN_OK;
}

int worker_run(const char *program, const char *verb, ByteView line, int fd, WorkerAnswer *ret)
{
    _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
    _cleanup_bytes_ Bytes answer = { 0 };
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    ours = pair[0];
    theirs = pair[1];
    pid_t pid = start(program, verb, theirs);
    if (pid < 0)
        return (int)pid;
    closep(&theirs);
    theirs = -EBADF;

    int r = exchange(ours, line, fd, &answer);
    closep(&ours); /* a worker that still waits for us ends */
    ours = -EBADF;
    int ended = wait_for(pid);
    if (ended != WORKER_RUN_OK || r != 0)
        return ended != WORKER_RUN_OK ? ended : r;
    r = worker_answer_decode(VIEW(answer), ret);
    return r > 0 ? WORKER_RUN_E_NO_ANSWER : r;
}

int worker_run_refuse(const char *program, int r)
{
    if (r == WORKER_RUN_E_ABSENT)
        return complain_of_usage(REMEDY_WORKER, "%s cannot be started", program);
    if (r < 0)
        return complain_of_errno(r, program);
    (void)complain_of_usage(REMEDY_WORKER, "the worker ended without an answer");
    return EXIT_CLASS_INTERNAL;
}
