/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates of kind rewrap: data keys wrapped to this verifier are opened for the machine they are
 * bound to and encrypted to the response key that its evidence proves (docs/gates.md). Nothing is
 * kept.
 */
#pragma once

#include "verifier/bind-facts.h"
#include "verifier/rewrap-keys.h"

#define REWRAP_DATA_KEY_SIZE 32 /* bytes */

/* Everything is borrowed. */
typedef struct RewrapInput {
    const RewrapKeys *keys;
    const BindFacts *facts;
    const Policy *policy;
    const EvidenceClaims *claims; /* response key, nonce, and the gates that were asked for */
    ByteView blobs;               /* the evidence's member; empty: none was sent */
} RewrapInput;

/* Owned: rewrap_result_done(). Zeroed is empty. */
typedef struct RewrapResult {
    Bytes opened; /* "GATE/SECRET" with spaces between, for the journal */
    Findings
        reasons; /* why each of the others was not opened: for the journal, never for the wire */
    uint32_t refused; /* bit per gate asked for of which one was not opened */
    bool stray;       /* one was not opened that belongs to no gate asked for */
} RewrapResult;

void rewrap_result_done(RewrapResult *result);
#define _cleanup_rewrap_result_ _cleanup_(rewrap_result_done)

/*
 * Opens what may be opened. GATES is the object of the answer, in which each rewrap gate that is
 * open has its entry; the keys go into its "keys". To be called for an affirming verdict only.
 * -ENOMEM, -EIO, -EPERM.
 */
_must_check_ int rewrap_blobs(const RewrapInput *input, json_t *gates, RewrapResult *ret);
