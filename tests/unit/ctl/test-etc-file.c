/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/etc-file.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* An image's root, which the test is in. */
typedef struct Root {
    char directory[64];
    int fd;
} Root;

static void root_init(Root *root)
{
    (void)snprintf(root->directory, sizeof(root->directory), "/tmp/test-etc-file.XXXXXX");
    check(mkdtemp(root->directory));
    root->fd = etc_root_open(root->directory);
    check(root->fd >= 0);
    check(mkdirat(root->fd, "etc", 0755) == 0);
}

static void root_done(Root *root)
{
    char command[128];

    (void)close(root->fd);
    (void)snprintf(command, sizeof(command), "rm -r %s", root->directory);
    check(system(command) == 0);
}

static void check_text(const Root *root, const char *path, const char *wanted)
{
    _cleanup_etc_file_ EtcFile file = { 0 };

    check_int(etc_file_read(root->fd, path, &file), ETC_FILE_OK);
    check_str(file.text, wanted);
}

static void test_made(void)
{
    _cleanup_etc_file_ EtcFile file = { 0 };
    Root root;

    root_init(&root);
    check_int(etc_file_read(root.fd, "etc/x.d/y.conf", &file), ETC_FILE_E_ABSENT);
    check_int(etc_file_read(root.fd, "etc/fstab", &file), ETC_FILE_E_ABSENT);
    check_int(etc_file_write(root.fd, "etc/x.d/y.conf", NULL, "hello\n"), 0);
    check_text(&root, "etc/x.d/y.conf", "hello\n");
    check_int(etc_file_read(root.fd, "etc/x.d/y.conf", &file), ETC_FILE_OK);
    check_int(file.mode, 0644);
    check_int(etc_file_remove(root.fd, "etc/x.d/y.conf"), 0);
    check(faccessat(root.fd, "etc/x.d", F_OK, 0) < 0);
    check_int(etc_file_remove(root.fd, "etc/x.d/y.conf"), 0);
    root_done(&root);
}

static void test_kept(void)
{
    _cleanup_etc_file_ EtcFile before = { 0 }, after = { 0 };
    Root root;

    root_init(&root);
    check_int(etc_file_write(root.fd, "etc/fstab", NULL, "a\n"), 0);
    check(fchmodat(root.fd, "etc/fstab", 0640, 0) == 0);
    if (geteuid() == 0)
        check(fchownat(root.fd, "etc/fstab", 12, 34, 0) == 0);
    check_int(etc_file_read(root.fd, "etc/fstab", &before), ETC_FILE_OK);
    check_int(etc_file_write(root.fd, "etc/fstab", &before, "b\n"), 0);
    check_int(etc_file_read(root.fd, "etc/fstab", &after), ETC_FILE_OK);
    check_str(after.text, "b\n");
    check_int(after.mode, 0640);
    check_int(after.uid, before.uid);
    check_int(after.gid, before.gid);
    check_int(etc_file_remove(root.fd, "etc/fstab"), 0);
    check(faccessat(root.fd, "etc", F_OK, 0) == 0);
    root_done(&root);
}

static void test_links(void)
{
    _cleanup_etc_file_ EtcFile file = { 0 };
    Root root;

    root_init(&root);
    /* In the image, /real is its own; on this machine there is none. */
    check(mkdirat(root.fd, "real", 0755) == 0);
    check(symlinkat("/real", root.fd, "etc/systemd") == 0);
    check_int(etc_file_write(root.fd, "etc/systemd/a.d/b.conf", NULL, "x\n"), 0);
    check(faccessat(root.fd, "real/a.d/b.conf", F_OK, 0) == 0);
    check(symlinkat("../../../../../../etc", root.fd, "etc/up") == 0);
    check_int(etc_file_read(root.fd, "etc/up/passwd", &file), ETC_FILE_E_ABSENT);
    check(symlinkat("/etc/hostname", root.fd, "etc/crypttab") == 0);
    check_int(etc_file_read(root.fd, "etc/crypttab", &file), ETC_FILE_E_NOT_TEXT);
    root_done(&root);
}

static void test_not_text(void)
{
    _cleanup_etc_file_ EtcFile file = { 0 };
    Root root;

    root_init(&root);
    _cleanup_close_ int fd = openat(root.fd, "etc/fstab", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    check(write(fd, "a\0b", 3) == 3);
    check_int(etc_file_read(root.fd, "etc/fstab", &file), ETC_FILE_E_NOT_TEXT);
    check(ftruncate(fd, 0) == 0);
    check_int(etc_file_read(root.fd, "etc/fstab", &file), ETC_FILE_OK);
    check_str(file.text, "");
    etc_file_done(&file);
    check(ftruncate(fd, ETC_FILE_MAX + 1) == 0);
    check_int(etc_file_read(root.fd, "etc/fstab", &file), ETC_FILE_E_NOT_TEXT);
    check(mkfifoat(root.fd, "etc/crypttab", 0600) == 0);
    check_int(etc_file_read(root.fd, "etc/crypttab", &file), ETC_FILE_E_NOT_TEXT);
    check(etc_root_open("/nonexistent/root") == -ENOENT);
    root_done(&root);
}

static const Test tests[] = {
    { "a file is made with its directory, and goes with it", test_made },
    { "owner and mode stay as they are", test_kept },
    { "links lead to places inside the root only", test_links },
    { "what is no text file is not read", test_not_text },
};
TEST_MAIN(tests)
