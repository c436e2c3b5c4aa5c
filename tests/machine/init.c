/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole initrd of the machine: loads what the kernel has as modules and needs for its root,
 * mounts the root that the command line names, and starts its init. Static, so that it needs
 * nothing else. A distribution's own takes most of a minute where a processor is emulated.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MODULES_LIMIT  32     /* /modules/00.ko, 01.ko ... in the order in which they are loaded */
#define ROOT_WAIT_MSEC 20000u /* an emulated disk that is not there by then does not come */
#define ROOT_LOOK_MSEC 20u
#define LINE_LIMIT     4096

/* The kernel panics when we end, and the machine ends with it: panic=-1. */
static int stop(const char *what)
{
    (void)fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
    return 1;
}

static int load_modules(void)
{
    char path[32];

    for (int i = 0; i < MODULES_LIMIT; i++) {
        (void)snprintf(path, sizeof(path), "/modules/%02d.ko", i);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return errno == ENOENT ? 0 : -1;
        if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
            return -1;
        (void)close(fd);
    }
    return 0;
}

/* The last root= of the command line, as the kernel takes it. */
static int find_root(char *line, const char **ret)
{
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, LINE_LIMIT - 1);

    if (n < 0)
        return -1;
    (void)close(fd);
    line[n] = '\0';
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
        if (strncmp(word, "root=/dev/", strlen("root=/dev/")) == 0)
            *ret = word + strlen("root=");
    if (*ret)
        return 0;
    errno = ENODEV;
    return -1;
}

static int mount_root(const char *device)
{
    for (unsigned waited = 0; waited < ROOT_WAIT_MSEC; waited += ROOT_LOOK_MSEC) {
        if (mount(device, "/root", "ext4", 0, "") == 0)
            return 0;
        if (errno != ENOENT && errno != ENXIO)
            return -1;
        (void)nanosleep(&(struct timespec){ .tv_nsec = ROOT_LOOK_MSEC * 1000000L }, NULL);
    }
    return -1;
}

static int enter_root(void)
{
    if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) < 0)
        return -1;
    if (umount2("/proc", MNT_DETACH) < 0 || chdir("/root") < 0)
        return -1;
    return mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0 ? -1 : 0;
}

int main(void)
{
    char line[LINE_LIMIT];
    const char *device = NULL;

    if (mount("dev", "/dev", "devtmpfs", 0, "") < 0 || mount("proc", "/proc", "proc", 0, "") < 0)
        return stop("/dev, /proc");
    if (load_modules() < 0)
        return stop("modules");
    if (find_root(line, &device) < 0)
        return stop("root= of the command line");
    if (mount_root(device) < 0)
        return stop(device);
    if (enter_root() < 0)
        return stop("/root");
    (void)execl("/sbin/init", "/sbin/init", (char *)NULL);
    return stop("/sbin/init");
}
