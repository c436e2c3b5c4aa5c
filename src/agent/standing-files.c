/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a line, or of nothing at all.
 */
#include "agent/standing-files.h"

#include "agent/asker.h"
#include "base/clock.h"
#include "base/file.h"
#include "format/unit-escape.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY_MODE 0755 /* everyone may see how the machine stands */
#define FILE_MODE      0644
#define TRUSTED        "trusted"
#define TRUSTED_NEW    ".trusted.new"
#define POWEROFF       "poweroff"

/* Two readings of one end by two clocks differ by less. */
#define JITTER_USEC (10 * USEC_PER_MSEC)

int standing_files_open(const char *runtime_directory, StandingFiles *ret)
{
    _cleanup_(standing_files_done) StandingFiles files = STANDING_FILES_INIT;
    _cleanup_close_ int runtime = open(runtime_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (runtime < 0)
        return -errno;
    files.fd = fd_make_directory(runtime, "standing", DIRECTORY_MODE);
    if (files.fd < 0)
        return files.fd;
    files.loss_fd = fd_make_directory(files.fd, "loss", DIRECTORY_MODE);
    if (files.loss_fd < 0)
        return files.loss_fd;
    *ret = files;
    files = STANDING_FILES_INIT;
    return 0;
}

void standing_files_done(StandingFiles *files)
{
    closep(&files->fd);
    closep(&files->loss_fd);
    *files = STANDING_FILES_INIT;
}

static int write_trusted(const StandingFiles *files, const char *text)
{
    _cleanup_close_ int fd = openat(
        files->fd, TRUSTED_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return -errno;
    int r = fchmod(fd, FILE_MODE) < 0 ? -errno : fd_write_all(fd, view_of_string(text));
    if (r == 0 && renameat(files->fd, TRUSTED_NEW, files->fd, TRUSTED) < 0)
        r = -errno;
    if (r < 0)
        (void)unlinkat(files->fd, TRUSTED_NEW, 0);
    return r;
}

static bool is_written(const StandingFiles *files, uint64_t end)
{
    uint64_t before = files->trusted_until_boottime_usec;

    return before != 0 && MAX(before, end) - MIN(before, end) <= JITTER_USEC;
}

int standing_files_trust(StandingFiles *files, uint64_t expires_boottime_usec)
{
    char text[64];

    if (files->fd < 0 || is_written(files, expires_boottime_usec))
        return 0;
    (void)snprintf(text, sizeof(text), "expires_boottime_usec=%" PRIu64 "\n",
                   expires_boottime_usec);
    int r = write_trusted(files, text);
    if (r == 0)
        files->trusted_until_boottime_usec = expires_boottime_usec;
    return r;
}

int standing_files_distrust(StandingFiles *files)
{
    if (files->fd < 0)
        return 0;
    files->trusted_until_boottime_usec = 0;
    return unlinkat(files->fd, TRUSTED, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int order(const StandingFiles *files, const char *name)
{
    int fd = openat(files->loss_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return -errno;
    (void)close(fd);
    return 0;
}

/* The rest of ASKER behind PREFIX; NULL: it does not begin so. */
static const char *behind(const char *asker, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(asker, prefix, size) == 0 ? asker + size : NULL;
}

int standing_files_stop_unit(StandingFiles *files, const char *asker)
{
    const char *unit = behind(asker, ASKER_UNIT_PREFIX);
    const char *volume = behind(asker, ASKER_VOLUME_PREFIX);

    if (files->loss_fd < 0)
        return -ENOTDIR;
    if (!unit && !volume)
        return -EINVAL;
    _cleanup_free_ char *name = unit ? strdup(unit) : unit_of_volume(volume);
    return name ? order(files, name) : -ENOMEM;
}

int standing_files_power_off(StandingFiles *files)
{
    return files->loss_fd < 0 ? -ENOTDIR : order(files, POWEROFF);
}
