/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/answer.h"

#include "base/clock.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#define SHORT (UINT64_C(50) * USEC_PER_MSEC)

static int pair[2];

static void open_pair(void)
{
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
}

static void close_pair(void)
{
    closep(&pair[0]);
    closep(&pair[1]);
}

/* What a worker that writes TEXT, with N descriptors, and ends is taken for. */
static int receive_text(const char *text, size_t n_fds)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList sent = { 0 }, received = { 0 };

    open_pair();
    for (size_t i = 0; i < n_fds; i++)
        check(fd_list_take(&sent, open("/dev/null", O_RDONLY | O_CLOEXEC)) == 0);
    check_int(message_send(pair[1], view_of_string(text), SHORT, &sent), MESSAGE_OK);
    closep(&pair[1]);
    pair[1] = -EBADF;
    int r = answer_receive(pair[0], SHORT, &answer, &received);
    check(r == ANSWER_RECEIVED || received.n_fds == 0);
    close_pair();
    return r;
}

static void test_an_answer_brings_its_descriptors_in_order(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT, read = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 }, received = { 0 };
    _cleanup_bytes_ Bytes content = { 0 };

    open_pair();
    check(answer_attach(&answer, &fds, "eventlog", memfd_sealed("a", view_of_string("first"))) ==
          0);
    check(answer_attach(&answer, &fds, "eventlog-userspace",
                        memfd_sealed("b", view_of_string("second"))) == 0);
    check(worker_answer_decide(&answer, ANSWER_FAILED) == 0);
    check_int(answer_send(pair[1], &answer, &fds, SHORT), 0);
    check_int(answer_receive(pair[0], SHORT, &read, &received), ANSWER_RECEIVED);
    check_int(received.n_fds, 2);
    check_str(read.fd_names[1], "eventlog-userspace");
    check(fd_read_all(received.fds[1], 100, &content) == 0);
    check_str((const char *)content.data, "second");
    close_pair();
}

static void test_more_descriptors_than_fit_are_closed(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };

    for (int i = 0; i < ANSWER_FDS_MAX; i++)
        check(answer_attach(&answer, &fds, "x", open("/dev/null", O_RDONLY | O_CLOEXEC)) == 0);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    check_int(answer_attach(&answer, &fds, "x", fd), -ENOBUFS);
    check(fcntl(fd, F_GETFD) < 0);
}

static void test_no_whole_line_is_no_answer(void)
{
    check_int(receive_text("", 0), ANSWER_E_NONE);
    check_int(receive_text("{\"result\":\"ok\"", 0), ANSWER_E_NONE);
}

static void test_silence_is_no_answer(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };

    open_pair();
    check_int(answer_receive(pair[0], SHORT, &answer, &fds), ANSWER_E_NONE);
    close_pair();
}

static void test_other_lines_are_malformed(void)
{
    check_int(receive_text("hello\n", 0), ANSWER_E_MALFORMED);
    check_int(receive_text("{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{}}\n\n", 0),
              ANSWER_E_MALFORMED);
    check_int(receive_text("{\"result\":\"ok\"}\n", 0), ANSWER_E_MALFORMED);
}

static void test_descriptors_must_be_those_that_are_named(void)
{
    static const char none[] = "{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{}}\n";
    static const char one[] =
        "{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{},\"fds\":[\"token\"]}\n";

    check_int(receive_text(none, 0), ANSWER_RECEIVED);
    check_int(receive_text(none, 1), ANSWER_E_MALFORMED);
    check_int(receive_text(one, 1), ANSWER_RECEIVED);
    check_int(receive_text(one, 0), ANSWER_E_MALFORMED);
    check_int(receive_text(one, 2), ANSWER_E_MALFORMED);
}

static const Test tests[] = {
    { "an answer brings its descriptors in order", test_an_answer_brings_its_descriptors_in_order },
    { "more descriptors than fit are closed", test_more_descriptors_than_fit_are_closed },
    { "no whole line is no answer", test_no_whole_line_is_no_answer },
    { "silence is no answer", test_silence_is_no_answer },
    { "other lines are malformed", test_other_lines_are_malformed },
    { "descriptors must be those that are named", test_descriptors_must_be_those_that_are_named },
};

TEST_MAIN(tests)
