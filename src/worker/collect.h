/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One collection: the hardware report over given claims, and the event logs as sealed memfds
 * "eventlog" and "eventlog-userspace". The only code that runs with a capability; of foreign bytes
 * it reads its request with the claims, the report and the head of the certificate table.
 */
#pragma once

#include "worker/serve.h"

#define COLLECT_LOG_DIRECTORIES_MAX 16 /* the two of COLLECT_GROUNDS_INIT included */

/*
 * Where it may go, and where it keeps its lock: the unit's word, not the request's. Borrowed,
 * absolute paths. The usual device and directory are always allowed.
 */
typedef struct CollectGrounds {
    const char *lock_directory;
    const char *device;             /* one more of sev-guest; NULL: none */
    const char *configfs_directory; /* one more of configfs-tsm; NULL: none */
    const char *log_directories[COLLECT_LOG_DIRECTORIES_MAX];
    size_t n_log_directories;
} CollectGrounds;

#define COLLECT_GROUNDS_INIT                                                                       \
    ((CollectGrounds){ .lock_directory = "/run/attestd/lock",                                      \
                       .log_directories = { "/sys/kernel/security", "/run/log/systemd" },          \
                       .n_log_directories = 2 })

/* CONTEXT are the CollectGrounds. */
ServeRun collect_run;
