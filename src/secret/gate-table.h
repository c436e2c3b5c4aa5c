/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: the rows of the table of gates.c, and what those that ask the TPM share.
 */
#pragma once

#include "secret/gates.h"
#include "secret/secret-policy.h"

extern const SecretGate gate_verifier;
extern const SecretGate gate_rewrap;
extern const SecretGate gate_key_release;
extern const SecretGate gate_pcr;

/*
 * Brings a fresh session to the policy of the header as far as the kind is concerned, before
 * counter and registers. Named no of unlock.h.
 */
typedef int (*GateBegin)(TpmPolicy *session, const GateOpening *opening,
                         const SecretPolicy *policy);

/* Is the sealed key ours, with the policy of the header? As unlock_check(). */
_must_check_ int gate_check_sealed(const SecretFile *file, const SecretPolicy *policy);
/* The policy of a header that was parsed: there is one. 0, -EINVAL, -ENOMEM, -EIO. */
_must_check_ int gate_policy_of(const SecretHeader *header, SecretPolicy *ret);
/*
 * BEGIN, PolicyNV, PolicyPCR, Unseal; from BEGIN on again, a few times, when a register is extended
 * in between. BEGIN may be NULL. As unlock_key().
 */
_must_check_ int gate_unseal(const GateOpening *opening, GateBegin begin, Secret **ret);
/* NO, with the finding of unlock.h and TEXT left in TPM. */
int gate_say(TpmContext *tpm, int no, const char *text);
