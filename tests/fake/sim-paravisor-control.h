/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control file of sim-paravisor (README.md), read anew at every command.
 */
#pragma once

#include "sim-hcl.h"

#include <jansson.h>

#define SIM_WINDOW_DEFAULT_MSEC 2000

/* Owned: sim_paravisor_control_done(). */
typedef struct SimParavisorControl {
    json_t *json;
    const char *log;      /* NULL: none */
    uint64_t window_msec; /* a refresh happens when strictly more has passed since the last */
    uint64_t count;       /* reads of the report that the faults are good for */
    SimHclFaults faults;
    bool stale;  /* reads refresh nothing */
    bool torn;   /* somebody else's read falls between ours */
    bool retry;  /* TPM_RC_RETRY */
    bool denied; /* TPM_RC_BAD_AUTH, as if the owner had an authorisation */
    bool broken; /* TPM_RC_DISABLED: a no that nobody expects */
} SimParavisorControl;

/* PATH may be NULL. 0; -EBADMSG and a word on stderr for a file that is not as it should be. */
_must_check_ int sim_paravisor_control_read(const char *path, SimParavisorControl *ret);
void sim_paravisor_control_done(SimParavisorControl *control);
#define _cleanup_sim_paravisor_control_ _cleanup_(sim_paravisor_control_done)

/* Sets the report's fields that the file names. 0, -EBADMSG. */
_must_check_ int sim_paravisor_control_set(const SimParavisorControl *control, SimReport *report);
