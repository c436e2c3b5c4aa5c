/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paravisor as a function from a TPM command to its answer. How commands get in and out is the
 * business of sim-paravisor.c.
 */
#pragma once

#include "sim-paravisor-tpm.h"

#define SIM_INDEX_SIZE_OLDEST 2048 /* bytes; claims of the oldest paravisors go with it */

typedef struct SimParavisorOptions {
    const char *chip;        /* directory of sim-chip */
    const char *tcti;        /* of the TPM behind */
    const char *control;     /* file; NULL: none */
    const char *certificate; /* file with the AK certificate, read anew each time; NULL: no index */
    size_t index_size;       /* of the report: SIM_INDEX_SIZE_OLDEST, 2600, 2900 */
    uint32_t header_version;
    bool upper_case;
    bool trusted_launch; /* no report at all */
    bool forgets;        /* new seeds at each boot */
    bool elsewhere;      /* indices and key have other handles: SIM_ELSEWHERE more */
} SimParavisorOptions;

typedef struct SimParavisor SimParavisor;

/* Boots it: keys, indices, a first report. SIM_OK; a named no or negative errno, said on stderr. */
_must_check_ int sim_paravisor_new(const SimParavisorOptions *options, SimParavisor **ret);
SimParavisor *sim_paravisor_free(SimParavisor *paravisor);
DEFINE_CLEANUP(SimParavisor *, sim_paravisor_free);

/* Answers one whole command. RET has room for SIM_COMMAND_MAX bytes. 0; negative: the TPM is gone.
 */
_must_check_ int sim_paravisor_answer(SimParavisor *paravisor, ByteView command, uint8_t *ret,
                                      size_t *ret_size);
