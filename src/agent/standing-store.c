/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors to the manager and back. The memfd has room for two records and says which is in
 * force: a run that is killed while it writes leaves the one before.
 */
#include "agent/standing-store.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>

#define RECORD_OFFSET(i) (4096 + (uint64_t)(i)*STANDING_RECORD_MAX)

/* At offset 0. Written at once: it is within one page. */
typedef struct RecordPointer {
    uint64_t offset; /* RECORD_OFFSET(0) or RECORD_OFFSET(1) */
    uint64_t size;
} RecordPointer;

static bool read_pointer(int fd, RecordPointer *ret)
{
    return pread(fd, ret, sizeof(*ret), 0) == (ssize_t)sizeof(*ret) &&
           (ret->offset == RECORD_OFFSET(0) || ret->offset == RECORD_OFFSET(1)) &&
           ret->size <= STANDING_RECORD_MAX;
}

/* STANDING_STORE_E_BROKEN, -ENOMEM. */
static int read_record(int fd, Bytes *ret)
{
    _cleanup_bytes_ Bytes record = { 0 };
    RecordPointer pointer;

    if (!read_pointer(fd, &pointer))
        return STANDING_STORE_E_BROKEN;
    int r = bytes_new((size_t)pointer.size, &record);
    if (r < 0)
        return r;
    if (pread(fd, record.data, record.size, (off_t)pointer.offset) != (ssize_t)record.size)
        return STANDING_STORE_E_BROKEN;
    *ret = TAKE_STRUCT(record);
    return STANDING_STORE_OK;
}

static int write_record(int fd, ByteView record)
{
    RecordPointer before = { 0 };
    bool is_first = read_pointer(fd, &before) && before.offset == RECORD_OFFSET(0);
    const RecordPointer pointer = { .offset = RECORD_OFFSET(is_first ? 1 : 0),
                                    .size = record.size };

    if (record.size > STANDING_RECORD_MAX)
        return -EFBIG;
    if (lseek(fd, (off_t)pointer.offset, SEEK_SET) < 0)
        return -errno;
    int r = fd_write_all(fd, record);
    if (r < 0)
        return r;
    ssize_t n = pwrite(fd, &pointer, sizeof(pointer), 0);
    if (n < 0)
        return -errno;
    return n == (ssize_t)sizeof(pointer) ? 0 : -EIO;
}

void standing_store_open(PassedFds *passed, StandingStore *ret)
{
    StandingStore store = STANDING_STORE_INIT;
    sd_id128_t boot_id;

    store.record_fd = passed_fds_take(passed, "standing");
    for (int fd; store.n_token_fds < STANDING_STORE_TOKENS_MAX &&
                 (fd = passed_fds_take(passed, "token")) >= 0;)
        store.token_fds[store.n_token_fds++] = fd;

    /* Without a boot ID the record could not be told from one of an earlier boot. */
    store.has_manager = getenv("NOTIFY_SOCKET") && sd_id128_get_boot(&boot_id) >= 0;
    if (store.has_manager)
        (void)sd_id128_to_string(boot_id, store.boot_id);
    *ret = store;
}

static void close_tokens(StandingStore *store)
{
    for (size_t i = 0; i < store->n_token_fds; i++)
        closep(&store->token_fds[i]);
    store->n_token_fds = 0;
}

void standing_store_done(StandingStore *store)
{
    closep(&store->record_fd);
    close_tokens(store);
    *store = STANDING_STORE_INIT;
}

static uint64_t inode_of(int fd)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

static int take_token(StandingStore *store, uint64_t inode)
{
    for (size_t i = 0; i < store->n_token_fds; i++)
        if (inode != 0 && inode_of(store->token_fds[i]) == inode &&
            fd_is_sealed(store->token_fds[i], VERDICT_TOKEN_MAX))
            return TAKE_FD(store->token_fds[i]);
    return -EBADF;
}

static int store_error(int reason)
{
    switch (reason) {
    case STANDING_E_OWNER:
        return STANDING_STORE_E_FOREIGN;
    case STANDING_E_AHEAD:
        return STANDING_STORE_E_AHEAD;
    }
    return STANDING_STORE_E_BROKEN;
}

int standing_store_load(StandingStore *store, const StandingOwner *owner, Schedule *schedule,
                        Standing *ret)
{
    _cleanup_bytes_ Bytes record = { 0 };
    uint64_t inode;

    if (store->record_fd < 0 || !store->has_manager)
        return STANDING_STORE_E_NOTHING;
    int r = read_record(store->record_fd, &record);
    if (r)
        return r;
    r = standing_decode(VIEW(record), owner, schedule, ret, &inode);
    if (r == 0) {
        ret->verdict.token_fd = take_token(store, inode);
        store->token_inode = ret->verdict.token_fd >= 0 ? inode : 0;
    }
    close_tokens(store);
    return r > 0 ? store_error(r) : r;
}

static int keep_record(StandingStore *store, ByteView record)
{
    bool is_new = store->record_fd < 0;

    if (is_new) {
        store->record_fd = memfd_create("standing", MFD_CLOEXEC);
        if (store->record_fd < 0)
            return -errno;
    }
    int r = write_record(store->record_fd, record);
    if (r < 0 || !is_new)
        return r;
    r = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=standing\nFDPOLL=0", &store->record_fd, 1);
    return r < 0 ? r : 0;
}

static int keep_token(StandingStore *store, int token_fd)
{
    uint64_t inode = inode_of(token_fd);

    if (inode == store->token_inode)
        return 0;
    int r = sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=token");
    if (r >= 0 && inode != 0)
        r = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=token\nFDPOLL=0", &token_fd, 1);
    if (r < 0)
        return r;
    store->token_inode = inode;
    return 0;
}

int standing_store_save(StandingStore *store, const StandingOwner *owner, const Standing *standing,
                        const Schedule *schedule)
{
    if (!store->has_manager)
        return 0;
    /* The token first: a record that speaks of a token not yet stored would lose the verdict. */
    int r = keep_token(store, standing->verdict.token_fd);
    if (r < 0)
        return r;
    _cleanup_free_ char *record =
        standing_encode(standing, schedule, owner, inode_of(standing->verdict.token_fd));
    return record ? keep_record(store, view_of_string(record)) : -ENOMEM;
}
