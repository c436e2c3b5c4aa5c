/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening and accepting, nothing else.
 */
#include "agent/secret-socket.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define BACKLOG       256
#define BREATHER_USEC USEC_PER_SEC /* when descriptors or memory have run out */
#define SOCKET_UMASK  0177         /* root and ourselves */

struct SecretSocket {
    int fd;
    char *path; /* of a socket of our own; NULL: systemd's */
    SecretSocketAccepted *accepted;
    void *userdata;
    sd_event_source *io;
    sd_event_source *breather;
    bool is_open;
};

SecretSocket *secret_socket_free(SecretSocket *socket)
{
    if (!socket)
        return NULL;
    (void)sd_event_source_disable_unref(socket->io);
    (void)sd_event_source_disable_unref(socket->breather);
    closep(&socket->fd);
    if (socket->path)
        (void)unlink(socket->path);
    free(socket->path);
    free(socket);
    return NULL;
}

int secret_socket_set_open(SecretSocket *socket, bool is_open)
{
    socket->is_open = is_open;
    socket->breather = sd_event_source_disable_unref(socket->breather);
    int r = sd_event_source_set_enabled(socket->io, is_open ? SD_EVENT_ON : SD_EVENT_OFF);
    return r < 0 ? r : 0;
}

static int socket_on_breather(sd_event_source *source _unused_, uint64_t usec _unused_,
                              void *userdata)
{
    SecretSocket *socket = userdata;

    return secret_socket_set_open(socket, socket->is_open);
}

/* A pause after accept() failed, as without descriptors; those in the queue are safe there. */
static int take_breather(SecretSocket *socket)
{
    int r = sd_event_source_set_enabled(socket->io, SD_EVENT_OFF);

    if (r >= 0)
        r = sd_event_add_time_relative(sd_event_source_get_event(socket->io), &socket->breather,
                                       CLOCK_BOOTTIME, BREATHER_USEC, 0, socket_on_breather,
                                       socket);
    return r < 0 ? r : 0;
}

static int socket_on_io(sd_event_source *source _unused_, int listener, uint32_t events _unused_,
                        void *userdata)
{
    SecretSocket *socket = userdata;

    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        return socket->accepted(fd, socket->userdata);
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return 0;
    return take_breather(socket);
}

/* Takes over PATH from a run that died. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    mode_t before = umask(SOCKET_UMASK);
    int r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
    (void)umask(before);
    if (r == 0 && listen(fd, BACKLOG) < 0)
        r = -errno;
    return r < 0 ? r : TAKE_FD(fd);
}

/* systemd leaves the flag to us. */
static int take_passed(int fd)
{
    _cleanup_close_ int taken = fd;

    if (sd_is_socket_unix(taken, SOCK_STREAM, 1, NULL, 0) <= 0)
        return -ENOTSOCK;
    if (fcntl(taken, F_SETFL, fcntl(taken, F_GETFL) | O_NONBLOCK) < 0)
        return -errno;
    return TAKE_FD(taken);
}

static int open_listener(SecretSocket *socket, PassedFds *passed, const char *runtime_directory)
{
    int fd = passed_fds_take(passed, SECRET_SOCKET_UNIT);

    if (fd >= 0)
        return take_passed(fd);
    if (asprintf(&socket->path, "%s/" SECRET_SOCKET_FILE, runtime_directory) < 0) {
        socket->path = NULL;
        return -ENOMEM;
    }
    return listen_at(socket->path);
}

int secret_socket_new(sd_event *event, PassedFds *passed, const char *runtime_directory,
                      SecretSocketAccepted *accepted, void *userdata, SecretSocket **ret)
{
    _cleanup_(secret_socket_freep) SecretSocket *socket = malloc(sizeof(*socket));

    if (!socket)
        return -ENOMEM;
    *socket =
        (SecretSocket){ .fd = -EBADF, .accepted = accepted, .userdata = userdata, .is_open = true };
    socket->fd = open_listener(socket, passed, runtime_directory);
    if (socket->fd < 0)
        return socket->fd;
    int r = sd_event_add_io(event, &socket->io, socket->fd, EPOLLIN, socket_on_io, socket);
    if (r >= 0)
        r = sd_event_source_set_description(socket->io, "secret-socket");
    if (r < 0)
        return r;
    *ret = TAKE_PTR(socket);
    return 0;
}
