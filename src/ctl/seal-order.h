/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be sealed and how, and the worker that does it: for attestctl seal and reseal. The
 * secret itself is a descriptor that only the worker reads.
 */
#pragma once

#include "config/config.h"
#include "ctl/own-evidence.h"
#include "ctl/verb.h"
#include "format/gate-file.h"
#include "format/on-change.h"
#include "format/on-loss.h"
#include "format/worker-answer.h"

/* Borrowed. */
typedef struct SealOrder {
    const char *name;
    const GateFile *gate;
    json_t *who; /* list of askers */
    OnLoss on_loss;
    OnChange on_change;
    bool rollback_counter;
    json_t *pcr_values; /* {"4": HEX, …}: values that are to come; NULL: those of now */
    int secret_fd;
    OwnEvidence *evidence; /* asked for where it is needed; of the whole run */
} SealOrder;

/* The gate NAME of --state-directory. 0, else an exit class with its complaint. */
_must_check_ int seal_order_gate(const Options *options, const char *name, GateFile *ret);

/*
 * Has the worker of --worker do it; what it found is printed. RET has the version that is stored
 * now. 0, else an exit class with its complaint.
 */
_must_check_ int seal_order_run(const SealOrder *order, const Config *config,
                                const Options *options, uint64_t *ret_version);
