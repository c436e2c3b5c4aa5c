/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading worker answers: every member known, typed, bounded and printable, and no two of them at
 * odds. The agent acts on what passes here.
 */
#include "format/worker-answer-tpm.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define LIST_ITEMS_MAX       64                 /* of a fact that is a list */
#define RETRY_AFTER_MAX      (24U * 60 * 60)    /* seconds; the worker clamps further */
#define LIFE_USEC_MAX        (INT64_C(1) << 50) /* some 35 years: sums stay far from overflow */
#define SKEW_SEC_MAX         (INT64_C(1) << 40)
#define SECRET_VERSION_LIMIT ((UINT64_C(1) << 53) - 1) /* docs/secrets.md */

static bool is_printable(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = text ? json_string_length(value) : 0;

    if (!text || length > ANSWER_TEXT_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isascii((unsigned char)text[i]) || !isprint((unsigned char)text[i]))
            return false;
    return true;
}

/* Copies a printable member; an absent one leaves RET as it is, unless it is wanted. */
static int take_text(const json_t *object, const char *name, bool is_wanted, char **ret)
{
    const json_t *value = json_object_get(object, name);

    if (!value)
        return is_wanted ? WORKER_ANSWER_E_MEMBER : 0;
    if (!is_printable(value))
        return WORKER_ANSWER_E_MEMBER;
    *ret = strdup(json_string_value(value));
    return *ret ? 0 : -ENOMEM;
}

static int take_number(const json_t *object, const char *name, uint64_t limit, uint64_t *ret)
{
    uint64_t value;
    int r = json_get_u64(object, name, &value);

    if (r != JSON_OK || value > limit)
        return WORKER_ANSWER_E_MEMBER;
    *ret = value;
    return 0;
}

static int take_texts(const json_t *object, const char *name, size_t limit, char **ret_texts,
                      size_t *ret_n)
{
    const json_t *array = json_object_get(object, name);

    if (!array)
        return 0;
    if (!json_is_array(array) || json_array_size(array) > limit)
        return WORKER_ANSWER_E_MEMBER;
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!is_printable(json_array_get(array, i)))
            return WORKER_ANSWER_E_MEMBER;
        ret_texts[i] = strdup(json_string_value(json_array_get(array, i)));
        if (!ret_texts[i])
            return -ENOMEM;
        *ret_n = i + 1;
    }
    return 0;
}

static int take_result(const json_t *object, WorkerAnswer *answer)
{
    const char *name;

    if (json_get_string(object, "result", &name) != JSON_OK)
        return WORKER_ANSWER_E_MEMBER;
    for (int i = ANSWER_OK; i <= ANSWER_FAILED; i++) {
        if (strcmp(name, answer_result_name((AnswerResult)i)) == 0) {
            answer->result = (AnswerResult)i;
            return 0;
        }
    }
    return WORKER_ANSWER_E_MEMBER;
}

static int take_findings(const json_t *object, WorkerAnswer *answer)
{
    int r = findings_from_json(&answer->findings, json_object_get(object, "findings"));

    return r > 0 ? WORKER_ANSWER_E_MEMBER : r;
}

static int take_timing(const char *name, const json_t *value, WorkerAnswer *answer)
{
    for (int i = 0; i < N_TIMINGS; i++) {
        if (strcmp(name, answer_timing_name((AnswerTiming)i)) != 0)
            continue;
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return WORKER_ANSWER_E_MEMBER;
        answer->timings_usec[i] = (uint64_t)json_integer_value(value);
        return 0;
    }
    return WORKER_ANSWER_E_MEMBER;
}

static int take_timings(json_t *object, WorkerAnswer *answer)
{
    json_t *timings, *value;
    const char *name;

    if (json_get_object(object, "timings_usec", &timings) != JSON_OK)
        return WORKER_ANSWER_E_MEMBER;
    json_object_foreach (timings, name, value) {
        int r = take_timing(name, value, answer);
        if (r)
            return r;
    }
    return 0;
}

