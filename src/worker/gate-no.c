/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name and some words.
 */
#include "worker/gate-no.h"

#include <stdio.h>

int gate_no(GateNo *no, const char *finding, const char *found)
{
    no->finding = finding;
    (void)snprintf(no->found, sizeof(no->found), "%s", found ? found : "");
    return GATE_STEP_E_NO;
}
