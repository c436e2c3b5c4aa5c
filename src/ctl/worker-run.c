/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child with its end of a socket pair as descriptor 3, as sd_listen_fds(3) wants it.
 */
#include "ctl/worker-run.h"

#include "base/clock.h"
#include "ctl/complain.h"
#include "format/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define LISTEN_FD        3   /* SD_LISTEN_FDS_START */
#define EXIT_NOT_STARTED 127 /* as a shell says it */

#define REMEDY_WORKER "see that attest-release is installed and of this version"

/*
 * What root has beyond USER goes for good: the terminal, since whoever took over such a worker
 * could type on it, and the environment.
 */
static int become(const WorkerUser *user, int null)
{
    if (!user)
        return 0;
    if (clearenv() != 0 || setsid() < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (setgroups((size_t)user->n_groups, user->groups) < 0 ||
        setresgid(user->gid, user->gid, user->gid) < 0 ||
        setresuid(user->uid, user->uid, user->uid) < 0)
        return -errno;
    return 0;
}

/* In the child. Standard input may be the secret: only the worker's request says what it is. */
static int prepare(const WorkerUser *user, int socket, pid_t parent)
{
    char pid[24];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* Another user forgets the signal. */
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || become(user, null) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return -errno;
    if (getppid() != parent)
        return -ESRCH;
    if (socket == LISTEN_FD ? fcntl(socket, F_SETFD, 0) < 0 : dup2(socket, LISTEN_FD) < 0)
        return -errno;
    /* What our caller left open is none of a worker's business. */
    (void)close_range(LISTEN_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "1", 1) < 0 ||
        unsetenv("LISTEN_FDNAMES") < 0)
        return -errno;
    return 0;
}

/* The child's pid, or negative errno. */
static pid_t start(const WorkerOrder *order, int socket)
{
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid < 0 ? -errno : pid;
    if (prepare(order->user, socket, parent) == 0)
        (void)execl(order->program, order->program, order->verb, (char *)NULL);
    _exit(EXIT_NOT_STARTED);
}

/* The descriptors, if there are any, go with the first bytes. */
static int send_request(int socket, const WorkerOrder *order)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * WORKER_RUN_FDS)];
    } control = { .bytes = { 0 } };
    struct iovec part = { .iov_base = (uint8_t *)(uintptr_t)order->line.data,
                          .iov_len = order->line.size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    size_t size = sizeof(int) * order->n_fds;

    if (size > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), order->fds, size);
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

static int limit_sending(int socket, uint64_t timeout_usec)
{
    const struct timeval limit = { .tv_sec = (time_t)(timeout_usec / USEC_PER_SEC),
                                   .tv_usec = (suseconds_t)(timeout_usec % USEC_PER_SEC) };

    return setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ? -errno : 0;
}

/* Until FD can be read. WORKER_RUN_E_SILENT: not before END_USEC of the boot clock. */
static int await(int fd, uint64_t end_usec)
{
    struct pollfd wanted = { .fd = fd, .events = POLLIN };

    for (;;) {
        uint64_t now = clock_boottime_usec(&clock_system);
        if (now >= end_usec)
            return WORKER_RUN_E_SILENT;
        uint64_t left_msec = (end_usec - now) / USEC_PER_MSEC + 1;
        int n = poll(&wanted, 1, end_usec == USEC_INFINITY ? -1 : (int)MIN(left_msec, INT_MAX));
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

/* All of it by then: a worker that somebody took over could dribble. */
static int read_answer(int socket, uint64_t end_usec, Bytes *ret)
{
    uint8_t chunk[4096];

    for (;;) {
        int r = await(socket, end_usec);
        if (r)
            return r;
        ssize_t n = read(socket, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if ((size_t)n > ANSWER_SIZE_MAX - ret->size)
            return -EFBIG;
        r = bytes_append(ret, (ByteView){ .data = chunk, .size = (size_t)n });
        if (r < 0)
            return r;
    }
}

/* A worker that ended early, or never started, shows at either end of the exchange. */
static int exchange(int socket, const WorkerOrder *order, uint64_t end_usec, Bytes *ret)
{
    int r = limit_sending(socket, order->timeout_usec);

    if (r == 0)
        r = send_request(socket, order);
    if (r == -EPIPE)
        return WORKER_RUN_E_NO_ANSWER;
    if (r == 0)
        r = read_answer(socket, end_usec, ret);
    if (r == -EAGAIN)
        return WORKER_RUN_E_SILENT;
    return r == -ECONNRESET || r == -EFBIG ? WORKER_RUN_E_NO_ANSWER : r;
}

/* One that outstays its order is ended. */
static int wait_for(pid_t pid, uint64_t end_usec)
{
    _cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    int status = 0;

    if (end_usec != USEC_INFINITY && (fd < 0 || await(fd, end_usec) != 0))
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_STARTED ? WORKER_RUN_E_ABSENT
                                                                        : WORKER_RUN_OK;
}

int worker_run_order(const WorkerOrder *order, WorkerAnswer *ret)
{
    _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
    _cleanup_bytes_ Bytes answer = { 0 };
    uint64_t end_usec = order->timeout_usec > 0
                            ? clock_boottime_usec(&clock_system) + order->timeout_usec
                            : USEC_INFINITY;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    ours = pair[0];
    theirs = pair[1];
    pid_t pid = start(order, theirs);
    if (pid < 0)
        return (int)pid;
    closep(&theirs);
    theirs = -EBADF;

    int r = exchange(ours, order, end_usec, &answer);
    closep(&ours); /* a worker that still waits for us ends */
    ours = -EBADF;
    int ended = wait_for(pid, end_usec);
    if (ended != WORKER_RUN_OK || r != 0)
        return ended != WORKER_RUN_OK ? ended : r;
    r = worker_answer_decode(VIEW(answer), ret);
    return r > 0 ? WORKER_RUN_E_NO_ANSWER : r;
}

int worker_run(const char *program, const char *verb, ByteView line, int fd, WorkerAnswer *ret)
{
    const WorkerOrder order = {
        .program = program,
        .verb = verb,
        .line = line,
        .fds = { fd },
        .n_fds = fd >= 0 ? 1 : 0,
    };

    return worker_run_order(&order, ret);
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
