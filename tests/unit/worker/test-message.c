/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/message.h"

#include "base/clock.h"
#include "testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LIMIT   1024
#define SHORT   (UINT64_C(50) * USEC_PER_MSEC)
#define PATIENT (UINT64_C(5) * USEC_PER_SEC)

typedef struct Pair {
    int ours, theirs;
} Pair;

static Pair make_pair(void)
{
    int fds[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    return (Pair){ .ours = fds[0], .theirs = fds[1] };
}

static void pair_done(Pair *pair)
{
    closep(&pair->ours);
    closep(&pair->theirs);
}
#define _cleanup_pair_ _cleanup_(pair_done)

static size_t count_open(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t n = 0;

    check(directory);
    while (readdir(directory))
        n++;
    (void)closedir(directory);
    return n;
}

static FdList open_some(size_t n)
{
    FdList list = { 0 };

    for (size_t i = 0; i < n; i++)
        check(fd_list_take(&list, open("/dev/null", O_RDONLY | O_CLOEXEC)) == 0);
    return list;
}

static void put(int fd, const char *text)
{
    check(fd_write_all(fd, view_of_string(text)) == 0);
}

static int receive(int socket, Bytes *line, FdList *fds)
{
    return message_receive(socket, LIMIT, SHORT, line, fds);
}

/* What a peer that sends TEXT and ends gets. */
static int receive_text(const char *text)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };

    put(pair.theirs, text);
    closep(&pair.theirs);
    pair.theirs = -EBADF;
    int r = receive(pair.ours, &line, &fds);
    check(r == MESSAGE_OK || (!line.data && fds.n_fds == 0));
    return r;
}

static void test_a_line_and_its_descriptors_arrive(void)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList sent = open_some(MESSAGE_FDS_MAX), received = { 0 };

    check_int(message_send(pair.theirs, view_of_string("{}\n"), PATIENT, &sent), MESSAGE_OK);
    check_int(receive(pair.ours, &line, &received), MESSAGE_OK);
    check_str((const char *)line.data, "{}");
    check_int(received.n_fds, MESSAGE_FDS_MAX);
    for (size_t i = 0; i < received.n_fds; i++)
        check(fcntl(received.fds[i], F_GETFD) & FD_CLOEXEC);
}

static void test_a_line_may_come_in_pieces(void)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    pid_t pid = fork();

    check(pid >= 0);
    if (pid == 0) {
        for (const char *c = "{\"a\":1}\n"; *c; c++) {
            (void)usleep(1000);
            if (write(pair.theirs, c, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    check_int(message_receive(pair.ours, LIMIT, PATIENT, &line, &fds), MESSAGE_OK);
    check_str((const char *)line.data, "{\"a\":1}");
    check(waitpid(pid, NULL, 0) == pid);
}

static void test_a_large_line_needs_a_reader(void)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes large = { 0 }, line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };

    check(bytes_new(1 << 20, &large) == 0);
    memset(large.data, 'x', large.size);
    large.data[large.size - 1] = '\n';
    check_int(message_send(pair.theirs, VIEW(large), SHORT, NULL), MESSAGE_E_TIMEOUT);
    closep(&pair.theirs);
    pair.theirs = -EBADF;
    check_int(message_receive(pair.ours, 1 << 21, SHORT, &line, &fds), MESSAGE_E_TRUNCATED);
}

static void test_lines_that_end_wrongly_are_named(void)
{
    char large[LIMIT + 2];

    memset(large, 'x', sizeof(large));
    large[LIMIT + 1] = 0;
    check_int(receive_text(""), MESSAGE_E_NOTHING);
    check_int(receive_text("{}"), MESSAGE_E_TRUNCATED);
    check_int(receive_text("{}\n{}"), MESSAGE_E_TRAILING);
    check_int(receive_text("{}\n\n"), MESSAGE_E_TRAILING);
    check_int(receive_text(large), MESSAGE_E_TOO_LARGE);
    large[LIMIT - 1] = '\n';
    large[LIMIT] = 0;
    check_int(receive_text(large), MESSAGE_OK);
    check_int(receive_text("\n"), MESSAGE_OK);
}

static void test_silence_times_out(void)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };

    check_int(receive(pair.ours, &line, &fds), MESSAGE_E_TIMEOUT);
    put(pair.theirs, "{");
    check_int(receive(pair.ours, &line, &fds), MESSAGE_E_TIMEOUT);
}

