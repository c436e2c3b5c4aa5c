/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and the seen-set in memory shared between processes.
 */
#include "verifier/shared.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int shared_new(Shared **ret)
{
    void *map =
        mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return -errno;
    *ret = map;
    return 0;
}

Shared *shared_free(Shared *shared)
{
    if (shared)
        (void)munmap(shared, sizeof(*shared));
    return NULL;
}

bool seen_before(Shared *shared, ByteView mac)
{
    uint64_t place, tag;

    memcpy(&place, mac.data, sizeof(place));
    memcpy(&tag, mac.data + sizeof(place), sizeof(tag));
    tag |= 1; /* 0 means empty */

    SeenBucket *bucket = &shared->seen[place % SEEN_BUCKETS];
    for (size_t i = 0; i < SEEN_WAYS; i++)
        if (atomic_load(&bucket->tags[i]) == tag)
            return true;

    /* Two processes at the same instant may both miss it: then one nonce gives two verdicts, for
     * the same response key. */
    atomic_store(&bucket->tags[atomic_fetch_add(&bucket->next, 1) % SEEN_WAYS], tag);
    return false;
}

void metrics_count_answer(Shared *shared, Endpoint endpoint, Problem problem)
{
    atomic_fetch_add(&shared->metrics.answers[endpoint][problem], 1);
}

void metrics_count_verification(Shared *shared, Verdict verdict, uint64_t usec)
{
    atomic_fetch_add(&shared->metrics.verdicts[verdict], 1);
    atomic_fetch_add(&shared->metrics.verify_usec, usec);
    atomic_fetch_add(&shared->metrics.verifications, 1);
}

static const char *const endpoint_names[ENDPOINT_MAX] = {
    [ENDPOINT_CHALLENGE] = "challenge", [ENDPOINT_ATTEST] = "attest",   [ENDPOINT_JWKS] = "jwks",
    [ENDPOINT_HEALTH] = "health",       [ENDPOINT_METRICS] = "metrics", [ENDPOINT_OTHER] = "other",
};

static const char *const verdict_names[VERDICT_MAX] = {
    [VERDICT_NONE] = "none",
    [VERDICT_AFFIRMING] = "affirming",
    [VERDICT_WARNING] = "warning",
    [VERDICT_CONTRAINDICATED] = "contraindicated",
};

static void print_answers(FILE *file, const Metrics *metrics)
{
    (void)fputs("# HELP attest_verifier_answers_total Answers by endpoint and problem.\n"
                "# TYPE attest_verifier_answers_total counter\n",
                file);
    for (size_t e = 0; e < ENDPOINT_MAX; e++) {
        for (size_t p = 0; p < PROBLEM_MAX; p++) {
            unsigned long long n = atomic_load(&metrics->answers[e][p]);
            if (n > 0 || (p == PROBLEM_NONE && e != ENDPOINT_OTHER))
                (void)fprintf(file,
                              "attest_verifier_answers_total{endpoint=\"%s\",problem=\"%s\","
                              "status=\"%u\"} %llu\n",
                              endpoint_names[e], problem_name((Problem)p),
                              problem_status((Problem)p), n);
        }
    }
}

static void print_verdicts(FILE *file, const Metrics *metrics)
{
    (void)fputs("# HELP attest_verifier_verdicts_total Signed verdicts by status.\n"
                "# TYPE attest_verifier_verdicts_total counter\n",
                file);
    for (size_t v = 0; v < VERDICT_MAX; v++)
        (void)fprintf(file, "attest_verifier_verdicts_total{status=\"%s\"} %llu\n",
                      verdict_names[v], atomic_load(&metrics->verdicts[v]));

    (void)fprintf(file,
                  "# HELP attest_verifier_verify_seconds Time spent judging evidence.\n"
                  "# TYPE attest_verifier_verify_seconds summary\n"
                  "attest_verifier_verify_seconds_sum %.6f\n"
                  "attest_verifier_verify_seconds_count %llu\n",
                  (double)atomic_load(&metrics->verify_usec) / 1e6,
                  atomic_load(&metrics->verifications));
}

static void print_counter(FILE *file, const char *name, const char *help,
                          const atomic_ullong *value)
{
    (void)fprintf(file,
                  "# HELP attest_verifier_%s_total %s\n"
                  "# TYPE attest_verifier_%s_total counter\n"
                  "attest_verifier_%s_total %llu\n",
                  name, help, name, name, atomic_load(value));
}

static void print_ends(FILE *file, const Metrics *metrics)
{
    long long ca = atomic_load(&metrics->ca_until_sec);

    (void)fprintf(file,
                  "# HELP attest_verifier_certificate_expires_timestamp_seconds When the TLS "
                  "certificate, and its CA's, end.\n"
                  "# TYPE attest_verifier_certificate_expires_timestamp_seconds gauge\n"
                  "attest_verifier_certificate_expires_timestamp_seconds{certificate=\"server\"} "
                  "%lld\n",
                  atomic_load(&metrics->tls_until_sec));
    if (ca > 0)
        (void)fprintf(file,
                      "attest_verifier_certificate_expires_timestamp_seconds{certificate=\"ca\"} "
                      "%lld\n",
                      ca);
}

int metrics_text(const Shared *shared, Bytes *ret)
{
    const Metrics *m = &shared->metrics;
    _cleanup_free_ char *text = NULL;
    size_t size = 0;

    FILE *file = open_memstream(&text, &size);
    if (!file)
        return -ENOMEM;
    print_answers(file, m);
    print_verdicts(file, m);
    print_counter(file, "connections", "Connections accepted.", &m->connections);
    print_counter(file, "connections_cut", "Connections closed for age.", &m->connections_cut);
    print_counter(file, "worker_starts", "Processes started.", &m->worker_starts);
    print_counter(file, "worker_crashes", "Processes that died unasked.", &m->worker_crashes);
    print_counter(file, "reloads", "Policies taken on SIGHUP.", &m->reloads);
    print_counter(file, "reload_failures", "Policies refused on SIGHUP.", &m->reload_failures);
    print_ends(file, m);
    if (fclose(file) != 0)
        return -ENOMEM;
    return bytes_copy((ByteView){ .data = (const uint8_t *)text, .size = size }, ret);
}
