/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock-file.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define SOMEBODY 65534

typedef struct Directory {
    char path[64];
} Directory;

static Directory directory_make(void)
{
    Directory directory = { "/tmp/attestd-lock-XXXXXX" };

    check(mkdtemp(directory.path));
    return directory;
}

static void directory_remove(const Directory *directory)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/a.lock", directory->path);
    (void)unlink(path);
    check_int(rmdir(directory->path), 0);
}

static void test_a_lock_is_held_until_it_is_closed(void)
{
    Directory directory = directory_make();
    int fd = -EBADF, other = -EBADF;

    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), LOCK_FILE_OK);
    check_int(lock_file_take(directory.path, "a.lock", 0, &other), LOCK_FILE_E_BUSY);
    check_int(other, -EBADF);
    (void)close(fd);
    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), LOCK_FILE_OK);
    check_int(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    (void)close(fd);
    directory_remove(&directory);
}

static void test_what_root_makes_belongs_to_the_owner_of_the_directory(void)
{
    Directory directory = directory_make();
    struct stat st;
    int fd;

    if (geteuid() == 0)
        check_int(chown(directory.path, SOMEBODY, SOMEBODY), 0);
    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), LOCK_FILE_OK);
    check_int(fstat(fd, &st), 0);
    check_int(st.st_uid, geteuid() == 0 ? SOMEBODY : geteuid());
    check_int(st.st_mode & 07777, 0600);
    (void)close(fd);
    directory_remove(&directory);
}

static void test_one_that_is_there_stays_whose_it_is(void)
{
    Directory directory = directory_make();
    struct stat st;
    int fd;

    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), LOCK_FILE_OK);
    (void)close(fd);
    if (geteuid() == 0)
        check_int(chown(directory.path, SOMEBODY, SOMEBODY), 0);
    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), LOCK_FILE_OK);
    check_int(fstat(fd, &st), 0);
    check_int(st.st_uid, geteuid());
    (void)close(fd);
    directory_remove(&directory);
}

static void test_links_and_missing_directories_are_refused(void)
{
    Directory directory = directory_make();
    char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/a.lock", directory.path);
    check_int(symlink("/dev/null", path), 0);
    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), -ELOOP);
    check_int(unlink(path), 0);
    check_int(symlink("/tmp/attestd-lock-nothing/x", path), 0);
    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), -ELOOP);
    directory_remove(&directory);
    check_int(lock_file_take(directory.path, "a.lock", 0, &fd), -ENOENT);
}

static const Test tests[] = {
    { "a lock is held until it is closed", test_a_lock_is_held_until_it_is_closed },
    { "what root makes belongs to the owner of the directory",
      test_what_root_makes_belongs_to_the_owner_of_the_directory },
    { "one that is there stays whose it is", test_one_that_is_there_stays_whose_it_is },
    { "links and missing directories are refused", test_links_and_missing_directories_are_refused },
};

TEST_MAIN(tests)
