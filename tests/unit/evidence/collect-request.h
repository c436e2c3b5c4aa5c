/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request line for the verb collect, over report data of one repeated byte.
 */
#pragma once

#include "base/json.h"
#include "testing.h"

typedef struct CollectPlaces {
    const char *source;
    const char *device;
    const char *configfs_directory;
    const char *event_log;     /* "": none */
    const char *userspace_log; /* "": none */
    const char *lock_directory;
} CollectPlaces;

static inline char *collect_request_line(const CollectPlaces *places, uint8_t byte)
{
    uint8_t report_data[64];

    memset(report_data, byte, sizeof(report_data));
    json_t *request = json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:[i], s:s, s:s, s:s}, s:s}", "verb", "collect",
        "evidence", "source", places->source, "device", places->device, "configfs_directory",
        places->configfs_directory, "tcti", "device:/dev/tpmrm0", "attestation_key", "auto",
        "pcr_bank", "sha256", "pcrs", 7, "event_log", places->event_log, "userspace_log",
        places->userspace_log, "preflight", "enforce", "lock_directory", places->lock_directory);
    check(request != NULL);
    check_int(json_set_base64url(request, "report_data", VIEW_OF_ARRAY(report_data)), 0);
    char *line = json_text(request);
    check(line != NULL);
    json_decref(request);
    return line;
}
