/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker answers that carry data keys wrapped to a verifier: what the round takes along.
 */
#include "format/worker-answer.h"

#include "testing.h"

static char *copy(const char *text)
{
    char *copied = strdup(text);

    check(copied);
    return copied;
}

static WorkerAnswer good_wrapped(void)
{
    WorkerAnswer answer = WORKER_ANSWER_INIT;

    answer.result = ANSWER_OK;
    answer.wrapped = calloc(2, sizeof(*answer.wrapped));
    check(answer.wrapped);
    answer.n_wrapped = 2;
    for (size_t i = 0; i < 2; i++)
        answer.wrapped[i] = (AnswerWrapped){ .name = copy(i ? "b" : "a"),
                                             .id = copy("AAAAAAAAAAAAAAAAAAAAAA"),
                                             .version = i + 1,
                                             .gate = copy("vault"),
                                             .jwe = copy("a.b.c.d.e") };
    return answer;
}

static void round_trip(const WorkerAnswer *answer, WorkerAnswer *ret)
{
    _cleanup_free_ char *line = NULL;

    check_int(worker_answer_encode(answer, &line), 0);
    check(strlen(line) <= ANSWER_SIZE_MAX);
    check_int(worker_answer_decode(view_of_string(line), ret), WORKER_ANSWER_OK);
}

static void test_an_answer_of_wrapped_survives_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = good_wrapped(), read = WORKER_ANSWER_INIT;

    round_trip(&answer, &read);
    check_int(read.n_wrapped, 2);
    check_str(read.wrapped[0].name, "a");
    check_str(read.wrapped[1].name, "b");
    check_int(read.wrapped[1].version, 2);
    check_str(read.wrapped[1].id, answer.wrapped[1].id);
    check_str(read.wrapped[1].gate, "vault");
    check_str(read.wrapped[1].jwe, "a.b.c.d.e");
}

/* As many as there can be, each as large as can be, beside the findings. */
static void test_no_wrapped_key_is_left_out(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT, read = WORKER_ANSWER_INIT;
    char text[FINDING_TEXT_MAX + 1] = { 0 }, jwe[JWE_TEXT_MAX + 1], name[65],
                                 gate[GATE_NAME_LIMIT + 1];

    memset(text, 'f', sizeof(text) - 1);
    memset(jwe, 'a', sizeof(jwe));
    memcpy(jwe, "a.b.c.d.", 8);
    jwe[JWE_TEXT_MAX] = 0;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    memset(gate, 'g', sizeof(gate) - 1);
    gate[sizeof(gate) - 1] = 0;
    answer.result = ANSWER_OK;
    for (size_t i = 0; i < FINDINGS_MAX; i++)
        check_int(
            findings_add(&answer.findings, "secret-rewrap-many", text, FINDING_WARNING, text, text),
            0);
    answer.wrapped = calloc(ANSWER_WRAPPED_MAX, sizeof(*answer.wrapped));
    check(answer.wrapped);
    for (; answer.n_wrapped < ANSWER_WRAPPED_MAX; answer.n_wrapped++)
        answer.wrapped[answer.n_wrapped] = (AnswerWrapped){ .name = copy(name),
                                                            .id = copy("AAAAAAAAAAAAAAAAAAAAAA"),
                                                            .version = (UINT64_C(1) << 53) - 1,
                                                            .gate = copy(gate),
                                                            .jwe = copy(jwe) };
    round_trip(&answer, &read);
    check_int(read.n_wrapped, ANSWER_WRAPPED_MAX);
    check(read.findings.n_items < FINDINGS_MAX);
}

/* An answer with these members besides findings and timings. */
static void check_members(const char *members, int reason)
{
    _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL;

    check(asprintf(&line, "{%s,\"timings_usec\":{}}", members) > 0);
    int r = worker_answer_decode(view_of_string(line), &read);
    if (r != reason)
        (void)printf("  %s\n", members);
    check_int(r, reason);
    check(r == WORKER_ANSWER_OK || (!read.wrapped && read.n_wrapped == 0));
}

