/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl loss: run by attestd-loss.service, as root, since attestd may stop nothing. attestd's
 * user writes the names: all that it can have done is to stop a service, or the machine.
 */
#include "ctl/loss.h"

#include "ctl/complain.h"
#include "ctl/unit-manager.h"
#include "ctl/verb.h"
#include "format/catalog.h"
#include "format/unit-escape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define POWEROFF  "poweroff"
#define TAKEN     ".taken-"
#define FILES_MAX 1024 /* of one run; attestd knows of fewer leases */

/* What an entry is called while it is dealt with. */
typedef struct TakenName {
    char text[sizeof(TAKEN) + 16];
} TakenName;

/*
 * Out of the way under a hidden name, by which systemd's DirectoryNotEmpty= passes over it. 0 or
 * negative errno.
 */
static int take(int directory_fd, const char *name, TakenName *ret)
{
    TakenName taken;
    uint64_t number;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    (void)snprintf(taken.text, sizeof(taken.text), TAKEN "%016" PRIx64, number);
    if (renameat(directory_fd, name, directory_fd, taken.text) < 0 && errno != ENOENT)
        return -errno;
    *ret = taken;
    return 0;
}

/* A full directory stays as it is: it is not worth being walked by root. 0, else an exit class. */
static int drop(int directory_fd, const char *taken, const char *name)
{
    if (unlinkat(directory_fd, taken, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return complain_of_errno(-errno, name);
    if (unlinkat(directory_fd, taken, AT_REMOVEDIR) == 0)
        return 0;
    return errno == ENOTEMPTY || errno == EEXIST ? complain("loss-planted", name, taken)
                                                 : complain_of_errno(-errno, name);
}

/* Unless there is one again. */
static void put_back(int directory_fd, const char *taken, const char *name)
{
    if (renameat2(directory_fd, taken, directory_fd, name, RENAME_NOREPLACE) == 0 ||
        errno == ENOENT)
        return;
    if (errno == EEXIST)
        (void)drop(directory_fd, taken, name);
    else
        (void)complain_of_errno(-errno, name);
}

/* 0, else an exit class. */
static int carry_out(const char *name, const LossActions *actions)
{
    bool is_power = strcmp(name, POWEROFF) == 0;
    int r =
        is_power ? actions->power_off(actions->userdata) : actions->stop(actions->userdata, name);

    if (r == 0)
        return 0;
    return is_power ? complain("loss-power", "", strerror(-r))
                    : complain("loss-unit-runs", name, strerror(-r));
}

/*
 * An order is taken before it is carried out: one that is written meanwhile is another. 0, else an
 * exit class.
 */
static int act_on(int directory_fd, const char *name, const LossActions *actions)
{
    bool is_order = strcmp(name, POWEROFF) == 0 || unit_is_service(name);
    TakenName taken;

    int r = take(directory_fd, name, &taken);
    int exit_class = is_order ? carry_out(name, actions) : 0;
    if (r < 0)
        return exit_class != 0 ? exit_class : complain_of_errno(r, name);
    if (exit_class != 0) {
        put_back(directory_fd, taken.text, name);
        return exit_class;
    }
    exit_class = drop(directory_fd, taken.text, name);
    return exit_class == 0 && !is_order ? complain("loss-foreign", "", name) : exit_class;
}

/* The same, whole: whoever ends us has to wait until an order is carried out, or is back. */
static int act_on_whole(int directory_fd, const char *name, const LossActions *actions)
{
    sigset_t end, before;

    if (sigemptyset(&end) < 0 || sigaddset(&end, SIGTERM) < 0 ||
        sigprocmask(SIG_BLOCK, &end, &before) < 0)
        return complain_of_errno(-errno, name);
    int exit_class = act_on(directory_fd, name, actions);
    return sigprocmask(SIG_SETMASK, &before, NULL) < 0 ? complain_of_errno(-errno, name)
                                                       : exit_class;
}

static int collect_names(DIR *directory, char **names, size_t *ret_n)
{
    size_t n = 0;

    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry || n == FILES_MAX)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strncmp(entry->d_name, TAKEN, strlen(TAKEN)) == 0)
            continue;
        names[n] = strdup(entry->d_name);
        if (!names[n])
            break;
        n++;
    }
    *ret_n = n;
    return errno == 0 || n == FILES_MAX ? 0 : -errno;
}

static int act_on_all(int directory_fd, char *const *names, size_t n, const LossActions *actions)
{
    int exit_class = 0;

    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < n; i++) {
            bool is_power = strcmp(names[i], POWEROFF) == 0;
            int found =
                is_power == (round == 0) ? act_on_whole(directory_fd, names[i], actions) : 0;
            exit_class = exit_class != 0 ? exit_class : found;
        }
    return exit_class;
}

int loss_act(int directory_fd, const LossActions *actions)
{
    char *names[FILES_MAX];
    size_t n = 0;

    int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        int r = -errno;
        if (fd >= 0)
            (void)close(fd);
        return complain_of_errno(r, "loss");
    }
    int r = collect_names(directory, names, &n);
    int exit_class = act_on_all(directory_fd, names, n, actions);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    (void)closedir(directory);
    return r < 0 && exit_class == 0 ? complain_of_errno(r, "loss") : exit_class;
}

static int stop(void *userdata, const char *unit)
{
    (void)printf("Stopping %s: the verdict is lost.\n", unit);
    return unit_manager_stop(userdata, unit);
}

static int power_off(void *userdata)
{
    (void)printf("Turning the machine off: the verdict is lost.\n");
    return unit_manager_power_off(userdata);
}

static int run(const Options *options)
{
    _cleanup_(unit_manager_freep) UnitManager *manager = NULL;
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/standing/loss", options->runtime_directory) < 0) {
        path = NULL;
        return complain_of_errno(-ENOMEM, "loss");
    }
    _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : complain_of_errno(-errno, path);
    int r = unit_manager_new(&manager);
    if (r < 0)
        return complain("unit-manager-unreachable", "", strerror(-r));
    return loss_act(fd, &(LossActions){ stop, power_off, manager });
}

static const Option options[] = {
    TEXT_OPTION("runtime-directory", runtime_directory, "DIR", "instead of /run/attestd"),
    { 0 },
};

const Verb verb_loss[] = {
    { .name = "loss",
      .help = "stop what is to stop when the verdict is lost",
      .run = run,
      .options = options },
    { 0 },
};
