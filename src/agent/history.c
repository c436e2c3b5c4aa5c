/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in, the oldest out. Not synced to the disk: the daemon waits for no disk, and a record
 * that a loss of power has torn is passed over by who reads it.
 */
#include "agent/history.h"

#include "agent/publish.h"
#include "base/file.h"

#include <fcntl.h>
#include <string.h>
#include <systemd/sd-id128.h>

#define ROUNDS         "rounds"
#define DIRECTORY_MODE 0700
#define FILE_MODE      0600
#define NEW            ".new"

/* Of this use alone: what is made with it leads to no other identity of the machine. */
static const sd_id128_t application =
    SD_ID128_MAKE(4e, 1b, 0c, 6a, 7d, 33, 4f, 5e, 9a, 02, d8, 61, 57, c4, 18, b9);

static void name_boot(char out[static 9])
{
    char text[SD_ID128_STRING_MAX];
    sd_id128_t id;

    out[0] = 0;
    if (sd_id128_get_boot_app_specific(application, &id) < 0)
        return;
    memcpy(out, sd_id128_to_string(id, text), 8);
    out[8] = 0;
}

/* The fd or negative errno. */
static int open_directory(const char *state_directory)
{
    _cleanup_close_ int state = open(state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return state < 0 ? -errno : fd_make_directory(state, ROUNDS, DIRECTORY_MODE);
}

/* Calls VISIT with each number that a file has. Negative errno. */
static int for_each_number(int fd, void (*visit)(History *history, uint64_t number),
                           History *history)
{
    _cleanup_closedir_ DIR *dir = fd_entries(fd);
    const struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        uint64_t number = round_file_number(entry->d_name);
        if (number > 0)
            visit(history, number);
    }
    return 0;
}

static void remember(History *history, uint64_t number)
{
    history->last = MAX(history->last, number);
}

static void forget(const History *history, uint64_t number)
{
    char name[ROUND_FILE_NAME_SIZE];

    round_file_name(number, name);
    (void)unlinkat(history->fd, name, 0);
}

static void forget_if_old(History *history, uint64_t number)
{
    if (number < history->first)
        forget(history, number);
}

static uint64_t first_kept(uint64_t last)
{
    return last >= ROUND_RECORDS_KEPT ? last - ROUND_RECORDS_KEPT + 1 : 1;
}

/* Once for as long as it lasts. */
static void note_failure(History *history, int r)
{
    if (r < 0 && !history->is_failing)
        publish_unwritable("history-unwritable", ROUNDS, r);
    history->is_failing = r < 0;
}

void history_open(const char *state_directory, History *ret)
{
    History history = HISTORY_INIT;

    name_boot(history.boot);
    history.fd = open_directory(state_directory);
    int r = MIN(history.fd, 0);
    if (r == 0)
        r = for_each_number(history.fd, remember, &history);
    history.first = first_kept(history.last);
    if (r == 0)
        r = for_each_number(history.fd, forget_if_old, &history);
    note_failure(&history, r);
    *ret = history;
}

void history_done(History *history)
{
    closep(&history->fd);
    *history = HISTORY_INIT;
}

void history_begin(History *history, RoundReason reason, State before, const Clock *clock)
{
    history->last = MIN(history->last + 1, ROUND_NUMBER_MAX);
    history->begun = (HistoryBegin){
        .number = history->last,
        .reason = reason,
        .before = before,
        .boottime_usec = clock_boottime_usec(clock),
        .realtime_usec = clock_realtime_usec(clock),
    };
}

static RoundResult round_result(AttemptResult result)
{
    switch (result) {
    case ATTEMPT_PASSED:
        return ROUND_PASSED;
    case ATTEMPT_REFUSED:
        return ROUND_REFUSED;
    case ATTEMPT_FAILED:
        break;
    }
    return ROUND_FAILED;
}

static char *short_text(const char *text)
{
    char *copy = NULL;

    return asprintf(&copy, "%.*s", ROUND_TEXT_MAX, text ? text : "") < 0 ? NULL : copy;
}

static int copy_kinds(const WorkerAnswer *answer, RoundRecord *record)
{
    for (size_t i = 0; i < answer->n_evidence_kinds; i++) {
        record->evidence_kinds[i] = short_text(answer->evidence_kinds[i]);
        if (!record->evidence_kinds[i])
            return -ENOMEM;
        record->n_evidence_kinds++;
    }
    return 0;
}

static void copy_times(const HistoryBegin *begun, const Schedule *schedule, RoundRecord *record)
{
    record->begun_boottime_usec = begun->boottime_usec;
    record->begun_realtime_usec = begun->realtime_usec;
    record->ended_boottime_usec = clock_boottime_usec(schedule->clock);
    record->ended_realtime_usec = clock_realtime_usec(schedule->clock);
    record->next_round_realtime_usec =
        clock_wall_time_usec(schedule->clock, schedule->next_round_boottime_usec);
    if (schedule_verdict_left_usec(schedule) > 0)
        record->expires_realtime_usec =
            record->ended_realtime_usec + schedule_verdict_left_usec(schedule);
}

static void copy_answer(const WorkerAnswer *answer, RoundRecord *record)
{
    record->retry_after_sec = answer->retry_after_sec;
    record->n_approvals = answer->n_approvals;
    record->simulated = answer->simulated;
    record->has_clock_skew = answer->has_clock_skew;
    record->clock_skew_sec = answer->clock_skew_sec;
    memcpy(record->timings_usec, answer->timings_usec, sizeof(record->timings_usec));
}

static int fill(const History *history, const HistoryEnd *end, RoundRecord *record)
{
    record->number = end->begun.number;
    record->reason = end->begun.reason;
    record->result = round_result(end->outcome->result);
    record->n_failures = end->schedule->n_failures;
    record->version = short_text(ATTESTD_VERSION);
    record->boot = short_text(history->boot);
    record->verifier = short_text(end->verifier->name);
    record->protocol = short_text(end->verifier->protocol);
    record->before = short_text(state_name(end->begun.before));
    record->after = short_text(state_name(end->standing->state));
    if (!record->version || !record->boot || !record->verifier || !record->protocol ||
        !record->before || !record->after)
        return -ENOMEM;
    copy_times(&end->begun, end->schedule, record);
    copy_answer(&end->outcome->answer, record);
    int r = copy_kinds(&end->outcome->answer, record);
    return r < 0 ? r : round_record_take_findings(record, &end->standing->findings);
}

static int write_file(const History *history, const char *name, ByteView text)
{
    _cleanup_close_ int fd =
        openat(history->fd, NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
               FILE_MODE);

    if (fd < 0)
        return -errno;
    int r = fd_write_all(fd, text);
    if (r == 0 && renameat(history->fd, NEW, history->fd, name) < 0)
        r = -errno;
    if (r < 0)
        (void)unlinkat(history->fd, NEW, 0);
    return r;
}

static int keep(const History *history, const HistoryEnd *end)
{
    _cleanup_round_record_ RoundRecord record = ROUND_RECORD_INIT;
    char name[ROUND_FILE_NAME_SIZE];

    int r = fill(history, end, &record);
    if (r < 0)
        return r;
    _cleanup_free_ char *text = round_record_encode(&record);
    if (!text)
        return -ENOMEM;
    round_file_name(record.number, name);
    return write_file(history, name, view_of_string(text));
}

void history_end(History *history, const HistoryEnd *end)
{
    if (history->fd < 0)
        return;
    /* First, so that a full disk gets the room. */
    while (history->first < first_kept(history->last))
        forget(history, history->first++);
    note_failure(history, keep(history, end));
}
