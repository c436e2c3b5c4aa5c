/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading logs whole; what is missing is said.
 */
#include "evidence/event-logs.h"

#include "base/clock.h"
#include "base/file.h"
#include "evidence/snp-reason.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define SPARE_ABSENT    "none" /* what the unit's default of the credential says */
#define LOCK_WAIT_USEC  (2 * USEC_PER_SEC)
#define LOCK_PAUSE_USEC 10000u

enum { OPEN_OK, OPEN_E_OUTSIDE /* no allowed directory leads there */ };

/* What is left of PATH below DIRECTORY, by the words alone; NULL: it is not below. */
static const char *path_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    while (length > 0 && directory[length - 1] == '/')
        length--;
    if (strncmp(path, directory, length) != 0 || path[length] != '/')
        return NULL;
    path += length;
    path += strspn(path, "/");
    return *path ? path : NULL;
}

static bool has_parent_component(const char *path)
{
    for (const char *part = path; *part; part += strspn(part, "/")) {
        size_t length = strcspn(part, "/");
        if (length == 2 && strncmp(part, "..", length) == 0)
            return true;
        part += length;
    }
    return false;
}

/* One name in a directory, no link: OPEN_E_OUTSIDE for one. */
static int open_part(int directory_fd, const char *name, int flags, int *ret)
{
    struct stat st;
    int fd = openat(directory_fd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        int error = errno;
        bool is_link =
            fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
        return is_link ? OPEN_E_OUTSIDE : -error;
    }
    *ret = fd;
    return OPEN_OK;
}

/*
 * Part by part, following no link: openat2() would let the kernel judge them, but it cannot be had
 * under RestrictSUIDSGID= (systemd.exec(5)).
 */
static int open_below(const char *directory, const char *rest, int *ret)
{
    _cleanup_close_ int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (at < 0)
        return -errno;
    for (size_t length = strcspn(rest, "/"); rest[length]; length = strcspn(rest, "/")) {
        char name[NAME_MAX + 1];
        int fd = -EBADF;

        if (length > NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(name, rest, length);
        name[length] = 0;
        int r = open_part(at, name, O_PATH | O_DIRECTORY, &fd);
        if (r != OPEN_OK)
            return r;
        (void)close(at);
        at = fd;
        rest += length + strspn(rest + length, "/");
    }
    return open_part(at, rest, O_RDONLY | O_NONBLOCK /* a FIFO holds nobody up */, ret);
}

/* OPEN_OK, OPEN_E_OUTSIDE or negative errno. */
static int open_log(const LogDirectories *allowed, const char *path, int *ret)
{
    int r = OPEN_E_OUTSIDE;

    if (has_parent_component(path))
        return OPEN_E_OUTSIDE;
    for (size_t i = 0; i < allowed->n_paths && r == OPEN_E_OUTSIDE; i++) {
        const char *rest = path_below(path, allowed->paths[i]);
        if (rest)
            r = open_below(allowed->paths[i], rest, ret);
    }
    return r;
}

static int refuse(Findings *findings, const char *subject, const char *path)
{
    int r = findings_add(findings, "collect-path-refused", subject, FINDING_FAILURE, path,
                         "a file in a directory for logs");

    return r < 0 ? r : EVENT_LOG_E_REFUSED;
}

static int note(Findings *findings, const char *name, const char *subject, const char *found)
{
    int r = findings_add(findings, name, subject, FINDING_WARNING, found, NULL);

    return r < 0 ? r : EVENT_LOG_E_ABSENT;
}

static int note_errno(Findings *findings, const char *subject, const char *path, int r)
{
    const char *name = "eventlog-unreadable";
    char found[FINDING_TEXT_MAX];

    if (r == -ENOMEM)
        return r;
    if (r == -ENOENT || r == -ENOTDIR)
        name = "eventlog-missing";
    else if (r == -EACCES || r == -EPERM)
        name = "eventlog-denied";
    else if (r == -EFBIG)
        name = "eventlog-too-large";
    (void)snprintf(found, sizeof(found), "%s: %s", path, errno_name(-r));
    return note(findings, name, subject, found);
}

/* The copy made by the service manager; false when it cannot help. */
static bool read_spare(const char *spare, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!spare || file_read(spare, EVENT_LOG_LIMIT, &bytes) < 0 || bytes.size == 0 ||
        view_equal(VIEW(bytes), view_of_string(SPARE_ABSENT)))
        return false;
    *ret = TAKE_STRUCT(bytes);
    return true;
}

int event_log_check(const LogDirectories *allowed, const char *path, const char *subject,
                    Findings *findings)
{
    _cleanup_close_ int fd = -EBADF;

    return open_log(allowed, path, &fd) == OPEN_E_OUTSIDE ? refuse(findings, subject, path)
                                                          : EVENT_LOG_OK;
}

int event_log_firmware(const LogDirectories *allowed, const char *path, const char *spare,
                       Findings *findings, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    _cleanup_close_ int fd = -EBADF;

    int r = open_log(allowed, path, &fd);
    if (r == OPEN_E_OUTSIDE)
        return refuse(findings, "eventlog", path);
    if (r == OPEN_OK)
        r = fd_read_all(fd, EVENT_LOG_LIMIT, &bytes);
    if (r < 0 && r != -ENOMEM && r != -EFBIG && read_spare(spare, ret))
        return EVENT_LOG_OK;
    if (r < 0)
        return note_errno(findings, "eventlog", path, r);
    if (bytes.size == 0)
        return note(findings, "eventlog-empty", "eventlog", path);
    *ret = TAKE_STRUCT(bytes);
    return EVENT_LOG_OK;
}

static int lock_shared(int fd)
{
    uint64_t start = clock_boottime_usec(&clock_system);

    while (flock(fd, LOCK_SH | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -errno;
        if (clock_boottime_usec(&clock_system) - start >= LOCK_WAIT_USEC)
            return -EWOULDBLOCK;
        (void)usleep(LOCK_PAUSE_USEC);
    }
    return 0;
}

int event_log_userspace(const LogDirectories *allowed, const char *path, Findings *findings,
                        Bytes *ret)
{
    static const char subject[] = "eventlog-userspace";
    _cleanup_bytes_ Bytes bytes = { 0 };
    _cleanup_close_ int fd = -EBADF;

    int r = open_log(allowed, path, &fd);
    if (r == OPEN_E_OUTSIDE)
        return refuse(findings, subject, path);
    if (r == -ENOENT || r == -ENOTDIR)
        return EVENT_LOG_E_ABSENT;
    if (r < 0)
        return note_errno(findings, subject, path, r);

    r = lock_shared(fd);
    if (r == -EWOULDBLOCK)
        return note(findings, "eventlog-busy", subject, path);
    if (r == 0)
        r = fd_read_all(fd, EVENT_LOG_LIMIT, &bytes);
    if (r < 0)
        return note_errno(findings, subject, path, r);
    if (bytes.size == 0)
        return note(findings, "eventlog-empty", subject, path);
    *ret = TAKE_STRUCT(bytes);
    return EVENT_LOG_OK;
}
