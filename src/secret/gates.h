/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of gates as the release worker opens them: one const table, one file a kind.
 */
#pragma once

#include "format/gate-kind.h"
#include "secret/unlock.h"

/* What opening one may use. */
typedef struct GateOpening {
    TpmContext *tpm; /* NULL where the kind needs none */
    const SecretFile *file;
    const UnlockWith *with;
    TpmKey **parent; /* the storage key, kept between secrets: unlock.h */
} GateOpening;

/* A kind. */
typedef struct SecretGate {
    GateKind kind;
    bool needs_approval; /* a round brings it, or the gate stays shut */
    bool needs_tpm;
    /* What can be compared without the TPM. As unlock_check(). */
    int (*check)(const SecretFile *file, const UnlockWith *with);
    /* As unlock_key(). */
    int (*open)(const GateOpening *opening, Secret **ret);
} SecretGate;

/* Static; never NULL for a kind of gate-kind.h. */
const SecretGate *secret_gate(GateKind kind);
