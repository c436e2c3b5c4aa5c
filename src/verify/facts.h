/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The believed facts as flat JSON, built from what is genuine and from nothing else. What would
 * identify a chip or a machine goes into an object of its own, which no token carries.
 */
#pragma once

#include "verify/boot-facts.h"
#include "verify/genuine-snp.h"
#include "verify/genuine-tdx.h"
#include "verify/genuine-tpm.h"
#include "verify/policy.h"

/* MATCH: the measurement of the policy that fits, or NULL. A new reference; NULL: out of memory. */
json_t *facts_of_cpu(const GenuineSnp *snp, const PolicyMeasurement *match);
json_t *facts_of_tdx(const GenuineTdx *tdx, const PolicyMeasurement *match);
/*
 * LOG and BOOT may be NULL. Under VTPM_ROOT_HOST only the root is a fact: registers that nobody
 * vouches for must not satisfy anyone's rule.
 */
json_t *facts_of_vtpm(VtpmRoot root, const GenuineTpm *tpm, const ReplayedLog *log,
                      const BootFacts *boot);
/* Either may be NULL. */
json_t *facts_of_identity(const GenuineSnp *snp, const GenuineTpm *tpm);
