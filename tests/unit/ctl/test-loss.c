/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/loss.h"

#include "format/catalog.h"
#include "testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* What was asked for, in order, and what fails. */
typedef struct Seen {
    char text[256];
    const char *fails;
    int again_fd; /* where a unit is ordered to stop once more while it is stopped; 0: nowhere */
} Seen;

static int note(Seen *seen, const char *what)
{
    size_t length = strlen(seen->text);

    (void)snprintf(seen->text + length, sizeof(seen->text) - length, "%s ", what);
    return seen->fails && strcmp(seen->fails, what) == 0 ? -EIO : 0;
}

static int stop(void *userdata, const char *unit)
{
    const Seen *seen = userdata;

    if (seen->again_fd > 0) {
        int fd = openat(seen->again_fd, unit, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        check(fd >= 0);
        (void)close(fd);
    }
    return note(userdata, unit);
}

static int power_off(void *userdata)
{
    return note(userdata, "POWER");
}

static int open_place(char *directory)
{
    check(mkdtemp(directory));
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(fd >= 0);
    return fd;
}

static void touch(int fd, const char *name)
{
    _cleanup_close_ int file_fd = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    check(file_fd >= 0);
}

static bool has(int fd, const char *name)
{
    return faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_units(void)
{
    char directory[] = "/tmp/test-loss.XXXXXX";
    _cleanup_close_ int fd = open_place(directory);
    Seen seen = { 0 };

    touch(fd, "db@main.service");
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check_str(seen.text, "db@main.service ");
    check(!has(fd, "db@main.service"));
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check_str(seen.text, "db@main.service ");
    check(rmdir(directory) == 0);
}

static void test_power_first(void)
{
    char directory[] = "/tmp/test-loss.XXXXXX";
    _cleanup_close_ int fd = open_place(directory);
    Seen seen = { 0 };

    touch(fd, "a.service");
    touch(fd, "poweroff");
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check_str(seen.text, "POWER a.service ");
    check(rmdir(directory) == 0);
}

static void test_failure(void)
{
    char directory[] = "/tmp/test-loss.XXXXXX";
    _cleanup_close_ int fd = open_place(directory);
    Seen seen = { .fails = "bad.service" };

    touch(fd, "bad.service");
    touch(fd, "a.service");
    touch(fd, "z.service");
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), EXIT_CLASS_INTERNAL);
    check(strstr(seen.text, "a.service") && strstr(seen.text, "z.service") &&
          strstr(seen.text, "bad.service"));
    check(!has(fd, "a.service") && !has(fd, "z.service") && has(fd, "bad.service"));
    seen = (Seen){ 0 };
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check_str(seen.text, "bad.service ");
    check(rmdir(directory) == 0);
}

static void test_again(void)
{
    char directory[] = "/tmp/test-loss.XXXXXX";
    _cleanup_close_ int fd = open_place(directory);
    Seen seen = { .again_fd = fd };

    touch(fd, "a.service");
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check(has(fd, "a.service"));
    seen.fails = "a.service";
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), EXIT_CLASS_INTERNAL);
    check(has(fd, "a.service"));
    seen = (Seen){ 0 };
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check_str(seen.text, "a.service ");
    check(rmdir(directory) == 0);
}

/* What systemd's DirectoryNotEmpty= sees: it passes over hidden names. */
static bool triggers(const char *directory)
{
    DIR *entries = opendir(directory);
    bool is_any = false;

    check(entries);
    for (const struct dirent *entry; (entry = readdir(entries));)
        is_any = is_any || entry->d_name[0] != '.';
    (void)closedir(entries);
    return is_any;
}

static void test_planted(void)
{
    char directory[] = "/tmp/test-loss.XXXXXX", command[64];
    _cleanup_close_ int fd = open_place(directory);
    const char *const names[] = { "planted", "planted/x", "a.service", "a.service/x" };
    Seen seen = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        check(mkdirat(fd, names[i], 0700) == 0);
    touch(fd, "b.service");
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), EXIT_CLASS_INTERNAL);
    check(strstr(seen.text, "a.service ") && strstr(seen.text, "b.service "));
    check(!triggers(directory));
    seen = (Seen){ 0 };
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check_str(seen.text, "");
    (void)snprintf(command, sizeof(command), "rm -r %s", directory);
    check_int(system(command), 0);
}

static void test_foreign(void)
{
    char directory[] = "/tmp/test-loss.XXXXXX";
    _cleanup_close_ int fd = open_place(directory);
    const char *const names[] = { "multi-user.target", "db@.service", "a b.service", "x" };
    Seen seen = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        touch(fd, names[i]);
    check(symlinkat("/etc/hostname", fd, "link") == 0);
    check(mkdirat(fd, "directory", 0700) == 0);
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), EXIT_CLASS_INTERNAL);
    check_str(seen.text, "");
    check(access("/etc/hostname", F_OK) == 0);
    check(rmdir(directory) == 0);
}

static void test_many(void)
{
    char directory[] = "/tmp/test-loss.XXXXXX", name[32];
    _cleanup_close_ int fd = open_place(directory);
    Seen seen = { 0 };

    for (int i = 0; i < 1500; i++) {
        (void)snprintf(name, sizeof(name), "a%d.service", i);
        touch(fd, name);
    }
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check(rmdir(directory) < 0);
    check_int(loss_act(fd, &(LossActions){ stop, power_off, &seen }), 0);
    check(rmdir(directory) == 0);
}

static const Test tests[] = {
    { "a unit is stopped once, and its file goes", test_units },
    { "the machine is turned off before units are stopped", test_power_first },
    { "what fails stays, and the others are stopped all the same", test_failure },
    { "what is ordered once more meanwhile is done once more", test_again },
    { "full directories are put out of the way, and said once", test_planted },
    { "what names no service stops nothing and goes", test_foreign },
    { "many are done in several runs", test_many },
};
TEST_MAIN(tests)
