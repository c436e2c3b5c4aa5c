/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a token to a yes or a no: validation, the built-in floor, Require=, and what the agent needs
 * to know of it.
 */
#pragma once

#include "protocol/protocol.h"
#include "token/token.h"
#include "worker/proof.h"

/* Everything is borrowed. */
typedef struct VerdictInput {
    const VerifierSettings *verifier;
    const VerifierProtocol *protocol;
    const Jwks *keys;
    Proof *proof;
    ByteView token;
    ByteView gates;                   /* what came with it to open gates; exact bytes */
    bool is_refusal_claimed;          /* the reply called itself a refusal */
    uint64_t challenge_boottime_usec; /* when the challenge was sent */
} VerdictInput;

enum {
    VERDICT_ACCEPTED,
    VERDICT_E_FAILED,  /* nothing is known: the answer's findings say why */
    VERDICT_E_REFUSED, /* a valid token, for this nonce and about us, says no; its findings were
                        * added */
};

/*
 * Judges the token. On VERDICT_ACCEPTED the answer has its token, whose bytes are among FDS, and an
 * approval for each gate that was opened. A named no or negative errno.
 */
_must_check_ int verdict_judge(const VerdictInput *input, WorkerAnswer *answer, FdList *fds);
