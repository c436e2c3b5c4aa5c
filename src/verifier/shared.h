/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only state that the processes of one attest-verifier share: counters, and the set of nonces
 * seen. Anonymous memory made before the first fork. Losing it loses no security.
 */
#pragma once

#include "verifier/problem.h"

#include "base/bytes.h"

#include <stdatomic.h>

typedef enum Endpoint {
    ENDPOINT_CHALLENGE,
    ENDPOINT_ATTEST,
    ENDPOINT_JWKS,
    ENDPOINT_HEALTH,
    ENDPOINT_METRICS,
    ENDPOINT_OTHER, /* no such path */
    ENDPOINT_MAX,
} Endpoint;

/* The status words of EAR. */
typedef enum Verdict {
    VERDICT_NONE,
    VERDICT_AFFIRMING,
    VERDICT_WARNING,
    VERDICT_CONTRAINDICATED,
    VERDICT_MAX,
} Verdict;

typedef struct Metrics {
    atomic_ullong answers[ENDPOINT_MAX][PROBLEM_MAX]; /* PROBLEM_NONE: success */
    atomic_ullong verdicts[VERDICT_MAX];
    atomic_ullong verify_usec; /* sum over all verifications */
    atomic_ullong verifications;
    atomic_ullong connections;     /* accepted */
    atomic_ullong connections_cut; /* too old, or in the way of newer ones */
    atomic_ullong worker_starts;
    atomic_ullong worker_crashes;
    atomic_ullong reloads;
    atomic_ullong reload_failures;
    atomic_llong tls_until_sec; /* since 1970 */
    atomic_llong ca_until_sec;  /* 0: not known */
} Metrics;

/*
 * Nonces live for two minutes; at a thousand verifications a second that is 120 000. Buckets of
 * eight, the oldest of a full bucket is overwritten: the set is depth, not the defence.
 */
#define SEEN_BUCKETS 32768
#define SEEN_WAYS    8

typedef struct SeenBucket {
    atomic_uint next; /* way to overwrite */
    _Atomic uint64_t tags[SEEN_WAYS];
} SeenBucket;

typedef struct Shared {
    Metrics metrics;
    SeenBucket seen[SEEN_BUCKETS];
} Shared;

/* Maps it, zeroed; children of a fork see the same memory. Negative errno. */
_must_check_ int shared_new(Shared **ret);
Shared *shared_free(Shared *shared);
DEFINE_CLEANUP(Shared *, shared_free);

/*
 * Remembers a nonce by the end of its MAC, which no outsider can choose. True if it was there
 * already. MAC has at least 16 bytes.
 */
bool seen_before(Shared *shared, ByteView mac);

void metrics_count_answer(Shared *shared, Endpoint endpoint, Problem problem);
void metrics_count_verification(Shared *shared, Verdict verdict, uint64_t usec);
/* Prometheus text format 0.0.4. -ENOMEM. */
_must_check_ int metrics_text(const Shared *shared, Bytes *ret);
