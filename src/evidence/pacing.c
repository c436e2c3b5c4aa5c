/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock with its stamp.
 */
#include "evidence/pacing.h"

#include "base/bytes.h"
#include "base/lock-file.h"
#include "base/reader.h"

#include <errno.h>

#define STAMP_SIZE 8

#define AZURE_INTERVAL_USEC (UINT64_C(3) * USEC_PER_SEC) /* the paravisor's two, and some */

const PacingKind pacing_of_hardware = { "report.lock", PACING_INTERVAL_USEC };
const PacingKind pacing_of_azure = { "azure.lock", AZURE_INTERVAL_USEC };

struct Pacing {
    const PacingKind *kind;
    int fd;
    const PacingTime *time;
    uint64_t waited_usec;
};

static void sleep_system(void *userdata _unused_, uint64_t usec)
{
    /* In seconds and a rest, since usleep() need not take a second or more. */
    (void)sleep((unsigned)(usec / USEC_PER_SEC));
    (void)usleep((useconds_t)(usec % USEC_PER_SEC));
}

const PacingTime pacing_time_system = { .clock = &clock_system, .sleep_usec = sleep_system };

int pacing_new(const char *lock_directory, const PacingTime *time, Pacing **ret)
{
    return pacing_new_of(&pacing_of_hardware, lock_directory, time, ret);
}

int pacing_new_of(const PacingKind *kind, const char *lock_directory, const PacingTime *time,
                  Pacing **ret)
{
    _cleanup_(pacing_freep) Pacing *pacing = calloc(1, sizeof(*pacing));
    uint64_t start = clock_boottime_usec(time->clock);

    if (!pacing)
        return -ENOMEM;
    *pacing = (Pacing){ .kind = kind, .fd = -EBADF, .time = time };

    int r = lock_file_take(lock_directory, kind->lock, PACING_LOCK_WAIT_USEC, &pacing->fd);
    if (r == LOCK_FILE_E_BUSY)
        return PACING_E_BUSY;
    if (r < 0)
        return r;
    pacing->waited_usec = clock_boottime_usec(time->clock) - start;
    *ret = TAKE_PTR(pacing);
    return PACING_OK;
}

Pacing *pacing_free(Pacing *pacing)
{
    if (!pacing)
        return NULL;
    closep(&pacing->fd);
    free(pacing);
    return NULL;
}

/*
 * Microseconds until the next request may go. A stamp of another shape, or from the future, is as
 * good as one made now.
 */
static uint64_t time_left(const Pacing *pacing, uint64_t now)
{
    const uint64_t interval = pacing->kind->interval_usec;
    uint8_t bytes[STAMP_SIZE + 1];
    ssize_t size = pread(pacing->fd, bytes, sizeof(bytes), 0);

    if (size == 0)
        return 0;
    if (size != STAMP_SIZE)
        return interval;

    Reader reader = reader_over((ByteView){ .data = bytes, .size = STAMP_SIZE });
    uint64_t stamp = reader_le64(&reader);
    if (stamp > now)
        return interval;
    return now - stamp >= interval ? 0 : interval - (now - stamp);
}

static int write_stamp(Pacing *pacing, uint64_t now)
{
    _cleanup_bytes_ Bytes stamp = { 0 };

    int r = bytes_append_le64(&stamp, now);
    if (r < 0)
        return r;
    ssize_t written = pwrite(pacing->fd, stamp.data, stamp.size, 0);
    if (written < 0)
        return -errno;
    if ((size_t)written != stamp.size)
        return -EIO;
    return ftruncate(pacing->fd, STAMP_SIZE) < 0 ? -errno : 0;
}

void pacing_await(Pacing *pacing)
{
    const PacingTime *time = pacing->time;
    uint64_t start = clock_boottime_usec(time->clock);
    uint64_t now = start;
    uint64_t left = time_left(pacing, now);

    /* A sleep may end early; what counts is the clock. */
    for (uint64_t until = now + left; now < until; now = clock_boottime_usec(time->clock))
        time->sleep_usec(time->userdata, until - now);
    pacing->waited_usec += now - start;
}

int pacing_wait(Pacing *pacing)
{
    pacing_await(pacing);
    return write_stamp(pacing, clock_boottime_usec(pacing->time->clock));
}

uint64_t pacing_waited_usec(const Pacing *pacing)
{
    return pacing->waited_usec;
}
