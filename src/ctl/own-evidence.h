/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fresh evidence of this machine, which attestd collects and judges before it hands it out. Asked
 * for once in a run, whatever for.
 */
#pragma once

#include "base/bytes.h"

#define OWN_EVIDENCE_NONCE_SIZE 32

/* Owned: own_evidence_done(). Zeroed is not asked for yet. */
typedef struct OwnEvidence {
    uint8_t nonce[OWN_EVIDENCE_NONCE_SIZE]; /* of ours, random */
    Bytes json;                             /* docs/evidence.md; empty: not asked for yet */
} OwnEvidence;

void own_evidence_done(OwnEvidence *evidence);
#define _cleanup_own_evidence_ _cleanup_(own_evidence_done)

/* Asks attestd, unless it was asked before. 0, else an exit class with its complaint. */
_must_check_ int own_evidence_need(OwnEvidence *evidence);
