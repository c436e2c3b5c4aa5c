/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What config_check() found readable may be gone since, or be another user's.
 */
#include "ctl/owner-file.h"

#include "ctl/complain.h"

#include <errno.h>
#include <fcntl.h>

int owner_file_open(const Config *config, int *ret_fd)
{
    const char *path = config->evidence.owner_authorization_file;

    *ret_fd = -EBADF;
    if (!path)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return complain_of_failure("config-path-unreadable", path, -errno);
    *ret_fd = fd;
    return 0;
}
