/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it what we want? Policy against believed facts; every difference is a finding with what was
 * found and what was wanted, not only the first.
 */
#pragma once

#include "verify/boot-facts.h"
#include "verify/genuine-snp.h"
#include "verify/genuine-tdx.h"
#include "verify/genuine-tpm.h"
#include "verify/policy.h"
#include "verify/trust-vector.h"

/* A difference is added to FINDINGS and marked in VECTOR. 0 or -ENOMEM. */
_must_check_ int appraise_snp(const PolicySnp *policy, const GenuineSnp *snp, Findings *findings,
                              TrustVector *vector);
/* Likewise. */
_must_check_ int appraise_tdx(const PolicyTdx *policy, const GenuineTdx *tdx, Findings *findings,
                              TrustVector *vector);

/* A vTPM that was quoted and, where there is a log, replayed. */
typedef struct AppraiseTpmInput {
    const PolicyTpm *policy;
    VtpmRoot root;
    const GenuineTpm *tpm;
    const ReplayedLog *log; /* NULL: no log, or one that cannot be read */
    const BootFacts *boot;  /* NULL when LOG is */
} AppraiseTpmInput;

/*
 * Likewise. Under VTPM_ROOT_HOST every rule on registers, log or Secure Boot fails as unendorsed
 * and VECTOR stays all zero.
 */
_must_check_ int appraise_tpm(const AppraiseTpmInput *input, Findings *findings,
                              TrustVector *vector);
/* No vTPM was sent: a failure when the policy cannot do without. */
_must_check_ int appraise_absent_tpm(const PolicyTpm *policy, Findings *findings);
