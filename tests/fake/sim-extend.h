/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated boot's extensions, made in a TPM.
 */
#pragma once

#include "sim-log.h"

enum {
    SIM_EXTEND_OK,
    SIM_EXTEND_E_TPM,   /* the TPM cannot be reached or refuses; said on stderr */
    SIM_EXTEND_E_VALUE, /* afterwards a PCR is not what the log says: the TPM was not fresh */
};

/* Extends, then compares PCR 0 to 15 with the replay. */
_must_check_ int sim_extend(const SimLog *log, const char *tcti);
