/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the round worker is asked: the settings as one JSON line, and the descriptors of the files
 * that the agent names but never reads.
 */
#pragma once

#include "agent/gates.h"
#include "config/config.h"

#define ROUND_REQUEST_FDS_MAX  4            /* client certificate and key, API key, TPM's owner */
#define ROUND_REQUEST_SIZE_MAX (256 * 1024) /* bytes that a worker accepts */

/* Owned: round_request_done(). Zeroed is empty. */
typedef struct RoundRequest {
    json_t *object;
    Bytes line; /* with its line feed, once it is closed */
    int fds[ROUND_REQUEST_FDS_MAX];
    size_t n_fds;
} RoundRequest;

void round_request_done(RoundRequest *request);
#define _cleanup_round_request_ _cleanup_(round_request_done)

enum {
    ROUND_REQUEST_OK,
    ROUND_REQUEST_E_FILE, /* a file named by the configuration cannot be opened any more */
    ROUND_REQUEST_E_SIZE, /* the settings do not fit a request */
};

/*
 * NONCE empty: a round, to prove ourselves and to have GATES opened. Else evidence for a caller
 * over that nonce; GATES is not looked at. RET is not closed yet. ROUND_REQUEST_OK, _E_FILE, or
 * -ENOMEM.
 */
_must_check_ int round_request_make(const Config *config, const Gates *gates,
                                    const char *runtime_directory, ByteView nonce,
                                    RoundRequest *ret);
/* The wrapped data keys of ANSWER that are behind gates of the request go with it. -ENOMEM. */
_must_check_ int round_request_add_wrapped(RoundRequest *request, const WorkerAnswer *answer);
/* Writes the line. ROUND_REQUEST_OK, _E_SIZE, or -ENOMEM. */
_must_check_ int round_request_close(RoundRequest *request);
