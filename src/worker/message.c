/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines with descriptors: poll against a deadline on the boot clock, recvmsg, sendmsg.
 */
#include "worker/message.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK_SIZE 16384

void fd_list_done(FdList *list)
{
    for (size_t i = 0; i < list->n_fds; i++)
        (void)close(list->fds[i]);
    *list = (FdList){ 0 };
}

int fd_list_take(FdList *list, int fd)
{
    if (list->n_fds >= MESSAGE_FDS_MAX) {
        (void)close(fd);
        return -ENOBUFS;
    }
    list->fds[list->n_fds++] = fd;
    return 0;
}

const char *message_reason(int reason)
{
    static const char *const reasons[] = {
        [MESSAGE_OK] = "ok",
        [MESSAGE_E_NOTHING] = "closed without a byte",
        [MESSAGE_E_TRUNCATED] = "closed inside the line",
        [MESSAGE_E_TOO_LARGE] = "line too long",
        [MESSAGE_E_TRAILING] = "bytes behind the line",
        [MESSAGE_E_DESCRIPTORS] = "too many or misplaced descriptors",
        [MESSAGE_E_TIMEOUT] = "not there in time",
    };

    if (reason < 0 || (size_t)reason >= ELEMENTSOF(reasons))
        return "unknown";
    return reasons[reason];
}

static uint64_t deadline_after(uint64_t timeout_usec)
{
    uint64_t now = clock_boottime_usec(&clock_system);

    return timeout_usec > USEC_INFINITY - now ? USEC_INFINITY : now + timeout_usec;
}

/* 0 when EVENTS are there (or an error to be read), MESSAGE_E_TIMEOUT, negative errno. */
static int wait_until(int socket, short events, uint64_t deadline_usec)
{
    struct pollfd pollfd = { .fd = socket, .events = events };

    for (;;) {
        uint64_t now = clock_boottime_usec(&clock_system);
        if (now >= deadline_usec)
            return MESSAGE_E_TIMEOUT;
        uint64_t left = (deadline_usec - now) / USEC_PER_MSEC + 1;
        int n = poll(&pollfd, 1, (int)MIN(left, (uint64_t)INT32_MAX));
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

/* Takes every descriptor of MESSAGE, so that none is left open whatever follows. */
static int take_descriptors(struct msghdr *message, FdList *list)
{
    int r = message->msg_flags & MSG_CTRUNC ? MESSAGE_E_DESCRIPTORS : 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
            if (fd_list_take(list, fd) < 0)
                r = MESSAGE_E_DESCRIPTORS;
        }
    }
    return r;
}

/* One recvmsg. RET_SIZE 0: end of stream. */
static int receive_chunk(int socket, uint64_t deadline_usec, uint8_t chunk[static CHUNK_SIZE],
                         FdList *list, size_t *ret_size)
{
    /* One more than allowed, so that too many are seen, and closed, rather than cut off. */
    union {
        struct cmsghdr align;
        uint8_t space[CMSG_SPACE(sizeof(int) * (MESSAGE_FDS_MAX + 1))];
    } control;

    int r = wait_until(socket, POLLIN, deadline_usec);
    if (r)
        return r;

    struct iovec iov = { .iov_base = chunk, .iov_len = CHUNK_SIZE };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
    };
    ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? -EAGAIN : -errno;
    *ret_size = (size_t)n;
    return take_descriptors(&message, list);
}

/* Appends CHUNK up to its line feed. MESSAGE_OK when the line is complete, -EAGAIN for more. */
static int append_chunk(Bytes *line, ByteView chunk, size_t limit)
{
    const uint8_t *end = memchr(chunk.data, '\n', chunk.size);
    size_t n = end ? (size_t)(end - chunk.data) : chunk.size;

    if (n >= limit - line->size)
        return MESSAGE_E_TOO_LARGE;
    if (end && n + 1 < chunk.size)
        return MESSAGE_E_TRAILING;
    int r = bytes_append(line, (ByteView){ .data = chunk.data, .size = n });
    if (r < 0)
        return r;
    return end ? MESSAGE_OK : -EAGAIN;
}

static int receive_some(int socket, size_t limit, uint64_t deadline_usec, Bytes *line, FdList *list)
{
    uint8_t chunk[CHUNK_SIZE];
    size_t size = 0, n_fds = list->n_fds;
    bool is_first = line->size == 0;

    int r = receive_chunk(socket, deadline_usec, chunk, list, &size);
    if (r)
        return r;
    if (size == 0)
        return is_first ? MESSAGE_E_NOTHING : MESSAGE_E_TRUNCATED;
    if (!is_first && list->n_fds != n_fds)
        return MESSAGE_E_DESCRIPTORS;
    return append_chunk(line, (ByteView){ .data = chunk, .size = size }, limit);
}

int message_receive(int socket, size_t limit, uint64_t timeout_usec, Bytes *ret_line,
                    FdList *ret_fds)
{
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList list = { 0 };
    uint64_t deadline = deadline_after(timeout_usec);
    int r;

    do
        r = receive_some(socket, limit, deadline, &line, &list);
    while (r == -EAGAIN);
    if (r)
        return r;

    *ret_line = TAKE_STRUCT(line);
    *ret_fds = TAKE_STRUCT(list);
    return MESSAGE_OK;
}

/* Sends what it can of LINE, with FDS unless that is NULL. Bytes sent, or negative errno. */
static ssize_t send_some(int socket, ByteView line, const FdList *fds)
{
    union {
        struct cmsghdr align;
        uint8_t space[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
    } control = { 0 };
    struct iovec iov = { .iov_base = (void *)(uintptr_t)line.data, .iov_len = line.size };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (fds && fds->n_fds > 0) {
        size_t size = sizeof(int) * fds->n_fds;
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                               .cmsg_type = SCM_RIGHTS,
                               .cmsg_len = CMSG_LEN(size) };
        memcpy(CMSG_DATA(c), fds->fds, size);
    }
    ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? -errno : n;
}

int message_send(int socket, ByteView line, uint64_t timeout_usec, const FdList *fds)
{
    uint64_t deadline = deadline_after(timeout_usec);

    while (line.size > 0) {
        int r = wait_until(socket, POLLOUT, deadline);
        if (r)
            return r;
        ssize_t n = send_some(socket, line, fds);
        if (n == -EINTR || n == -EAGAIN)
            continue;
        if (n < 0)
            return (int)n;
        line.data += n;
        line.size -= (size_t)n;
        fds = NULL;
    }
    return MESSAGE_OK;
}
