/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts in, held, and out.
 */
#include "agent/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void verdict_done(Verdict *verdict)
{
    closep(&verdict->token_fd);
    free(verdict->jti);
    free(verdict->issuer);
    free(verdict->basis);
    texts_done(&verdict->evidence_kinds);
    json_decref(verdict->claims);
    approvals_done(&verdict->approvals);
    *verdict = VERDICT_NONE;
}

bool fd_is_sealed(int fd, size_t limit)
{
    const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;

    return seals >= 0 && (seals & wanted) == wanted && fstat(fd, &st) == 0 && st.st_size > 0 &&
           (uint64_t)st.st_size <= limit;
}

int fd_reopen(int fd)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int copy = open(path, O_RDONLY | O_CLOEXEC);
    return copy < 0 ? -errno : copy;
}

static uint64_t seconds_to_usec(uint64_t seconds)
{
    return seconds > UINT64_MAX / USEC_PER_SEC ? UINT64_MAX : seconds * USEC_PER_SEC;
}

/* The life that is left by both clocks fits what the token says of itself. */
static bool life_is_usable(const AnswerToken *token, const Clock *clock)
{
    uint64_t now = clock_boottime_usec(clock);

    return token->expires_boottime_usec > now &&
           token->expires_boottime_usec - now <= token->life_usec &&
           seconds_to_usec(token->expires_sec) > clock_realtime_usec(clock);
}

static int copy_kinds(char *const *kinds, size_t n_kinds, Texts *ret)
{
    int r = 0;

    for (size_t i = 0; i < n_kinds && r == 0; i++)
        r = texts_add(ret, kinds[i]);
    return r;
}

int verdict_from_answer(const WorkerAnswer *answer, int token_fd, const Clock *clock, Verdict *ret)
{
    _cleanup_verdict_ Verdict verdict = VERDICT_NONE;
    const AnswerToken *token = answer->token;

    if (!token || !fd_is_sealed(token_fd, VERDICT_TOKEN_MAX))
        return VERDICT_E_TOKEN;
    if (!life_is_usable(token, clock))
        return VERDICT_E_LIFE;

    verdict.jti = strdup(token->jti);
    verdict.issuer = strdup(token->issuer);
    verdict.claims = json_incref(token->claims);
    verdict.simulated = answer->simulated;
    verdict.expires_boottime_usec = token->expires_boottime_usec;
    verdict.expires_realtime_usec = seconds_to_usec(token->expires_sec);
    int r = copy_kinds(answer->evidence_kinds, answer->n_evidence_kinds, &verdict.evidence_kinds);
    if (r < 0 || !verdict.jti || !verdict.issuer)
        return -ENOMEM;
    verdict.token_fd = token_fd;
    *ret = verdict;
    verdict = VERDICT_NONE;
    return VERDICT_OK;
}

/* JSON integers are signed; a time beyond that is as good as never. */
static json_int_t time_to_json(uint64_t usec)
{
    return (json_int_t)MIN(usec, (uint64_t)INT64_MAX);
}

json_t *verdict_to_json(const Verdict *verdict)
{
    return json_pack("{ss ss ss so sO sb sI sI so}", "jti", verdict->jti, "issuer", verdict->issuer,
                     "basis", verdict->basis, "evidence_kinds",
                     texts_to_json(&verdict->evidence_kinds), "claims", verdict->claims,
                     "simulated", verdict->simulated, "expires_boottime_usec",
                     time_to_json(verdict->expires_boottime_usec), "expires_realtime_usec",
                     time_to_json(verdict->expires_realtime_usec), "approvals",
                     approvals_to_json(&verdict->approvals));
}

static int copy_texts(const json_t *array, Texts *ret)
{
    size_t i;
    json_t *item;

    json_array_foreach (array, i, item) {
        if (!json_is_string(item))
            return VERDICT_E_TOKEN;
        int r = texts_add(ret, json_string_value(item));
        if (r < 0)
            return r;
    }
    return VERDICT_OK;
}

int verdict_from_json(const json_t *object, Verdict *ret)
{
    _cleanup_verdict_ Verdict verdict = VERDICT_NONE;
    const char *jti, *issuer, *basis;
    json_t *kinds, *claims;

    if (json_get_string(object, "jti", &jti) || json_get_string(object, "issuer", &issuer) ||
        json_get_string(object, "basis", &basis) ||
        json_get_array(object, "evidence_kinds", &kinds) ||
        json_get_object(object, "claims", &claims) ||
        json_get_bool(object, "simulated", &verdict.simulated) ||
        json_get_u64(object, "expires_boottime_usec", &verdict.expires_boottime_usec) ||
        json_get_u64(object, "expires_realtime_usec", &verdict.expires_realtime_usec))
        return VERDICT_E_TOKEN;
    int r = copy_texts(kinds, &verdict.evidence_kinds);
    if (r == 0)
        r = approvals_from_json(json_object_get(object, "approvals"), &verdict.approvals);
    if (r)
        return r < 0 ? r : VERDICT_E_TOKEN;
    verdict.jti = strdup(jti);
    verdict.issuer = strdup(issuer);
    verdict.basis = strdup(basis);
    verdict.claims = json_incref(claims);
    if (!verdict.jti || !verdict.issuer || !verdict.basis)
        return -ENOMEM;
    *ret = verdict;
    verdict = VERDICT_NONE;
    return VERDICT_OK;
}
