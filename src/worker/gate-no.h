/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: why a gate stays shut, told by whoever finds out to whoever warns.
 */
#pragma once

#include "format/finding.h"

typedef struct GateNo {
    const char *finding; /* of the catalogue; static */
    char found[FINDING_TEXT_MAX];
} GateNo;

/* What each step of a gate says that has a GateNo. */
enum {
    GATE_STEP_OK,
    GATE_STEP_E_NO, /* the GateNo says why */
};

/* FINDING is static. GATE_STEP_E_NO. */
int gate_no(GateNo *no, const char *finding, const char *found);
