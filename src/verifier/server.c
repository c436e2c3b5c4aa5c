/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of one process: accept one, let libmicrohttpd work, sweep. Accepting one at a time and
 * only when idle is what spreads the load over the processes.
 */
#include "verifier/server.h"

#include "verifier/answer.h"
#include "verifier/connection.h"

#include "base/log.h"

#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"
#define HEADERS_MAX    16384 /* bytes of memory for one request's head */
#define TICK_MSEC      1000

typedef struct Server {
    const Instance *instance;
    struct MHD_Daemon *daemon;
    Connections connections;
    int listen_fd;
    int epoll_fd;
    bool accepting;      /* listen_fd is in the epoll set */
    uint64_t pause_usec; /* boot time until which none is accepted */
    uint64_t drain_usec; /* boot time after which nothing is waited for; 0: serving */
} Server;

/* One request under way. */
typedef struct Exchange {
    Bytes body;
    size_t filled;    /* bytes of it that are there */
    bool refused;     /* by its head: the body is dropped, then REFUSAL is sent */
    size_t discarded; /* bytes dropped */
    Reply refusal;
} Exchange;

static uint64_t now_usec(const Server *server)
{
    return clock_boottime_usec(server->instance->clock);
}

static Connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static void add_headers(struct MHD_Response *response, const Server *server, const Reply *reply)
{
    char seconds[16];

    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                                  reply->endpoint == ENDPOINT_JWKS ? "max-age=300" : "no-store");
    if (reply->allow)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->retry_after_sec > 0) {
        (void)snprintf(seconds, sizeof(seconds), "%u", reply->retry_after_sec);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    if (server->drain_usec > 0)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* Takes the body of REPLY. */
static enum MHD_Result send_reply(const Server *server, struct MHD_Connection *mhd, Reply *reply)
{
    metrics_count_answer(server->instance->shared, reply->endpoint, reply->problem);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.size, reply->body.data, MHD_RESPMEM_MUST_COPY);
    unsigned status = reply->status;

    if (!response) {
        reply_done(reply);
        return MHD_NO;
    }
    add_headers(response, server, reply);
    reply_done(reply);
    enum MHD_Result result = MHD_queue_response(mhd, status, response);
    MHD_destroy_response(response);
    return result;
}

static Request request_of(struct MHD_Connection *mhd, const char *path, const char *method)
{
    const char *length = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Length");
    Request request = {
        .method = method,
        .path = path,
        .content_type = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Type"),
    };

    /* A length beside a transfer coding is how requests are smuggled (RFC 9112 6.3). */
    if (length && !MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Transfer-Encoding") &&
        strspn(length, "0123456789") == strlen(length) && strlen(length) <= 18) {
        request.has_length = true;
        request.length = strtoull(length, NULL, 10);
    }
    return request;
}

/* Room for the body, or why not. ANSWER_OK or ANSWER_E_PROBLEM; -ENOMEM. */
static int admit(Server *server, Connection *connection, const Request *request, Exchange *exchange)
{
    int r = answer_head(server->instance, request, &exchange->refusal);

    if (r != ANSWER_OK || request->length == 0)
        return r;
    size_t size = (size_t)request->length;
    if (connection_reserve(&server->connections, connection, size, SERVER_BODIES_MAX))
        return bytes_new(size, &exchange->body);
    exchange->refusal = answer_failure(PROBLEM_BUSY);
    return ANSWER_E_PROBLEM;
}

static enum MHD_Result begin_exchange(Server *server, struct MHD_Connection *mhd,
                                      const Request *request, void **exchange_place)
{
    Connection *connection = connection_of(mhd);
    Exchange *exchange = calloc(1, sizeof(*exchange));

    *exchange_place = exchange;
    if (!exchange || !connection)
        return MHD_NO;
    int r = admit(server, connection, request, exchange);
    if (r < 0)
        exchange->refusal = answer_failure(PROBLEM_INTERNAL);
    exchange->refused = r != ANSWER_OK;
    return MHD_YES;
}

/* False: the client sends more than it promised, or than is worth reading. */
static bool take_body(Exchange *exchange, const char *data, size_t size)
{
    if (exchange->refused) {
        exchange->discarded += size;
        return exchange->discarded <= SERVER_DISCARD_MAX;
    }
    if (size > exchange->body.size - exchange->filled)
        return false;
    memcpy(exchange->body.data + exchange->filled, data, size);
    exchange->filled += size;
    return true;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *mhd, const char *path,
                                  const char *method, const char *version _unused_,
                                  const char *data, size_t *size, void **exchange_place)
{
    Server *server = userdata;
    Request request = request_of(mhd, path, method);
    Exchange *exchange = *exchange_place;
    Reply reply;

    if (!exchange)
        return begin_exchange(server, mhd, &request, exchange_place);
    if (*size > 0) {
        if (!take_body(exchange, data, *size))
            return MHD_NO;
        *size = 0;
        return MHD_YES;
    }
    if (exchange->refused)
        return send_reply(server, mhd, &exchange->refusal);

    request.body = (ByteView){ .data = exchange->body.data, .size = exchange->filled };
    int r = answer(server->instance, &request, &reply);
    if (r < 0) {
        log_error("a request could not be answered: %s", strerror(-r));
        reply = answer_failure(PROBLEM_INTERNAL);
    }
    return send_reply(server, mhd, &reply);
}

