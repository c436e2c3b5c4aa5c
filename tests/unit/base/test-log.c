/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a line on stderr begins with: a priority for who reads it by machine, nothing for people.
 */
#include "base/log.h"

#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define TEXT_MAX 256

/* What a warning on stderr is, while that is WRITE_FD; it is read at READ_FD. */
static void read_warning(int write_fd, int read_fd, char line[static TEXT_MAX])
{
    int saved = dup(STDERR_FILENO);

    check(saved >= 0 && dup2(write_fd, STDERR_FILENO) == STDERR_FILENO);
    log_warning("careful");
    check(dup2(saved, STDERR_FILENO) == STDERR_FILENO);
    (void)close(saved);
    ssize_t n = read(read_fd, line, TEXT_MAX - 1);
    check(n > 0);
    line[n] = 0;
    line[strcspn(line, "\r\n")] = 0;
}

static void read_warning_of_terminal(char line[static TEXT_MAX])
{
    _cleanup_close_ int master = posix_openpt(O_RDWR | O_NOCTTY);
    _cleanup_close_ int terminal = -EBADF;

    check(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    check(terminal >= 0);
    read_warning(terminal, master, line);
}

static void a_file_or_pipe_gets_priorities(void)
{
    char line[TEXT_MAX];
    int fds[2];

    check_int(unsetenv("JOURNAL_STREAM"), 0);
    check_int(pipe(fds), 0);
    read_warning(fds[1], fds[0], line);
    check_str(line, "<4>careful");
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void a_terminal_gets_none(void)
{
    char line[TEXT_MAX];

    check_int(unsetenv("JOURNAL_STREAM"), 0);
    read_warning_of_terminal(line);
    check_str(line, "careful");
}

static void under_systemd_a_terminal_gets_them(void)
{
    char line[TEXT_MAX];

    check_int(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    read_warning_of_terminal(line);
    check_str(line, "<4>careful");
    check_int(unsetenv("JOURNAL_STREAM"), 0);
}

static const Test tests[] = {
    { "a file or pipe gets priorities", a_file_or_pipe_gets_priorities },
    { "a terminal gets none", a_terminal_gets_none },
    { "under systemd a terminal gets them", under_systemd_a_terminal_gets_them },
};

TEST_MAIN(tests)
