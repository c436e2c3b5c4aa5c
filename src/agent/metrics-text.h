/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attestd counts, in the text format of Prometheus (0.0.4). Pure: counters in, text out. Every
 * label's value is of a list that is fixed when attestd is built; nothing is named after a secret,
 * a unit, a host or a person.
 */
#pragma once

#include "agent/lifecycle.h"
#include "format/catalog.h"
#include "format/worker-answer.h"

#include <stdio.h>

#define METRICS_RESULTS 3 /* passed, refused, failed: AttemptResult */

/* One finding of the catalogue; "other" for those that are not in it, as a verifier may say. */
typedef struct MetricsFinding {
    const char *name; /* static */
    uint64_t n;
} MetricsFinding;

/* As many as the catalogue has, at most, and one more. */
typedef struct MetricsFindings {
    MetricsFinding *items;
    size_t n_items;
} MetricsFindings;

/* Counted since the daemon started. Owned: metrics_counters_done(). Zeroed is empty. */
typedef struct MetricsCounters {
    uint64_t n_rounds[METRICS_RESULTS];
    MetricsFindings decided; /* what decided against rounds */
    uint64_t step_sum_usec[N_TIMINGS];
    uint64_t step_count[N_TIMINGS];
    uint64_t step_last_usec[N_TIMINGS];
    uint64_t n_released;
    MetricsFindings refused; /* why askers were refused */
    uint64_t n_withdrawn;
    uint64_t last_passed_realtime_usec; /* 0: none */
    bool has_clock_skew;
    int64_t clock_skew_sec;
} MetricsCounters;

void metrics_counters_done(MetricsCounters *counters);
#define _cleanup_metrics_counters_ _cleanup_(metrics_counters_done)

/* One more of NAME. -ENOMEM. */
_must_check_ int metrics_findings_add(MetricsFindings *findings, const char *name);
void metrics_count_timings(MetricsCounters *counters, const WorkerAnswer *answer);

/* How things are now. Times by the wall clock, 0: none. */
typedef struct MetricsNow {
    State state;
    uint64_t since_realtime_usec;
    uint64_t started_realtime_usec; /* the daemon */
    uint64_t expires_realtime_usec;
    uint64_t next_round_realtime_usec;
    uint64_t last_round_realtime_usec;
    uint64_t n_failures; /* in a row */
    size_t n_approvals;
    size_t n_waiting;
    bool simulated;
} MetricsNow;

/* Into OUT, whose errors are the caller's to look at. */
void metrics_print(const MetricsCounters *counters, const MetricsNow *now, FILE *out);
