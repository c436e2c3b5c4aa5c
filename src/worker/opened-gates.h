/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "gates" of a verifier's answer, read whole before any of it is used (docs/protocols.md,
 * Gates). Pure.
 */
#pragma once

#include "crypto/gate.h"
#include "format/gate-kind.h"
#include "worker/request.h"

#define OPENED_GATES_SIZE_MAX ((size_t)48 << 10) /* bytes of JSON; a key has some 700 */

/* A data key, encrypted to the evidence's response key. */
typedef struct OpenedKey {
    uint8_t id[REQUEST_SECRET_ID_SIZE];
    char *jwe; /* jwe_text_is_valid() */
} OpenedKey;

/* One gate as the verifier opened it; nothing of it is believed. */
typedef struct OpenedGate {
    char name[GATE_NAME_LIMIT + 1];
    GateKind kind; /* GATE_KIND_VERIFIER or _REWRAP */
    /* Of kind verifier: */
    int64_t expiration_sec; /* GATE_EXPIRATION_MIN to GATE_EXPIRATION_MAX */
    uint8_t signature[GATE_SIGNATURE_SIZE];
    /* Of kind rewrap: */
    OpenedKey keys[REQUEST_WRAPPED_MAX]; /* no id twice */
    size_t n_keys;
} OpenedGate;

/* Owned: opened_gates_free(). */
typedef struct OpenedGates {
    OpenedGate items[REQUEST_GATES_MAX];
    size_t n_items;
} OpenedGates;

OpenedGates *opened_gates_free(OpenedGates *gates);
DEFINE_CLEANUP(OpenedGates *, opened_gates_free);

enum {
    OPENED_GATES_OK,
    OPENED_GATES_E_JSON,  /* not one bounded JSON object */
    OPENED_GATES_E_MANY,  /* more than anybody may have asked for */
    OPENED_GATES_E_NAME,  /* a member that is no gate's name */
    OPENED_GATES_E_ENTRY, /* of another kind, or a member unknown, missing or out of bounds */
    OPENED_GATES_E_KEY,   /* too many data keys, one that is none, or one secret's twice */
};

/* A word for each of the above, for error texts. */
const char *opened_gates_reason(int reason);

/* BYTES may be empty: nothing was opened. Strict. A named no or -ENOMEM. */
_must_check_ int opened_gates_parse(ByteView bytes, OpenedGates **ret);
/* NULL: stays shut. */
const OpenedGate *opened_gates_find(const OpenedGates *gates, const char *name);
