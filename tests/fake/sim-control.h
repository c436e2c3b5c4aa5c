/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control file of sim-firmware and sim-tsm: JSON, read anew for every request, that says how
 * the simulated machine is to differ from an honest one. README.md lists its members.
 */
#pragma once

#include "base/bytes.h"

#include "sim-chip.h"

#include <jansson.h>

typedef enum SimFaultKind {
    SIM_FAULT_NONE,              /* behave */
    SIM_FAULT_ERRNO,             /* the system call fails */
    SIM_FAULT_STATUS,            /* the firmware refuses: status, and a report of zeros */
    SIM_FAULT_ZERO_REPORT,       /* status 0, and a report of zeros */
    SIM_FAULT_WRONG_REPORT_DATA, /* well signed, for other REPORT_DATA */
    SIM_FAULT_BAD_SIGNATURE,     /* one bit of R flipped */
    SIM_FAULT_STALE_REPORT,      /* the report before this one */
    SIM_FAULT_INVALID_LEN,       /* the certificate buffer is never large enough */
    SIM_FAULT_PROVIDER_CHANGES,  /* sim-tsm: provider reads tdx_guest */
    SIM_FAULT_RIVAL,             /* sim-tsm: generation advances by one more */
} SimFaultKind;

typedef struct SimFault {
    SimFaultKind kind;
    int error;          /* errno value, SIM_FAULT_ERRNO */
    uint32_t status;    /* SIM_FAULT_STATUS */
    uint64_t exitinfo2; /* SIM_FAULT_ERRNO */
    bool vmpck_dies;    /* every later request fails with ENOTTY */
} SimFault;

typedef struct SimControl {
    json_t *json;         /* the whole file; an empty object without one */
    SimTableSet table;    /* "certificates" */
    const char *leaf_tcb; /* "certificate_tcb", borrowed from json; NULL: as issued */
    const char *log;      /* borrowed from json; NULL: none */
    uint64_t delay_msec;  /* "delay_ms" */
    uint64_t guest_vmpl;  /* "guest_vmpl", 0..3: the VMPL whose key the driver holds */
} SimControl;

/*
 * Reads and judges the file; PATH NULL gives an honest machine. 0; -EBADMSG after saying on stderr
 * what is wrong; other negative errno when it cannot be read.
 */
_must_check_ int sim_control_read(const char *path, SimControl *ret);
void sim_control_done(SimControl *control);

/* Applies "set". SIM_OK, SIM_E_NAME, SIM_E_VALUE; -ENOMEM. */
_must_check_ int sim_control_apply(const SimControl *control, SimReport *report);

/*
 * The fault for the next use of OPERATION, or SIM_FAULT_NONE. SEEN counts how often each entry of
 * "errors" came up; it is an object that the caller keeps for as long as the program runs.
 */
SimFault sim_control_fault(const SimControl *control, json_t *seen, const char *operation);