static void on_completed(void *userdata, struct MHD_Connection *mhd, void **exchange_place,
                         enum MHD_RequestTerminationCode code _unused_)
{
    Server *server = userdata;
    Exchange *exchange = *exchange_place;
    Connection *connection = connection_of(mhd);

    if (connection)
        connection_release(&server->connections, connection);
    if (exchange) {
        bytes_done(&exchange->body);
        reply_done(&exchange->refusal);
        free(exchange);
        *exchange_place = NULL;
    }
}

static void on_connection(void *userdata, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    Server *server = userdata;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info
                       ? connection_opened(&server->connections, info->connect_fd, now_usec(server))
                       : NULL;
        atomic_fetch_add(&server->instance->shared->metrics.connections, 1);
    } else if (*context) {
        connection_closed(&server->connections, *context);
        *context = NULL;
    }
}

static void on_log(void *userdata _unused_, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void on_log(void *userdata _unused_, const char *format, va_list arguments)
{
    char text[512];

    (void)vsnprintf(text, sizeof(text), format, arguments);
    log_debug("libmicrohttpd: %s", text);
}

static int start_daemon(Server *server)
{
    const Instance *instance = server->instance;
    unsigned limit = (unsigned)instance->config->connections;

    server->daemon = MHD_start_daemon(
        MHD_USE_ERROR_LOG | MHD_USE_EPOLL | MHD_USE_TLS | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_HTTPS_MEM_CERT,
        (const char *)instance->tls_certificate.data, MHD_OPTION_HTTPS_MEM_KEY,
        (const char *)instance->tls_key.data, MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)instance->config->timeout_sec, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEADERS_MAX * 2, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    return server->daemon ? 0 : -EINVAL;
}

static int watch(const Server *server, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data = { .fd = fd } };

    return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Stops or resumes accepting: the kernel's queue holds those who come meanwhile. */
static int set_accepting(Server *server, bool accepting)
{
    if (server->accepting == accepting)
        return 0;
    server->accepting = accepting;
    if (accepting)
        return watch(server, server->listen_fd, EPOLLIN | EPOLLEXCLUSIVE);
    return epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->listen_fd, NULL) < 0 ? -errno : 0;
}

static void accept_one(Server *server)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    int fd = accept4(server->listen_fd, (struct sockaddr *)&address, &size,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        /* Another process was faster; or there are no descriptors left, and some will be closed. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            server->pause_usec = now_usec(server) + TICK_MSEC * USEC_PER_MSEC;
        return;
    }
    /* Closes fd when it cannot take it. */
    (void)MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, size);
}

static int sweep(Server *server)
{
    uint64_t now = now_usec(server), life = SERVER_CONNECTION_LIFE_SEC * USEC_PER_SEC;
    bool full = server->connections.n_open >= server->instance->config->connections ||
                server->connections.reserved > SERVER_BODIES_MAX / 4 * 3;

    if (server->drain_usec > 0 && now >= server->drain_usec)
        life = 0;
    else if (full)
        life = SERVER_PATIENCE_SEC * USEC_PER_SEC;
    size_t n = connections_cut_older(&server->connections, now, life);
    atomic_fetch_add(&server->instance->shared->metrics.connections_cut, n);
    return set_accepting(server,
                         server->drain_usec == 0 && now >= server->pause_usec &&
                             server->connections.n_open < server->instance->config->connections);
}

static int wait_msec(const Server *server)
{
    MHD_UNSIGNED_LONG_LONG msec = TICK_MSEC;

    if (MHD_get_timeout(server->daemon, &msec) != MHD_YES || msec > TICK_MSEC)
        return server->drain_usec > 0 ? TICK_MSEC / 10 : TICK_MSEC;
    return (int)msec;
}

static void on_signal(Server *server, int signal_fd)
{
    struct signalfd_siginfo info;

    if (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) && server->drain_usec == 0)
        server->drain_usec = now_usec(server) + SERVER_DRAIN_SEC * USEC_PER_SEC;
}

static int loop(Server *server, int signal_fd)
{
    struct epoll_event events[8];

    while (server->drain_usec == 0 || server->connections.n_open > 0) {
        int n = epoll_wait(server->epoll_fd, events, ELEMENTSOF(events), wait_msec(server));
        if (n < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == server->listen_fd)
                accept_one(server);
            else if (events[i].data.fd == signal_fd)
                on_signal(server, signal_fd);
        }
        (void)MHD_run(server->daemon);
        int r = sweep(server);
        if (r < 0)
            return r;
    }
    return 0;
}

static int serve(Server *server, int signal_fd)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return -EIO;

    int r = watch(server, info->epoll_fd, EPOLLIN);
    if (r == 0)
        r = watch(server, signal_fd, EPOLLIN);
    if (r == 0)
        r = set_accepting(server, true);
    if (r == 0)
        r = loop(server, signal_fd);
    return r;
}

int server_run(const Instance *instance, int listen_fd)
{
    Server server = { .instance = instance, .listen_fd = listen_fd };
    sigset_t mask;

    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    _cleanup_close_ int signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    _cleanup_close_ int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (signal_fd < 0 || epoll_fd < 0)
        return -errno;
    server.epoll_fd = epoll_fd;

    int r = start_daemon(&server);
    if (r < 0)
        return r;
    r = serve(&server, signal_fd);
    MHD_stop_daemon(server.daemon);
    return r;
}
