/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each system call of the store fails once, or is the last before the process is killed or the
 * power is lost: there is the old file or the new one, whole, and the next write heals the rest.
 * Linked with --wrap.
 */
#include "store-lab.h"

#include <sys/wait.h>

typedef enum Fault {
    FAULT_FAILS,      /* it answers ENOSPC */
    FAULT_SHORT,      /* a write takes half, all later ones answer ENOSPC */
    FAULT_KILLED,     /* the process ends before it */
    FAULT_POWER_LOST, /* the same, and what was not synced is gone */
    N_FAULTS,
} Fault;

/* In the child: which call is struck, and what the disk does not have yet. */
static struct {
    Fault fault;
    size_t at; /* 0: none */
    size_t n_calls;
    bool is_full;
    int dirty_fd; /* written and not synced; -1: none */
    int directory;
    bool rename_is_lost; /* the last rename, until the directory is synced */
    char from[256], to[256];
} disk;

#define UNDO ".undo" /* what a lost rename replaced */

int __real_openat(int directory, const char *path, int flags, mode_t mode);
ssize_t __real_write(int fd, const void *data, size_t size);
int __real_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __real_renameat(int from_directory, const char *from, int to_directory, const char *to);
int __real_unlinkat(int directory, const char *path, int flags);

int __wrap_openat(int directory, const char *path, int flags, mode_t mode);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_fsync(int fd);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_renameat(int from_directory, const char *from, int to_directory, const char *to);
int __wrap_unlinkat(int directory, const char *path, int flags);

/* Contents that were not synced are lost, and so is a rename. */
static _noreturn_ void lose_power(void)
{
    if (disk.dirty_fd >= 0)
        (void)ftruncate(disk.dirty_fd, 0);
    if (disk.rename_is_lost) {
        (void)__real_renameat(disk.directory, disk.to, disk.directory, disk.from);
        (void)__real_renameat(disk.directory, UNDO, disk.directory, disk.to);
    }
    _exit(0);
}

/* True: this call fails. */
static bool strikes(bool is_write)
{
    if (disk.at == 0)
        return false;
    if (++disk.n_calls != disk.at)
        return disk.is_full && is_write;
    switch (disk.fault) {
    case FAULT_FAILS:
        break;
    case FAULT_SHORT:
        disk.is_full = is_write;
        break;
    case FAULT_KILLED:
        _exit(0);
    case FAULT_POWER_LOST:
    case N_FAULTS:
        lose_power();
    }
    return true;
}

int __wrap_openat(int directory, const char *path, int flags, mode_t mode)
{
    if (flags & O_CREAT && strikes(false)) {
        errno = ENOSPC;
        return -1;
    }
    return __real_openat(directory, path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    bool was_full = disk.is_full;

    if (strikes(true) && (was_full || disk.fault != FAULT_SHORT)) {
        errno = ENOSPC;
        return -1;
    }
    disk.dirty_fd = fd;
    return __real_write(fd, data, disk.is_full ? size / 2 : size);
}

int __wrap_fsync(int fd)
{
    if (strikes(false)) {
        errno = EIO;
        return -1;
    }
    if (fd == disk.dirty_fd)
        disk.dirty_fd = -1;
    if (fd == disk.directory)
        disk.rename_is_lost = false;
    return __real_fsync(fd);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    if (strikes(false)) {
        errno = EPERM;
        return -1;
    }
    return __real_fchmod(fd, mode);
}

int __wrap_renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    if (strikes(false)) {
        errno = ENOSPC;
        return -1;
    }
    (void)__real_unlinkat(to_directory, UNDO, 0);
    (void)linkat(to_directory, to, to_directory, UNDO, 0);
    disk.directory = to_directory;
    disk.rename_is_lost = true;
    (void)snprintf(disk.from, sizeof(disk.from), "%s", from);
    (void)snprintf(disk.to, sizeof(disk.to), "%s", to);
    return __real_renameat(from_directory, from, to_directory, to);
}

int __wrap_unlinkat(int directory, const char *path, int flags)
{
    if (strikes(false)) {
        errno = EIO;
        return -1;
    }
    return __real_unlinkat(directory, path, flags);
}

static void arm(Fault fault, size_t at)
{
    memset(&disk, 0, sizeof(disk));
    disk.fault = fault;
    disk.at = at;
    disk.dirty_fd = disk.directory = -1;
}

typedef int Work(const StoreLab *lab);

static int write_two(const StoreLab *lab)
{
    return store_lab_write(lab, "db", 2);
}

static int remove_db(const StoreLab *lab)
{
    return secret_store_remove(lab->store, "db");
}

