/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of plain HTTP on loopback that says what the test wants and counts who asked; ends with
 * the test program.
 */
#pragma once

#include "testing.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define PLAIN_SERVER_BODY_MAX (256 * 1024)

#define PLAIN_SERVER_ROUTES 4

/* Another answer where the request line has PART in it. */
typedef struct PlainRoute {
    char part[32]; /* "": no route */
    unsigned status;
    size_t size;
    uint8_t body[16 * 1024];
} PlainRoute;

typedef struct PlainServer {
    pid_t pid;
    unsigned port;
    volatile unsigned n_requests;
    char request[4096]; /* the last one's header, NUL-terminated */
    unsigned status;
    char headers[256]; /* more header lines, each with its end */
    char body[PLAIN_SERVER_BODY_MAX];
    PlainRoute routes[PLAIN_SERVER_ROUTES];
} PlainServer;

static inline const PlainRoute *plain_server_route(const PlainServer *server)
{
    const char *end = strstr(server->request, "\r\n");

    for (size_t i = 0; end && i < PLAIN_SERVER_ROUTES; i++) {
        const PlainRoute *route = &server->routes[i];
        const char *at = route->part[0] ? strstr(server->request, route->part) : NULL;
        if (at && at < end)
            return route;
    }
    return NULL;
}

static inline void plain_server_answer(PlainServer *server, int connection)
{
    char head[512];
    size_t size = 0;

    server->request[0] = 0;
    while (!strstr(server->request, "\r\n\r\n") && size < sizeof(server->request) - 1) {
        ssize_t n = read(connection, server->request + size, sizeof(server->request) - 1 - size);
        if (n <= 0)
            return;
        size += (size_t)n;
        server->request[size] = 0;
    }
    server->n_requests++;
    const PlainRoute *route = plain_server_route(server);
    ByteView body = route ? (ByteView){ route->body, route->size } : view_of_string(server->body);
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %u As told\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
                     route ? route->status : server->status, server->headers, body.size);
    if (fd_write_all(connection, (ByteView){ (const uint8_t *)head, (size_t)n }) < 0 ||
        fd_write_all(connection, body) < 0)
        return; /* who asked has seen enough */
}

static inline PlainServer *plain_server_start(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    PlainServer *server =
        mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    check(server != MAP_FAILED && listener >= 0);
    check(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    check(listen(listener, 8) == 0);
    check(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    server->status = 200;
    pid_t pid = fork(); /* what it stores is shared, the child's 0 as well */
    check(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int connection = accept(listener, NULL, NULL);
            if (connection < 0)
                _exit(1);
            plain_server_answer(server, connection);
            (void)close(connection);
        }
    }
    (void)close(listener);
    server->pid = pid;
    return server;
}

static inline void plain_server_route_to(PlainServer *server, size_t index, const char *part,
                                         unsigned status, ByteView body)
{
    PlainRoute *route = &server->routes[index];

    check(body.size <= sizeof(route->body));
    *route = (PlainRoute){ .status = status, .size = body.size };
    if (body.size > 0)
        memcpy(route->body, body.data, body.size);
    (void)snprintf(route->part, sizeof(route->part), "%s", part);
}

static inline void plain_server_say(PlainServer *server, unsigned status, const char *headers,
                                    const char *body)
{
    check(strlen(body) < PLAIN_SERVER_BODY_MAX);
    server->status = status;
    (void)snprintf(server->headers, sizeof(server->headers), "%s", headers);
    (void)snprintf(server->body, sizeof(server->body), "%s", body);
}
