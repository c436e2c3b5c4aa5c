/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt from challenge to verdict, top to bottom. Nothing is tried twice; what goes wrong is
 * a finding, and the round is over.
 */
#include "worker/round.h"

#include "base/clock.h"
#include "base/file.h"
#include "protocol/protocols.h"
#include "worker/proof-token-key.h"
#include "worker/round-cap.h"
#include "worker/transport.h"
#include "worker/verdict.h"

#include <errno.h>
#include <stdio.h>

#define CLOCK_SKEW_WORTH_SAYING_SEC 600 /* spec/endpoints 7.1 rule 13 */

enum {
    ROUND_OK,
    ROUND_E_FAILED,  /* the answer's findings say why */
    ROUND_E_REFUSED, /* so does the verifier */
};

/* One round's talk with a verifier. */
typedef struct Talk {
    const RoundRequest *request;
    const VerifierProtocol *protocol;
    Jwks keys;
    Transport *transport;
    Conversation *conversation;
    uint64_t challenge_boottime_usec;
    WorkerAnswer *answer;
} Talk;

static void talk_done(Talk *talk)
{
    if (talk->conversation)
        (void)talk->protocol->free(talk->conversation);
    (void)transport_free(talk->transport);
    jwks_done(&talk->keys);
}

static int fail(WorkerAnswer *answer, const char *name, const char *found)
{
    int r = findings_add(&answer->findings, name, "verifier", FINDING_FAILURE, found, NULL);

    return r < 0 ? r : ROUND_E_FAILED;
}

/* Adds what has passed since START. */
static void count_time(WorkerAnswer *answer, AnswerTiming timing, uint64_t start_usec)
{
    answer->timings_usec[timing] = clock_boottime_usec(&clock_system) - start_usec;
}

static uint64_t tpm_time(const WorkerAnswer *answer)
{
    uint64_t usec = answer->timings_usec[TIMING_QUOTE];

    return usec == USEC_INFINITY ? 0 : usec;
}

/* Keys, certificates, protocol: all that can be wrong before anything is sent. */
static int prepare(Talk *talk)
{
    const VerifierSettings *verifier = &talk->request->verifier;

    talk->protocol = protocol_find(verifier->protocol);
    if (!talk->protocol)
        return fail(talk->answer, "verifier-protocol-unknown", verifier->protocol);
    int r = verifier->token_keys ? jwks_from_json(verifier->token_keys, &talk->keys) : JWKS_OK;
    if (r > 0)
        return fail(talk->answer, "verifier-token-keys-unusable", jwks_reason(r));
    if (r < 0)
        return r;
    r = transport_new(talk->request, talk->protocol, talk->answer, &talk->transport);
    return r > 0 ? ROUND_E_FAILED : r;
}

/* Makes the request of STEP, which becomes the step after its reply. */
static int exchange(Talk *talk, Step *step)
{
    _cleanup_http_reply_ HttpReply http_reply = { 0 };
    _cleanup_step_ Step next = { 0 };

    int r = transport_exchange(talk->transport, &step->request, talk->answer, &http_reply);
    if (r != TRANSPORT_OK)
        return r < 0 ? r : ROUND_E_FAILED;
    const ProtocolReply reply = {
        .status = http_reply.status,
        .content_type = http_reply.content_type,
        .body = VIEW(http_reply.body),
    };
    r = talk->protocol->feed(talk->conversation, &reply, &next);
    if (r < 0)
        return r;
    step_done(step);
    *step = TAKE_STRUCT(next);
    if (step->kind != STEP_BROKEN)
        return ROUND_OK;
    r = findings_move(&talk->answer->findings, &step->findings);
    return r < 0 ? r : ROUND_E_FAILED;
}

/* Pinned keys are the only ones; else those that came from the verifier's URL, by its TLS. */
static int take_keys(Talk *talk, const Challenge *challenge)
{
    if (talk->request->verifier.token_keys)
        return ROUND_OK;
    int r = jwks_parse_published(VIEW(challenge->token_keys), &talk->keys);
    if (r <= 0)
        return r;
    return fail(talk->answer, "verifier-token-keys-unusable", jwks_reason(r));
}

