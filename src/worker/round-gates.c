/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a round asks its verifier to open, and what comes back, read whole before any is used.
 */
#include "worker/round-gates.h"

#include "base/clock.h"
#include "evidence/pacing.h"
#include "worker/proof-tpm.h"
#include "worker/round-gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_SIZE (sizeof("gate ") + GATE_NAME_LIMIT)

static int fail(RoundGates *gates, const char *name, const char *found, const char *wanted)
{
    Findings *findings = &gates->proof->answer->findings;

    int r = findings_add(findings, name, "gates", FINDING_FAILURE, found, wanted);
    return r < 0 ? r : ROUND_GATES_E_FAILED;
}

static int warn(Proof *proof, const char *gate, const char *name, const char *found)
{
    char subject[SUBJECT_SIZE];

    (void)snprintf(subject, sizeof(subject), "gate %s", gate);
    return findings_add(&proof->answer->findings, name, subject, FINDING_WARNING, found, NULL);
}

int round_gate_warn(RoundGates *gates, const char *gate, const char *name, const char *found)
{
    return warn(gates->proof, gate, name, found);
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
    (void)pacing_free(gates->turn);
    bytes_done(&gates->ak_name);
    free(gates);
    return NULL;
}

/* What is wrong with the lock is for the collect worker to say, who cannot do without. */
static int await_turn(RoundGates *gates)
{
    _cleanup_(pacing_freep) Pacing *pacing = NULL;

    if (gates->proof->is_tpm_alone)
        return 0; /* no report is made */
    const PacingKind *kind = gates->proof->is_azure ? &pacing_of_azure : &pacing_of_hardware;

    int r =
        pacing_new_of(kind, gates->proof->request->lock_directory, &pacing_time_system, &pacing);
    if (r != PACING_OK)
        return r == -ENOMEM ? r : 0;
    pacing_await(pacing);
    gates->waited_usec = pacing_waited_usec(pacing);
    /* One order for all: azure.lock, then tpm.lock. */
    if (gates->proof->is_azure)
        gates->turn = TAKE_PTR(pacing);
    return 0;
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
        return fail(gates,
                    tpm->failure.finding ? tpm->failure.finding
                    : r > 0              ? tpm_policy_finding(r)
                                         : "tpm-command-refused",
                    tpm->failure.text, NULL);
    memcpy(gates->nonce, gates->policy->nonce, sizeof(gates->nonce));
    return ROUND_GATES_OK;
}

static int open_session(RoundGates *gates)
{
    int r = await_turn(gates);
    if (r < 0)
        return r;

    uint64_t start = clock_boottime_usec(&clock_system);
    r = proof_open_vtpm(gates->proof, &gates->vtpm);
    if (r == VTPM_OK)
        r = start_session(gates);
    else if (r > 0)
        r = ROUND_GATES_E_FAILED;
    proof_count_tpm_time(gates->proof, start);
    return r;
}

/* What can be opened here: with a TPM, or with something to be wrapped anew. */
static int choose(RoundGates *gates, size_t index)
{
    const RequestGate *gate = &gates->proof->request->gates[index];

    switch (gate->kind) {
    case GATE_KIND_VERIFIER:
        if (!gates->proof->has_vtpm)
            return warn(gates->proof, gate->name, "gate-without-tpm", NULL);
        gates->with_session = gates->is_asked[index] = true;
        return 0;
    case GATE_KIND_REWRAP:
        gates->is_asked[index] = round_gate_has_wrapped(gates->proof->request, gate->name);
        return 0;
    case GATE_KIND_KEY_RELEASE: /* opens with the token, for who has one */
        return 0;
    case GATE_KIND_PCR:
    case N_GATE_KINDS:
        break;
    }
    return -EINVAL; /* no request has them */
}

int round_gates_open(Proof *proof, RoundGates **ret)
{
    _cleanup_(round_gates_freep) RoundGates *gates = calloc(1, sizeof(*gates));
    const char *names[REQUEST_GATES_MAX];

    if (!gates)
        return -ENOMEM;
    gates->proof = proof;
    for (size_t i = 0; i < proof->request->n_gates; i++) {
        int r = choose(gates, i);
        if (r < 0)
            return r;
    }
    if (gates->with_session) {
        int r = open_session(gates);
        if (r != ROUND_GATES_OK)
            return r;
    }
    if (round_gates_asked(gates, names) > 0)
        *ret = TAKE_PTR(gates);
    return ROUND_GATES_OK;
}

size_t round_gates_asked(const RoundGates *gates, const char *ret[static REQUEST_GATES_MAX])
{
    const RoundRequest *request = gates->proof->request;
    size_t n = 0;

    for (size_t i = 0; i < request->n_gates; i++)
        if (gates->is_asked[i])
            ret[n++] = request->gates[i].name;
    return n;
}

static bool is_asked(const RoundGates *gates, const char *name)
{
    const RoundRequest *request = gates->proof->request;

    for (size_t i = 0; i < request->n_gates; i++)
        if (strcmp(request->gates[i].name, name) == 0)
            return gates->is_asked[i];
    return false;
}