/* All of them texts, or all integers. */
static bool is_fact_list(const json_t *array)
{
    bool is_numbers = json_is_integer(json_array_get(array, 0));
    size_t i;
    json_t *item;

    json_array_foreach (array, i, item)
        if (!(is_numbers ? json_is_integer(item) : is_printable(item)))
            return false;
    return json_array_size(array) <= LIST_ITEMS_MAX;
}

static bool is_fact(const json_t *value)
{
    if (json_is_string(value))
        return is_printable(value);
    return json_is_array(value) ? is_fact_list(value)
                                : json_is_integer(value) || json_is_boolean(value);
}

static bool is_fact_name(const char *name)
{
    size_t length =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return length > 0 && length <= 128 && name[length] == 0;
}

bool answer_fact_is_valid(const char *name, const json_t *value)
{
    return is_fact_name(name) && is_fact(value);
}

static int take_claims(const json_t *object, AnswerToken *token)
{
    json_t *claims, *value;
    const char *name;

    if (json_get_object(object, "claims", &claims) != JSON_OK ||
        json_object_size(claims) > ANSWER_FACTS_MAX)
        return WORKER_ANSWER_E_MEMBER;
    json_object_foreach (claims, name, value)
        if (!answer_fact_is_valid(name, value))
            return WORKER_ANSWER_E_MEMBER;
    token->claims = json_incref(claims);
    return 0;
}

static int take_token_times(const json_t *object, AnswerToken *token)
{
    int r = take_number(object, "issued_sec", LIFE_USEC_MAX, &token->issued_sec);

    if (r == 0)
        r = take_number(object, "expires_sec", LIFE_USEC_MAX, &token->expires_sec);
    if (r == 0)
        r = take_number(object, "life_usec", LIFE_USEC_MAX, &token->life_usec);
    if (r == 0)
        r = take_number(object, "expires_boottime_usec", 2 * LIFE_USEC_MAX,
                        &token->expires_boottime_usec);
    return r;
}

static int take_token(json_t *object, WorkerAnswer *answer)
{
    static const char *const known[] = { "jti",        "issuer",
                                         "kid",        "alg",
                                         "issued_sec", "expires_sec",
                                         "life_usec",  "expires_boottime_usec",
                                         "claims",     NULL };
    json_t *member = json_object_get(object, "token");

    if (!member)
        return 0;
    if (!json_is_object(member) || json_unknown_member(member, known))
        return WORKER_ANSWER_E_MEMBER;
    AnswerToken *token = calloc(1, sizeof(*token));
    if (!token)
        return -ENOMEM;
    answer->token = token;

    int r = take_text(member, "jti", true, &token->jti);
    if (r == 0)
        r = take_text(member, "issuer", true, &token->issuer);
    if (r == 0)
        r = take_text(member, "kid", true, &token->kid);
    if (r == 0)
        r = take_text(member, "alg", true, &token->alg);
    if (r == 0)
        r = take_token_times(member, token);
    return r ? r : take_claims(member, token);
}

static bool has_approval(const WorkerAnswer *answer, const char *gate)
{
    for (size_t i = 0; i < answer->n_approvals; i++)
        if (strcmp(answer->approvals[i].gate, gate) == 0)
            return true;
    return false;
}

/* A kind of which a round opens gates: those of PCRs are never asked about. */
static bool take_approved_kind(const json_t *item, GateKind *ret)
{
    const char *name;

    return json_get_string(item, "kind", &name) == JSON_OK && gate_kind_by_name(name, ret) &&
           gate_kind_has_round(*ret);
}

static int take_approval(json_t *item, WorkerAnswer *answer)
{
    static const char *const known[] = { "gate", "kind", "expires_boottime_usec", "once", NULL };
    const json_t *once = json_object_get(item, "once");
    AnswerApproval *approval = &answer->approvals[answer->n_approvals];
    _cleanup_free_ char *gate = NULL;

    if (!json_is_object(item) || json_unknown_member(item, known))
        return WORKER_ANSWER_E_MEMBER;
    int r = take_text(item, "gate", true, &gate);
    if (r)
        return r;
    if (!gate_name_is_valid(gate) || has_approval(answer, gate) ||
        !take_approved_kind(item, &approval->kind) || (once && !json_is_true(once)))
        return WORKER_ANSWER_E_MEMBER;
    r = take_number(item, "expires_boottime_usec", 2 * LIFE_USEC_MAX,
                    &approval->expires_boottime_usec);
    if (r)
        return r;
    approval->once = once;
    approval->gate = TAKE_PTR(gate);
    answer->n_approvals++;
    return 0;
}

