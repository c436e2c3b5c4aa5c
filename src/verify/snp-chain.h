/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the key that signed a report to a root: names, forms, dates and signatures of the
 * certificates between (spec SNP 5.1, 6.1 steps 4 to 6).
 */
#pragma once

#include "verify/amd-roots.h"
#include "verify/endorsement.h"

typedef struct SnpChainInput {
    const Endorsements *endorsements;
    const AmdRoots *roots;
    AmdRole signer;                    /* AMD_ASK for a VCEK, AMD_ASVK for a VLEK */
    int64_t now_sec;                   /* CERTIFICATE_TIME_ANY: dates are not judged */
    const SpkiDigest *simulated_roots; /* two lists: of the caller, of the policy */
    size_t n_simulated_roots;
    const SpkiDigest *policy_roots;
    size_t n_policy_roots;
} SnpChainInput;

typedef struct SnpChain {
    SnpProduct product; /* of the chain that verified */
    bool simulated;     /* ends in a listed root, not in AMD's */
} SnpChain;

enum { SNP_CHAIN_OK, SNP_CHAIN_E_REFUSED /* the findings say why */ };

/* Subject of the certificate that signs reports: "SEV-VCEK" or "SEV-VLEK". */
const char *snp_vek_subject(AmdRole signer);

/* SNP_CHAIN_OK, SNP_CHAIN_E_REFUSED; -ENOMEM, -EIO. */
_must_check_ int snp_chain_verify(const SnpChainInput *input, const Certificate *vek,
                                  Findings *findings, SnpChain *ret);
