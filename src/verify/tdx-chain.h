/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the key that signed a quoting enclave's report to a root: names, forms, dates, signatures
 * and revocation of the PCK chain in a TDX quote.
 */
#pragma once

#include "crypto/certificate.h"
#include "format/finding.h"
#include "verify/intel-root.h"

/* In this order, and no other certificate. */
enum { TDX_CHAIN_PCK, TDX_CHAIN_CA, TDX_CHAIN_ROOT, TDX_CHAIN_LENGTH };

typedef struct TdxChainInput {
    ByteView pem;
    int64_t now_sec;      /* CERTIFICATE_TIME_ANY: dates are not judged */
    const ByteView *crls; /* DER or PEM: of the root, of the PCK CA */
    size_t n_crls;
    const SpkiDigest *simulated_roots;
    size_t n_simulated_roots;
    const SpkiDigest *policy_roots; /* likewise, of the policy */
    size_t n_policy_roots;
} TdxChainInput;

typedef struct TdxChain {
    CertificateList certificates; /* owned; what could be read, of a refused chain too */
    bool simulated;               /* ends in a listed root, not in Intel's */
} TdxChain;

void tdx_chain_done(TdxChain *chain);
#define _cleanup_tdx_chain_ _cleanup_(tdx_chain_done)

enum { TDX_CHAIN_OK, TDX_CHAIN_E_REFUSED /* the findings say why */ };

/* TDX_CHAIN_OK, TDX_CHAIN_E_REFUSED, both with RET; -ENOMEM, -EIO. */
_must_check_ int tdx_chain_verify(const TdxChainInput *input, Findings *findings, TdxChain *ret);
