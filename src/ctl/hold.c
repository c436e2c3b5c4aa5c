/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One inotify watch and one timer. A file that was removed and written anew is two verdicts: what
 * depends on the first is stopped before it is started under the second.
 */
#include "ctl/hold.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define FILE_NAME    "trusted"
#define RETIRED_NAME ".trusted.expired"
#define MEMBER       "expires_boottime_usec="
#define TEXT_MAX     64   /* bytes; MEMBER, 20 digits, line feed */
#define DIGITS_MAX   18   /* below 2^63 */
#define EVENTS_SIZE  4096 /* bytes; some hundred events at once */
#define WATCHED                                                                                    \
    (IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF |       \
     IN_MOVE_SELF | IN_ONLYDIR)

enum { GONE = 64 }; /* beside those of hold.h: there is no such file, or no longer */

int hold_parse(const char *text, size_t size, uint64_t *ret_boottime_usec)
{
    const size_t prefix = strlen(MEMBER);
    uint64_t value = 0;

    if (size > 0 && text[size - 1] == '\n')
        size--;
    if (size <= prefix || size - prefix > DIGITS_MAX || memcmp(text, MEMBER, prefix) != 0)
        return HOLD_E_MALFORMED;
    for (size_t i = prefix; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return HOLD_E_MALFORMED;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *ret_boottime_usec = value;
    return HOLD_OK;
}

/* HOLD_OK, HOLD_E_MALFORMED, GONE or negative errno. */
static int read_expiry(int directory_fd, const char *name, uint64_t *ret)
{
    _cleanup_close_ int fd =
        openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    char text[TEXT_MAX];
    struct stat status;

    if (fd < 0 && errno == ENOENT)
        return GONE;
    if (fd < 0)
        return errno == ELOOP ? HOLD_E_MALFORMED : -errno;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return HOLD_E_MALFORMED;
    ssize_t n = read(fd, text, sizeof(text));
    if (n < 0)
        return -errno;
    return hold_parse(text, (size_t)n, ret);
}

/* sd_notify(3), without libsystemd. */
static int notify(const char *socket_path)
{
    static const char message[] = "READY=1\nSTATUS=A verdict is held";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t length = socket_path ? strlen(socket_path) : 0;

    if (length == 0)
        return 0;
    if (length >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, socket_path, length);
    if (*socket_path == '@')
        address.sun_path[0] = 0;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t n =
        sendto(fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    return n < 0 ? -errno : 0;
}

/*
 * An expired file has to go, or attested.path would start this again at once. It is moved away
 * first: should it be a new one by now, it goes back, and that is not the end.
 */
static int retire(int directory_fd)
{
    uint64_t expiry;

    if (renameat(directory_fd, FILE_NAME, directory_fd, RETIRED_NAME) < 0)
        return errno == ENOENT ? 0 : -errno;
    int r = read_expiry(directory_fd, RETIRED_NAME, &expiry);
    if (r == HOLD_OK && expiry > clock_boottime_usec(&clock_system) &&
        renameat2(directory_fd, RETIRED_NAME, directory_fd, FILE_NAME, RENAME_NOREPLACE) == 0)
        return 0;
    return unlinkat(directory_fd, RETIRED_NAME, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int arm(int timer_fd, uint64_t boottime_usec)
{
    const struct itimerspec at = { .it_value = {
                                       .tv_sec = (time_t)(boottime_usec / USEC_PER_SEC),
                                       .tv_nsec = (long)(boottime_usec % USEC_PER_SEC) * 1000,
                                   } };

    return timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, NULL) < 0 ? -errno : 0;
}

/* Has the file, or its directory, gone since the last time? */
static bool is_end(const struct inotify_event *event)
{
    if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
        return true;
    return (event->mask & (IN_DELETE | IN_MOVED_FROM)) && event->len > 0 &&
           strcmp(event->name, FILE_NAME) == 0;
}

/* Takes what has happened; GONE when it is the end. */
static int read_events(int watch_fd)
{
    char buffer[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
    const struct inotify_event *event;

    for (;;) {
        ssize_t n = read(watch_fd, buffer, sizeof(buffer));
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        for (char *p = buffer; p < buffer + n; p += sizeof(*event) + event->len) {
            event = (const struct inotify_event *)(void *)p;
            if (is_end(event))
                return GONE;
        }
    }
}

/* Waits until the file may have changed or expired. 0, GONE or negative errno. */
static int wait_for_change(int watch_fd, int timer_fd)
{
    struct pollfd fds[] = { { .fd = watch_fd, .events = POLLIN },
                            { .fd = timer_fd, .events = POLLIN } };

    if (poll(fds, ELEMENTSOF(fds), -1) < 0)
        return errno == EINTR ? 0 : -errno;
    return fds[0].revents ? read_events(watch_fd) : 0;
}

static int follow(int directory_fd, int watch_fd, int timer_fd, const char *notify_socket)
{
    bool is_ready = false;

    for (;;) {
        uint64_t expiry;
        int r = read_expiry(directory_fd, FILE_NAME, &expiry);
        if (r != HOLD_OK)
            return r;
        if (expiry <= clock_boottime_usec(&clock_system))
            return retire(directory_fd);
        r = arm(timer_fd, expiry);
        if (r == 0 && !is_ready)
            r = notify(notify_socket);
        if (r == 0)
            r = wait_for_change(watch_fd, timer_fd);
        if (r != 0)
            return r;
        is_ready = true;
    }
}

int hold(const char *directory, const char *notify_socket)
{
    _cleanup_close_ int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    _cleanup_close_ int timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);

    if (watch_fd < 0 || timer_fd < 0)
        return -errno;
    /* Watched before it is opened: what happens in between is seen. */
    if (inotify_add_watch(watch_fd, directory, WATCHED) < 0)
        return errno == ENOENT ? HOLD_OK : -errno;
    _cleanup_close_ int directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        return errno == ENOENT ? HOLD_OK : -errno;
    int r = follow(directory_fd, watch_fd, timer_fd, notify_socket);
    return r == GONE ? HOLD_OK : r;
}
