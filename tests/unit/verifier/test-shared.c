/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes share: the seen-set, the counters, and each process's list of connections.
 */
#include "testing.h"

#include "verifier/connection.h"
#include "verifier/shared.h"

#include <sys/socket.h>
#include <sys/wait.h>

static void a_nonce_is_seen_once(void)
{
    _cleanup_(shared_freep) Shared *shared = NULL;
    uint8_t mac[32] = { 0 };

    check_int(shared_new(&shared), 0);
    for (unsigned i = 0; i < 1000; i++) {
        memcpy(mac, &i, sizeof(i));
        memcpy(mac + 8, &i, sizeof(i));
        mac[12] = 1;
        check(!seen_before(shared, VIEW_OF_ARRAY(mac)));
        check(seen_before(shared, VIEW_OF_ARRAY(mac)));
    }
}

static void a_full_bucket_forgets_its_oldest(void)
{
    _cleanup_(shared_freep) Shared *shared = NULL;
    uint8_t mac[32] = { 0 };

    check_int(shared_new(&shared), 0);
    for (uint8_t i = 0; i < SEEN_WAYS + 1; i++) {
        mac[9] = i;
        check(!seen_before(shared, VIEW_OF_ARRAY(mac)));
    }
    mac[9] = SEEN_WAYS;
    check(seen_before(shared, VIEW_OF_ARRAY(mac)));
    mac[9] = 1;
    check(seen_before(shared, VIEW_OF_ARRAY(mac)));
    mac[9] = 0;
    check(!seen_before(shared, VIEW_OF_ARRAY(mac)));
}

static void children_write_to_the_same_memory(void)
{
    _cleanup_(shared_freep) Shared *shared = NULL;
    const uint8_t mac[32] = { 1 };
    int status;

    check_int(shared_new(&shared), 0);
    pid_t pid = fork();
    if (pid == 0) {
        metrics_count_answer(shared, ENDPOINT_ATTEST, PROBLEM_NONCE_EXPIRED);
        _exit(seen_before(shared, VIEW_OF_ARRAY(mac)) ? 1 : 0);
    }
    check(waitpid(pid, &status, 0) == pid && status == 0);
    check(seen_before(shared, VIEW_OF_ARRAY(mac)));
    check_int(atomic_load(&shared->metrics.answers[ENDPOINT_ATTEST][PROBLEM_NONCE_EXPIRED]), 1);
}

static void metrics_are_text(void)
{
    _cleanup_(shared_freep) Shared *shared = NULL;
    _cleanup_bytes_ Bytes text = { 0 };

    check_int(shared_new(&shared), 0);
    metrics_count_answer(shared, ENDPOINT_CHALLENGE, PROBLEM_NONE);
    metrics_count_answer(shared, ENDPOINT_ATTEST, PROBLEM_REFUSED);
    metrics_count_verification(shared, VERDICT_CONTRAINDICATED, 1500);
    check_int(metrics_text(shared, &text), 0);
    const char *t = (const char *)text.data;
    check(strstr(t, "attest_verifier_answers_total{endpoint=\"challenge\",problem=\"none\","
                    "status=\"200\"} 1\n"));
    check(strstr(t, "attest_verifier_answers_total{endpoint=\"attest\",problem=\"refused\","
                    "status=\"403\"} 1\n"));
    check(strstr(t, "attest_verifier_verdicts_total{status=\"contraindicated\"} 1\n"));
    check(strstr(t, "attest_verifier_verify_seconds_sum 0.001500\n"));
    check(strstr(t, "attest_verifier_verify_seconds_count 1\n"));
}

static void connections_are_cut_by_age(void)
{
    Connections connections = { 0 };
    int pairs[3][2];
    Connection *held[3];
    char byte;

    for (size_t i = 0; i < 3; i++) {
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]) == 0);
        held[i] = connection_opened(&connections, pairs[i][0], 100 * i);
        check(held[i] != NULL);
    }
    check_int(connections_cut_older(&connections, 250, 150), 2);
    check_int(connections_cut_older(&connections, 250, 150), 0);
    check_int(read(pairs[0][1], &byte, 1), 0);
    check_int(recv(pairs[2][1], &byte, 1, MSG_DONTWAIT), -1);

    connection_closed(&connections, held[1]);
    connection_closed(&connections, held[0]);
    check_int(connections.n_open, 1);
    check(connections.oldest == held[2] && connections.newest == held[2]);
    connection_closed(&connections, held[2]);
    check(connections.oldest == NULL && connections.newest == NULL);
    for (size_t i = 0; i < 3; i++) {
        (void)close(pairs[i][0]);
        (void)close(pairs[i][1]);
    }
}

static void bodies_are_promised_within_a_limit(void)
{
    Connections connections = { 0 };
    Connection *a = connection_opened(&connections, -1, 0);
    Connection *b = connection_opened(&connections, -1, 0);

    check(connection_reserve(&connections, a, 60, 100));
    check(!connection_reserve(&connections, b, 41, 100));
    check(connection_reserve(&connections, b, 40, 100));
    connection_release(&connections, a);
    check(connection_reserve(&connections, b, 60, 100));
    connection_closed(&connections, b);
    check_int(connections.reserved, 0);
    connection_closed(&connections, a);
}

static void every_problem_is_in_the_catalogue(void)
{
    for (int p = PROBLEM_PATH_UNKNOWN; p < PROBLEM_MAX; p++) {
        _cleanup_bytes_ Bytes text = { 0 };
        check_int(problem_document((Problem)p, "request", "f", "w", &text), 0);
        check(strstr((const char *)text.data, problem_name((Problem)p)));
        check(problem_status((Problem)p) >= 400);
    }
}

static const Test tests[] = {
    { "a nonce is seen once", a_nonce_is_seen_once },
    { "a full bucket forgets its oldest nonce", a_full_bucket_forgets_its_oldest },
    { "children write to the same memory", children_write_to_the_same_memory },
    { "the counters are Prometheus text", metrics_are_text },
    { "connections are cut by age, each once", connections_are_cut_by_age },
    { "bodies are promised within a limit", bodies_are_promised_within_a_limit },
    { "every problem is in the catalogue", every_problem_is_in_the_catalogue },
};

TEST_MAIN(tests)
