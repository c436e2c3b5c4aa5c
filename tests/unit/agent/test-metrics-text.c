/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters to text. That the text is what Prometheus reads is test-metrics.py's.
 */
#include "agent/metrics-text.h"
#include "testing.h"

#include <string.h>

static char *print(const MetricsCounters *counters, const MetricsNow *now)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    check(out);
    metrics_print(counters, now, out);
    check(fclose(out) == 0);
    return text;
}

static void check_line(const char *text, const char *line)
{
    _cleanup_free_ char *wanted = NULL;

    check(asprintf(&wanted, "\n%s\n", line) > 0);
    if (!strstr(text, wanted))
        (void)fprintf(stderr, "no %s in:\n%s", line, text);
    check(strstr(text, wanted));
}

static void everything_has_its_line(void)
{
    _cleanup_metrics_counters_ MetricsCounters counters = { .n_rounds = { 3, 1, 2 },
                                                            .n_released = 4,
                                                            .n_withdrawn = 5,
                                                            .has_clock_skew = true,
                                                            .clock_skew_sec = -7 };
    WorkerAnswer answer = WORKER_ANSWER_INIT;
    const MetricsNow now = { .state = STATE_TRUSTED,
                             .expires_realtime_usec = UINT64_C(1700000000123456),
                             .n_failures = 2,
                             .n_approvals = 1,
                             .n_waiting = 6 };

    answer.timings_usec[TIMING_QUOTE] = 1500000;
    metrics_count_timings(&counters, &answer);
    answer.timings_usec[TIMING_QUOTE] = 20;
    metrics_count_timings(&counters, &answer);
    check(metrics_findings_add(&counters.decided, "verifier-unreachable") == 0);
    check(metrics_findings_add(&counters.decided, "verifier-unreachable") == 0);
    check(metrics_findings_add(&counters.refused, "asker-unknown") == 0);
    _cleanup_free_ char *text = print(&counters, &now);
    check_line(text, "attestd_state{state=\"TRUSTED\"} 1");
    check_line(text, "attestd_state{state=\"REFUSED\"} 0");
    check_line(text, "attestd_verdict_held 1");
    check_line(text, "attestd_verdict_expires_timestamp_seconds 1700000000.123");
    check_line(text, "attestd_rounds_total{result=\"passed\"} 3");
    check_line(text, "attestd_rounds_total{result=\"refused\"} 1");
    check_line(text, "attestd_rounds_total{result=\"failed\"} 2");
    check_line(text, "attestd_round_findings_total{finding=\"verifier-unreachable\"} 2");
    check_line(text, "attestd_round_step_seconds_sum{step=\"quote\"} 1.500020");
    check_line(text, "attestd_round_step_seconds_count{step=\"quote\"} 2");
    check_line(text, "attestd_round_step_last_seconds{step=\"quote\"} 0.000020");
    check_line(text, "attestd_consecutive_failures 2");
    check_line(text, "attestd_clock_skew_seconds -7");
    check_line(text, "attestd_approvals 1");
    check_line(text, "attestd_releases_total 4");
    check_line(text, "attestd_release_refusals_total{finding=\"asker-unknown\"} 1");
    check_line(text, "attestd_withdrawals_total 5");
    check_line(text, "attestd_askers_waiting 6");
    check(!strstr(text, "step=\"token\""));
}

/* A verifier may call its findings what it likes; nobody makes labels of it. */
static void names_that_are_not_in_the_catalogue_are_one(void)
{
    _cleanup_metrics_counters_ MetricsCounters counters = { 0 };
    const MetricsNow now = { 0 };
    char name[32];

    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof(name), "evil\"} 1 %d\n", i);
        check(metrics_findings_add(&counters.decided, name) == 0);
    }
    check_int(counters.decided.n_items, 1);
    _cleanup_free_ char *text = print(&counters, &now);
    check_line(text, "attestd_round_findings_total{finding=\"other\"} 1000");
    check(!strstr(text, "evil"));
}

static const Test tests[] = {
    { "everything has its line", everything_has_its_line },
    { "names that are not in the catalogue are one", names_that_are_not_in_the_catalogue_are_one },
};

TEST_MAIN(tests)
