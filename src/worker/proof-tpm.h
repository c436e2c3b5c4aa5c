/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM for the steps of a proof.
 */
#pragma once

#include "evidence/source-tpm.h"
#include "worker/proof.h"

/* Opens the TPM that the request names. VTPM_OK, VTPM_E_FAILED or negative errno. */
_must_check_ int proof_open_vtpm(const Proof *proof, Vtpm **ret);
/* Adds what has passed since START to the round's TPM time. */
void proof_count_tpm_time(Proof *proof, uint64_t start_usec);
