/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing worker answers, and the names and ownership they need. worker-answer-decode.c reads them.
 */
#include "format/worker-answer-tpm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void wrapped_done(AnswerWrapped *wrapped)
{
    free(wrapped->name);
    free(wrapped->id);
    free(wrapped->gate);
    free(wrapped->jwe);
}

void worker_answer_done(WorkerAnswer *answer)
{
    free(answer->error);
    findings_done(&answer->findings);
    for (size_t i = 0; i < answer->n_fds; i++)
        free(answer->fd_names[i]);
    for (size_t i = 0; i < answer->n_evidence_kinds; i++)
        free(answer->evidence_kinds[i]);
    free(answer->verifier_url);
    (void)answer_token_free(answer->token);
    for (size_t i = 0; i < answer->n_approvals; i++)
        free(answer->approvals[i].gate);
    free(answer->source);
    evidence_cpu_done(&answer->cpu);
    free(answer->secret_name);
    for (size_t i = 0; i < answer->n_released; i++) {
        free(answer->released[i].finding);
        free(answer->released[i].gate);
    }
    free(answer->released);
    for (size_t i = 0; i < answer->n_wrapped; i++)
        wrapped_done(&answer->wrapped[i]);
    free(answer->wrapped);
    check_list_done(&answer->checks);
    *answer = WORKER_ANSWER_INIT;
}

AnswerToken *answer_token_free(AnswerToken *token)
{
    if (!token)
        return NULL;

    free(token->jti);
    free(token->issuer);
    free(token->kid);
    free(token->alg);
    json_decref(token->claims);
    free(token);
    return NULL;
}

const char *answer_result_name(AnswerResult result)
{
    switch (result) {
    case ANSWER_OK:
        return "ok";
    case ANSWER_NO:
        return "no";
    case ANSWER_FAILED:
        return "failed";
    }
    return "failed";
}

const char *answer_timing_name(AnswerTiming timing)
{
    static const char *const names[N_TIMINGS] = {
        [TIMING_CHALLENGE] = "challenge", [TIMING_COLLECT] = "collect",
        [TIMING_REPORT] = "report",       [TIMING_PACING] = "pacing",
        [TIMING_QUOTE] = "quote",         [TIMING_PREFLIGHT] = "preflight",
        [TIMING_SUBMIT] = "submit",       [TIMING_TOKEN] = "token",
        [TIMING_UNSEAL] = "unseal",       [TIMING_TOTAL] = "total",
    };

    return names[timing];
}

int worker_answer_decide(WorkerAnswer *answer, AnswerResult otherwise)
{
    const Finding *failure = findings_first_failure(&answer->findings);
    char *error = NULL;

    if (failure) {
        error = strdup(failure->name);
        if (!error)
            return -ENOMEM;
    }
    free(answer->error);
    answer->error = error;
    answer->result = failure ? otherwise : ANSWER_OK;
    return 0;
}

static json_t *timings_to_json(const WorkerAnswer *answer)
{
    json_auto_t *object = json_object();

    for (int i = 0; object && i < N_TIMINGS; i++)
        if (answer->timings_usec[i] <= INT64_MAX &&
            json_object_set_new(object, answer_timing_name((AnswerTiming)i),
                                json_integer((json_int_t)answer->timings_usec[i])) < 0)
            return NULL;
    return TAKE_PTR(object);
}