static int take_approvals(json_t *object, WorkerAnswer *answer)
{
    const json_t *array = json_object_get(object, "approvals");

    if (!array)
        return 0;
    if (!json_is_array(array) || json_array_size(array) > ANSWER_APPROVALS_MAX)
        return WORKER_ANSWER_E_MEMBER;
    for (size_t i = 0; i < json_array_size(array); i++) {
        int r = take_approval(json_array_get(array, i), answer);
        if (r)
            return r;
    }
    return 0;
}

static int take_clock_skew(const json_t *object, WorkerAnswer *answer)
{
    const json_t *value = json_object_get(object, "clock_skew_sec");

    if (!value)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) > SKEW_SEC_MAX ||
        json_integer_value(value) < -SKEW_SEC_MAX)
        return WORKER_ANSWER_E_MEMBER;
    answer->has_clock_skew = true;
    answer->clock_skew_sec = json_integer_value(value);
    return 0;
}

static int take_simulated(const json_t *object, WorkerAnswer *answer)
{
    int r = json_get_bool(object, "simulated", &answer->simulated);

    return r == JSON_OK || r == JSON_E_MISSING ? 0 : WORKER_ANSWER_E_MEMBER;
}

static int take_round(json_t *object, WorkerAnswer *answer)
{
    int r = take_texts(object, "evidence_kinds", ANSWER_KINDS_MAX, answer->evidence_kinds,
                       &answer->n_evidence_kinds);

    if (r == 0)
        r = take_text(object, "verifier_url", false, &answer->verifier_url);
    if (r == 0 && json_object_get(object, "retry_after_sec"))
        r = take_number(object, "retry_after_sec", RETRY_AFTER_MAX, &answer->retry_after_sec);
    if (r == 0)
        r = take_clock_skew(object, answer);
    if (r == 0)
        r = answer_tpm_from_json(object, answer);
    if (r == 0)
        r = take_simulated(object, answer);
    if (r == 0)
        r = take_token(object, answer);
    return r ? r : take_approvals(object, answer);
}

static int take_collect(json_t *object, WorkerAnswer *answer)
{
    json_t *cpu = json_object_get(object, "cpu");
    int r = take_text(object, "source", false, &answer->source);

    if (r || !cpu)
        return r;
    if (!json_is_object(cpu))
        return WORKER_ANSWER_E_MEMBER;
    r = evidence_cpu_from_json(cpu, NULL, &answer->cpu);
    return r > 0 ? WORKER_ANSWER_E_MEMBER : r;
}

static int take_secret(json_t *object, WorkerAnswer *answer)
{
    static const char *const known[] = { "name", "version", NULL };
    json_t *member = json_object_get(object, "secret");

    if (!member)
        return 0;
    if (!json_is_object(member) || json_unknown_member(member, known))
        return WORKER_ANSWER_E_MEMBER;
    int r = take_text(member, "name", true, &answer->secret_name);
    if (r == 0)
        r = take_number(member, "version", SECRET_VERSION_LIMIT, &answer->secret_version);
    return r == 0 && answer->secret_version == 0 ? WORKER_ANSWER_E_MEMBER : r;
}

/* What is kept has no such member. */
static int take_on_loss(const json_t *item, AnswerReleased *released)
{
    const char *name;

    if (!json_object_get(item, "on_loss"))
        return 0;
    if (!released->ok || json_get_string(item, "on_loss", &name) != JSON_OK ||
        !on_loss_by_name(name, &released->on_loss) || released->on_loss == ON_LOSS_KEEP)
        return WORKER_ANSWER_E_MEMBER;
    return 0;
}

