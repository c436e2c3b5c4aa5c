/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request out, answer in, judged by its shape and by our clocks.
 */
#include "agent/attempt.h"

#include "agent/round-request.h"
#include "agent/worker-link.h"
#include "agent/wrapped-link.h"
#include "config/config-basis.h"
#include "format/catalog.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct Attempt {
    sd_event *event;
    const Clock *clock;
    bool is_round;
    char *basis;
    AttemptDone *done;
    void *userdata;
    char *socket_path;
    uint64_t timeout_usec;
    RoundRequest request; /* while it is not under way */
    Findings warnings;    /* of what came before the round */
    WrappedLink *wrapped;
    WorkerLink *link;
    sd_event_source *defer; /* where the request could not even be made */
    int reason;             /* and why */
};

Attempt *attempt_free(Attempt *attempt)
{
    if (!attempt)
        return NULL;
    (void)wrapped_link_free(attempt->wrapped);
    (void)worker_link_free(attempt->link);
    round_request_done(&attempt->request);
    findings_done(&attempt->warnings);
    free(attempt->socket_path);
    (void)sd_event_source_disable_unref(attempt->defer);
    free(attempt->basis);
    free(attempt);
    return NULL;
}

static void outcome_done(AttemptOutcome *outcome)
{
    worker_answer_done(&outcome->answer);
    verdict_done(&outcome->verdict);
    closep(&outcome->evidence_fd);
    free(outcome->basis);
}

#define OUTCOME_NONE                                                                               \
    ((AttemptOutcome){ .result = ATTEMPT_FAILED,                                                   \
                       .answer = WORKER_ANSWER_INIT,                                               \
                       .verdict = VERDICT_NONE,                                                    \
                       .evidence_fd = -EBADF })

/* Replaces whatever came by one finding of our own. */
static int fail(AttemptOutcome *outcome, const char *name, const char *found, const char *wanted)
{
    outcome_done(outcome);
    *outcome = OUTCOME_NONE;
    outcome->answer.findings.source = "agent";
    int r = findings_add(&outcome->answer.findings, name, "worker", FINDING_FAILURE, found, wanted);
    return r < 0 ? r : worker_answer_decide(&outcome->answer, ANSWER_FAILED);
}

static const char *link_error(int reason)
{
    switch (reason) {
    case WORKER_LINK_E_UNREACHABLE:
        return "round-worker-unreachable";
    case WORKER_LINK_E_SILENT:
        return "round-worker-silent";
    case WORKER_LINK_E_ENDED:
        return "round-worker-ended";
    case WORKER_LINK_E_DESCRIPTORS:
        return "descriptors-exhausted";
    }
    return "round-answer-malformed";
}

/* A TPM, a device or a server that does not answer looks like this from here: how long it took
 * helps. */
static int fail_link(const Attempt *attempt, int reason, AttemptOutcome *outcome)
{
    char found[64];

    (void)snprintf(found, sizeof(found), "nothing within %" PRIu64 " s",
                   attempt->timeout_usec / USEC_PER_SEC);
    return fail(outcome, link_error(reason), reason == WORKER_LINK_E_SILENT ? found : NULL, NULL);
}

static int refuse_life(AttemptOutcome *outcome, const AnswerToken *token, const Clock *clock)
{
    char found[128], expires[32], now[32];

    format_timestamp(MIN(token->expires_sec, UINT64_C(253402300799)) * USEC_PER_SEC, expires);
    format_timestamp(clock_realtime_usec(clock), now);
    (void)snprintf(found, sizeof(found), "expires %s, life %" PRIu64 " s, now %s", expires,
                   token->life_usec / USEC_PER_SEC, now);
    return fail(outcome, "round-verdict-unusable", found, "a life that lies ahead");
}

/* The position of the token among the descriptors, the rest of which are approvals. */
static size_t find_token(const WorkerAnswer *answer)
{
    size_t i = 0;

    if (answer->n_fds != 1 + answer->n_approvals)
        return answer->n_fds;
    while (i < answer->n_fds && strcmp(answer->fd_names[i], "token") != 0)
        i++;
    return i;
}