#define SENT_MAX 253 /* SCM_MAX_FD of Linux */

/* Sends N descriptors with TEXT, by hand, since message_send() keeps to the limit. */
static void send_raw(int socket, const char *text, size_t n)
{
    uint8_t control[CMSG_SPACE(sizeof(int) * SENT_MAX)] = { 0 };
    struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text) };
    struct msghdr message = { .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = CMSG_SPACE(sizeof(int) * n) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);

    *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                           .cmsg_type = SCM_RIGHTS,
                           .cmsg_len = CMSG_LEN(sizeof(int) * n) };
    for (size_t i = 0; i < n; i++) {
        int fd = 0;
        memcpy(CMSG_DATA(c) + i * sizeof(fd), &fd, sizeof(fd));
    }
    check(sendmsg(socket, &message, 0) == (ssize_t)strlen(text));
}

static void test_too_many_descriptors_are_refused_and_closed(void)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    size_t before = count_open();

    send_raw(pair.theirs, "{}\n", MESSAGE_FDS_MAX + 1);
    check_int(receive(pair.ours, &line, &fds), MESSAGE_E_DESCRIPTORS);
    send_raw(pair.theirs, "{}\n", SENT_MAX);
    check_int(receive(pair.ours, &line, &fds), MESSAGE_E_DESCRIPTORS);
    check_int(count_open(), before);
}

static void test_late_descriptors_are_refused_and_closed(void)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    size_t before = count_open();

    send_raw(pair.theirs, "{", 1);
    send_raw(pair.theirs, "}\n", 1);
    check_int(receive(pair.ours, &line, &fds), MESSAGE_E_DESCRIPTORS);
    check_int(fds.n_fds, 0);
    check_int(count_open(), before);
}

static void test_descriptors_of_a_refused_line_are_closed(void)
{
    _cleanup_pair_ Pair pair = make_pair();
    _cleanup_bytes_ Bytes line = { 0 };
    _cleanup_fd_list_ FdList fds = { 0 };
    size_t before = count_open();

    send_raw(pair.theirs, "{}\ntail", 2);
    check_int(receive(pair.ours, &line, &fds), MESSAGE_E_TRAILING);
    check_int(count_open(), before);
}

static void test_sending_to_nobody_is_an_error_and_no_signal(void)
{
    _cleanup_pair_ Pair pair = make_pair();

    closep(&pair.theirs);
    pair.theirs = -EBADF;
    check_int(message_send(pair.ours, view_of_string("{}\n"), SHORT, NULL), -EPIPE);
}

static void test_a_full_list_closes_what_it_cannot_take(void)
{
    _cleanup_fd_list_ FdList list = open_some(MESSAGE_FDS_MAX);
    size_t before = count_open();

    check_int(fd_list_take(&list, open("/dev/null", O_RDONLY | O_CLOEXEC)), -ENOBUFS);
    check_int(count_open(), before);
}

static const Test tests[] = {
    { "a line and its descriptors arrive", test_a_line_and_its_descriptors_arrive },
    { "a line may come in pieces", test_a_line_may_come_in_pieces },
    { "a large line needs a reader", test_a_large_line_needs_a_reader },
    { "lines that end wrongly are named", test_lines_that_end_wrongly_are_named },
    { "silence times out", test_silence_times_out },
    { "too many descriptors are refused and closed",
      test_too_many_descriptors_are_refused_and_closed },
    { "late descriptors are refused and closed", test_late_descriptors_are_refused_and_closed },
    { "descriptors of a refused line are closed", test_descriptors_of_a_refused_line_are_closed },
    { "sending to nobody is an error and no signal",
      test_sending_to_nobody_is_an_error_and_no_signal },
    { "a full list closes what it cannot take", test_a_full_list_closes_what_it_cannot_take },
};

TEST_MAIN(tests)
