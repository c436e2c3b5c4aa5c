/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/hold.h"

#include "base/clock.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define LIMIT_SEC 60 /* of a wait; a slow machine needs a fraction of one */

/* A directory of its own, with a standing in it, and where READY is heard. */
typedef struct Place {
    char directory[64];
    char file[96];
    char socket[96];
    int socket_fd;
} Place;

static void place_init(Place *place)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct timeval limit = { .tv_sec = LIMIT_SEC };

    (void)snprintf(place->directory, sizeof(place->directory), "/tmp/test-hold.XXXXXX");
    check(mkdtemp(place->directory));
    (void)snprintf(place->file, sizeof(place->file), "%s/trusted", place->directory);
    (void)snprintf(place->socket, sizeof(place->socket), "%s/notify", place->directory);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->socket);
    place->socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(bind(place->socket_fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    check(setsockopt(place->socket_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
}

static void place_done(Place *place)
{
    (void)close(place->socket_fd);
    (void)unlink(place->socket);
    (void)unlink(place->file);
    check(rmdir(place->directory) == 0);
}

static uint64_t in_sec(uint64_t seconds)
{
    return clock_boottime_usec(&clock_system) + seconds * USEC_PER_SEC;
}

/* As attestd writes it: whole or not at all. */
static void trust(const Place *place, uint64_t expiry)
{
    char text[64], new[128];

    (void)snprintf(text, sizeof(text), "expires_boottime_usec=%" PRIu64 "\n", expiry);
    (void)snprintf(new, sizeof(new), "%s/.trusted.new", place->directory);
    FILE *file = fopen(new, "we");
    check(file && fputs(text, file) >= 0 && fclose(file) == 0);
    check(rename(new, place->file) == 0);
}

static pid_t start(const Place *place)
{
    pid_t pid = fork();

    check(pid >= 0);
    if (pid > 0)
        return pid;
    (void)alarm(LIMIT_SEC);
    int r = hold(place->directory, place->socket);
    _exit(r < 0 ? 100 : r);
}

static void expect_ready(const Place *place)
{
    char text[128];
    ssize_t n = recv(place->socket_fd, text, sizeof(text) - 1, 0);

    check(n > 0);
    text[n] = 0;
    check(strstr(text, "READY=1"));
}

static void expect_end(pid_t pid, int wanted)
{
    int status;

    check(waitpid(pid, &status, 0) == pid);
    check(WIFEXITED(status));
    check_int(WEXITSTATUS(status), wanted);
}

static bool is_running(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

static void test_parse(void)
{
    static const char *const bad[] = {
        "",
        "\n",
        "expires_boottime_usec=",
        "expires_boottime_usec=\n",
        "expires_boottime_usec=-1\n",
        "expires_boottime_usec= 1\n",
        "expires_boottime_usec=1 \n",
        "expires_boottime_usec=1\n\n",
        "expires_boottime_usec=1\nmore=2\n",
        "expires_boottime_usec=1234567890123456789\n",
        "Expires_boottime_usec=1\n",
        "1\n",
    };
    uint64_t value = 7;

    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check_int(hold_parse(bad[i], strlen(bad[i]), &value), HOLD_E_MALFORMED);
    check_int(value, 7);
    check_int(hold_parse("expires_boottime_usec=123\n", 26, &value), HOLD_OK);
    check_int(value, 123);
    check_int(hold_parse("expires_boottime_usec=0", 23, &value), HOLD_OK);
    check_int(value, 0);
}

static void test_removed(void)
{
    Place place;

    place_init(&place);
    trust(&place, in_sec(3600));
    pid_t pid = start(&place);
    expect_ready(&place);
    check(is_running(pid));
    check(unlink(place.file) == 0);
    expect_end(pid, HOLD_OK);
    place_done(&place);
}

static void test_nothing(void)
{
    Place place;

    place_init(&place);
    check_int(hold(place.directory, NULL), HOLD_OK);
    place_done(&place);
    check_int(hold("/nonexistent/standing", NULL), HOLD_OK);
}

static void test_expired(void)
{
    Place place;

    place_init(&place);
    trust(&place, in_sec(0));
    check_int(hold(place.directory, NULL), HOLD_OK);
    check(access(place.file, F_OK) < 0);

    trust(&place, in_sec(0) + 200 * USEC_PER_MSEC);
    uint64_t end = in_sec(0) + 200 * USEC_PER_MSEC;
    check_int(hold(place.directory, NULL), HOLD_OK);
    check(in_sec(0) + 100 * USEC_PER_MSEC >= end);
    check(access(place.file, F_OK) < 0);
    place_done(&place);
}

static void test_renewed(void)
{
    Place place;

    place_init(&place);
    uint64_t past = in_sec(5);
    trust(&place, in_sec(4)); /* it is ready, and renewed, before that */
    pid_t pid = start(&place);
    expect_ready(&place);
    trust(&place, in_sec(3600));
    /* Past the first expiry it still runs, and the file is still there. */
    while (clock_boottime_usec(&clock_system) < past)
        check(usleep(50000) == 0 || errno == EINTR);
    check(is_running(pid) && access(place.file, F_OK) == 0);
    trust(&place, in_sec(0));
    expect_end(pid, HOLD_OK);
    check(access(place.file, F_OK) < 0);
    place_done(&place);
}

static void test_removed_and_written(void)
{
    Place place;

    place_init(&place);
    trust(&place, in_sec(3600));
    pid_t pid = start(&place);
    expect_ready(&place);
    /* Both before it can look: stopped meanwhile. */
    check(kill(pid, SIGSTOP) == 0);
    check(unlink(place.file) == 0);
    trust(&place, in_sec(3600));
    check(kill(pid, SIGCONT) == 0);
    expect_end(pid, HOLD_OK);
    check(access(place.file, F_OK) == 0);
    place_done(&place);
}

static void test_malformed(void)
{
    Place place;

    place_init(&place);
    check(mkdir(place.file, 0700) == 0);
    check_int(hold(place.directory, NULL), HOLD_E_MALFORMED);
    check(rmdir(place.file) == 0);
    check(symlink("/etc/hostname", place.file) == 0);
    check_int(hold(place.directory, NULL), HOLD_E_MALFORMED);
    check(unlink(place.file) == 0);
    check(mkfifo(place.file, 0600) == 0);
    check_int(hold(place.directory, NULL), HOLD_E_MALFORMED);
    check(unlink(place.file) == 0);

    trust(&place, in_sec(3600));
    pid_t pid = start(&place);
    expect_ready(&place);
    check(truncate(place.file, 3) == 0);
    FILE *file = fopen(place.file, "we");
    check(file && fputs("x", file) >= 0 && fclose(file) == 0);
    expect_end(pid, HOLD_E_MALFORMED);
    place_done(&place);
}

static void test_directory(void)
{
    Place place;

    place_init(&place);
    trust(&place, in_sec(3600));
    pid_t pid = start(&place);
    expect_ready(&place);
    char moved[96];
    (void)snprintf(moved, sizeof(moved), "%s.away", place.directory);
    check(rename(place.directory, moved) == 0);
    expect_end(pid, HOLD_OK);
    check(rename(moved, place.directory) == 0);
    place_done(&place);
}

static void test_notify(void)
{
    Place place;

    place_init(&place);
    trust(&place, in_sec(3600));
    check(hold(place.directory, "/nonexistent/notify") < 0);
    place_done(&place);
}

static const Test tests[] = {
    { "one line is an expiry, and nothing else is", test_parse },
    { "it ends when the file is removed", test_removed },
    { "without a file it ends at once", test_nothing },
    { "it ends at the expiry and removes the file", test_expired },
    { "a renewal moves the end", test_renewed },
    { "removed and written anew is an end", test_removed_and_written },
    { "a file that is none is a failure", test_malformed },
    { "it ends when the directory is moved away", test_directory },
    { "a service manager that does not listen is a failure", test_notify },
};
TEST_MAIN(tests)
