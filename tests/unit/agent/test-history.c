/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds as files: bounded, numbered over restarts, and never a reason for anything else to fail.
 */
#include "agent/history.h"
#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static uint64_t boottime, realtime;

static uint64_t fake_boottime(void *userdata _unused_)
{
    return boottime;
}

static uint64_t fake_realtime(void *userdata _unused_)
{
    return realtime;
}

static uint64_t fake_below(void *userdata _unused_, uint64_t bound)
{
    return bound / 2;
}

static const Clock fake_clock = { .boottime_usec = fake_boottime, .realtime_usec = fake_realtime };
static const Random fake_random = { .below = fake_below };

typedef struct Room {
    char path[64];
    History history;
} Room;

static Room make(void)
{
    Room room = { .path = "/tmp/test-history.XXXXXX", .history = HISTORY_INIT };

    check(mkdtemp(room.path));
    boottime = 1000;
    realtime = 2000000;
    return room;
}

static void in_room(const Room *room, const char *name, char out[static 128])
{
    (void)snprintf(out, 128, "%s/%s", room->path, name);
}

static void done(Room *room)
{
    char rounds[128], path[400];

    history_done(&room->history);
    in_room(room, "rounds", rounds);
    DIR *dir = opendir(rounds);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        (void)snprintf(path, sizeof(path), "%s/%s", rounds, entry->d_name);
        (void)unlink(path);
    }
    if (dir)
        check(closedir(dir) == 0);
    (void)(rmdir(rounds) == 0 || unlink(rounds));
    check(rmdir(room->path) == 0);
}

static void run_round(Room *room, const char *failure)
{
    _cleanup_standing_ Standing standing = STANDING_INIT;
    VerifierConfig verifier = { .name = (char[]){ "lab" }, .protocol = (char[]){ "native" } };
    Schedule schedule = schedule_make(&fake_clock, &fake_random, &(ScheduleConfig){ 0 });
    AttemptOutcome outcome = { .result = failure ? ATTEMPT_FAILED : ATTEMPT_PASSED,
                               .answer = WORKER_ANSWER_INIT };

    history_begin(&room->history, ROUND_RENEWAL, STATE_RENEWING, &fake_clock);
    boottime += 5;
    realtime += 5;
    standing.state = STATE_TRUSTED;
    if (failure)
        check(findings_add(&standing.findings, failure, "verifier", FINDING_FAILURE, "", "") == 0);
    outcome.answer.timings_usec[TIMING_TOTAL] = 4;
    const HistoryEnd end = { .begun = room->history.begun,
                             .verifier = &verifier,
                             .standing = &standing,
                             .schedule = &schedule,
                             .outcome = &outcome };
    history_end(&room->history, &end);
}

static void reopen(Room *room)
{
    history_done(&room->history);
    history_open(room->path, &room->history);
}

/* How many files there are, and the lowest number. */
static size_t count(const Room *room, uint64_t *ret_lowest)
{
    char rounds[128];
    size_t n = 0;

    in_room(room, "rounds", rounds);
    DIR *dir = opendir(rounds);
    check(dir);
    *ret_lowest = UINT64_MAX;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        uint64_t number = round_file_number(entry->d_name);
        n += entry->d_name[0] != '.';
        if (number > 0)
            *ret_lowest = MIN(*ret_lowest, number);
    }
    check(closedir(dir) == 0);
    return n;
}

static void a_round_is_a_file_of_its_own(void)
{
    Room room = make();
    _cleanup_round_record_ RoundRecord record = ROUND_RECORD_INIT;
    _cleanup_bytes_ Bytes text = { 0 };
    char path[128];
    struct stat st;

    history_open(room.path, &room.history);
    run_round(&room, "verifier-unreachable");
    in_room(&room, "rounds/1.json", path);
    check(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    check(file_read(path, ROUND_RECORD_MAX, &text) == 0);
    check_int(round_record_decode(VIEW(text), &record), ROUND_RECORD_OK);
    check_int(record.number, 1);
    check_int(record.reason, ROUND_RENEWAL);
    check_int(record.result, ROUND_FAILED);
    check_str(record.before, "RENEWING");
    check_str(record.after, "TRUSTED");
    check_str(record.verifier, "lab");
    check_int(record.begun_boottime_usec, 1000);
    check_int(record.ended_realtime_usec, 2000005);
    check_int(record.timings_usec[TIMING_TOTAL], 4);
    check_int(record.next_round_realtime_usec, 0);
    check_str(findings_first_failure(&record.findings)->name, "verifier-unreachable");
    in_room(&room, "rounds", path);
    check(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
    done(&room);
}

static void the_last_ones_are_kept_and_numbers_go_on(void)
{
    Room room = make();
    uint64_t lowest;

    history_open(room.path, &room.history);
    for (int i = 0; i < ROUND_RECORDS_KEPT + 5; i++)
        run_round(&room, NULL);
    check_int(count(&room, &lowest), ROUND_RECORDS_KEPT);
    check_int(lowest, 6);
    reopen(&room);
    check_int(room.history.last, ROUND_RECORDS_KEPT + 5);
    run_round(&room, NULL);
    check_int(count(&room, &lowest), ROUND_RECORDS_KEPT);
    check_int(lowest, 7);
    done(&room);
}

static void what_others_left_is_bounded_too(void)
{
    Room room = make();
    uint64_t lowest;
    char path[128];

    history_open(room.path, &room.history);
    for (int i = 1; i <= 100; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "rounds/%d.json", i);
        in_room(&room, name, path);
        check(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0);
    }
    reopen(&room);
    check_int(room.history.last, 100);
    check_int(count(&room, &lowest), ROUND_RECORDS_KEPT);
    check_int(lowest, 69);
    done(&room);
}

static void a_full_disk_costs_records_only(void)
{
    struct rlimit none = { 0 }, before;
    Room room = make();
    uint64_t lowest;

    history_open(room.path, &room.history);
    run_round(&room, NULL);
    check(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && getrlimit(RLIMIT_FSIZE, &before) == 0);
    none.rlim_max = before.rlim_max;
    check(setrlimit(RLIMIT_FSIZE, &none) == 0);
    run_round(&room, NULL);
    check(room.history.is_failing);
    check_int(count(&room, &lowest), 1);
    check(setrlimit(RLIMIT_FSIZE, &before) == 0);
    run_round(&room, NULL);
    check(!room.history.is_failing);
    check_int(count(&room, &lowest), 2);
    check_int(room.history.last, 3);
    done(&room);
}

static void without_a_directory_rounds_are_counted(void)
{
    Room room = make();
    char path[128];

    in_room(&room, "rounds", path);
    check(symlink("/tmp", path) == 0);
    history_open(room.path, &room.history);
    check(room.history.fd < 0 && room.history.is_failing);
    run_round(&room, NULL);
    run_round(&room, NULL);
    check_int(room.history.last, 2);
    done(&room);
}

static const Test tests[] = {
    { "a round is a file of its own", a_round_is_a_file_of_its_own },
    { "the last ones are kept, and numbers go on", the_last_ones_are_kept_and_numbers_go_on },
    { "what others left is bounded, too", what_others_left_is_bounded_too },
    { "a full disk costs records only", a_full_disk_costs_records_only },
    { "without a directory rounds are counted", without_a_directory_rounds_are_counted },
};

TEST_MAIN(tests)
