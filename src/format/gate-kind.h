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
    GATE_KIND_PCR,      /* the TPM by its PCRs, attestd by the token */
    N_GATE_KINDS,
} GateKind;

/* "verifier", "rewrap", "pcr". Static text. */
const char *gate_kind_name(GateKind kind);
/* NAME may be NULL. False, RET untouched, for any other. */
_must_check_ bool gate_kind_by_name(const char *name, GateKind *ret);
