/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the collect worker, which alone may touch the hardware and the logs.
 */
#pragma once

#include "worker/answer.h"
#include "worker/request.h"

/* What came back. Owned: collected_done(). */
typedef struct Collected {
    EvidenceCpu cpu;
    Bytes eventlog;           /* empty: none */
    Bytes eventlog_userspace; /* empty: none */
} Collected;

void collected_done(Collected *collected);
#define _cleanup_collected_ _cleanup_(collected_done)

enum {
    COLLECTED_OK,
    COLLECTED_E_FAILED, /* the answer's findings gained a failure */
};

/* What is done once when the answer is long in coming. */
typedef struct CollectPatience {
    uint64_t usec;
    void (*over)(void *userdata);
    void *userdata;
} CollectPatience;

/*
 * Connects to the request's collect_socket and has the hash of CLAIMS, the exact bytes, signed.
 * Findings and timings of the collect worker are added to ANSWER. PATIENCE may be NULL; when it is
 * over the wait goes on. LOGS_ONLY: the report is made elsewhere. A named no or negative errno.
 */
_must_check_ int collect_ask(const RoundRequest *request, ByteView claims,
                             const CollectPatience *patience, bool logs_only, WorkerAnswer *answer,
                             Collected *ret);
