/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates of one round. For those of kind verifier a policy session of the TPM, opened before the
 * claims, which carry its nonce, and kept until the verifier's signatures over that nonce have
 * become approvals: TPM and tpm.lock are held all the while, so it is a short one
 * (docs/decisions/0005-the-policy-session-waits-for-nothing-it-can-avoid.md). For those of kind
 * rewrap wrapped data keys, which come back for the evidence's response key. For those of kind
 * key-release nothing before there is a verdict: a vault opens them, whom its token is shown to.
 */
#pragma once

#include "evidence/source-tpm.h"
#include "worker/proof.h"

/*
 * A hardware report that takes longer than this is waited for without the session: the gates then
 * stay shut until the next round. Others wait 30 s for the TPM (TPM_LOCK_WAIT_USEC).
 */
#define ROUND_GATES_PATIENCE_USEC (UINT64_C(10) * 1000 * 1000)

enum {
    ROUND_GATES_OK,
    ROUND_GATES_E_FAILED, /* the answer's findings gained a failure */
};

/*
 * Chooses what can be asked for: a gate of kind verifier takes a TPM (else a warning), one of kind
 * rewrap something that is wrapped. For the former waits until a hardware report may be made at
 * once, then opens TPM and session. RET, untouched when nothing is asked for, borrows PROOF, which
 * is to own it.
 */
_must_check_ int round_gates_open(Proof *proof, RoundGates **ret);
/* Flushes the session and lets go of the TPM. */
RoundGates *round_gates_free(RoundGates *gates);
DEFINE_CLEANUP(RoundGates *, round_gates_free);

/* Names, for the claims: one or more. Borrowed. */
size_t round_gates_asked(const RoundGates *gates, const char *ret[static REQUEST_GATES_MAX]);
/* The evidence's member "rewrap"; RET is left empty when there is none. -EINVAL, -ENOMEM. */
_must_check_ int round_gates_wrapped(const RoundGates *gates, Bytes *ret);
/* GATE_NONCE_SIZE bytes, for the claims; empty without a session. Borrowed. */
ByteView round_gates_nonce(const RoundGates *gates);
/* The open TPM, to quote with; NULL without a session, and after letting go. Borrowed. */
Vtpm *round_gates_vtpm(RoundGates *gates);
/* The turn of a paravisor's report, which was taken before the TPM; NULL: none is held. Owned. */
Pacing *round_gates_take_turn(RoundGates *gates);
/* Microseconds spent waiting for a hardware report's turn. */
uint64_t round_gates_waited_usec(const RoundGates *gates);
/* Flushes the session, if there is one, for good; takes a RoundGates. */
void round_gates_let_go(void *gates);

/* What the verifier said, of a token that passed every other check. Borrowed. */
typedef struct GatesVerdict {
    ByteView bytes;                 /* "gates" of the reply, exact; empty: none */
    const json_t *claims;           /* of the token */
    uint64_t expires_boottime_usec; /* of the verdict: no approval is kept longer */
} GatesVerdict;

/* Adds "gates-mismatch" to ANSWER unless BYTES are what the token's gates_sha256 is over. */
_must_check_ int round_gates_check(const GatesVerdict *verdict, WorkerAnswer *answer);
/*
 * Turns each signature into a ticket and opens each data key: the answer gets approvals, FDS what
 * they are made of. A gate, or a secret behind one, that stays shut is a warning. A gates object
 * that is none, or opens what was not asked for, fails the round ("gates-malformed") before
 * anything was approved; a gate that is opened as one of another kind only stays shut
 * ("gate-kind-mismatch").
 */
_must_check_ int round_gates_approve(RoundGates *gates, const GatesVerdict *verdict, FdList *fds);
/*
 * Opens the gates of kind key-release behind which something is wrapped: their vaults release keys
 * to the holder of TOKEN, the verdict's, and to this machine's identity. Needs no RoundGates. What
 * keeps a gate shut is a warning. 0, -ENOMEM.
 */
_must_check_ int round_gates_release(Proof *proof, ByteView token, const GatesVerdict *verdict,
                                     FdList *fds);
