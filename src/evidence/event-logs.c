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
#include <stdio.h>
#include <sys/file.h>

#define SPARE_ABSENT    "none" /* what the unit's default of the credential says */
#define LOCK_WAIT_USEC  (2 * USEC_PER_SEC)
#define LOCK_PAUSE_USEC 10000u

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

int event_log_firmware(const char *path, const char *spare, Findings *findings, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = file_read(path, EVENT_LOG_LIMIT, &bytes);
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

int event_log_userspace(const char *path, Findings *findings, Bytes *ret)
{
    static const char subject[] = "eventlog-userspace";
    _cleanup_bytes_ Bytes bytes = { 0 };
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return EVENT_LOG_E_ABSENT;
    if (fd < 0)
        return note_errno(findings, subject, path, -errno);

    int r = lock_shared(fd);
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
