/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: one gate of a round, by its kind. round-gates.c asks and reads,
 * round-gate-verifier.c and round-gate-rewrap.c open.
 */
#pragma once

#include "tpm/tpm-policy.h"
#include "worker/opened-gates.h"
#include "worker/round-gates.h"

struct RoundGates {
    Proof *proof;                     /* borrowed */
    bool is_asked[REQUEST_GATES_MAX]; /* by the request's index */
    bool with_session;                /* some of them are the TPM's to open */
    Vtpm *vtpm;                       /* NULL: let go of, or never needed */
    TpmPolicy *policy;                /* the same */
    uint8_t nonce[GATE_NONCE_SIZE];
    Bytes ak_name;
    uint64_t start_boottime_usec; /* of the session: approvals count from it */
    uint64_t waited_usec;
};

/* A gate that was asked for and is opened. Borrowed. */
typedef struct RoundGate {
    const RequestGate *asked;
    const OpenedGate *opened;
    const GatesVerdict *verdict;
} RoundGate;

/* GATE stays shut, or a part of what is behind it; the round goes on. -ENOMEM. */
_must_check_ int round_gate_warn(RoundGates *gates, const char *gate, const char *name,
                                 const char *found);
/*
 * Puts the approval of GATE and its descriptor FD, which is taken also on failure, into the answer.
 * Negative errno.
 */
_must_check_ int round_gate_attach(RoundGates *gates, const RoundGate *gate,
                                   uint64_t expires_boottime_usec, int fd, FdList *fds);

/* One for each kind. What keeps GATE shut is a warning. ROUND_GATES_OK or negative errno. */
_must_check_ int round_gate_verifier(RoundGates *gates, const RoundGate *gate, FdList *fds);
_must_check_ int round_gate_rewrap(RoundGates *gates, const RoundGate *gate, FdList *fds);
/* May a rewrap gate open these? Only what was sent for it. */
bool round_gate_was_sent(const RoundRequest *request, const OpenedGate *opened);
