/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/secret-as-file.h"

#include "format/catalog.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static char directory[64];

/* A directory on a tmpfs, or the test is skipped. */
static void make_directory(void)
{
    struct statfs status;

    (void)snprintf(directory, sizeof(directory), "/dev/shm/test-secret-file.XXXXXX");
    if (statfs("/dev/shm", &status) < 0 || (unsigned long)status.f_type != TMPFS_MAGIC ||
        !mkdtemp(directory)) {
        (void)printf("skipped: no tmpfs at /dev/shm\n");
        exit(TEST_SKIP);
    }
}

static const char *in_directory(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static int make_source(const char *text)
{
    int fd = memfd_create("credential", MFD_CLOEXEC);

    check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    check(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static int place(const char *path, const char *text, mode_t mode)
{
    _cleanup_close_ int fd = make_source(text);

    return secret_file_write(fd, &(SecretPlace){ path, geteuid(), getegid(), mode });
}

static void check_text(const char *path, const char *wanted)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    check_int(file_read(path, SECRET_FILE_MAX, &bytes), 0);
    check(view_equal(VIEW(bytes), view_of_string(wanted)));
}

static void test_modes(void)
{
    const char *const good[] = { "0400", "400", "0440", "0770", "0600" };
    const char *const bad[] = {
        "", "0", "0000", "0444", "0401", "4400", "08", "400 ", "00400", "x"
    };
    mode_t mode;

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(secret_file_mode(good[i], &mode));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!secret_file_mode(bad[i], &mode));
    check(secret_file_mode("0440", &mode) && mode == 0440);
}

static void test_placed(void)
{
    const char *path = in_directory("secret");
    struct stat before, after;
    char text[8];

    check_int(place(path, "first", 0440), 0);
    check_text(path, "first");
    check(stat(path, &before) == 0);
    check_int(before.st_mode & 07777, 0440);
    /* The next one is another file: whoever has the first open keeps that. */
    _cleanup_close_ int held = open(path, O_RDONLY | O_CLOEXEC);
    check_int(place(path, "second", 0600), 0);
    check_text(path, "second");
    check(stat(path, &after) == 0 && after.st_ino != before.st_ino);
    check(pread(held, text, sizeof(text), 0) == 5 && memcmp(text, "first", 5) == 0);
    check_int(secret_file_wipe(path), 0);
    check(access(path, F_OK) < 0);
    check_int(secret_file_wipe(path), 0);
    check_int(secret_file_wipe(in_directory("nothing/here")), 0);
}

static void test_wiped(void)
{
    const char *path = in_directory("secret");
    char text[8] = "";

    check_int(place(path, "hunter2", 0600), 0);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    check_int(secret_file_wipe(path), 0);
    check(pread(fd, text, 7, 0) == 7);
    check(view_is_filled_with((ByteView){ (const uint8_t *)text, 7 }, 0));
}

static void test_links(void)
{
    char target[128], link[128], through[160];

    (void)snprintf(target, sizeof(target), "%s", in_directory("target"));
    (void)snprintf(link, sizeof(link), "%s", in_directory("link"));
    (void)snprintf(through, sizeof(through), "%s/link/secret", directory);
    check_int(place(target, "untouched", 0600), 0);
    check(symlink(target, link) == 0);
    check_int(secret_file_wipe(link), 0);
    check(access(link, F_OK) < 0);
    check_text(target, "untouched");

    check(symlink(target, link) == 0);
    check_int(place(link, "new", 0400), 0);
    check_text(target, "untouched");
    check_text(link, "new");
    check(unlink(link) == 0);

    check(symlink("/dev/shm", link) == 0);
    check_int(place(through, "new", 0400), EXIT_CLASS_INTERNAL);
    check_int(secret_file_wipe(through), EXIT_CLASS_INTERNAL);
    check(unlink(link) == 0 && unlink(target) == 0);
}

static void test_left_over(void)
{
    const char *left = in_directory(".secret.new");
    struct stat status;

    /* Of a run that was killed: another may have it open, or be it linked to. */
    check(symlink("/etc/hostname", left) == 0);
    check_int(place(in_directory("secret"), "whole", 0600), 0);
    check(lstat(in_directory("secret"), &status) == 0 && S_ISREG(status.st_mode));
    check_text(in_directory("secret"), "whole");
    check(lstat(in_directory(".secret.new"), &status) < 0 && errno == ENOENT);
    check_int(secret_file_wipe(in_directory("secret")), 0);
}

static void test_refused(void)
{
    char shared[128], disk[64];

    (void)snprintf(shared, sizeof(shared), "%s/shared", directory);
    check(mkdir(shared, 0700) == 0 && chmod(shared, 0770) == 0);
    check_int(place(in_directory("shared/secret"), "x", 0400), EXIT_CLASS_USAGE);
    check(rmdir(shared) == 0);
    check_int(place(in_directory("secret"), "", 0400), EXIT_CLASS_NOT_ATTESTED);
    check_int(place(in_directory("absent/secret"), "x", 0400), EXIT_CLASS_INTERNAL);
    check(access(in_directory("secret"), F_OK) < 0);

    struct statfs status;
    (void)snprintf(disk, sizeof(disk), "/var/tmp/test-secret-file.%d", (int)getpid());
    if (statfs("/var/tmp", &status) == 0 && (unsigned long)status.f_type != TMPFS_MAGIC) {
        check_int(place(disk, "x", 0400), EXIT_CLASS_USAGE);
        check(access(disk, F_OK) < 0);
    }
}

static void test_owner(void)
{
    struct stat status;

    if (geteuid() != 0) {
        (void)printf("  (not root: no other owner)\n");
        return;
    }
    _cleanup_close_ int fd = make_source("x");
    check_int(secret_file_write(fd, &(SecretPlace){ in_directory("owned"), 65534, 65533, 0640 }),
              0);
    check(stat(in_directory("owned"), &status) == 0);
    check_int(status.st_uid, 65534);
    check_int(status.st_gid, 65533);
    check_int(status.st_mode & 07777, 0640);
    check_int(secret_file_wipe(in_directory("owned")), 0);
}

static const Test tests[] = {
    { "a mode gives nothing to others", test_modes },
    { "a secret is placed whole, each time as a new file", test_placed },
    { "what is removed is zeros for whoever has it open", test_wiped },
    { "links are neither followed nor believed", test_links },
    { "what a killed run left is no obstacle", test_left_over },
    { "disks, shared directories and empty credentials are refused", test_refused },
    { "the file has the owner and group that were asked for", test_owner },
};

int main(int argc, char **argv)
{
    make_directory();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    check(rmdir(directory) == 0);
    return r;
}
