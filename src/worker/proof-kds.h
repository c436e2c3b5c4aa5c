/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate of the key that signed a report, from AMD: what the cloud's metadata service does
 * not have. It tells AMD the chip and its firmware.
 */
#pragma once

#include "format/snp-report.h"
#include "protocol/thim.h"
#include "worker/proof.h"

/*
 * Asks KDSURL= for the VCEK of REPORT and its chain. A report of version 2 does not say of which
 * product line it is: both that have such reports are tried. PROOF_OK; PROOF_E_FAILED with
 * FINDINGS; negative errno.
 */
_must_check_ int proof_kds(const Proof *proof, const SnpReport *report, Findings *findings,
                           Thim *ret);
