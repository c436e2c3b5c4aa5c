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
    unsigned members = evidence_members(&input->proof->evidence);
    bool has_vtpm = members & EVIDENCE_MEMBER_VTPM;
    bool has_cpu = members & (EVIDENCE_MEMBER_CPU | EVIDENCE_MEMBER_HCL);
    const char *const both[] = { "cpu", has_vtpm ? "vtpm" : NULL, NULL };
    const char *const alone[] = { "vtpm", NULL };
    const char *root = verdict_vtpm_root(token);
    bool is_host = strcmp(root, "host") == 0;
    const EarFloor floor = {
        .submodules = has_cpu ? both : alone,
        .hardware = has_cpu   ? "cpu"
                    : is_host ? NULL
                              : "vtpm",
        .unendorsed = is_host && input->verifier->accept_host_tpm ? "vtpm" : NULL,
    };
    const char *submodule = NULL;

    /* With no report nothing else can be behind it. */
    if (!has_cpu && !is_host && strcmp(root, "certificate") != 0)
        return fail(answer, "token-verdict-malformed", root, "vtpm_root host or certificate");
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

static int judge_rules(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < input->verifier->n_require; i++)
        r = judge_rule(&input->verifier->require[i], token, answer);
    return r;
}

/* Is there an objection? Then NO. */
static int conclude(const WorkerAnswer *answer, int r, int no)
{
    if (r < 0)
        return r;
    return findings_first_failure(&answer->findings) ? no : VERDICT_ACCEPTED;
}

/* What we do not take, whatever MAA says: it knows of no simulated hardware, pre-flight does. */
static int judge_unwanted(const VerdictInput *input, WorkerAnswer *answer)
{
    const VerifierSettings *verifier = input->verifier;
    int r = 0;

    if (answer->simulated && !verifier->accept_simulated)
        r = fail(answer, "token-simulated-not-accepted", NULL, NULL);
    if (r == 0 && input->proof->is_tpm_alone && !verifier->accept_host_tpm)
        r = fail(answer, "token-host-tpm-not-accepted", "a vTPM alone", NULL);
    return r;
}

/*
 * A token that is not about us says nothing. One that is, and for this nonce, and speaks against
 * us, is MAA's no: under its default policy it has no other form.
 */
static int judge_maa(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    int r = conclude(answer, verdict_maa_match(token, input->proof, answer), VERDICT_E_FAILED);
    if (r != VERDICT_ACCEPTED)
        return r;
    r = verdict_maa_judge(token, input->proof, input->verifier->accept_host_tpm, answer);
    if (r == 0)
        r = judge_rules(input, token, answer);
    r = conclude(answer, r, VERDICT_E_REFUSED);
    if (r != VERDICT_ACCEPTED)
        return r;
    return conclude(answer, judge_unwanted(input, answer), VERDICT_E_FAILED);
}

/* Every objection is added, not the first alone. */
static int judge_ear(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    int r = judge_ours(input, token, answer);

    if (r == 0)
        r = judge_floor(input, token, answer);
    if (r == 0)
        r = judge_rules(input, token, answer);
    if (r == 0 && input->proof->gates)
        r = round_gates_check(&(GatesVerdict){ input->gates, token->claims, 0 }, answer);
    return conclude(answer, r, VERDICT_E_FAILED);
}

static int judge(const VerdictInput *input, const Token *token, WorkerAnswer *answer)
{
    return input->protocol->token_form == TOKEN_FORM_MAA ? judge_maa(input, token, answer)
                                                         : judge_ear(input, token, answer);
}

static int open_gates(const VerdictInput *input, const Token *token, const AnswerToken *described,
                      FdList *fds)
{
    const GatesVerdict verdict = {
        .bytes = input->gates,
        .claims = token->claims,
        .expires_boottime_usec = described->expires_boottime_usec,
    };

    int r = input->proof->gates ? round_gates_approve(input->proof->gates, &verdict, fds) : 0;
    if (r == 0)
        r = round_gates_release(input->proof, input->token, &verdict, fds);
    return r > 0 ? VERDICT_E_FAILED : r;
}

/* The token is attached last: an answer without it says no to the approvals as well. */
static int accept(const VerdictInput *input, const Token *token, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(answer_token_freep) AnswerToken *described = NULL;

    int r = verdict_describe(token, input, &described);
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
