/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /attest.
 */
#include "verifier/attest.h"

#include "verifier/challenge.h"
#include "verifier/gates.h"
#include "verifier/issue.h"

#include "base/encode.h"
#include "base/log.h"
#include "format/bundle.h"
#include "format/evidence-claims.h"
#include "verify/policy-explain.h"
#include "verify/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is judged and by whom; all but the facts is borrowed. */
typedef struct Judgement {
    const Instance *instance;
    const Evidence *evidence;
    const EvidenceClaims *claims;
    const NonceFacts *nonce;
    BindFacts facts;
} Judgement;

static int read_evidence(ByteView body, Evidence *evidence, EvidenceClaims *claims, Reply *ret)
{
    EvidenceDetail where = { "" };

    int r = evidence_parse(body, &where, evidence);
    if (r < 0)
        return r;
    if (r > 0)
        return answer_problem(PROBLEM_EVIDENCE_MALFORMED, *where.member ? where.member : "evidence",
                              evidence_reason(r), NULL, ret);

    r = evidence_claims_parse(VIEW(evidence->claims), &where, claims);
    if (r < 0)
        return r;
    if (r > 0)
        return answer_problem(PROBLEM_EVIDENCE_MALFORMED, *where.member ? where.member : "claims",
                              evidence_claims_reason(r), NULL, ret);
    if (!(evidence_members(evidence) &
          (EVIDENCE_MEMBER_CPU | EVIDENCE_MEMBER_HCL | EVIDENCE_MEMBER_VTPM)))
        return answer_problem(PROBLEM_EVIDENCE_MALFORMED, "evidence", "neither cpu, hcl nor vtpm",
                              "at least one of them", ret);
    return 0;
}

static int judge_nonce(const Instance *instance, ByteView nonce, NonceFacts *ret_facts, Reply *ret)
{
    uint64_t now_sec = clock_realtime_usec(instance->clock) / USEC_PER_SEC;

    int r = nonce_verify(&instance->nonce_keys, instance->config->verifier_id, nonce, now_sec,
                         ret_facts);
    if (r < 0)
        return r;
    switch (r) {
    case NONCE_OK:
        break;
    case NONCE_E_EXPIRED:
        return answer_problem(PROBLEM_NONCE_EXPIRED, "nonce", NULL, "at most 120 seconds", ret);
    case NONCE_E_EARLY:
        return answer_problem(PROBLEM_NONCE_EARLY, "nonce", NULL, NULL, ret);
    default: /* everything else is not ours */
        return answer_problem(PROBLEM_NONCE_UNKNOWN, "nonce", NULL, NULL, ret);
    }
    /* Before the verdict, so that one challenge buys one verification. */
    const ByteView mac = { .data = nonce.data + NONCE_SIZE - NONCE_MAC_SIZE,
                           .size = NONCE_MAC_SIZE };
    if (seen_before(instance->shared, mac))
        return answer_problem(PROBLEM_NONCE_REPLAYED, "nonce", NULL, NULL, ret);
    return 0;
}

/* What the challenge put into its credential, if the claims say there was one. */
static int expected_credential(const Evidence *evidence, const EvidenceClaims *claims,
                               const NonceFacts *facts, Digest *ret_secret, Reply *ret)
{
    const char *cause;

    if (claims->credential.size == 0)
        return 0;
    int r = challenge_secret(facts, VIEW(claims->nonce), VIEW(evidence->vtpm.ak_public),
                             VIEW(evidence->vtpm.ek_public), &cause, ret_secret);
    if (r > 0)
        return answer_problem(PROBLEM_EVIDENCE_MALFORMED, "credential", cause,
                              "the AK and EK of the challenge", ret);
    return r;
}

static Verdict verdict_of(TrustTier status)
{
    switch (status) {
    case TIER_NONE:
        return VERDICT_NONE;
    case TIER_AFFIRMING:
        return VERDICT_AFFIRMING;
    case TIER_WARNING:
        return VERDICT_WARNING;
    case TIER_CONTRAINDICATED:
        return VERDICT_CONTRAINDICATED;
    }
    return VERDICT_CONTRAINDICATED;
}

/* The one place where the exact reason is said. */
static void log_rewrap(const RewrapResult *result, const char *id, const char *identity)
{
    for (size_t i = 0; i < result->reasons.n_items; i++) {
        const Finding *finding = &result->reasons.items[i];
        const LogField fields[] = {
            { "ATTEST_TOKEN_ID", id },
            { "ATTEST_FINDING", finding->name },
            { "ATTEST_IDENTITY", identity },
        };
        log_fields(LOG_NOTICE, NULL, fields, ELEMENTSOF(fields), "data key not opened: %s: %s",
                   finding->subject, finding->found);
    }
}

static void log_verdict(const Instance *instance, const Appraisal *appraisal, const char *id,
                        const GatesGrant *grant)
{
    const Finding *first = findings_first_failure(&appraisal->findings);
    _cleanup_free_ char *identity = appraisal->identity ? json_text(appraisal->identity) : NULL;
    const char *names = (const char *)grant->names.data;
    const LogField fields[] = {
        { "ATTEST_TOKEN_ID", id },
        { "ATTEST_FINDING", first ? first->name : NULL },
        { "ATTEST_POLICY", instance->policy->id },
        { "ATTEST_GATES", names },
        { "ATTEST_DATA_KEYS", (const char *)grant->rewrap.opened.data },
        { "ATTEST_IDENTITY", identity },
    };

    if (first)
        log_fields(LOG_NOTICE, NULL, fields, ELEMENTSOF(fields),
                   "refused: %s (%s): found %s, wanted %s", first->name, first->subject,
                   first->found && *first->found ? first->found : "-",
                   first->wanted && *first->wanted ? first->wanted : "-");
    else
        log_fields(LOG_INFO, NULL, fields, ELEMENTSOF(fields), "attested: status %s%s%s%s",
                   trust_tier_name(appraisal->status), appraisal->simulated ? ", simulated" : "",
                   names ? ", opened: " : "", names ? names : "");
    log_rewrap(&grant->rewrap, id, identity);
}

