/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs that are there, and those that are not.
 */
#include "evidence/event-logs.h"
#include "fake-time.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static const char *const root[] = { "/" };
static const LogDirectories everywhere = { root, 1 };

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
    check_int(event_log_firmware(&everywhere, path, NULL, &findings, &log), EVENT_LOG_OK);
    check(view_equal(VIEW(log), VIEW(large)));
    check_int(findings.n_items, 0);
    temporary_directory_remove(&directory);
}

static void a_log_of_size_zero_by_stat_is_read(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes log = { 0 };

    /* As securityfs does it. */
    check_int(event_log_firmware(&everywhere, "/proc/cpuinfo", NULL, &findings, &log),
              EVENT_LOG_OK);
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
        { "/proc", "eventlog-unreadable" },
    };

    for (size_t i = 0; i < ELEMENTSOF(logs); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        Bytes log = { 0 };
        check_int(event_log_firmware(&everywhere, logs[i].path, NULL, &findings, &log),
                  EVENT_LOG_E_ABSENT);
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
    check_int(event_log_firmware(&everywhere, path, NULL, &findings, &log), EVENT_LOG_E_ABSENT);
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
    check_int(event_log_firmware(&everywhere, "/nonexistent/log", spare, &findings, &log),
              EVENT_LOG_OK);
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
    check_int(event_log_firmware(&everywhere, "/nonexistent/log", spare, &findings, &log),
              EVENT_LOG_E_ABSENT);
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

    check_int(event_log_userspace(&everywhere, path, &findings, &log), EVENT_LOG_E_ABSENT);
    check_int(findings.n_items, 0);
    write_log(path, view_of_string("\x1e{}\n"));
    check_int(event_log_userspace(&everywhere, path, &findings, &log), EVENT_LOG_OK);
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
    check_int(event_log_userspace(&everywhere, path, &findings, &log), EVENT_LOG_E_ABSENT);
    check_str(findings.items[0].name, "eventlog-busy");
    check_int(flock(fd, LOCK_SH), 0);
    check_int(event_log_userspace(&everywhere, path, &findings, &log), EVENT_LOG_OK);
    (void)close(fd);
    temporary_directory_remove(&directory);
}

/* Refused by whoever is asked, and nothing of it is read. */
static void check_outside(const LogDirectories *allowed, const char *path)
{
    _cleanup_findings_ Findings findings = { 0 };
    Bytes log = { 0 };

    check_int(event_log_check(allowed, path, "eventlog", &findings), EVENT_LOG_E_REFUSED);
    check_int(event_log_firmware(allowed, path, NULL, &findings, &log), EVENT_LOG_E_REFUSED);
    check_int(event_log_userspace(allowed, path, &findings, &log), EVENT_LOG_E_REFUSED);
    check_int(findings.n_items, 3);
    for (size_t i = 0; i < findings.n_items; i++) {
        check_str(findings.items[i].name, "collect-path-refused");
        check_int(findings.items[i].result, FINDING_FAILURE);
        check_str(findings.items[i].found, path);
    }
    check(log.data == NULL);
}

/* DIRECTORY with logs/log, logs-too/secret and, in logs, links of all kinds. */
static void make_logs(const TemporaryDirectory *directory)
{
    static const char *const links[][2] = {
        { "logs/inside", "log" },           { "logs/out", "../logs-too/secret" },
        { "logs/absolute", "/etc/passwd" }, { "logs/directory", "../logs-too" },
        { "logs/magic", "/proc/self/exe" },
    };
    int fd = open(directory->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    check(mkdirat(fd, "logs", 0700) == 0 && mkdirat(fd, "logs-too", 0700) == 0);
    for (size_t i = 0; i < ELEMENTSOF(links); i++)
        check_int(symlinkat(links[i][1], fd, links[i][0]), 0);
    (void)close(fd);
    _cleanup_free_ char *log = path_in(directory, "logs/log");
    _cleanup_free_ char *secret = path_in(directory, "logs-too/secret");
    write_log(log, view_of_string("a log"));
    write_log(secret, view_of_string("a secret"));
}

static void only_what_lies_in_a_directory_for_logs_is_read(void)
{
    static const char *const outside[] = {
        "logs",     "logs/",       "logs-too/secret", "logs/../logs-too/secret", "logs/../logs/log",
        "logs/out", "logs/inside", "logs/absolute",   "logs/directory/secret",   "logs/magic",
    };
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *logs = path_in(&directory, "logs/");
    const char *const paths[] = { "/nonexistent", logs };
    const LogDirectories allowed = { paths, ELEMENTSOF(paths) }, none = { 0 };

    make_logs(&directory);
    for (size_t i = 0; i < ELEMENTSOF(outside); i++) {
        _cleanup_free_ char *path = path_in(&directory, outside[i]);
        check_outside(&allowed, path);
    }
    check_outside(&allowed, "/etc/passwd");
    check_outside(&allowed, "/");
    _cleanup_free_ char *log = path_in(&directory, "logs/log");
    check_outside(&none, log);
    temporary_directory_remove(&directory);
}

static void what_lies_in_a_directory_for_logs_is_read(void)
{
    static const char *const inside[] = { "logs/log", "logs//log", "logs/./log" };
    TemporaryDirectory directory = temporary_directory();
    _cleanup_free_ char *logs = path_in(&directory, "logs");
    const char *const paths[] = { "/nonexistent", logs };
    const LogDirectories allowed = { paths, ELEMENTSOF(paths) };

    make_logs(&directory);
    for (size_t i = 0; i < ELEMENTSOF(inside); i++) {
        _cleanup_free_ char *path = path_in(&directory, inside[i]);
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_bytes_ Bytes log = { 0 };
        check_int(event_log_check(&allowed, path, "eventlog", &findings), EVENT_LOG_OK);
        check_int(event_log_firmware(&allowed, path, NULL, &findings, &log), EVENT_LOG_OK);
        check(view_equal(VIEW(log), view_of_string("a log")));
        check_int(findings.n_items, 0);
    }
    _cleanup_findings_ Findings findings = { 0 };
    check_int(event_log_check(&allowed, "/nonexistent/log", "eventlog", &findings), EVENT_LOG_OK);
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
    { "only what lies in a directory for logs is read",
      only_what_lies_in_a_directory_for_logs_is_read },
    { "what lies in a directory for logs is read", what_lies_in_a_directory_for_logs_is_read },
};

TEST_MAIN(tests)