static int ask_challenge(Talk *talk, const Proof *proof, Step *step)
{
    const ProtocolIdentity identity = {
        .attestation_type = talk->request->verifier.attestation_type,
        .api_version = talk->request->verifier.api_version,
        .ak_public = VIEW(proof->ak_public),
        .ek_public = VIEW(proof->ek_public),
        .ek_certificate = VIEW(proof->ek_certificate),
    };

    int r = talk->protocol->begin(&identity, &talk->conversation, step);
    if (r < 0)
        return r;
    /* From here the verdict lives, since the verifier counts from when it makes the nonce. */
    talk->challenge_boottime_usec = clock_boottime_usec(&clock_system);
    r = exchange(talk, step);
    count_time(talk->answer, TIMING_CHALLENGE, talk->challenge_boottime_usec);
    if (r == ROUND_OK)
        r = transport_note_ends(talk->transport, &talk->answer->findings);
    if (r != ROUND_OK)
        return r;
    if (step->kind == STEP_NEED_EVIDENCE)
        return take_keys(talk, &step->challenge);
    return fail(talk->answer, "verifier-reply-malformed", "a verdict before there was evidence");
}

static int take_challenge(Proof *proof, Challenge *challenge)
{
    proof->nonce = TAKE_STRUCT(challenge->nonce);
    proof->wants_token_key = challenge->wants_encryption_key;
    if (challenge->credential_blob.size == 0)
        return PROOF_OK;
    return proof_activate(proof, VIEW(challenge->credential_blob),
                          VIEW(challenge->credential_secret));
}

/* Nonce and keys are there: the evidence, verified by ourselves. */
static int make_evidence(Proof *proof)
{
    int r = proof_make_key(proof);

    if (r == PROOF_OK)
        r = proof_collect(proof);
    if (r == PROOF_OK)
        r = proof_preflight(proof);
    return r > 0 ? ROUND_E_FAILED : r;
}

/* Whatever STEP says against us becomes the answer's; the machine may be closed until it boots. */
static int take_no(const Talk *talk, Proof *proof, Step *step)
{
    bool is_refused = step->kind == STEP_REFUSED;

    int r = findings_move(&talk->answer->findings, &step->findings);
    if (r == 0 && is_refused)
        r = round_cap(proof);
    if (r < 0)
        return r;
    return is_refused ? ROUND_E_REFUSED : ROUND_E_FAILED;
}

static int submit(Talk *talk, Proof *proof, Step *step)
{
    uint64_t start = clock_boottime_usec(&clock_system);
    const ProtocolEvidence evidence = { .json = VIEW(proof->json),
                                        .td_quote = VIEW(proof->evidence.td_quote),
                                        .key_public = VIEW(proof->token_key.public_area),
                                        .key_attest = VIEW(proof->token_key.attest),
                                        .key_signature = VIEW(proof->token_key.signature) };

    step_done(step);
    int r = talk->protocol->submit(talk->conversation, &evidence, step);
    if (r < 0)
        return r;
    if (step->kind == STEP_BROKEN)
        return take_no(talk, proof, step);
    r = exchange(talk, step);
    count_time(talk->answer, TIMING_SUBMIT, start);
    if (r != ROUND_OK)
        return r;
    if (step->kind == STEP_REFUSED)
        return take_no(talk, proof, step);
    if (step->kind != STEP_SEALED_TOKEN)
        return ROUND_OK;
    r = proof_open_token(proof, &step->sealed, &step->token);
    return r > 0 ? ROUND_E_FAILED : r;
}

static int judge(const Talk *talk, Proof *proof, const Step *step, FdList *fds)
{
    uint64_t start = clock_boottime_usec(&clock_system), tpm_before = tpm_time(talk->answer);
    const VerdictInput input = {
        .verifier = &talk->request->verifier,
        .protocol = talk->protocol,
        .keys = &talk->keys,
        .proof = proof,
        .token = VIEW(step->token),
        .gates = VIEW(step->gates),
        .is_refusal_claimed = step->kind == STEP_REFUSAL_CLAIMED,
        .challenge_boottime_usec = talk->challenge_boottime_usec,
    };

    int r = verdict_judge(&input, talk->answer, fds);
    /* Gates are opened meanwhile, which is TPM work and counted as that. */
    count_time(talk->answer, TIMING_TOKEN, start + tpm_time(talk->answer) - tpm_before);
    if (r < 0)
        return r;
    if (r == VERDICT_E_REFUSED) {
        r = round_cap(proof);
        return r < 0 ? r : ROUND_E_REFUSED;
    }
    return r == VERDICT_ACCEPTED ? ROUND_OK : ROUND_E_FAILED;
}