/* What a vault opens is no verifier's business. */
int round_gates_wrapped(const RoundGates *gates, Bytes *ret)
{
    const RoundRequest *request = gates->proof->request;
    _cleanup_rewrap_list_ RewrapList list = { 0 };
    bool is_any = false;

    for (size_t i = 0; i < request->n_wrapped; i++) {
        if (!is_asked(gates, request->wrapped[i].gate))
            continue;
        int r = rewrap_list_add(&list, request->wrapped[i].jwe);
        if (r < 0)
            return r;
        is_any = true;
    }
    return is_any ? rewrap_list_emit(&list, ret) : 0;
}

ByteView round_gates_nonce(const RoundGates *gates)
{
    return gates->with_session ? VIEW_OF_ARRAY(gates->nonce) : (ByteView){ 0 };
}

Vtpm *round_gates_vtpm(RoundGates *gates)
{
    return gates->vtpm;
}

Pacing *round_gates_take_turn(RoundGates *gates)
{
    return TAKE_PTR(gates->turn);
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

static const RequestGate *find_asked(const RoundGates *gates, const char *name)
{
    const RoundRequest *request = gates->proof->request;

    for (size_t i = 0; i < request->n_gates; i++)
        if (gates->is_asked[i] && strcmp(request->gates[i].name, name) == 0)
            return &request->gates[i];
    return NULL;
}

/* NULL: OPENED is what was asked for. One of another kind is not looked into: it stays shut. */
static const char *judge_opened(const RoundGates *gates, const OpenedGate *opened)
{
    const RequestGate *asked = find_asked(gates, opened->name);

    if (!asked)
        return "only what was asked for";
    if (asked->kind != opened->kind)
        return NULL;
    return round_gate_was_sent(gates->proof->request, opened) ? NULL : "data keys that were sent";
}

/* All of it is read before any of it is used. */
static int read_gates(RoundGates *gates, ByteView bytes, OpenedGates **ret)
{
    _cleanup_(opened_gates_freep) OpenedGates *opened = NULL;

    int r = opened_gates_parse(bytes, &opened);
    if (r < 0)
        return r;
    if (r != OPENED_GATES_OK)
        return fail(gates, "gates-malformed", opened_gates_reason(r), NULL);
    for (size_t i = 0; i < opened->n_items; i++) {
        const char *wanted = judge_opened(gates, &opened->items[i]);
        if (wanted)
            return fail(gates, "gates-malformed", opened->items[i].name, wanted);
    }
    *ret = TAKE_PTR(opened);
    return ROUND_GATES_OK;
}

int round_gate_attach(RoundGates *gates, const RoundGate *gate, uint64_t expires_boottime_usec,
                      int fd, FdList *fds)
{
    const RequestGate *asked = gate->asked;
    WorkerAnswer *answer = gates->proof->answer;
    char name[ANSWER_APPROVAL_NAME_SIZE];

    (void)snprintf(name, sizeof(name), ANSWER_APPROVAL_PREFIX "%s", asked->name);
    int r = answer_attach(answer, fds, name, fd);
    if (r < 0)
        return r;
    char *copy = strdup(asked->name);
    if (!copy)
        return -ENOMEM;
    answer->approvals[answer->n_approvals++] = (AnswerApproval){
        .gate = copy,
        .kind = asked->kind,
        .expires_boottime_usec = expires_boottime_usec,
        .once = asked->without_ticket,
    };
    return 0;
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

/* A slip in somebody's settings, which is no reason to leave the machine unproven. */
static int warn_of_kind(RoundGates *gates, const RoundGate *gate)
{
    char subject[SUBJECT_SIZE];

    (void)snprintf(subject, sizeof(subject), "gate %s", gate->asked->name);
    return findings_add(&gates->proof->answer->findings, "gate-kind-mismatch", subject,
                        FINDING_WARNING, gate_kind_name(gate->opened->kind),
                        gate_kind_name(gate->asked->kind));
}

static int open_gate(RoundGates *gates, const RoundGate *gate, FdList *fds)
{
    const char *name = gate->asked->name;

    if (!gate->opened)
        return warn(gates->proof, name, "gate-not-granted", reason_of(gate->verdict, name));
    if (gate->opened->kind != gate->asked->kind)
        return warn_of_kind(gates, gate);
    return gate->asked->kind == GATE_KIND_VERIFIER ? round_gate_verifier(gates, gate, fds)
                                                   : round_gate_rewrap(gates, gate, fds);
}

int round_gates_approve(RoundGates *gates, const GatesVerdict *verdict, FdList *fds)
{
    const RoundRequest *request = gates->proof->request;
    uint64_t start = clock_boottime_usec(&clock_system);
    _cleanup_(opened_gates_freep) OpenedGates *opened = NULL;

    int r = read_gates(gates, verdict->bytes, &opened);
    for (size_t i = 0; r == ROUND_GATES_OK && i < request->n_gates; i++) {
        const RequestGate *asked = &request->gates[i];
        const RoundGate gate = { asked, opened_gates_find(opened, asked->name), verdict };
        r = gates->is_asked[i] ? open_gate(gates, &gate, fds) : ROUND_GATES_OK;
    }
    bool had_session = gates->policy;
    round_gates_let_go(gates);
    if (had_session)
        proof_count_tpm_time(gates->proof, start);
    return r;
}
