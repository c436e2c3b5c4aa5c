/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates of one verdict: which of those asked for the policy opens to this machine, and what
 * opens them: a signature by the release key, or data keys encrypted anew (docs/gates.md). Nothing
 * that names a gate's policyRef or the machine is taken from the request.
 */
#pragma once

#include "verifier/rewrap.h"

#define GATES_NONE           "{}" /* no gate is opened: the exact bytes */
#define GATES_EXPIRATION_SEC 600  /* of an approval, unless the policy says otherwise */

/* All that the machine learns of a data key that stays closed; why is in the verifier's journal. */
#define GATES_REWRAP_REFUSED "a wrapped data key was not opened"

/* Everything is borrowed. */
typedef struct GatesInput {
    const Policy *policy;
    const Key *release_key;        /* may be NULL where the policy has no gate of kind verifier */
    uint64_t now_sec;              /* wall clock */
    uint64_t expires_sec;          /* of the token: no approval outlives it */
    const RewrapKeys *rewrap_keys; /* may be empty where the policy has no gate of kind rewrap */
    const BindFacts *facts;
    ByteView blobs; /* the evidence's member "rewrap"; read for an affirming verdict only */
} GatesInput;

/* Owned: gates_grant_done(). */
typedef struct GatesGrant {
    Bytes object; /* JSON, the exact bytes that the token's gates_sha256 is over */
    Bytes names;  /* of what was opened, with spaces between, for the journal; empty: nothing */
    RewrapResult rewrap; /* for the journal */
} GatesGrant;

void gates_grant_done(GatesGrant *grant);
#define _cleanup_gates_grant_ _cleanup_(gates_grant_done)

/*
 * Opens what may be opened. A gate that was asked for and stays shut is a warning
 * "gate-not-granted" among the appraisal's findings. Nothing is opened for an appraisal that has a
 * failure or does not affirm. -ENOMEM, -EIO.
 */
_must_check_ int gates_grant(const GatesInput *input, Appraisal *appraisal, GatesGrant *ret);
