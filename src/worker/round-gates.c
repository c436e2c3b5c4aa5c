/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One policy session, one ticket a gate.
 */
#include "worker/round-gates.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/gate.h"
#include "evidence/pacing.h"
#include "secret/approval.h"
#include "tpm/tpm-policy.h"
#include "worker/opened-gates.h"
#include "worker/proof-tpm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_SIZE (sizeof("gate ") + GATE_NAME_LIMIT)

struct RoundGates {
    Proof *proof;      /* borrowed */
    Vtpm *vtpm;        /* NULL: let go of */
    TpmPolicy *policy; /* NULL: let go of */
    uint8_t nonce[GATE_NONCE_SIZE];
    Bytes ak_name;
    uint64_t start_boottime_usec; /* of the session: approvals count from it */
    uint64_t waited_usec;
};

static int fail(RoundGates *gates, const char *name, const char *found, const char *wanted)
{
    Findings *findings = &gates->proof->answer->findings;

    int r = findings_add(findings, name, "gates", FINDING_FAILURE, found, wanted);
    return r < 0 ? r : ROUND_GATES_E_FAILED;
}

/* GATE stays shut; the round goes on. */
static int warn(RoundGates *gates, const char *gate, const char *name, const char *found)
{
    char subject[SUBJECT_SIZE];

    (void)snprintf(subject, sizeof(subject), "gate %s", gate);
    return findings_add(&gates->proof->answer->findings, name, subject, FINDING_WARNING, found,
                        NULL);
}

void round_gates_let_go(void *userdata)
{
    RoundGates *gates = userdata;

    gates->policy = tpm_policy_free(gates->policy);
    gates->vtpm = vtpm_free(gates->vtpm);
}

RoundGates *round_gates_free(RoundGates *gates)
{
    if (!gates)
        return NULL;
    round_gates_let_go(gates);
    bytes_done(&gates->ak_name);
    free(gates);
    return NULL;
}

/* What is wrong with the lock is for the collect worker to say, who cannot do without. */
static int await_turn(RoundGates *gates)
{
    _cleanup_(pacing_freep) Pacing *pacing = NULL;

    int r = pacing_new(gates->proof->request->lock_directory, &pacing_time_system, &pacing);
    if (r != PACING_OK)
        return r == -ENOMEM ? r : 0;
    pacing_await(pacing);
    gates->waited_usec = pacing_waited_usec(pacing);
    return 0;
}

/* The finding of a no or an errno, and the TPM's own words for it. */
static const char *finding_of(int r, const TpmFailure *failure)
{
    if (failure->finding)
        return failure->finding;
    return r > 0 ? tpm_policy_finding(r) : "tpm-command-refused";
}

static int start_session(RoundGates *gates)
{
    TpmContext *tpm = vtpm_context(gates->vtpm);

    int r = bytes_copy(vtpm_ak_name(gates->vtpm), &gates->ak_name);
    if (r < 0)
        return r;
    gates->start_boottime_usec = clock_boottime_usec(&clock_system);
    r = tpm_policy_start(tpm, &gates->policy);
    if (r == -ENOMEM)
        return r;
    if (r != TPM_POLICY_OK)
        return fail(gates, finding_of(r, &tpm->failure), tpm->failure.text, NULL);
    memcpy(gates->nonce, gates->policy->nonce, sizeof(gates->nonce));
    return ROUND_GATES_OK;
}

int round_gates_open(Proof *proof, RoundGates **ret)
{
    _cleanup_(round_gates_freep) RoundGates *gates = calloc(1, sizeof(*gates));

    if (!gates)
        return -ENOMEM;
    gates->proof = proof;
    int r = await_turn(gates);
    if (r < 0)
        return r;

    uint64_t start = clock_boottime_usec(&clock_system);
    r = proof_open_vtpm(proof, &gates->vtpm);
    if (r == VTPM_OK)
        r = start_session(gates);
    else if (r > 0)
        r = ROUND_GATES_E_FAILED;
    proof_count_tpm_time(proof, start);
    if (r != ROUND_GATES_OK)
        return r;
    *ret = TAKE_PTR(gates);
    return ROUND_GATES_OK;
}

