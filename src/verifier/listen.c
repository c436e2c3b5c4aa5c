/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets to listen on.
 */
#include "verifier/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#define UNIX_PREFIX "unix:"

static int open_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat st;

    if (strlen(path) == 0 || strlen(path) >= sizeof(address.sun_path))
        return -EINVAL;
    memcpy(address.sun_path, path, strlen(path) + 1);

    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* A socket that nobody answers is left over from a crash. */
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
        connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == ECONNREFUSED)
        (void)unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return TAKE_FD(fd);
}

/* Splits at the last colon; brackets go. */
static int split_host(const char *where, char **ret_host, const char **ret_port)
{
    const char *colon = strrchr(where, ':');
    if (!colon || colon == where || !colon[1])
        return -EINVAL;

    size_t size = (size_t)(colon - where);
    bool bracketed = where[0] == '[' && where[size - 1] == ']';
    if (!bracketed && memchr(where, ':', size))
        return -EINVAL;
    *ret_host = strndup(where + (bracketed ? 1 : 0), size - (bracketed ? 2 : 0));
    *ret_port = colon + 1;
    return *ret_host ? 0 : -ENOMEM;
}

static int bind_to(const struct addrinfo *info)
{
    const int on = 1, off = 0;
    _cleanup_close_ int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    if (info->ai_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
        return -errno;
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0)
        return -errno;
    return TAKE_FD(fd);
}

static int open_inet(const char *where)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
        .ai_socktype = SOCK_STREAM,
    };
    _cleanup_free_ char *host = NULL;
    struct addrinfo *info = NULL;
    const char *port;

    int r = split_host(where, &host, &port);
    if (r < 0)
        return r;
    if (getaddrinfo(host, port, &hints, &info) != 0)
        return -EINVAL;
    r = bind_to(info);
    freeaddrinfo(info);
    return r;
}

static int name_of(int fd, char **ret)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
    int n;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return -errno;
    if (address.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&address;
        n = asprintf(ret, UNIX_PREFIX "%.*s", (int)sizeof(un->sun_path), un->sun_path);
    } else {
        const int flags = NI_NUMERICHOST | NI_NUMERICSERV;
        if (getnameinfo((struct sockaddr *)&address, size, host, sizeof(host), port, sizeof(port),
                        flags) != 0)
            return -EINVAL;
        n = asprintf(ret, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    }
    if (n < 0) {
        *ret = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* A descriptor or negative errno. */
static int obtain(const char *where, bool *ret_ours)
{
    int n = sd_listen_fds(1);

    *ret_ours = n == 0;
    if (n < 0)
        return n;
    if (n > 1)
        return -E2BIG;
    if (n == 1) {
        if (sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
            return -ENOTSOCK;
        return SD_LISTEN_FDS_START;
    }
    if (strncmp(where, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return open_unix(where + strlen(UNIX_PREFIX));
    return open_inet(where);
}

int listener_open(const char *where, Findings *findings, Listener *ret)
{
    _cleanup_listener_ Listener listener = LISTENER_NONE;
    int r = 0;

    listener.fd = obtain(where, &listener.ours);
    if (listener.fd < 0)
        r = listener.fd;
    if (r == 0 && (listen(listener.fd, SOMAXCONN) < 0 ||
                   fcntl(listener.fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0))
        r = -errno;
    if (r == 0)
        r = name_of(listener.fd, &listener.name);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        r = findings_add(findings, "verifier-listen-failed", where, FINDING_FAILURE, strerror(-r),
                         "ADDR:PORT, [ADDR]:PORT or unix:PATH that is free");
        return r < 0 ? r : LISTEN_E_FAILED;
    }
    *ret = listener;
    listener = LISTENER_NONE;
    return LISTEN_OK;
}

void listener_done(Listener *listener)
{
    if (listener->ours && listener->name &&
        strncmp(listener->name, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        (void)unlink(listener->name + strlen(UNIX_PREFIX));
    if (listener->fd >= 0)
        (void)close(listener->fd);
    free(listener->name);
    *listener = LISTENER_NONE;
}
