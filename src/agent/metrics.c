/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting, and one file that is replaced.
 */
#include "agent/metrics.h"

#include "agent/agent.h"
#include "agent/metrics-text.h"
#include "agent/publish.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define METRICS        "metrics"
#define DIRECTORY_MODE 0755 /* the collector is somebody else */
#define FILE_MODE      0644
#define NAME           "attestd.prom"
#define BUFFER_SIZE    4096
#define NAME_NEW       ".attestd.prom.new" /* the collector takes *.prom */

struct Metrics {
    const Agent *agent;
    int fd; /* of the directory; -EBADF: there is none */
    sd_event_source *turn;
    MetricsCounters counters;
    uint64_t started_realtime_usec;
    size_t n_waiting; /* as the file says */
    bool is_stale;    /* it does not say what is */
    bool is_failing;
};

Metrics *metrics_free(Metrics *metrics)
{
    if (!metrics)
        return NULL;
    /* Nobody would keep it true. */
    if (metrics->fd >= 0)
        (void)unlinkat(metrics->fd, NAME, 0);
    (void)sd_event_source_disable_unref(metrics->turn);
    metrics_counters_done(&metrics->counters);
    closep(&metrics->fd);
    free(metrics);
    return NULL;
}

/* The fd or negative errno. */
static int open_directory(const char *runtime_directory)
{
    _cleanup_close_ int runtime = open(runtime_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return runtime < 0 ? -errno : fd_make_directory(runtime, METRICS, DIRECTORY_MODE);
}

static MetricsNow look(const Metrics *metrics)
{
    const Standing *standing = agent_standing(metrics->agent);
    const Schedule *schedule = agent_schedule(metrics->agent);
    bool is_held = state_has_verdict(standing->state);
    uint64_t left = schedule_verdict_left_usec(schedule);

    return (MetricsNow){
        .state = standing->state,
        .since_realtime_usec = clock_wall_time_usec(schedule->clock, standing->since_boottime_usec),
        .started_realtime_usec = metrics->started_realtime_usec,
        .expires_realtime_usec = is_held ? clock_realtime_usec(schedule->clock) + left : 0,
        .next_round_realtime_usec =
            clock_wall_time_usec(schedule->clock, schedule->next_round_boottime_usec),
        .last_round_realtime_usec =
            clock_wall_time_usec(schedule->clock, standing->last_round_boottime_usec),
        .n_failures = schedule->n_failures,
        .n_approvals = is_held ? standing->verdict.approvals.n_items : 0,
        .n_waiting = agent_n_waiting(metrics->agent),
        .simulated = is_held && standing->verdict.simulated,
    };
}

/* Straight into the file: no text of its size is ever held, nor what it leaves behind in the heap.
 */
static int print_file(const Metrics *metrics, const MetricsNow *now, int fd)
{
    char buffer[BUFFER_SIZE];
    FILE *out = fdopen(fd, "w");

    if (!out) {
        int r = -errno;
        (void)close(fd);
        return r;
    }
    (void)setvbuf(out, buffer, _IOFBF, sizeof(buffer));
    metrics_print(&metrics->counters, now, out);
    bool is_whole = !ferror(out);
    return fclose(out) == 0 && is_whole ? 0 : errno > 0 ? -errno : -EIO;
}

static int replace(const Metrics *metrics, const MetricsNow *now)
{
    int fd = openat(metrics->fd, NAME_NEW,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return -errno;
    errno = 0;
    int r = fchmod(fd, FILE_MODE) < 0 ? -errno : 0;
    if (r == 0)
        r = print_file(metrics, now, fd);
    else
        (void)close(fd);
    if (r == 0 && renameat(metrics->fd, NAME_NEW, metrics->fd, NAME) < 0)
        r = -errno;
    if (r < 0)
        (void)unlinkat(metrics->fd, NAME_NEW, 0);
    return r;
}

static int write_file(Metrics *metrics)
{
    const MetricsNow now = look(metrics);

    metrics->n_waiting = now.n_waiting;
    return replace(metrics, &now);
}

/* Once for as long as it lasts. */
static void note_failure(Metrics *metrics, int r)
{
    if (r < 0 && !metrics->is_failing)
        publish_unwritable("metrics-unwritable", METRICS, r);
    metrics->is_failing = r < 0;
}

static int metrics_on_turn(sd_event_source *source _unused_, void *userdata)
{
    Metrics *metrics = userdata;

    bool is_stale = metrics->is_stale || agent_n_waiting(metrics->agent) != metrics->n_waiting;
    if (!is_stale || metrics->fd < 0)
        return 0;
    int r = write_file(metrics);
    metrics->is_stale = r < 0;
    note_failure(metrics, r);
    return 0;
}

int metrics_new(const Agent *agent, Metrics **ret)
{
    _cleanup_(metrics_freep) Metrics *metrics = malloc(sizeof(*metrics));

    if (!metrics)
        return -ENOMEM;
    *metrics = (Metrics){
        .agent = agent,
        .fd = open_directory(agent_runtime_directory(agent)),
        .started_realtime_usec = clock_realtime_usec(agent_schedule(agent)->clock),
        .is_stale = true,
    };
    note_failure(metrics, MIN(metrics->fd, 0));
    /* Behind whatever happened in a turn: who is served together is counted together. */
    int r = sd_event_add_post(agent_event(agent), &metrics->turn, metrics_on_turn, metrics);
    if (r >= 0)
        r = sd_event_source_set_description(metrics->turn, "metrics");
    if (r < 0)
        return r;
    *ret = TAKE_PTR(metrics);
    return 0;
}

void metrics_touch(Metrics *metrics)
{
    if (metrics)
        metrics->is_stale = true;
}

void metrics_note_round(Metrics *metrics, AttemptResult result, const WorkerAnswer *answer,
                        const char *finding)
{
    if (!metrics)
        return;
    MetricsCounters *counters = &metrics->counters;
    counters->n_rounds[result]++;
    metrics_count_timings(counters, answer);
    counters->has_clock_skew = answer->has_clock_skew;
    counters->clock_skew_sec = answer->clock_skew_sec;
    if (result == ATTEMPT_PASSED)
        counters->last_passed_realtime_usec =
            clock_realtime_usec(agent_schedule(metrics->agent)->clock);
    /* Without memory one is not counted. */
    if (finding && result != ATTEMPT_PASSED)
        (void)!metrics_findings_add(&counters->decided, finding);
    metrics_touch(metrics);
}

void metrics_note_released(Metrics *metrics)
{
    if (metrics)
        metrics->counters.n_released++;
    metrics_touch(metrics);
}

void metrics_note_refused(Metrics *metrics, const char *finding)
{
    if (metrics)
        (void)!metrics_findings_add(&metrics->counters.refused, finding);
    metrics_touch(metrics);
}

void metrics_note_withdrawn(Metrics *metrics)
{
    if (metrics)
        metrics->counters.n_withdrawn++;
    metrics_touch(metrics);
}
