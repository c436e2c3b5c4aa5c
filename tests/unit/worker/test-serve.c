/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/serve.h"

#include "base/clock.h"
#include "testing.h"
#include "worker/round.h"

#include <errno.h>
#include <sys/socket.h>

#define SHORT (UINT64_C(500) * USEC_PER_MSEC)

static int succeed(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    (void)given;
    int r = answer_attach(answer, fds, "echo", memfd_sealed("echo", line));
    return r < 0 ? r : worker_answer_decide(answer, ANSWER_FAILED);
}

static int run_out(ByteView line _unused_, const FdList *given _unused_, WorkerAnswer *answer,
                   FdList *fds)
{
    check(answer_attach(answer, fds, "half-done", memfd_sealed("x", (ByteView){ 0 })) == 0);
    return -ENOMEM;
}

static int too_much(ByteView line _unused_, const FdList *given _unused_, WorkerAnswer *answer,
                    FdList *fds _unused_)
{
    answer->cpu.provider = strdup("sev_guest");
    check(answer->cpu.provider && bytes_new(ANSWER_SIZE_MAX, &answer->cpu.outblob) == 0);
    return worker_answer_decide(answer, ANSWER_FAILED);
}

/* Serves one request TEXT with RUN and reads the answer. */
static void ask(VerbRun *run, const char *text, WorkerAnswer *answer, FdList *fds)
{
    const Verb verb = { "test", run };
    int pair[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    check(fd_write_all(pair[1], view_of_string(text)) == 0);
    check(shutdown(pair[1], SHUT_WR) == 0);
    check_int(serve(pair[0], serve_verb, &verb), 0);
    check_int(answer_receive(pair[1], SHORT, answer, fds), ANSWER_RECEIVED);
    closep(&pair[0]);
    closep(&pair[1]);
}

static void check_error(VerbRun *run, const char *text, const char *error)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };

    ask(run, text, &answer, &fds);
    check_int(answer.result, ANSWER_FAILED);
    check_str(answer.error, error);
    check_int(fds.n_fds, 0);
}

static void test_a_verb_gets_the_line_and_its_answer_arrives(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList fds = { 0 };
    _cleanup_bytes_ Bytes echo = { 0 };

    ask(succeed, "{\"a\":1}\n", &answer, &fds);
    check_int(answer.result, ANSWER_OK);
    check(fd_read_all(fds.fds[0], 100, &echo) == 0);
    check_str((const char *)echo.data, "{\"a\":1}");
}

static void test_a_line_that_is_none_is_answered(void)
{
    check_error(succeed, "", "worker-request-malformed");
    check_error(succeed, "{}", "worker-request-malformed");
    check_error(succeed, "{}\n{}\n", "worker-request-malformed");
}

static void test_a_verb_that_fails_is_answered_for(void)
{
    check_error(run_out, "{}\n", "internal-error");
}

static void test_an_answer_that_does_not_fit_is_replaced(void)
{
    check_error(too_much, "{}\n", "internal-error");
}

static void test_real_verbs_refuse_what_they_do_not_understand(void)
{
    check_error(round_run, "{}\n", "worker-request-malformed");
    check_error(round_run, "nonsense\n", "worker-request-malformed");
}

static const Test tests[] = {
    { "a verb gets the line and its answer arrives",
      test_a_verb_gets_the_line_and_its_answer_arrives },
    { "a line that is none is answered", test_a_line_that_is_none_is_answered },
    { "a verb that fails is answered for", test_a_verb_that_fails_is_answered_for },
    { "an answer that does not fit is replaced", test_an_answer_that_does_not_fit_is_replaced },
    { "real verbs refuse what they do not understand",
      test_real_verbs_refuse_what_they_do_not_understand },
};

TEST_MAIN(tests)
