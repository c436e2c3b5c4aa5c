/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request line for attest-collect, over small claims.
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
} CollectPlaces;

#define COLLECT_CLAIMS                                                                             \
    "{\"eat_profile\":\"tag:github.com,2026:attestd/evidence#1\",\"purpose\":\"caller\","          \
    "\"eat_nonce\":\"AAAAAAAAAAA\",\"members\":[\"cpu\"],\"swname\":\"attestd\","                  \
    "\"swversion\":\"0.1.0\"}"

static inline char *collect_request_line(const CollectPlaces *places, ByteView claims)
{
    json_t *request = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:[i], s:s, s:s, s:s}}",
                                "verb", "collect", "evidence", "source", places->source, "device",
                                places->device, "configfs_directory", places->configfs_directory,
                                "tcti", "device:/dev/tpmrm0", "attestation_key", "auto", "pcr_bank",
                                "sha256", "pcrs", 7, "event_log", places->event_log,
                                "userspace_log", places->userspace_log, "preflight", "enforce");
    check(request != NULL);
    check_int(json_set_base64url(request, "claims", claims), 0);
    char *line = json_text(request);
    check(line != NULL);
    json_decref(request);
    return line;
}
