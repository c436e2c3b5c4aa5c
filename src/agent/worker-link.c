/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation of one line each way. Every outcome goes through finish().
 */
#include "agent/worker-link.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

struct WorkerLink {
    sd_event_source *start;
    sd_event_source *io;
    sd_event_source *timer;
    WorkerLinkDone *done;
    void *userdata;
    struct sockaddr_un address;
    int socket;
    Bytes request;
    size_t sent; /* bytes of request */
    int fds[WORKER_LINK_FDS_MAX];
    size_t n_fds;
    Bytes answer; /* room for ANSWER_SIZE_MAX */
    size_t received;
    int received_fds[ANSWER_FDS_MAX];
    size_t n_received_fds;
};

static void close_all(int *fds, size_t *n_fds)
{
    for (size_t i = 0; i < *n_fds; i++)
        closep(&fds[i]);
    *n_fds = 0;
}

void worker_reply_done(WorkerReply *reply)
{
    bytes_done(&reply->line);
    close_all(reply->fds, &reply->n_fds);
}

WorkerLink *worker_link_free(WorkerLink *link)
{
    if (!link)
        return NULL;
    (void)sd_event_source_disable_unref(link->start);
    (void)sd_event_source_disable_unref(link->io);
    (void)sd_event_source_disable_unref(link->timer);
    closep(&link->socket);
    close_all(link->fds, &link->n_fds);
    close_all(link->received_fds, &link->n_received_fds);
    bytes_done(&link->request);
    bytes_done(&link->answer);
    free(link);
    return NULL;
}

/* The one exit. LINK may be gone afterwards. */
static int finish(WorkerLink *link, int reason)
{
    _cleanup_worker_reply_ WorkerReply reply = { 0 };

    link->start = sd_event_source_disable_unref(link->start);
    link->io = sd_event_source_disable_unref(link->io);
    link->timer = sd_event_source_disable_unref(link->timer);
    closep(&link->socket);
    link->socket = -EBADF;
    if (reason == WORKER_LINK_OK) {
        reply.line = TAKE_STRUCT(link->answer);
        reply.line.size = link->received;
        memcpy(reply.fds, link->received_fds, sizeof(reply.fds));
        reply.n_fds = link->n_received_fds;
        link->n_received_fds = 0;
    }
    link->done(reason, &reply, link->userdata);
    return 0;
}

typedef union Control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * ANSWER_FDS_MAX)];
} Control;

/* Takes the descriptors of MESSAGE. WORKER_LINK_OK; _E_MALFORMED: not welcome; _E_DESCRIPTORS. */
static int take_fds(WorkerLink *link, struct msghdr *message)
{
    bool is_first = link->received == 0, is_good = true;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (is_first && link->n_received_fds < ANSWER_FDS_MAX) {
                link->received_fds[link->n_received_fds++] = fd;
            } else {
                closep(&fd);
                is_good = false;
            }
        }
    }
    if (!is_good)
        return WORKER_LINK_E_MALFORMED;
    if (!(message->msg_flags & MSG_CTRUNC))
        return WORKER_LINK_OK;
    /* There was room in the message, and none in our table. */
    return link->n_received_fds < ANSWER_FDS_MAX ? WORKER_LINK_E_DESCRIPTORS
                                                 : WORKER_LINK_E_MALFORMED;
}

/* Has the line feed come, and nothing behind it? WORKER_LINK_OK, _E_MALFORMED, or -EAGAIN. */
static int judge_answer(const WorkerLink *link)
{
    const uint8_t *end = memchr(link->answer.data, '\n', link->received);

    if (end && (size_t)(end - link->answer.data) + 1 == link->received)
        return WORKER_LINK_OK;
    if (end || link->received == link->answer.size)
        return WORKER_LINK_E_MALFORMED;
    return -EAGAIN;
}

static int receive(WorkerLink *link)
{
    Control control;
    struct iovec iov = { .iov_base = link->answer.data + link->received,
                         .iov_len = link->answer.size - link->received };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
    };

    ssize_t n = recvmsg(link->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0)
        return finish(link, WORKER_LINK_E_ENDED);
    int r = take_fds(link, &message);
    if (r)
        return finish(link, r);
    if (n == 0)
        return finish(link, WORKER_LINK_E_ENDED);

    link->received += (size_t)n;
    r = judge_answer(link);
    return r == -EAGAIN ? 0 : finish(link, r);
}