/* In a process of its own. What WORK answered, or 0 when it did not live to. */
static int strike(const StoreLab *lab, Work *work, Fault fault, size_t at)
{
    int fds[2], answer = 0;

    check_int(pipe(fds), 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        arm(fault, at);
        int r = work(lab);
        arm(fault, 0);
        _exit(write(fds[1], &r, sizeof(r)) == sizeof(r) ? 0 : 1);
    }
    (void)close(fds[1]);
    check_int(waitpid(pid, NULL, 0), pid);
    if (read(fds[0], &answer, sizeof(answer)) != sizeof(answer))
        answer = 0;
    (void)close(fds[0]);
    return answer;
}

static size_t count_calls(const StoreLab *lab, Work *work)
{
    arm(FAULT_FAILS, SIZE_MAX);
    check_int(work(lab), SECRET_STORE_OK);
    size_t n = disk.n_calls;
    arm(FAULT_FAILS, 0);
    return n;
}

/* Nothing is left of a write that did not end, once another did. */
static void check_clean(const StoreLab *lab)
{
    static const char *const names[] = { ".db.secret.new", ".db.version.new" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        StorePath path = store_lab_path(lab, names[i]);
        check(access(path.text, F_OK) < 0);
    }
}

/* A store with version BEFORE of "db" (0: none). */
static StoreLab store_with(uint64_t before)
{
    StoreLab lab = store_lab_start();

    arm(FAULT_FAILS, 0);
    if (before > 0)
        check_int(store_lab_write(&lab, "db", before), SECRET_STORE_OK);
    return lab;
}

static void strike_each_call_of_a_write(uint64_t before)
{
    StoreLab whole = store_with(before);
    size_t n = count_calls(&whole, write_two), n_old = 0, n_new = 0;

    store_lab_stop(&whole);
    check(n >= 12);
    for (int fault = 0; fault < N_FAULTS; fault++)
        for (size_t at = 1; at <= n; at++) {
            StoreLab lab = store_with(before);
            int r = strike(&lab, write_two, (Fault)fault, at);
            uint64_t version = store_lab_version(&lab, "db");
            check(version == before || version == 2);
            /* A no that leaves the new one comes from the last steps only. */
            if (r != 0 && version == 2)
                check(at > n - 4);
            n_old += version == before;
            n_new += version == 2;
            check_int(store_lab_write(&lab, "db", 3), SECRET_STORE_OK);
            check_int(store_lab_version(&lab, "db"), 3);
            check_clean(&lab);
            store_lab_stop(&lab);
        }
    (void)printf("  %zu calls, %d faults: %zu times old, %zu times new\n", n, N_FAULTS, n_old,
                 n_new);
    check(n_old > 0 && n_new > 0);
}

static void test_a_first_write_leaves_nothing_or_all(void)
{
    strike_each_call_of_a_write(0);
}

static void test_a_second_write_leaves_the_old_or_the_new(void)
{
    strike_each_call_of_a_write(1);
}

static void test_a_removal_leaves_all_or_nothing(void)
{
    StoreLab whole = store_with(1);
    size_t n = count_calls(&whole, remove_db);

    store_lab_stop(&whole);
    for (int fault = 0; fault < N_FAULTS; fault++)
        for (size_t at = 1; at <= n; at++) {
            StoreLab lab = store_with(1);
            (void)strike(&lab, remove_db, (Fault)fault, at);
            uint64_t version = store_lab_version(&lab, "db");
            check(version <= 1);
            check_int(store_lab_write(&lab, "db", 4), SECRET_STORE_OK);
            check_int(secret_store_remove(lab.store, "db"), SECRET_STORE_OK);
            check_int(store_lab_version(&lab, "db"), 0);
            check_clean(&lab);
            store_lab_stop(&lab);
        }
}

/* On a disk that is full from the start the old file serves on, and can still be removed. */
static void test_a_full_disk_changes_nothing(void)
{
    StoreLab lab = store_with(1);

    arm(FAULT_SHORT, SIZE_MAX);
    disk.is_full = true;
    check_int(store_lab_write(&lab, "db", 2), -ENOSPC);
    check_int(store_lab_version(&lab, "db"), 1);
    check_int(secret_store_remove(lab.store, "db"), -ENOSPC);
    check_int(store_lab_version(&lab, "db"), 0);
    arm(FAULT_FAILS, 0);
    check_clean(&lab);
    store_lab_stop(&lab);
}

static const Test tests[] = {
    { "a first write leaves nothing or all", test_a_first_write_leaves_nothing_or_all },
    { "a second write leaves the old or the new", test_a_second_write_leaves_the_old_or_the_new },
    { "a removal leaves all or nothing", test_a_removal_leaves_all_or_nothing },
    { "a full disk changes nothing", test_a_full_disk_changes_nothing },
};

TEST_MAIN(tests)