static int judge_approvals(AttemptOutcome *outcome, WorkerReply *reply, const Clock *clock)
{
    int r = approvals_from_answer(&outcome->answer, reply->fds, clock_boottime_usec(clock),
                                  &outcome->verdict.approvals);

    if (r > 0)
        return fail(outcome, "round-answer-malformed", "no sealed approval", "sealed approvals");
    if (r == 0)
        outcome->result = ATTEMPT_PASSED;
    return r;
}

static int judge_round(AttemptOutcome *outcome, WorkerReply *reply, const Clock *clock)
{
    WorkerAnswer *answer = &outcome->answer;
    size_t token = find_token(answer);

    if (token == answer->n_fds)
        return fail(outcome, "round-answer-malformed", "no token", "one token");
    int r = verdict_from_answer(answer, reply->fds[token], clock, &outcome->verdict);
    if (r == VERDICT_E_LIFE)
        return refuse_life(outcome, answer->token, clock);
    if (r > 0)
        return fail(outcome, "round-answer-malformed", "no sealed token", "one sealed token");
    if (r < 0)
        return r;
    reply->fds[token] = -EBADF;
    return judge_approvals(outcome, reply, clock);
}

static int judge_evidence(AttemptOutcome *outcome, WorkerReply *reply)
{
    const WorkerAnswer *answer = &outcome->answer;

    if (answer->n_fds != 1 || strcmp(answer->fd_names[0], "evidence") != 0 ||
        !fd_is_sealed(reply->fds[0], ATTEMPT_EVIDENCE_MAX))
        return fail(outcome, "round-answer-malformed", "no sealed evidence", "one sealed evidence");
    outcome->evidence_fd = TAKE_FD(reply->fds[0]);
    outcome->result = ATTEMPT_PASSED;
    return 0;
}

static int judge(const Attempt *attempt, WorkerReply *reply, AttemptOutcome *outcome)
{
    int r = worker_answer_decode(VIEW(reply->line), &outcome->answer);

    if (r < 0)
        return r;
    if (r > 0 || outcome->answer.n_fds != reply->n_fds ||
        (outcome->answer.result == ANSWER_NO && !attempt->is_round))
        return fail(outcome, "round-answer-malformed", r > 0 ? "no answer" : "wrong descriptors",
                    "an answer of this version");

    switch (outcome->answer.result) {
    case ANSWER_OK:
        return attempt->is_round ? judge_round(outcome, reply, attempt->clock)
                                 : judge_evidence(outcome, reply);
    case ANSWER_NO:
        outcome->result = ATTEMPT_REFUSED;
        return 0;
    case ANSWER_FAILED:
        return 0;
    }
    return -EINVAL;
}

int attempt_supersede(AttemptOutcome *outcome)
{
    Findings *findings = &outcome->answer.findings;

    outcome->result = ATTEMPT_FAILED;
    verdict_done(&outcome->verdict);
    findings_done(findings);
    findings->source = "agent";
    return findings_add(findings, "round-settings-changed", "verifier", FINDING_FAILURE, NULL,
                        NULL);
}

/* Tells the owner; ATTEMPT may be gone afterwards. A defect stops the loop. */
static void attempt_report(Attempt *attempt, AttemptOutcome *outcome, int r)
{
    sd_event *event = attempt->event;

    if (r >= 0)
        r = attempt->done(outcome, attempt->userdata);
    if (r < 0)
        (void)sd_event_exit(event, r);
}

static void attempt_on_reply(int reason, WorkerReply *reply, void *userdata)
{
    Attempt *attempt = userdata;
    _cleanup_(outcome_done) AttemptOutcome outcome = OUTCOME_NONE;

    int r = reason == WORKER_LINK_OK ? judge(attempt, reply, &outcome)
                                     : fail_link(attempt, reason, &outcome);
    outcome.basis = TAKE_PTR(attempt->basis);
    if (r >= 0)
        r = findings_move(&outcome.answer.findings, &attempt->warnings);
    attempt_report(attempt, &outcome, r);
}

