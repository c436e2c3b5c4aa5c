/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters: nothing in a token is read before its signature, nonce and holder hold.
 */
#include "worker/verdict.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "protocol/problem.h"
#include "worker/round-gates.h"
#include "worker/verdict-facts.h"
#include "worker/verdict-maa.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int fail(WorkerAnswer *answer, const char *name, const char *found, const char *wanted)
{
    return findings_add(&answer->findings, name, "token", FINDING_FAILURE, found, wanted);
}

/* Whose clock is wrong cannot be known here; by how much they differ can. */
static void add_skew(const WorkerAnswer *answer, TokenMismatch *mismatch)
{
    size_t used = strlen(mismatch->found);
    int64_t skew = answer->clock_skew_sec;

    if (answer->has_clock_skew)
        (void)snprintf(mismatch->found + used, sizeof(mismatch->found) - used,
                       ", and by its Date the verifier's clock is %" PRId64 " s %s ours",
                       skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead of");
}

static int validate(const VerdictInput *input, WorkerAnswer *answer, Token **ret)
{
    const VerifierSettings *verifier = input->verifier;
    const char *algorithms[REQUEST_LIST_MAX + 1] = { 0 };
    TokenMismatch mismatch = { 0 };
    bool is_maa = input->protocol->token_form == TOKEN_FORM_MAA;
    bool is_guest = is_maa && input->proof->wants_token_key;

    for (size_t i = 0; i < verifier->n_algorithms; i++)
        algorithms[i] = verifier->algorithms[i];
    _cleanup_free_ char *nonce_text = is_guest ? base64url_encode(VIEW(input->proof->nonce)) : NULL;
    if (is_guest && !nonce_text)
        return -ENOMEM;
    const TokenExpectation expected = {
        .keys = input->keys,
        .algorithms = algorithms,
        .issuer = verifier->issuer,
        .audience = is_maa ? NULL : verifier->audience,
        .profiles = input->protocol->token_profiles,
        .nonce = is_guest ? view_of_string(nonce_text) : VIEW(input->proof->nonce),
        .nonce_pointer = is_guest ? MAA_GUEST_NONCE_POINTER
                         : is_maa ? MAA_NONCE_POINTER
                                  : NULL,
        /* MAA has our key in no claim of its own: verdict-maa.h. */
        .holder = is_maa ? NULL : input->proof->response_key,
        .now_sec = clock_realtime_usec(&clock_system) / USEC_PER_SEC,
        .leeway_sec = verifier->leeway_sec,
        .has_no_result = is_maa,
    };
    int r = token_validate(input->token, &expected, &mismatch, ret);
    if (r <= 0)
        return r;
    if (r == TOKEN_E_NOT_YET || r == TOKEN_E_EXPIRED)
        add_skew(answer, &mismatch);
    r = fail(answer, token_reason_name(r), mismatch.found, mismatch.wanted);
    return r < 0 ? r : VERDICT_E_FAILED;
}

static bool says_no(const Ear *ear)
{
    if (ear->has_status && ear->status == EAR_CONTRAINDICATED)
        return true;
    for (size_t i = 0; i < ear->n_submodules; i++)
        if (ear->submodules[i].status == EAR_CONTRAINDICATED)
            return true;
    return false;
}

/* The verifier's signed reasons first, then ours, so that there is always one. */
static int refuse(const Token *token, WorkerAnswer *answer)
{
    const json_t *ours = json_object_get(token->claims, "attestd");
    const json_t *array = json_object_get(ours, "findings");

    int r = array ? findings_from_verifier(&answer->findings, array) : 0;
    if (r == 0)
        r = findings_add(&answer->findings, "verifier-refused", "token", FINDING_FAILURE,
                         ear_tier_name(EAR_CONTRAINDICATED), ear_tier_name(EAR_AFFIRMING));
    return r < 0 ? r : VERDICT_E_REFUSED;
}

static int judge_floor(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    bool has_vtpm = evidence_members(&input->proof->evidence) & EVIDENCE_MEMBER_VTPM;
    const char *const submodules[] = { "cpu", has_vtpm ? "vtpm" : NULL, NULL };
    bool is_host = strcmp(verdict_vtpm_root(token), "host") == 0;
    const EarFloor floor = {
        .submodules = submodules,
        .hardware = "cpu",
        .unendorsed = is_host && input->verifier->accept_host_tpm ? "vtpm" : NULL,
    };
    const char *submodule = NULL;

    int r = ear_floor(&token->ear, &floor, &submodule);
    if (r == EAR_FLOOR_OK)
        return 0;
    return fail(answer, ear_floor_reason_name(r), submodule, NULL);
}

/* What EAR has no place for, and what it takes to accept it. */
static int judge_ours(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    const VerifierSettings *verifier = input->verifier;
    bool simulated = true;

    int r = verdict_simulated(token, &simulated);
    if (r != JSON_OK)
        return fail(answer, "token-verdict-malformed", json_reason(r), "attestd.simulated");
    /* Pre-flight may know it already; a token cannot take that back. */
    const char *found = simulated ? NULL : "the token denies it";
    answer->simulated = answer->simulated || simulated;
    if (answer->simulated && !verifier->accept_simulated)
        r = fail(answer, "token-simulated-not-accepted", found, NULL);
    if (r == 0 && !verifier->accept_host_tpm && strcmp(verdict_vtpm_root(token), "host") == 0)
        r = fail(answer, "token-host-tpm-not-accepted", "vtpm_root host", NULL);
    return r;
}

static int judge_rule(const Require *rule, const Token *token, WorkerAnswer *answer)
{
    const json_t *value = NULL;

    int r = require_evaluate(rule, token->claims, &value);
    if (r == REQUIRE_OK)
        return 0;
    _cleanup_free_ char *wanted = require_text(rule);
    _cleanup_free_ char *found = value ? json_text(value) : strdup("absent");
    if (!wanted || !found)
        return -ENOMEM;
    return fail(answer, "token-requirement-unmet", found, wanted);
}

static int judge_ear(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    int r = judge_ours(input, token, answer);

    return r == 0 ? judge_floor(input, token, answer) : r;
}

/* MAA knows of no simulated hardware; pre-flight does. */
static int judge_maa(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    int r = answer->simulated && !input->verifier->accept_simulated
                ? fail(answer, "token-simulated-not-accepted", NULL, NULL)
                : 0;

    if (r < 0)
        return r;
    return verdict_maa_judge(token, input->proof, input->verifier->accept_host_tpm, answer);
}

/* Every objection is added, not the first alone. */
static int judge(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    bool is_maa = input->protocol->token_form == TOKEN_FORM_MAA;
    int r = is_maa ? judge_maa(input, token, answer) : judge_ear(input, token, answer);

    for (size_t i = 0; r == 0 && i < input->verifier->n_require; i++)
        r = judge_rule(&input->verifier->require[i], token, answer);
    if (r == 0 && input->proof->gates)
        r = round_gates_check(&(GatesVerdict){ input->gates, token->claims, 0 }, answer);
    if (r < 0)
        return r;
    return findings_first_failure(&answer->findings) ? VERDICT_E_FAILED : VERDICT_ACCEPTED;
}

static int open_gates(const VerdictInput *input, const Token *token, const AnswerToken *described,
                      FdList *fds)
{
    const GatesVerdict verdict = {
        .bytes = input->gates,
        .claims = token->claims,
        .expires_boottime_usec = described->expires_boottime_usec,
    };

    if (!input->proof->gates)
        return 0;
    int r = round_gates_approve(input->proof->gates, &verdict, fds);
    return r > 0 ? VERDICT_E_FAILED : r;
}

/* The token is attached last: an answer without it says no to the approvals as well. */
static int accept(const VerdictInput *input, const Token *token, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(answer_token_freep) AnswerToken *described = NULL;

    int r = verdict_describe(token, input->protocol->token_form, input->challenge_boottime_usec,
                             &described);
    if (r == 0)
        r = open_gates(input, token, described, fds);
    if (r != 0)
        return r;
    int fd = memfd_sealed("token", input->token);
    if (fd < 0)
        return fd;
    r = answer_attach(answer, fds, "token", fd);
    if (r < 0)
        return r;
    answer->token = TAKE_PTR(described);
    return VERDICT_ACCEPTED;
}

int verdict_judge(const VerdictInput *input, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(token_freep) Token *token = NULL;

    int r = validate(input, answer, &token);
    if (r != 0)
        return r;
    if (says_no(&token->ear))
        return refuse(token, answer);
    if (input->is_refusal_claimed) {
        r = fail(answer, "verifier-refusal-contradicted", NULL, NULL);
        return r < 0 ? r : VERDICT_E_FAILED;
    }
    r = judge(input, token, answer);
    return r == VERDICT_ACCEPTED ? accept(input, token, answer, fds) : r;
}
