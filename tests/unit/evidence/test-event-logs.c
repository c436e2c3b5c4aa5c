/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs that are there, and those that are not.
 */
#include "evidence/event-logs.h"
#include "fake-time.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static char *path_in(const TemporaryDirectory *directory, const char *name)
{
    char *path;

    check(asprintf(&path, "%s/%s", directory->path, name) > 0);
    return path;
}

static void write_log(const char *path, ByteView bytes)
{
    check_int(file_write_atomic(path, bytes, 0600), 0);
}

static void a_log_is_read_whole(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *path = path_in(&directory, "log");
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes log = { 0 }, large = { 0 };

    check_int(bytes_new(200000, &large), 0);
    memset(large.data, 7, large.size);
    write_log(path, VIEW(large));
    check_int(event_log_firmware(path, NULL, &findings, &log), EVENT_LOG_OK);
    check(view_equal(VIEW(log), VIEW(large)));
    check_int(findings.n_items, 0);
    temporary_directory_remove(&directory);
}

static void a_log_of_size_zero_by_stat_is_read(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes log = { 0 };

    /* As securityfs does it. */
    check_int(event_log_firmware("/proc/self/maps", NULL, &findings, &log), EVENT_LOG_OK);
    check(log.size > 100);
}

static void an_absent_log_is_said_and_decides_nothing(void)
{
    static const struct {
        const char *path, *name;
    } logs[] = {
        { "/nonexistent/log", "eventlog-missing" },
        { "/dev/null", "eventlog-empty" },
        { "/dev/zero", "eventlog-too-large" },
        { "/", "eventlog-unreadable" },
    };

    for (size_t i = 0; i < ELEMENTSOF(logs); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        Bytes log = { 0 };
        check_int(event_log_firmware(logs[i].path, NULL, &findings, &log), EVENT_LOG_E_ABSENT);
        check_str(findings.items[0].name, logs[i].name);
        check_int(findings.items[0].result, FINDING_WARNING);
        check(log.data == NULL);
    }
}

static void a_log_that_may_not_be_read_is_named(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *path = path_in(&directory, "log");
    _cleanup_findings_ Findings findings = { 0 };
    Bytes log = { 0 };

    write_log(path, view_of_string("secret"));
    check_int(chmod(path, 0), 0);
    if (access(path, R_OK) == 0) {
        /* Root reads everything; opening an immutable file for reading works, too. */
        temporary_directory_remove(&directory);
        return;
    }
    check_int(event_log_firmware(path, NULL, &findings, &log), EVENT_LOG_E_ABSENT);
    check_str(findings.items[0].name, "eventlog-denied");
    temporary_directory_remove(&directory);
}

static void the_service_managers_copy_stands_in(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *spare = path_in(&directory, "boot-log");
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes log = { 0 };

    write_log(spare, view_of_string("a log"));
    check_int(event_log_firmware("/nonexistent/log", spare, &findings, &log), EVENT_LOG_OK);
    check(view_equal(VIEW(log), view_of_string("a log")));
    check_int(findings.n_items, 0);
    temporary_directory_remove(&directory);
}

static void a_copy_that_says_none_is_no_log(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *spare = path_in(&directory, "boot-log");
    _cleanup_findings_ Findings findings = { 0 };
    Bytes log = { 0 };

    write_log(spare, view_of_string("none"));
    check_int(event_log_firmware("/nonexistent/log", spare, &findings, &log), EVENT_LOG_E_ABSENT);
    check_str(findings.items[0].name, "eventlog-missing");
    check(log.data == NULL);
    temporary_directory_remove(&directory);
}

static void systemds_log_is_read_and_its_absence_is_usual(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *path = path_in(&directory, "tpm2-measure.log");
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes log = { 0 };

    check_int(event_log_userspace(path, &findings, &log), EVENT_LOG_E_ABSENT);
    check_int(findings.n_items, 0);
    write_log(path, view_of_string("\x1e{}\n"));
    check_int(event_log_userspace(path, &findings, &log), EVENT_LOG_OK);
    check_int(log.size, 4);
    check_int(findings.n_items, 0);
    temporary_directory_remove(&directory);
}

static void systemds_log_is_not_read_while_it_is_written(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *path = path_in(&directory, "tpm2-measure.log");
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes log = { 0 };

    write_log(path, view_of_string("\x1e{}\n"));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    check_int(flock(fd, LOCK_EX), 0);
    check_int(event_log_userspace(path, &findings, &log), EVENT_LOG_E_ABSENT);
    check_str(findings.items[0].name, "eventlog-busy");
    check_int(flock(fd, LOCK_SH), 0);
    check_int(event_log_userspace(path, &findings, &log), EVENT_LOG_OK);
    (void)close(fd);
    temporary_directory_remove(&directory);
}

static const Test tests[] = {
    { "a log is read whole", a_log_is_read_whole },
    { "a log whose size is zero by stat is read", a_log_of_size_zero_by_stat_is_read },
    { "an absent log is said and decides nothing", an_absent_log_is_said_and_decides_nothing },
    { "a log that may not be read is named", a_log_that_may_not_be_read_is_named },
    { "the service manager's copy stands in", the_service_managers_copy_stands_in },
    { "a copy that says none is no log", a_copy_that_says_none_is_no_log },
    { "systemd's log is read, and its absence is usual",
      systemds_log_is_read_and_its_absence_is_usual },
    { "systemd's log is not read while it is written",
      systemds_log_is_not_read_while_it_is_written },
};

TEST_MAIN(tests)