typedef union SendControl {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * WORKER_LINK_FDS_MAX)];
} SendControl;

/* Descriptors go with the first byte. */
static void attach_fds(const WorkerLink *link, struct msghdr *message, SendControl *control)
{
    if (link->sent > 0 || link->n_fds == 0)
        return;
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(sizeof(int) * link->n_fds);
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * link->n_fds);
    memcpy(CMSG_DATA(c), link->fds, sizeof(int) * link->n_fds);
}

static int send_more(WorkerLink *link)
{
    SendControl control = { 0 };
    struct iovec iov = { .iov_base = link->request.data + link->sent,
                         .iov_len = link->request.size - link->sent };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

    attach_fds(link, &message, &control);
    ssize_t n = sendmsg(link->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    /* A worker that refuses early may have answered before it closed: what is left is to read. */
    link->sent = n < 0 ? link->request.size : link->sent + (size_t)n;
    if (link->sent < link->request.size)
        return 0;
    close_all(link->fds, &link->n_fds);
    bytes_done(&link->request);
    link->sent = 0;
    return sd_event_source_set_io_events(link->io, EPOLLIN);
}

static int worker_link_on_io(sd_event_source *source _unused_, int fd _unused_, uint32_t events,
                             void *userdata)
{
    WorkerLink *link = userdata;

    if (link->request.size > 0 && events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        int r = send_more(link);
        if (r < 0)
            return r;
    }
    return events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? receive(link) : 0;
}

static int worker_link_on_timer(sd_event_source *source _unused_, uint64_t usec _unused_,
                                void *userdata)
{
    return finish(userdata, WORKER_LINK_E_SILENT);
}

static int worker_link_on_start(sd_event_source *source, void *userdata)
{
    WorkerLink *link = userdata;
    const struct sockaddr *address = (const struct sockaddr *)&link->address;

    link->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->socket < 0 && (errno == EMFILE || errno == ENFILE))
        return finish(link, WORKER_LINK_E_DESCRIPTORS);
    if (link->socket < 0 || connect(link->socket, address, sizeof(link->address)) < 0)
        return finish(link, WORKER_LINK_E_UNREACHABLE);

    int r = sd_event_add_io(sd_event_source_get_event(source), &link->io, link->socket,
                            EPOLLIN | EPOLLOUT, worker_link_on_io, link);
    if (r < 0)
        return r;
    return sd_event_source_set_description(link->io, "worker-link-io");
}

static int watch(WorkerLink *link, sd_event *event, uint64_t timeout_usec)
{
    int r = sd_event_add_defer(event, &link->start, worker_link_on_start, link);

    if (r >= 0)
        r = sd_event_source_set_description(link->start, "worker-link-start");
    if (r >= 0)
        r = sd_event_add_time_relative(event, &link->timer, CLOCK_BOOTTIME, timeout_usec,
                                       10 * USEC_PER_MSEC, worker_link_on_timer, link);
    if (r >= 0)
        r = sd_event_source_set_description(link->timer, "worker-link-timer");
    return r < 0 ? r : 0;
}

static int copy_request(WorkerLink *link, const WorkerLinkRequest *request)
{
    int r = bytes_copy(request->line, &link->request);

    if (r == 0)
        r = bytes_new(ANSWER_SIZE_MAX, &link->answer);
    for (size_t i = 0; i < request->n_fds && r == 0; i++) {
        link->fds[i] = fcntl(request->fds[i], F_DUPFD_CLOEXEC, 3);
        if (link->fds[i] < 0)
            r = -errno;
        else
            link->n_fds++;
    }
    return r;
}

int worker_link_new(sd_event *event, const WorkerLinkRequest *request, WorkerLinkDone *done,
                    void *userdata, WorkerLink **ret)
{
    if (request->n_fds > WORKER_LINK_FDS_MAX || request->line.size == 0 ||
        strlen(request->socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return -EINVAL;

    _cleanup_(worker_link_freep) WorkerLink *link = malloc(sizeof(*link));
    if (!link)
        return -ENOMEM;
    *link = (WorkerLink){
        .done = done, .userdata = userdata, .socket = -EBADF, .address.sun_family = AF_UNIX
    };
    memcpy(link->address.sun_path, request->socket_path, strlen(request->socket_path));

    int r = copy_request(link, request);
    if (r == 0)
        r = watch(link, event, request->timeout_usec);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(link);
    return 0;
}
