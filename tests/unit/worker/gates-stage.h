/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round that waits for its gates "db" and "web", with a session open in a swtpm; and a verifier
 * that opens them, honestly or not.
 */
#pragma once

#include "../tpm/gate-lab.h"

#include "secret/approval.h"
#include "worker/round-gates.h"

#define FAR_USEC (UINT64_C(1) << 45)

static GateLab lab;

/* A round that asks for "db" and "web", by the lab's release key. */
typedef struct Stage {
    RoundRequest request;
    WorkerAnswer answer;
    Proof proof;
    FdList fds;
    json_t *gates;  /* the verifier's answer */
    json_t *claims; /* of its token */
} Stage;

static inline void stage_set(Stage *stage)
{
    *stage = (Stage){
        .request = {
            .evidence = {
                .tcti = lab.swtpm.tcti,
                .attestation_key = "template",
                .pcr_bank = "sha256",
                .pcrs = 1,
            },
            .lock_directory = lab.swtpm.directory,
            .gates = {
                { .name = "db", .release_key = key_ref(lab.release_key) },
                { .name = "web", .release_key = key_ref(lab.release_key) },
            },
            .n_gates = 2,
        },
        .answer = WORKER_ANSWER_INIT,
        .gates = json_object(),
        .claims = json_pack("{s{s[]}}", "attestd", "findings"),
    };
    stage->proof =
        (Proof){ .request = &stage->request, .answer = &stage->answer, .has_vtpm = true };
    check_int(round_gates_open(&stage->proof, &stage->proof.gates), ROUND_GATES_OK);
}

static inline void stage_strike(Stage *stage)
{
    proof_done(&stage->proof);
    for (size_t i = 0; i < stage->request.n_gates; i++) {
        key_free(stage->request.gates[i].release_key);
        key_free(stage->request.gates[i].next_release_key);
    }
    worker_answer_done(&stage->answer);
    fd_list_done(&stage->fds);
    json_decref(stage->gates);
    json_decref(stage->claims);
    swtpm_check_slots_free(&lab.swtpm);
}
#define _cleanup_stage_ _cleanup_(stage_strike)

/* The verifier opens GATE: signed by KEY for AK_NAME; the answer says EXPIRATION. */
static inline void open_gate_as(Stage *stage, const char *gate, const Key *key, ByteView ak_name,
                                int64_t expiration)
{
    json_t *entry = json_pack("{ss sI}", "kind", "verifier", "expiration", (json_int_t)expiration);
    Digest policy_ref;

    check_int(gate_policy_ref(gate, ak_name, &policy_ref), GATE_OK);
    _cleanup_bytes_ Bytes signature =
        gate_lab_sign(key, round_gates_nonce(stage->proof.gates), -600, &policy_ref);
    check_int(json_set_base64url(entry, "signature", VIEW(signature)), 0);
    check(json_object_set_new(stage->gates, gate, entry) == 0);
}

static inline void open_gate(Stage *stage, const char *gate)
{
    open_gate_as(stage, gate, lab.release_key, VIEW(lab.ak_name), -600);
}

/* Hands the bytes over; NULL: those of stage->gates. */
static inline int approve(Stage *stage, const char *bytes)
{
    _cleanup_free_ char *text = bytes ? strdup(bytes) : json_text(stage->gates);
    const GatesVerdict verdict = { view_of_string(text), stage->claims, FAR_USEC };

    return round_gates_approve(stage->proof.gates, &verdict, &stage->fds);
}

static inline Approval read_approval(const Stage *stage, size_t index)
{
    _cleanup_bytes_ Bytes json = { 0 };
    Approval approval = { 0 };

    check_int(fd_read_all(stage->fds.fds[index], APPROVAL_SIZE_MAX, &json), 0);
    check_int(approval_parse(VIEW(json), &approval), APPROVAL_OK);
    return approval;
}