#define OK_WITH "\"result\":\"ok\",\"findings\":[],\"wrapped\":"
#define HEAD    "\"name\":\"a\",\"id\":\"AA\",\"version\":1,\"gate\":\"g\""

static void test_members_of_a_wrapped_key_are_checked_one_by_one(void)
{
    static const char *const bad[] = {
        OK_WITH "{}",
        OK_WITH "[]",
        OK_WITH "[7]",
        OK_WITH "[{" HEAD "}]",
        OK_WITH "[{" HEAD ",\"jwe\":7}]",
        OK_WITH "[{" HEAD ",\"jwe\":\"a.b.c.d\"}]",
        OK_WITH "[{" HEAD ",\"jwe\":\"a.b.c.d.e\",\"key\":\"AA\"}]",
        OK_WITH "[{\"id\":\"AA\",\"version\":1,\"gate\":\"g\",\"jwe\":\"a.b.c.d.e\"}]",
        OK_WITH "[{\"name\":\"a\",\"version\":1,\"gate\":\"g\",\"jwe\":\"a.b.c.d.e\"}]",
        OK_WITH "[{\"name\":\"a\",\"id\":\"AA\",\"gate\":\"g\",\"jwe\":\"a.b.c.d.e\"}]",
        OK_WITH "[{\"name\":\"a\",\"id\":\"AA\",\"version\":1,\"jwe\":\"a.b.c.d.e\"}]",
        OK_WITH
        "[{\"name\":\"a\",\"id\":\"AA\",\"version\":0,\"gate\":\"g\",\"jwe\":\"a.b.c.d.e\"}]",
        OK_WITH
        "[{\"name\":\"a\",\"id\":\"AA\",\"version\":1,\"gate\":\"G\",\"jwe\":\"a.b.c.d.e\"}]",
        OK_WITH
        "[{\"name\":\"a\\n\",\"id\":\"AA\",\"version\":1,\"gate\":\"g\",\"jwe\":\"a.b.c.d.e\"}]",
    };

    check_members(OK_WITH "[{" HEAD ",\"jwe\":\"a.b.c.d.e\"}]", WORKER_ANSWER_OK);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check_members(bad[i], WORKER_ANSWER_E_MEMBER);
}

static void test_one_too_many_is_refused(void)
{
    json_auto_t *array = json_array();
    _cleanup_free_ char *members = NULL;

    for (int i = 0; i <= ANSWER_WRAPPED_MAX; i++)
        check_int(
            json_array_append_new(array, json_pack("{ss ss si ss ss}", "name", "a", "id", "AA",
                                                   "version", 1, "gate", "g", "jwe", "a.b.c.d.e")),
            0);
    _cleanup_free_ char *text = json_text(array);
    check(asprintf(&members, OK_WITH "%s", text) > 0);
    check_members(members, WORKER_ANSWER_E_MEMBER);
}

static void test_a_failure_brings_nothing(void)
{
    check_members("\"result\":\"failed\",\"error\":\"f\",\"findings\":[{\"name\":\"f\",\"result\":"
                  "\"failure\"}],\"wrapped\":[{" HEAD ",\"jwe\":\"a.b.c.d.e\"}]",
                  WORKER_ANSWER_E_STATE);
}

static const Test tests[] = {
    { "an answer of wrapped survives the wire", test_an_answer_of_wrapped_survives_the_wire },
    { "no wrapped key is left out", test_no_wrapped_key_is_left_out },
    { "members of a wrapped key are checked one by one",
      test_members_of_a_wrapped_key_are_checked_one_by_one },
    { "one too many is refused", test_one_too_many_is_refused },
    { "a failure brings nothing", test_a_failure_brings_nothing },
};

TEST_MAIN(tests)
