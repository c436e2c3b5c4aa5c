/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading with a limit, writing whole or not at all.
 */
#include "base/file.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char directory[] = "/tmp/attestd-test-file.XXXXXX";
static char path[64];

static void enter_directory(void)
{
    check(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/file", directory);
}

static void leave_directory(void)
{
    (void)unlink(path);
    check(rmdir(directory) == 0); /* fails if a temporary file was left */
}

static void a_file_is_replaced_whole_with_its_mode(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    struct stat st;

    enter_directory();
    check_int(file_write_atomic(path, view_of_string("first"), 0644), 0);
    check_int(file_write_atomic(path, view_of_string("second"), 0600), 0);
    check_int(file_read(path, 6, &bytes), 0);
    check(view_equal(VIEW(bytes), view_of_string("second")));
    check(stat(path, &st) == 0);
    check_int(st.st_mode & 07777, 0600);
    leave_directory();
}

static void one_byte_over_the_limit_is_refused(void)
{
    Bytes bytes = { 0 };

    strcpy(directory, "/tmp/attestd-test-file.XXXXXX");
    enter_directory();
    check_int(file_write_atomic(path, view_of_string("seven b"), 0600), 0);
    check_int(file_read(path, 6, &bytes), -EFBIG);
    check(!bytes.data);
    leave_directory();
}

static void a_file_without_a_size_is_read_to_its_end(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    check_int(file_read("/proc/self/status", 1 << 20, &bytes), 0);
    check(bytes.size > 100);
}

static void failures_are_negative_errno(void)
{
    Bytes bytes = { 0 };

    check_int(file_read("/nonexistent/file", 10, &bytes), -ENOENT);
    check_int(file_write_atomic("/nonexistent/file", view_of_string("x"), 0600), -ENOENT);
}

static void a_sealed_memfd_cannot_be_changed(void)
{
    _cleanup_close_ int fd = memfd_sealed("test", view_of_string("token"));
    char byte = 'x';
    _cleanup_bytes_ Bytes bytes = { 0 };

    check(fd >= 0);
    check(pwrite(fd, &byte, 1, 0) < 0);
    check(ftruncate(fd, 0) < 0);
    check_int(fd_read_all(fd, 100, &bytes), 0);
    check(view_equal(VIEW(bytes), view_of_string("token")));
}

static void a_directory_is_made_once_and_not_through_a_link(void)
{
    char place[] = "/tmp/test-file.XXXXXX";
    const struct dirent *entry;
    struct stat st;
    size_t n = 0;

    check(mkdtemp(place));
    _cleanup_close_ int at = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(at >= 0);
    _cleanup_close_ int made = fd_make_directory(at, "made", 0700);
    _cleanup_close_ int again = fd_make_directory(at, "made", 0755);
    check(made >= 0 && again >= 0);
    check(fstat(made, &st) == 0);
    check_int(st.st_mode & 07777, 0755);
    check(symlinkat("made", at, "link") == 0);
    check_int(fd_make_directory(at, "link", 0700), -ENOTDIR);
    /* What was read of a descriptor before does not count. */
    for (int i = 0; i < 2; i++) {
        _cleanup_closedir_ DIR *dir = fd_entries(at);
        check(dir);
        for (n = 0; (entry = readdir(dir));)
            n += entry->d_name[0] != '.';
        check_int(n, 2);
    }
    check(!fd_entries(-EBADF) && errno == EBADF);
    check(unlinkat(at, "link", 0) == 0 && unlinkat(at, "made", AT_REMOVEDIR) == 0 &&
          rmdir(place) == 0);
}

static const Test tests[] = {
    { "a file is replaced whole with its mode", a_file_is_replaced_whole_with_its_mode },
    { "one byte over the limit is refused", one_byte_over_the_limit_is_refused },
    { "a file without a size is read to its end", a_file_without_a_size_is_read_to_its_end },
    { "failures are negative errno", failures_are_negative_errno },
    { "a sealed memfd cannot be changed", a_sealed_memfd_cannot_be_changed },
    { "a directory is made once, and not through a link",
      a_directory_is_made_once_and_not_through_a_link },
};

TEST_MAIN(tests)
