/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of gates (docs/gates.md), by the names they have in gate files, secret headers,
 * requests and answers.
 */
#pragma once

#include "base/macro.h"

typedef enum GateKind {
    GATE_KIND_VERIFIER, /* the TPM, by the verifier's signature over the session's nonce */
    GATE_KIND_REWRAP,   /* the verifier, who opens the data key and wraps it for the evidence's */
    GATE_KIND_KEY_RELEASE, /* Key Vault or Managed HSM, which releases the key it is wrapped to */
    GATE_KIND_PCR,         /* the TPM by its PCRs, attestd by the token */
    N_GATE_KINDS,
} GateKind;

/* "verifier", "rewrap", "key-release", "pcr". Static text. */
const char *gate_kind_name(GateKind kind);
/* NAME may be NULL. False, RET untouched, for any other. */
_must_check_ bool gate_kind_by_name(const char *name, GateKind *ret);

/* Does a round open it? The others open under a verdict alone. */
bool gate_kind_has_round(GateKind kind);
/* Does the verifier open it, by its policy and in its answer? */
bool gate_kind_is_granted(GateKind kind);
/* Is the data key in the secret's file, wrapped to a key? The others have it in the TPM. */
bool gate_kind_is_wrapped(GateKind kind);
