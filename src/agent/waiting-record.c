/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memfd of fixed size, mapped.
 */
#include "agent/waiting-record.h"

#include "agent/fd-store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define RECORD_NAME  "waiting"
#define RECORD_SIZE  (WAITING_SLOTS * sizeof(WaitingSlot))
#define RECORD_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* A memfd that cannot become shorter than the mapping: no SIGBUS, whatever was passed. */
static bool is_record(int fd)
{
    int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
    struct stat st;

    return seals >= 0 && (seals & RECORD_SEALS) == RECORD_SEALS && fstat(fd, &st) == 0 &&
           st.st_size == RECORD_SIZE;
}

static int make_record(void)
{
    _cleanup_close_ int fd = memfd_create(RECORD_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    /* Its memory is there from now on: a slot can always be written. */
    if (fd < 0 || fallocate(fd, 0, 0, RECORD_SIZE) < 0 || fcntl(fd, F_ADD_SEALS, RECORD_SEALS) < 0)
        return -errno;
    /* One of the run before that cannot be used must not come back. */
    fd_store_remove(RECORD_NAME);
    /* Without it the next run knows nothing of those it finds, and refuses them. */
    (void)!fd_store_put_file(RECORD_NAME, fd);
    return TAKE_FD(fd);
}

int waiting_record_open(PassedFds *passed, WaitingRecord *ret)
{
    _cleanup_close_ int fd = passed_fds_take(passed, RECORD_NAME);

    if (!is_record(fd)) {
        closep(&fd);
        fd = make_record();
        if (fd < 0)
            return fd;
    }
    void *slots = mmap(NULL, RECORD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (slots == MAP_FAILED)
        return -errno;
    *ret = (WaitingRecord){ .fd = TAKE_FD(fd), .slots = slots };
    return 0;
}

void waiting_record_done(WaitingRecord *record)
{
    if (record->slots)
        (void)munmap(record->slots, RECORD_SIZE);
    closep(&record->fd);
    *record = WAITING_RECORD_INIT;
}
