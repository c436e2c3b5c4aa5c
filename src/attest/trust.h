/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the caller wants believed, read: policy, AMD's roots, roots of vTPM certificates, and hints.
 */
#pragma once

#include "attest/items.h"
#include "attest/outcome.h"
#include "verify/endorsement.h"
#include "verify/policy.h"

#define TRUST_HINTS_MAX CERTIFICATE_LIST_MAX

/* How much of it is needed: AMD's keys take longer to make ready than a quote to verify. */
typedef enum TrustScope {
    TRUST_SCOPE_ALL,
    TRUST_SCOPE_WITHOUT_AMD,
} TrustScope;

/* Owned, but for what it borrows from the input. */
typedef struct Trust {
    const attest_input *input;
    int64_t now_sec;                 /* CERTIFICATE_TIME_ANY: dates are not judged */
    Policy *policy;                  /* NULL: none */
    AmdRoots *amd_roots;             /* AMD's own, or those that were given in their place */
    CertificateList vtpm_roots;      /* of the input alone, not of the policy */
    CertificateList certificates;    /* hints */
    ByteView hints[TRUST_HINTS_MAX]; /* the same as DER */
    size_t n_hints;
    ByteView crls[ENDORSEMENT_CRLS_MAX];
    size_t n_crls;
} Trust;

/*
 * Reads all of it. What is to be believed and cannot be read makes OUTCOME unreadable; a hint that
 * cannot is a warning. 0, -ENOMEM, -EIO. RET is set in any case but for a negative answer.
 */
_must_check_ int trust_read(const attest_input *input, TrustScope scope, Outcome *outcome,
                            Trust *ret);
void trust_done(Trust *trust);
#define _cleanup_trust_ _cleanup_(trust_done)
