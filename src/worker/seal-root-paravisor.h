/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A paravisor proves its vTPM by a hardware report: fresh evidence of this machine, judged here by
 * the very code of verifiers, names the attestation key.
 */
#pragma once

#include "evidence/source-tpm.h"
#include "worker/request-seal.h"

/*
 * Is the attestation key of VTPM one that a paravisor of the gate's list keeps? SEAL_ROOT_OK;
 * SEAL_ROOT_E_REFUSED with FINDINGS; -ENOMEM, -EIO.
 */
_must_check_ int seal_root_paravisor(const SealRequest *request, const Vtpm *vtpm,
                                     Findings *findings);