ByteView round_gates_nonce(const RoundGates *gates)
{
    return VIEW_OF_ARRAY(gates->nonce);
}

Vtpm *round_gates_vtpm(RoundGates *gates)
{
    return gates->vtpm;
}

uint64_t round_gates_waited_usec(const RoundGates *gates)
{
    return gates->waited_usec;
}

int round_gates_check(const GatesVerdict *verdict, WorkerAnswer *answer)
{
    const json_t *ours = json_object_get(verdict->claims, "attestd");
    _cleanup_bytes_ Bytes wanted = { 0 };
    Digest found;

    int r = json_get_base64url(ours, "gates_sha256", DIGEST_SIZE_MAX, &wanted);
    if (r == JSON_E_MISSING && verdict->bytes.size == 0)
        return 0; /* of a verifier that knows no gates */
    if (r == JSON_OK)
        r = digest_of(DIGEST_SHA256, verdict->bytes, &found);
    if (r < 0 || (r == 0 && equal_constant_time(VIEW(wanted), digest_view(&found))))
        return r;
    return findings_add(&answer->findings, "gates-mismatch", "gates", FINDING_FAILURE,
                        r > 0 ? json_reason(r) : NULL, "what the token's gates_sha256 is over");
}

static bool is_asked(const RoundGates *gates, const char *name)
{
    const RoundRequest *request = gates->proof->request;

    for (size_t i = 0; i < request->n_gates; i++)
        if (strcmp(request->gates[i].name, name) == 0)
            return true;
    return false;
}

/* All of it is read before any of it is used. */
static int read_gates(RoundGates *gates, ByteView bytes, OpenedGates *ret)
{
    int r = opened_gates_parse(bytes, ret);

    if (r < 0)
        return r;
    if (r != OPENED_GATES_OK)
        return fail(gates, "gates-malformed", opened_gates_reason(r), NULL);
    for (size_t i = 0; i < ret->n_items; i++)
        if (!is_asked(gates, ret->items[i].name))
            return fail(gates, "gates-malformed", ret->items[i].name, "only what was asked for");
    return ROUND_GATES_OK;
}

/* The key in force, or the next one where that is what has signed; the TPM decides. May be NULL. */
static const Key *choose_key(const RequestGate *asked, const GateApproval *approval,
                             ByteView signature)
{
    bool is_next = asked->next_release_key &&
                   gate_verify(asked->next_release_key, approval, signature) == GATE_OK;

    return is_next ? asked->next_release_key : asked->release_key;
}

/* PolicySigned in a session that has been at another gate, perhaps. */
static int sign_session(RoundGates *gates, const TpmApproval *approval, TpmTicket *ret)
{
    int r = tpm_policy_restart(gates->policy);

    return r == TPM_POLICY_OK ? tpm_policy_sign(gates->policy, approval, ret) : r;
}

static int attach(RoundGates *gates, const Approval *approval, FdList *fds)
{
    WorkerAnswer *answer = gates->proof->answer;
    _cleanup_wiped_bytes_ Bytes json = { 0 };
    char name[ANSWER_APPROVAL_NAME_SIZE];

    int r = approval_emit(approval, &json);
    if (r < 0)
        return r;
    (void)snprintf(name, sizeof(name), ANSWER_APPROVAL_PREFIX "%s", approval->gate);
    int fd = memfd_sealed(name, VIEW(json));
    r = fd < 0 ? fd : answer_attach(answer, fds, name, fd);
    if (r < 0)
        return r;
    char *gate = strdup(approval->gate);
    if (!gate)
        return -ENOMEM;
    answer->approvals[answer->n_approvals++] =
        (AnswerApproval){ gate, approval->expires_boottime_usec };
    return 0;
}

