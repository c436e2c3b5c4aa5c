/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUNTIME/standing: what units of systemd watch, since attestd itself may start and stop nothing.
 * "trusted", there while a verdict is held, holds up attested.target; what stands in "loss" is
 * stopped by attestd-loss.service, which takes it out.
 */
#pragma once

#include "base/bytes.h"

/* Owned: standing_files_done(). Begin with STANDING_FILES_INIT. */
typedef struct StandingFiles {
    int fd;                               /* -EBADF: there is no such directory */
    int loss_fd;                          /* likewise */
    uint64_t trusted_until_boottime_usec; /* as written by this run; 0: nothing is */
} StandingFiles;

#define STANDING_FILES_INIT ((StandingFiles){ .fd = -EBADF, .loss_fd = -EBADF })

/* Makes the directories where they are missing. Negative errno: then the rest does nothing. */
_must_check_ int standing_files_open(const char *runtime_directory, StandingFiles *ret);
void standing_files_done(StandingFiles *files);

/* "trusted" says EXPIRES_BOOTTIME_USEC, the whole of it or as before. Negative errno. */
_must_check_ int standing_files_trust(StandingFiles *files, uint64_t expires_boottime_usec);
/* There is no "trusted", whoever wrote it. Negative errno. */
_must_check_ int standing_files_distrust(StandingFiles *files);

/* The unit of ASKER ("unit:NAME", "volume:NAME") is to be stopped. Negative errno. */
_must_check_ int standing_files_stop_unit(StandingFiles *files, const char *asker);
/* The machine is to be turned off. Negative errno. */
_must_check_ int standing_files_power_off(StandingFiles *files);