static json_t *texts_to_json(char *const *texts, size_t n_texts)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < n_texts; i++)
        if (json_array_append_new(array, json_string(texts[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static json_t *token_to_json(const AnswerToken *token)
{
    return json_pack("{ss ss ss ss sI sI sI sI sO}", "jti", token->jti, "issuer", token->issuer,
                     "kid", token->kid, "alg", token->alg, "issued_sec",
                     (json_int_t)token->issued_sec, "expires_sec", (json_int_t)token->expires_sec,
                     "life_usec", (json_int_t)token->life_usec, "expires_boottime_usec",
                     (json_int_t)token->expires_boottime_usec, "claims", token->claims);
}

/* Takes VALUE; NULL is out of memory. */
static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) < 0 ? -ENOMEM : 0;
}

static json_t *approvals_to_json(const WorkerAnswer *answer)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < answer->n_approvals; i++) {
        const AnswerApproval *approval = &answer->approvals[i];
        json_t *item = json_pack("{ss ss sI so*}", "gate", approval->gate, "kind",
                                 gate_kind_name(approval->kind), "expires_boottime_usec",
                                 (json_int_t)approval->expires_boottime_usec, "once",
                                 approval->once ? json_true() : NULL);
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static int set_round(json_t *object, const WorkerAnswer *answer)
{
    int r = 0;

    if (answer->n_evidence_kinds > 0)
        r = set(object, "evidence_kinds",
                texts_to_json(answer->evidence_kinds, answer->n_evidence_kinds));
    if (r == 0 && answer->verifier_url)
        r = set(object, "verifier_url", json_string(answer->verifier_url));
    if (r == 0 && answer->retry_after_sec > 0)
        r = set(object, "retry_after_sec", json_integer((json_int_t)answer->retry_after_sec));
    if (r == 0 && answer->has_clock_skew)
        r = set(object, "clock_skew_sec", json_integer(answer->clock_skew_sec));
    if (r == 0)
        r = answer_tpm_to_json(object, answer);
    if (r == 0 && answer->simulated)
        r = set(object, "simulated", json_true());
    if (r == 0 && answer->token)
        r = set(object, "token", token_to_json(answer->token));
    if (r == 0 && answer->n_approvals > 0)
        r = set(object, "approvals", approvals_to_json(answer));
    return r;
}

static int set_collect(json_t *object, const WorkerAnswer *answer)
{
    int r = 0;

    if (answer->source)
        r = set(object, "source", json_string(answer->source));
    if (r == 0 && answer->cpu.provider)
        r = set(object, "cpu", evidence_cpu_to_json(&answer->cpu));
    return r;
}

/* What there is to know of a secret that was given. */
static int describe_released(json_t *item, const AnswerReleased *one)
{
    if (!one->ok)
        return 0;
    if (one->gate && json_object_set_new(item, "gate", json_string(one->gate)) < 0)
        return -ENOMEM;
    if (one->version > 0 &&
        json_object_set_new(item, "version", json_integer((json_int_t)one->version)) < 0)
        return -ENOMEM;
    return json_set_base64url(item, "header_sha256", VIEW_OF_ARRAY(one->header_sha256));
}

static json_t *released_to_json(const WorkerAnswer *answer)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < answer->n_released; i++) {
        const AnswerReleased *one = &answer->released[i];
        bool follows = one->on_loss != ON_LOSS_KEEP;
        json_t *item =
            json_pack("{sI sb ss* ss*}", "index", (json_int_t)i, "ok", one->ok ? 1 : 0, "finding",
                      one->finding, "on_loss", follows ? on_loss_name(one->on_loss) : NULL);
        if (item && describe_released(item, one) < 0) {
            json_decref(item);
            return NULL;
        }
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static json_t *wrapped_to_json(const WorkerAnswer *answer)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < answer->n_wrapped; i++) {
        const AnswerWrapped *one = &answer->wrapped[i];
        json_t *item = json_pack("{ss ss sI ss ss}", "name", one->name, "id", one->id, "version",
                                 (json_int_t)one->version, "gate", one->gate, "jwe", one->jwe);
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static int set_secrets(json_t *object, const WorkerAnswer *answer)
{
    int r = 0;

    if (answer->secret_name)
        r = set(object, "secret",
                json_pack("{ss sI}", "name", answer->secret_name, "version",
                          (json_int_t)answer->secret_version));
    if (r == 0 && answer->n_released > 0)
        r = set(object, "released", released_to_json(answer));
    if (r == 0 && answer->n_wrapped > 0)
        r = set(object, "wrapped", wrapped_to_json(answer));
    if (r == 0 && answer->checks.n_items > 0)
        r = set(object, "checks", check_list_to_json(&answer->checks));
    return r;
}

static json_t *to_json(const WorkerAnswer *answer)
{
    json_auto_t *object = json_object();
    int r = object ? 0 : -ENOMEM;

    if (r == 0)
        r = set(object, "result", json_string(answer_result_name(answer->result)));
    if (r == 0 && answer->error)
        r = set(object, "error", json_string(answer->error));
    if (r == 0)
        r = set(object, "findings", findings_to_json(&answer->findings));
    if (r == 0)
        r = set(object, "timings_usec", timings_to_json(answer));
    if (r == 0)
        r = set_round(object, answer);
    if (r == 0)
        r = set_collect(object, answer);
    if (r == 0)
        r = set_secrets(object, answer);
    if (r == 0 && answer->n_fds > 0)
        r = set(object, "fds", texts_to_json(answer->fd_names, answer->n_fds));
    return r == 0 ? TAKE_PTR(object) : NULL;
}

/* Removes the last finding that does not decide. False when there is none. */
static bool drop_finding(json_t *object, const char *error)
{
    json_t *findings = json_object_get(object, "findings");
    size_t keep = SIZE_MAX;

    for (size_t i = json_array_size(findings); i > 0; i--) {
        json_t *name = json_object_get(json_array_get(findings, i - 1), "name");
        if (error && strcmp(json_string_value(name), error) == 0)
            keep = i - 1;
    }
    for (size_t i = json_array_size(findings); i > 0; i--)
        if (i - 1 != keep)
            return json_array_remove(findings, i - 1) == 0;
    return false;
}

int worker_answer_encode(const WorkerAnswer *answer, char **ret)
{
    json_auto_t *object = to_json(answer);
    if (!object)
        return -ENOMEM;

    for (;;) {
        _cleanup_free_ char *text = json_text(object);
        char *line = NULL;

        if (!text)
            return -ENOMEM;
        if (strlen(text) < ANSWER_SIZE_MAX) {
            if (asprintf(&line, "%s\n", text) < 0)
                return -ENOMEM;
            *ret = line;
            return 0;
        }
        if (!drop_finding(object, answer->error))
            return -EMSGSIZE;
    }
}
