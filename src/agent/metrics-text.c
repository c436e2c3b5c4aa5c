/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Family by family: help, type, samples.
 */
#include "agent/metrics-text.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OTHER "other"

void metrics_counters_done(MetricsCounters *counters)
{
    free(counters->decided.items);
    free(counters->refused.items);
    *counters = (MetricsCounters){ 0 };
}

int metrics_findings_add(MetricsFindings *findings, const char *name)
{
    const CatalogEntry *entry = catalog_find(name);
    const char *known = entry ? entry->name : OTHER;

    for (size_t i = 0; i < findings->n_items; i++)
        if (strcmp(findings->items[i].name, known) == 0) {
            findings->items[i].n++;
            return 0;
        }
    MetricsFinding *items =
        reallocarray(findings->items, findings->n_items + 1, sizeof(findings->items[0]));
    if (!items)
        return -ENOMEM;
    findings->items = items;
    items[findings->n_items++] = (MetricsFinding){ .name = known, .n = 1 };
    return 0;
}

void metrics_count_timings(MetricsCounters *counters, const WorkerAnswer *answer)
{
    for (int i = 0; i < N_TIMINGS; i++) {
        if (answer->timings_usec[i] > INT64_MAX)
            continue;
        counters->step_last_usec[i] = answer->timings_usec[i];
        counters->step_sum_usec[i] += answer->timings_usec[i];
        counters->step_count[i]++;
    }
}

static void print_head(FILE *out, const char *name, const char *type, const char *help)
{
    (void)fprintf(out, "# HELP attestd_%s %s\n# TYPE attestd_%s %s\n", name, help, name, type);
}

static void print_number(FILE *out, const char *name, const char *type, const char *help,
                         uint64_t value)
{
    print_head(out, name, type, help);
    (void)fprintf(out, "attestd_%s %" PRIu64 "\n", name, value);
}

/* A moment or a span, in seconds. */
static void print_seconds(FILE *out, const char *name, uint64_t usec)
{
    (void)fprintf(out, "%s %" PRIu64 ".%06" PRIu64 "\n", name, usec / USEC_PER_SEC,
                  usec % USEC_PER_SEC);
}

static void print_moment(FILE *out, const char *name, const char *help, uint64_t realtime_usec)
{
    print_head(out, name, "gauge", help);
    (void)fprintf(out, "attestd_%s %" PRIu64 ".%03" PRIu64 "\n", name, realtime_usec / USEC_PER_SEC,
                  realtime_usec % USEC_PER_SEC / USEC_PER_MSEC);
}

static void print_standing(FILE *out, const MetricsNow *now)
{
    print_head(out, "build_info", "gauge", "Always 1; the version is a label.");
    (void)fprintf(out, "attestd_build_info{version=\"%s\"} 1\n", ATTESTD_VERSION);
    print_moment(out, "start_time_seconds", "When the daemon started; counters start there.",
                 now->started_realtime_usec);
    print_head(out, "state", "gauge", "1 for the state of the standing, 0 for the others.");
    for (int i = 0; i < N_STATES; i++)
        (void)fprintf(out, "attestd_state{state=\"%s\"} %d\n", state_name((State)i),
                      now->state == (State)i);
    print_moment(out, "state_since_timestamp_seconds", "When the standing got its state.",
                 now->since_realtime_usec);
    print_number(out, "verdict_held", "gauge", "1 while a valid verdict is held.",
                 state_has_verdict(now->state));
    print_moment(out, "verdict_expires_timestamp_seconds",
                 "When the verdict ends that is held; 0 without one.", now->expires_realtime_usec);
    print_number(out, "simulated", "gauge",
                 "1 when the verdict is about simulated hardware, and so proves nothing.",
                 now->simulated);
    print_number(out, "approvals", "gauge", "Gates that are open now.", now->n_approvals);
}

static void print_findings(FILE *out, const char *name, const MetricsFindings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++)
        (void)fprintf(out, "attestd_%s{finding=\"%s\"} %" PRIu64 "\n", name,
                      findings->items[i].name, findings->items[i].n);
}

static void print_rounds(FILE *out, const MetricsCounters *counters, const MetricsNow *now)
{
    static const char *const results[METRICS_RESULTS] = { "passed", "refused", "failed" };

    print_head(out, "rounds_total", "counter", "Rounds that ended, by what came of them.");
    for (size_t i = 0; i < METRICS_RESULTS; i++)
        (void)fprintf(out, "attestd_rounds_total{result=\"%s\"} %" PRIu64 "\n", results[i],
                      counters->n_rounds[i]);
    print_head(out, "round_findings_total", "counter",
               "Rounds that were refused or failed, by the finding that decided.");
    print_findings(out, "round_findings_total", &counters->decided);
    print_number(out, "consecutive_failures", "gauge",
                 "Rounds refused or failed since the last that passed.", now->n_failures);
    print_moment(out, "last_round_timestamp_seconds", "When the last round ended; 0 without one.",
                 now->last_round_realtime_usec);
    print_moment(out, "last_success_timestamp_seconds",
                 "When the last round of this daemon passed; 0 without one.",
                 counters->last_passed_realtime_usec);
    print_moment(out, "next_round_timestamp_seconds",
                 "When the next round is planned; 0 while one runs.",
                 now->next_round_realtime_usec);
    if (counters->has_clock_skew) {
        print_head(out, "clock_skew_seconds", "gauge",
                   "The verifier's clock minus this machine's.");
        (void)fprintf(out, "attestd_clock_skew_seconds %" PRId64 "\n", counters->clock_skew_sec);
    }
}

static void print_steps(FILE *out, const MetricsCounters *counters)
{
    print_head(out, "round_step_seconds", "summary", "How long the steps of rounds took.");
    for (int i = 0; i < N_TIMINGS; i++) {
        char name[96];
        const char *step = answer_timing_name((AnswerTiming)i);
        if (counters->step_count[i] == 0)
            continue;
        (void)snprintf(name, sizeof(name), "attestd_round_step_seconds_sum{step=\"%s\"}", step);
        print_seconds(out, name, counters->step_sum_usec[i]);
        (void)fprintf(out, "attestd_round_step_seconds_count{step=\"%s\"} %" PRIu64 "\n", step,
                      counters->step_count[i]);
    }
    print_head(out, "round_step_last_seconds", "gauge", "The same of the last round that had it.");
    for (int i = 0; i < N_TIMINGS; i++) {
        char name[96];
        if (counters->step_count[i] == 0)
            continue;
        (void)snprintf(name, sizeof(name), "attestd_round_step_last_seconds{step=\"%s\"}",
                       answer_timing_name((AnswerTiming)i));
        print_seconds(out, name, counters->step_last_usec[i]);
    }
}

static void print_secrets(FILE *out, const MetricsCounters *counters, const MetricsNow *now)
{
    print_number(out, "releases_total", "counter", "Secrets given to who asked.",
                 counters->n_released);
    print_head(out, "release_refusals_total", "counter", "Askers refused, by the finding.");
    print_findings(out, "release_refusals_total", &counters->refused);
    print_number(out, "withdrawals_total", "counter",
                 "Secrets that had been given out and were withdrawn.", counters->n_withdrawn);
    print_number(out, "askers_waiting", "gauge", "Those who wait for a secret now.",
                 now->n_waiting);
}

void metrics_print(const MetricsCounters *counters, const MetricsNow *now, FILE *out)
{
    print_standing(out, now);
    print_rounds(out, counters, now);
    print_steps(out, counters);
    print_secrets(out, counters, now);
}