/* The request cannot be made. ATTEMPT may be gone afterwards. */
static void give_up(Attempt *attempt, int reason)
{
    _cleanup_(outcome_done) AttemptOutcome outcome = OUTCOME_NONE;
    int r = reason;

    if (reason == ROUND_REQUEST_E_SIZE)
        r = fail(&outcome, "round-request-too-large", NULL, "256 KiB");
    else if (reason > 0)
        r = fail(&outcome, "config-path-unreadable", "certificate, key or API key",
                 "readable files");
    attempt_report(attempt, &outcome, r);
}

static int attempt_on_defer(sd_event_source *source _unused_, void *userdata)
{
    Attempt *attempt = userdata;

    give_up(attempt, attempt->reason);
    return 0;
}

/* What the worker is asked goes to it, and is not kept. */
static int start_link(Attempt *attempt)
{
    RoundRequest *request = &attempt->request;
    int r = round_request_close(request);

    if (r)
        return r;
    WorkerLinkRequest link = {
        .socket_path = attempt->socket_path,
        .line = VIEW(request->line),
        .n_fds = request->n_fds,
        .timeout_usec = attempt->timeout_usec,
    };
    memcpy(link.fds, request->fds, sizeof(request->fds));
    r = worker_link_new(attempt->event, &link, attempt_on_reply, attempt, &attempt->link);
    round_request_done(request);
    return r;
}

/* A round proves this machine whether or not its wrapped keys can be had. */
static void attempt_on_wrapped(WorkerAnswer *answer, const char *error, void *userdata)
{
    Attempt *attempt = userdata;
    int r;

    if (answer) {
        r = round_request_add_wrapped(&attempt->request, answer);
        if (r == 0)
            r = findings_move(&attempt->warnings, &answer->findings);
    } else {
        const char *name = catalog_find(error) ? error : "release-answer-malformed";
        r = findings_add(&attempt->warnings, name, "rewrap", FINDING_WARNING, NULL, NULL);
    }
    attempt->wrapped = wrapped_link_free(attempt->wrapped);
    if (r == 0)
        r = start_link(attempt);
    if (r)
        give_up(attempt, r);
}

static int start(Attempt *attempt, const AttemptRequest *request)
{
    int r = round_request_make(request->config, request->gates, request->runtime_directory,
                               request->nonce, &attempt->request);
    if (r)
        return r;
    if (!attempt->is_round)
        return start_link(attempt);
    json_auto_t *gates =
        gates_wrapped_names(request->gates, request->config->verifier->verifier_id);
    if (!gates)
        return -ENOMEM;
    if (json_array_size(gates) == 0)
        return start_link(attempt);
    WrappedLinkRequest wrapped = { .config = request->config,
                                   .runtime_directory = request->runtime_directory,
                                   .gates = gates };
    return wrapped_link_new(attempt->event, &wrapped, attempt_on_wrapped, attempt,
                            &attempt->wrapped);
}

int attempt_new(sd_event *event, const AttemptRequest *request, AttemptDone *done, void *userdata,
                Attempt **ret)
{
    _cleanup_(attempt_freep) Attempt *attempt = malloc(sizeof(*attempt));

    if (!attempt)
        return -ENOMEM;
    *attempt = (Attempt){ .event = event,
                          .clock = request->clock,
                          .is_round = request->nonce.size == 0,
                          .basis = config_basis(request->config),
                          .done = done,
                          .userdata = userdata,
                          .timeout_usec = request->config->schedule.round_timeout_usec,
                          .warnings.source = "agent" };
    if (asprintf(&attempt->socket_path, "%s/round.sock", request->runtime_directory) < 0)
        attempt->socket_path = NULL;
    if (!attempt->basis || !attempt->socket_path)
        return -ENOMEM;
    int r = start(attempt, request);
    attempt->reason = r;
    if (r > 0)
        r = sd_event_add_defer(event, &attempt->defer, attempt_on_defer, attempt);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(attempt);
    return 0;
}