/* The whole round with a verifier. */
static int prove(const RoundRequest *request, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(talk_done) Talk talk = { .request = request, .answer = answer };
    _cleanup_proof_ Proof proof = { .request = request, .answer = answer };
    _cleanup_step_ Step step = { 0 };

    int r = prepare(&talk);
    if (r != ROUND_OK)
        return r;
    r = proof_identify(&proof);
    if (r != PROOF_OK)
        return r < 0 ? r : ROUND_E_FAILED;
    r = ask_challenge(&talk, &proof, &step);
    if (r != ROUND_OK)
        return r;
    r = take_challenge(&proof, &step.challenge);
    if (r != PROOF_OK)
        return r < 0 ? r : ROUND_E_FAILED;
    r = make_evidence(&proof);
    if (r != ROUND_OK)
        return r;
    r = submit(&talk, &proof, &step);
    if (r != ROUND_OK)
        return r;
    return judge(&talk, &proof, &step, fds);
}

/* Evidence over somebody's nonce; no network, no response key. */
static int make_for_caller(RoundRequest *request, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_proof_ Proof proof = { .request = request, .answer = answer };

    proof.nonce = TAKE_STRUCT(request->nonce);
    int r = proof_identify(&proof);
    if (r != PROOF_OK)
        return r < 0 ? r : ROUND_E_FAILED;
    r = make_evidence(&proof);
    if (r != ROUND_OK)
        return r;
    int fd = memfd_sealed("evidence", VIEW(proof.json));
    return fd < 0 ? fd : answer_attach(answer, fds, "evidence", fd);
}

static int note_clock_skew(WorkerAnswer *answer)
{
    char found[64];
    int64_t skew = answer->clock_skew_sec;

    if (!answer->has_clock_skew ||
        (skew <= CLOCK_SKEW_WORTH_SAYING_SEC && skew >= -CLOCK_SKEW_WORTH_SAYING_SEC))
        return 0;
    (void)snprintf(found, sizeof(found), "%lld s %s us", (long long)(skew < 0 ? -skew : skew),
                   skew < 0 ? "behind" : "ahead of");
    return findings_add(&answer->findings, "verifier-clock-differs", "clock", FINDING_WARNING,
                        found, NULL);
}

static bool has_granted_gates(const RoundRequest *request)
{
    for (size_t i = 0; i < request->n_gates; i++)
        if (gate_kind_is_granted(request->gates[i].kind))
            return true;
    return false;
}

/* Another service's verdict opens none of them: said, and the round goes on. A refusal closes them
 * as ever. */
static int drop_gates(RoundRequest *request, WorkerAnswer *answer)
{
    const VerifierProtocol *protocol = protocol_find(request->verifier.protocol);

    if (!protocol || protocol->opens_gates)
        return 0;
    request->asks_no_gates = true;
    if (!has_granted_gates(request))
        return 0;
    return findings_add(&answer->findings, "gate-protocol-unfit", request->verifier.protocol,
                        FINDING_WARNING, NULL, "gates of kind key-release or pcr");
}

int round_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    int r = round_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);

    bool is_round = request->purpose == PURPOSE_ROUND;
    r = is_round ? drop_gates(request, answer) : 0;
    if (r < 0)
        return r;
    r = is_round ? prove(request, answer, fds) : make_for_caller(request, answer, fds);
    if (r < 0)
        return r;
    /* A no without a reason would be taken for a yes. */
    if (r != ROUND_OK && !findings_first_failure(&answer->findings))
        return -EPROTO;
    bool is_refused = r == ROUND_E_REFUSED;
    r = note_clock_skew(answer);
    if (r < 0)
        return r;
    count_time(answer, TIMING_TOTAL, start);
    return worker_answer_decide(answer, is_refused ? ANSWER_NO : ANSWER_FAILED);
}