/* Of what was released, and of nothing else. */
static int take_header(const json_t *item, AnswerReleased *released)
{
    _cleanup_bytes_ Bytes digest = { 0 };

    if (!released->ok)
        return json_object_get(item, "header_sha256") || json_object_get(item, "gate") ||
                       json_object_get(item, "version")
                   ? WORKER_ANSWER_E_MEMBER
                   : 0;
    int r = json_get_base64url(item, "header_sha256", ANSWER_HEADER_SHA256_SIZE, &digest);
    if (r < 0)
        return r;
    if (r != JSON_OK || digest.size != ANSWER_HEADER_SHA256_SIZE)
        return WORKER_ANSWER_E_MEMBER;
    memcpy(released->header_sha256, digest.data, ANSWER_HEADER_SHA256_SIZE);
    r = take_text(item, "gate", false, &released->gate);
    if (r == 0 && released->gate && !gate_name_is_valid(released->gate))
        return WORKER_ANSWER_E_MEMBER;
    return r == 0 && json_object_get(item, "version")
               ? take_number(item, "version", SECRET_VERSION_LIMIT, &released->version)
               : r;
}

/* Entry INDEX of the list: in order, a yes without a reason or a no with one. */
static int take_one_released(json_t *item, size_t index, AnswerReleased *ret)
{
    static const char *const known[] = { "index",         "ok",   "finding", "on_loss",
                                         "header_sha256", "gate", "version", NULL };
    uint64_t number = 0;

    if (!json_is_object(item) || json_unknown_member(item, known))
        return WORKER_ANSWER_E_MEMBER;
    int r = take_number(item, "index", ANSWER_RELEASED_MAX, &number);
    if (r == 0 && (number != index || json_get_bool(item, "ok", &ret->ok) != JSON_OK))
        r = WORKER_ANSWER_E_MEMBER;
    if (r == 0)
        r = take_text(item, "finding", !ret->ok, &ret->finding);
    if (r == 0)
        r = take_on_loss(item, ret);
    if (r == 0)
        r = take_header(item, ret);
    return r == 0 && ret->ok && ret->finding ? WORKER_ANSWER_E_MEMBER : r;
}

static int take_released(json_t *object, WorkerAnswer *answer)
{
    const json_t *array = json_object_get(object, "released");
    size_t n = json_array_size(array);

    if (!array)
        return 0;
    if (!json_is_array(array) || n == 0 || n > ANSWER_RELEASED_MAX)
        return WORKER_ANSWER_E_MEMBER;
    answer->released = calloc(n, sizeof(*answer->released));
    if (!answer->released)
        return -ENOMEM;
    answer->n_released = n;
    for (size_t i = 0; i < n; i++) {
        int r = take_one_released(json_array_get(array, i), i, &answer->released[i]);
        if (r)
            return r;
    }
    return 0;
}

static bool wrapped_is_valid(const AnswerWrapped *wrapped)
{
    return wrapped->version > 0 && gate_name_is_valid(wrapped->gate) &&
           jwe_text_is_valid(wrapped->jwe);
}

static int take_one_wrapped(json_t *item, AnswerWrapped *ret)
{
    static const char *const known[] = { "name", "id", "version", "gate", "jwe", NULL };

    if (!json_is_object(item) || json_unknown_member(item, known))
        return WORKER_ANSWER_E_MEMBER;
    int r = take_text(item, "name", true, &ret->name);
    if (r == 0)
        r = take_text(item, "id", true, &ret->id);
    if (r == 0)
        r = take_number(item, "version", SECRET_VERSION_LIMIT, &ret->version);
    if (r == 0)
        r = take_text(item, "gate", true, &ret->gate);
    if (r == 0)
        r = take_text(item, "jwe", true, &ret->jwe);
    return r == 0 && !wrapped_is_valid(ret) ? WORKER_ANSWER_E_MEMBER : r;
}