/* RET has the ticket and what it is for. 0; a named no of tpm-policy.h; negative errno. */
static int approve(RoundGates *gates, const RequestGate *asked, const OpenedGate *opened,
                   Approval *approval)
{
    Digest policy_ref;

    int r = gate_policy_ref(asked->name, VIEW(gates->ak_name), &policy_ref);
    if (r != GATE_OK)
        return r < 0 ? r : TPM_POLICY_E_MALFORMED;
    const GateApproval message = {
        .nonce_tpm = VIEW_OF_ARRAY(gates->nonce),
        .expiration_sec = opened->expiration_sec,
        .policy_ref = digest_view(&policy_ref),
    };
    const Key *key = choose_key(asked, &message, VIEW_OF_ARRAY(opened->signature));
    if (!key)
        return TPM_POLICY_E_RELEASE_KEY;
    const TpmApproval signed_by = {
        .release_key = key,
        .policy_ref = digest_view(&policy_ref),
        .expiration_sec = opened->expiration_sec,
        .signature = VIEW_OF_ARRAY(opened->signature),
    };
    r = sign_session(gates, &signed_by, &approval->ticket);
    if (r != TPM_POLICY_OK)
        return r;
    approval->gate = strdup(asked->name);
    if (!approval->gate)
        return -ENOMEM;
    memcpy(approval->policy_ref, policy_ref.data, sizeof(approval->policy_ref));
    memcpy(approval->ak_name.data, gates->ak_name.data, sizeof(approval->ak_name.data));
    r = gate_key_name(key, &approval->key_name);
    return r > 0 ? TPM_POLICY_E_RELEASE_KEY : r;
}

static int take_opened(RoundGates *gates, const RequestGate *asked, const OpenedGate *opened,
                       const GatesVerdict *verdict, FdList *fds)
{
    _cleanup_approval_ Approval approval = { 0 };

    if (!gates->policy)
        return warn(gates, asked->name, "gate-session-too-old", NULL);
    TpmContext *tpm = vtpm_context(gates->vtpm);
    tpm->failure = (TpmFailure){ 0 };
    int r = approve(gates, asked, opened, &approval);
    if (r == -ENOMEM)
        return r;
    if (r != 0)
        return warn(gates, asked->name, finding_of(r, &tpm->failure), tpm->failure.text);
    uint64_t life_usec = (uint64_t)-opened->expiration_sec * USEC_PER_SEC;
    approval.expires_boottime_usec =
        MIN(gates->start_boottime_usec + life_usec, verdict->expires_boottime_usec);
    return attach(gates, &approval, fds);
}

/* The token's own word on why GATE stays shut; NULL: it has none. */
static const char *reason_of(const GatesVerdict *verdict, const char *gate)
{
    const json_t *ours = json_object_get(verdict->claims, "attestd");
    const json_t *findings = json_object_get(ours, "findings");
    char subject[SUBJECT_SIZE];
    size_t i;
    const json_t *item;

    (void)snprintf(subject, sizeof(subject), "gate %s", gate);
    json_array_foreach (findings, i, item) {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *about = json_string_value(json_object_get(item, "subject"));
        if (name && about && strcmp(name, "gate-not-granted") == 0 && strcmp(about, subject) == 0)
            return json_string_value(json_object_get(item, "found"));
    }
    return NULL;
}

int round_gates_approve(RoundGates *gates, const GatesVerdict *verdict, FdList *fds)
{
    const RoundRequest *request = gates->proof->request;
    uint64_t start = clock_boottime_usec(&clock_system);
    OpenedGates opened = { 0 };

    int r = read_gates(gates, verdict->bytes, &opened);
    for (size_t i = 0; r == ROUND_GATES_OK && i < request->n_gates; i++) {
        const RequestGate *asked = &request->gates[i];
        const OpenedGate *gate = opened_gates_find(&opened, asked->name);
        r = gate ? take_opened(gates, asked, gate, verdict, fds)
                 : warn(gates, asked->name, "gate-not-granted", reason_of(verdict, asked->name));
    }
    round_gates_let_go(gates);
    proof_count_tpm_time(gates->proof, start);
    return r;
}
