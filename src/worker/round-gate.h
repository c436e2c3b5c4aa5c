/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: one gate of a round, by its kind. round-gates.c asks and reads,
 * round-gate-verifier.c, round-gate-rewrap.c and round-gate-key-release.c open.
 */
#pragma once

#include "secret/data-keys.h"
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
    Pacing *turn; /* of a report out of the TPM, taken before the TPM was; NULL: none is held */
};

/* A gate that is opened. Borrowed. */
typedef struct RoundGate {
    const RequestGate *asked;
    const OpenedGate *opened; /* NULL: it is not the verifier that opens it */
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

/* A data key, and what opens it. Borrowed. */
typedef struct RoundWrapped {
    const Key *key; /* with its private half */
    ByteView apv;
    const char *jwe;
    const char *kid;  /* of its header; NULL: any */
    const char *type; /* typ of its header, which then names secret and version, too; NULL: any */
    const RequestWrapped *secret;
} RoundWrapped;

/* Is there something for GATE to open? */
bool round_gate_has_wrapped(const RoundRequest *request, const char *gate);
/* SECRET stays shut, WHY may be NULL; the rest of its gate does not. -ENOMEM. */
_must_check_ int round_gate_warn_secret(RoundGates *gates, const RequestWrapped *secret,
                                        const char *name, const char *why);
/* Opens one and adds it to KEYS, or warns. As data_keys_add(). */
_must_check_ int round_gate_take_key(RoundGates *gates, const RoundWrapped *wrapped,
                                     DataKeys *keys);
/* Puts KEYS into the answer as the approval of GATE; none is no approval. Negative errno. */
_must_check_ int round_gate_keep(RoundGates *gates, const RoundGate *gate, const DataKeys *keys,
                                 FdList *fds);
