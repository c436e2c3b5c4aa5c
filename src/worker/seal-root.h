/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind the TPM that a secret is about to be sealed in, and whether the storage key is
 * in the same TPM as the attestation key: before anything secret goes there (docs/gates.md).
 */
#pragma once

#include "evidence/source-tpm.h"
#include "tpm/tpm-key.h"
#include "worker/request-seal.h"

enum { SEAL_ROOT_OK, SEAL_ROOT_E_REFUSED /* FINDINGS has the failure */ };

/* "host", "certificate", "svsm" or "paravisor": what the gate states; not stated is "host". */
const char *seal_root_stated(const SealRequest *request);

/* Can it be known at all, or was it accepted unknown? Without the TPM. -ENOMEM. */
_must_check_ int seal_root_judge(const SealRequest *request, Findings *findings);

/*
 * Proves what can be proven, after seal_root_judge(), within the transaction of VTPM, whose keys
 * are dropped. RET is the storage key to seal under, loaded; to be freed before VTPM. -ENOMEM,
 * -EIO.
 */
_must_check_ int seal_root_prove(const SealRequest *request, Vtpm *vtpm, Findings *findings,
                                 TpmKey **ret);
