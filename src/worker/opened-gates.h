/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "gates" of a verifier's answer, read whole before any of it is used (docs/protocols.md,
 * Gates). Pure.
 */
#pragma once

#include "crypto/gate.h"
#include "worker/request.h"

#define OPENED_GATES_SIZE_MAX ((size_t)16 << 10) /* bytes of JSON; one entry has some 200 */

/* One gate as the verifier opened it; nothing of it is believed. */
typedef struct OpenedGate {
    char name[GATE_NAME_LIMIT + 1];
    int64_t expiration_sec; /* GATE_EXPIRATION_MIN to GATE_EXPIRATION_MAX */
    uint8_t signature[GATE_SIGNATURE_SIZE];
} OpenedGate;

/* Plain: copy it. Zeroed is empty. */
typedef struct OpenedGates {
    OpenedGate items[REQUEST_GATES_MAX];
    size_t n_items;
} OpenedGates;

enum {
    OPENED_GATES_OK,
    OPENED_GATES_E_JSON,  /* not one bounded JSON object */
    OPENED_GATES_E_MANY,  /* more than anybody may have asked for */
    OPENED_GATES_E_NAME,  /* a member that is no gate's name */
    OPENED_GATES_E_ENTRY, /* of another kind, or a member unknown, missing or out of bounds */
};

/* A word for each of the above, for error texts. */
const char *opened_gates_reason(int reason);

/* BYTES may be empty: nothing was opened. Strict. A named no or -ENOMEM. */
_must_check_ int opened_gates_parse(ByteView bytes, OpenedGates *ret);
/* NULL: stays shut. */
const OpenedGate *opened_gates_find(const OpenedGates *gates, const char *name);
