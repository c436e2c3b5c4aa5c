/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two seconds between hardware requests, whoever makes them.
 */
#include "fake-time.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static Pacing *take(const TemporaryDirectory *directory, const PacingTime *time)
{
    Pacing *pacing = NULL;

    check_int(pacing_new(directory->path, time, &pacing), PACING_OK);
    return pacing;
}

static void write_stamp(const TemporaryDirectory *directory, const void *bytes, size_t size)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/report.lock", directory->path);
    check_int(file_write_atomic(path, (ByteView){ bytes, size }, 0600), 0);
}

static void the_first_request_does_not_wait(void)
{
    TemporaryDirectory directory = temporary_directory();
    FakeTime fake;

    fake_time_init(&fake, 100 * USEC_PER_SEC);
    Pacing *pacing = take(&directory, &fake.time);
    check_int(pacing_wait(pacing), 0);
    check_int(fake.slept_usec, 0);
    check_int(pacing_waited_usec(pacing), 0);
    pacing_free(pacing);
    temporary_directory_remove(&directory);
}

static void the_second_request_waits_for_the_rest_of_two_seconds(void)
{
    TemporaryDirectory directory = temporary_directory();
    FakeTime fake;

    fake_time_init(&fake, 100 * USEC_PER_SEC);
    Pacing *pacing = take(&directory, &fake.time);
    check_int(pacing_wait(pacing), 0);
    fake.now_usec += 500000;
    check_int(pacing_wait(pacing), 0);
    check_int(fake.slept_usec, 1500000);
    check_int(pacing_waited_usec(pacing), 1500000);
    fake.now_usec += 2000000;
    check_int(pacing_wait(pacing), 0);
    check_int(fake.slept_usec, 1500000);
    pacing_free(pacing);
    temporary_directory_remove(&directory);
}

static void reports_of_a_paravisor_are_three_seconds_apart(void)
{
    TemporaryDirectory directory = temporary_directory();
    Pacing *hardware, *azure = NULL;
    FakeTime fake;

    fake_time_init(&fake, 100 * USEC_PER_SEC);
    hardware = take(&directory, &fake.time);
    check_int(pacing_new_of(&pacing_of_azure, directory.path, &fake.time, &azure), PACING_OK);
    check_int(pacing_wait(hardware), 0);
    check_int(pacing_wait(azure), 0);
    check_int(fake.slept_usec, 0);
    check_int(pacing_wait(azure), 0);
    check_int(fake.slept_usec, 3 * USEC_PER_SEC);
    pacing_free(azure);
    pacing_free(hardware);
    temporary_directory_remove(&directory);
}

/* A turn that was only waited for is whoever's that comes next. */
static void a_turn_can_be_waited_for_and_left(void)
{
    TemporaryDirectory directory = temporary_directory();
    FakeTime fake;

    fake_time_init(&fake, 100 * USEC_PER_SEC);
    Pacing *pacing = take(&directory, &fake.time);
    pacing_await(pacing);
    check_int(fake.slept_usec, 0);
    check_int(pacing_wait(pacing), 0);
    pacing_free(pacing);

    pacing = take(&directory, &fake.time);
    pacing_await(pacing);
    check_int(fake.slept_usec, PACING_INTERVAL_USEC);
    check_int(pacing_waited_usec(pacing), PACING_INTERVAL_USEC);
    pacing_free(pacing);
    pacing = take(&directory, &fake.time);
    check_int(pacing_wait(pacing), 0);
    check_int(fake.slept_usec, PACING_INTERVAL_USEC);
    pacing_free(pacing);
    temporary_directory_remove(&directory);
}

static void the_stamp_is_kept_for_the_next_process(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_bytes_ Bytes stamp = { 0 };
    char path[64];
    FakeTime fake;

    fake_time_init(&fake, 0x0102030405);
    Pacing *pacing = take(&directory, &fake.time);
    check_int(pacing_wait(pacing), 0);
    pacing_free(pacing);

    (void)snprintf(path, sizeof(path), "%s/report.lock", directory.path);
    check_int(file_read(path, 100, &stamp), 0);
    static const uint8_t wanted[] = { 5, 4, 3, 2, 1, 0, 0, 0 };
    check(view_equal(VIEW(stamp), VIEW_OF_ARRAY(wanted)));

    pacing = take(&directory, &fake.time);
    check_int(pacing_wait(pacing), 0);
    check_int(fake.slept_usec, PACING_INTERVAL_USEC);
    pacing_free(pacing);
    temporary_directory_remove(&directory);
}

static void a_stamp_that_cannot_be_is_waited_for_once(void)
{
    static const uint8_t future[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    static const struct {
        const void *bytes;
        size_t size;
    } stamps[] = { { future, 8 }, { "abc", 3 }, { "nine byte", 9 } };

    for (size_t i = 0; i < ELEMENTSOF(stamps); i++) {
        TemporaryDirectory directory = temporary_directory();
        FakeTime fake;
        fake_time_init(&fake, 5 * USEC_PER_SEC);
        write_stamp(&directory, stamps[i].bytes, stamps[i].size);
        Pacing *pacing = take(&directory, &fake.time);
        check_int(pacing_wait(pacing), 0);
        check_int(fake.slept_usec, PACING_INTERVAL_USEC);
        fake.now_usec += PACING_INTERVAL_USEC;
        check_int(pacing_wait(pacing), 0);
        check_int(fake.slept_usec, PACING_INTERVAL_USEC);
        pacing_free(pacing);
        temporary_directory_remove(&directory);
    }
}

static void a_directory_that_is_missing_is_an_error(void)
{
    Pacing *pacing = NULL;

    check_int(pacing_new("/nonexistent", &pacing_time_system, &pacing), -ENOENT);
    check(pacing == NULL);
}

/* A process that makes one request and ends with 0. */
static pid_t request_in_child(const TemporaryDirectory *directory)
{
    pid_t pid = fork();

    check(pid >= 0);
    if (pid > 0)
        return pid;
    Pacing *pacing = NULL;
    if (pacing_new(directory->path, &pacing_time_system, &pacing) != PACING_OK ||
        pacing_wait(pacing) != 0)
        _exit(1);
    pacing_free(pacing);
    _exit(0);
}

static void two_processes_are_two_seconds_apart(void)
{
    TemporaryDirectory directory = temporary_directory();
    uint64_t start = clock_boottime_usec(&clock_system);
    int status;

    pid_t first = request_in_child(&directory);
    pid_t second = request_in_child(&directory);
    check_int(waitpid(first, &status, 0), first);
    check_int(status, 0);
    check_int(waitpid(second, &status, 0), second);
    check_int(status, 0);
    check(clock_boottime_usec(&clock_system) - start >= PACING_INTERVAL_USEC);
    temporary_directory_remove(&directory);
}

static const Test tests[] = {
    { "reports of a paravisor are three seconds apart",
      reports_of_a_paravisor_are_three_seconds_apart },
    { "the first request does not wait", the_first_request_does_not_wait },
    { "the second request waits for the rest of two seconds",
      the_second_request_waits_for_the_rest_of_two_seconds },
    { "a turn can be waited for and left", a_turn_can_be_waited_for_and_left },
    { "the stamp is eight bytes little-endian and kept for the next process",
      the_stamp_is_kept_for_the_next_process },
    { "a stamp from the future or of another shape is waited for once",
      a_stamp_that_cannot_be_is_waited_for_once },
    { "a lock directory that is missing is an error", a_directory_that_is_missing_is_an_error },
    { "two processes are two seconds apart", two_processes_are_two_seconds_apart },
};

TEST_MAIN(tests)