static int reply_with_token(const char *token, ByteView gates, Reply *ret)
{
    _cleanup_free_ char *text = NULL;

    /* By hand, so that the bytes of `gates` are those that were hashed. */
    if (asprintf(&text, "{\"token\":\"%s\",\"gates\":%.*s}", token, (int)gates.size,
                 (const char *)gates.data) < 0) {
        text = NULL;
        return -ENOMEM;
    }
    ret->content_type = ANSWER_JSON;
    return bytes_copy(view_of_string(text), &ret->body);
}

/* Nothing is signed or opened but for a yes. */
static int grant_gates(const Judgement *judgement, Appraisal *appraisal, GatesGrant *ret)
{
    const Instance *instance = judgement->instance;
    const GatesInput input = {
        .policy = instance->policy,
        .release_key = instance->release_key,
        .now_sec = clock_realtime_usec(instance->clock) / USEC_PER_SEC,
        .expires_sec = judgement->nonce->issued_sec + instance->config->token_life_sec,
        .rewrap_keys = &instance->rewrap_keys,
        .facts = &judgement->facts,
        .blobs = VIEW(judgement->evidence->rewrap),
    };

    if (findings_first_failure(&appraisal->findings))
        return bytes_copy(view_of_string(GATES_NONE), &ret->object);
    return gates_grant(&input, appraisal, ret);
}

static int conclude(const Judgement *judgement, Appraisal *appraisal, Reply *ret)
{
    const Instance *instance = judgement->instance;
    _cleanup_gates_grant_ GatesGrant grant = { 0 };
    _cleanup_free_ char *token = NULL, *id = NULL;
    json_auto_t *uncovered = policy_uncovered(instance->policy);

    int r = uncovered ? grant_gates(judgement, appraisal, &grant) : -ENOMEM;
    if (r < 0)
        return r;
    const IssueInput input = {
        .key = instance->token_key,
        .kid = instance->kid,
        .issuer = instance->config->issuer,
        .audience = instance->config->audience,
        .policy_id = instance->policy->id,
        .uncovered = uncovered,
        .appraisal = appraisal,
        .nonce = VIEW(judgement->claims->nonce),
        .issued_sec = judgement->nonce->issued_sec,
        .life_sec = instance->config->token_life_sec,
        .gates = VIEW(grant.object),
    };
    r = issue_token(&input, &id, &token);
    if (r < 0)
        return r;
    log_verdict(instance, appraisal, id, &grant);
    if (!findings_first_failure(&appraisal->findings))
        return reply_with_token(token, VIEW(grant.object), ret);

    ret->problem = PROBLEM_REFUSED;
    ret->status = problem_status(PROBLEM_REFUSED);
    ret->content_type = ANSWER_PROBLEM;
    return problem_refusal(&appraisal->findings, token, &ret->body);
}

static int note_facts(const Believed *believed, void *userdata)
{
    bind_facts_read(believed, userdata);
    return 0;
}

static int judge(Judgement *judgement, Reply *ret)
{
    const Instance *instance = judgement->instance;
    const EvidenceClaims *claims = judgement->claims;
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    Digest secret = { 0 };

    int r = expected_credential(judgement->evidence, claims, judgement->nonce, &secret, ret);
    if (r < 0 || ret->problem != PROBLEM_NONE)
        return r;

    const VerifyInput input = {
        .evidence = judgement->evidence,
        .policy = instance->policy,
        .nonce = VIEW(claims->nonce),
        .audience = instance->config->verifier_id,
        .now_sec = (int64_t)(clock_realtime_usec(instance->clock) / USEC_PER_SEC),
        .roots = instance->roots,
        .credential = claims->credential.size > 0 ? digest_view(&secret) : (ByteView){ 0 },
        .on_believed = note_facts,
        .userdata = &judgement->facts,
        .source = "verifier",
    };
    uint64_t start_usec = clock_boottime_usec(instance->clock);
    r = verify_evidence(&input, &appraisal);
    wipe(&secret, sizeof(secret));
    if (r < 0)
        return r;
    metrics_count_verification(instance->shared, verdict_of(appraisal->status),
                               clock_boottime_usec(instance->clock) - start_usec);
    return conclude(judgement, appraisal, ret);
}

int attest_answer(const Instance *instance, ByteView body, Reply *ret)
{
    _cleanup_evidence_ Evidence evidence = { 0 };
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 };
    NonceFacts facts = { 0 };

    int r = read_evidence(body, &evidence, &claims, ret);
    if (r < 0 || ret->problem != PROBLEM_NONE)
        return r;
    r = judge_nonce(instance, VIEW(claims.nonce), &facts, ret);
    if (r < 0 || ret->problem != PROBLEM_NONE)
        return r;
    Judgement judgement = {
        .instance = instance, .evidence = &evidence, .claims = &claims, .nonce = &facts
    };
    return judge(&judgement, ret);
}