static int take_wrapped(const json_t *object, WorkerAnswer *answer)
{
    const json_t *array = json_object_get(object, "wrapped");
    size_t n = json_array_size(array);

    if (!array)
        return 0;
    if (!json_is_array(array) || n == 0 || n > ANSWER_WRAPPED_MAX)
        return WORKER_ANSWER_E_MEMBER;
    answer->wrapped = calloc(n, sizeof(*answer->wrapped));
    if (!answer->wrapped)
        return -ENOMEM;
    answer->n_wrapped = n;
    for (size_t i = 0; i < n; i++) {
        int r = take_one_wrapped(json_array_get(array, i), &answer->wrapped[i]);
        if (r)
            return r;
    }
    return 0;
}

static int take_checks(const json_t *object, WorkerAnswer *answer)
{
    const json_t *array = json_object_get(object, "checks");
    int r = array ? check_list_from_json(&answer->checks, array) : 0;

    return r > 0 ? WORKER_ANSWER_E_MEMBER : r;
}

static int take_members(json_t *object, WorkerAnswer *answer)
{
    static const char *const known[] = {
        "result",       "error",           "findings",       "timings_usec", "evidence_kinds",
        "verifier_url", "retry_after_sec", "clock_skew_sec", "tpm_clock",    "tpm_key",
        "simulated",    "token",           "approvals",      "source",       "cpu",
        "secret",       "released",        "wrapped",        "checks",       "fds",
        NULL,
    };

    if (json_unknown_member(object, known))
        return WORKER_ANSWER_E_MEMBER;
    int r = take_result(object, answer);
    if (r == 0)
        r = take_text(object, "error", false, &answer->error);
    if (r == 0)
        r = take_findings(object, answer);
    if (r == 0)
        r = take_timings(object, answer);
    if (r == 0)
        r = take_round(object, answer);
    if (r == 0)
        r = take_collect(object, answer);
    if (r == 0)
        r = take_secret(object, answer);
    if (r == 0)
        r = take_released(object, answer);
    if (r == 0)
        r = take_wrapped(object, answer);
    if (r == 0)
        r = take_checks(object, answer);
    if (r == 0)
        r = take_texts(object, "fds", ANSWER_FDS_MAX, answer->fd_names, &answer->n_fds);
    return r;
}

/* As many descriptors as approvals, one of each name; and nothing is approved without a token. */
static bool approvals_are_consistent(const WorkerAnswer *answer)
{
    size_t length = strlen(ANSWER_APPROVAL_PREFIX), n = 0;

    for (size_t i = 0; i < answer->n_fds; i++) {
        const char *name = answer->fd_names[i];
        if (strncmp(name, ANSWER_APPROVAL_PREFIX, length) != 0)
            continue;
        if (!has_approval(answer, name + length))
            return false;
        for (size_t other = 0; other < i; other++)
            if (strcmp(answer->fd_names[other], name) == 0)
                return false;
        n++;
    }
    return n == answer->n_approvals && (n == 0 || answer->token);
}

/* A failure never looks like a yes, nor a yes like a failure. */
static bool is_consistent(const WorkerAnswer *answer)
{
    const Finding *failure = findings_first_failure(&answer->findings);

    if (!approvals_are_consistent(answer))
        return false;
    if (answer->result == ANSWER_OK)
        return !failure && !answer->error;
    return failure && answer->error && strcmp(failure->name, answer->error) == 0 &&
           !answer->token && !answer->cpu.provider && !answer->secret_name && !answer->released &&
           !answer->wrapped && answer->checks.n_items == 0;
}

int worker_answer_decode(ByteView line, WorkerAnswer *ret)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;
    json_auto_t *object = NULL;

    int r = json_parse(line, ANSWER_SIZE_MAX, &object);
    if (r < 0)
        return r;
    if (r != JSON_OK || !json_is_object(object))
        return WORKER_ANSWER_E_JSON;
    r = take_members(object, &answer);
    if (r)
        return r;
    if (!is_consistent(&answer))
        return WORKER_ANSWER_E_STATE;

    *ret = answer;
    answer = WORKER_ANSWER_INIT;
    return WORKER_ANSWER_OK;
}
