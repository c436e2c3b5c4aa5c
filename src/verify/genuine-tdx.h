/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did a genuine Intel quoting enclave make this quote? Signatures, the enclave's identity and the
 * PCK chain are verified. Whether the platform is up to date (TCB info, SVN of the enclave) is not
 * evaluated, and every quote gets a warning that says so.
 */
#pragma once

#include "format/tdx-quote.h"
#include "verify/tdx-chain.h"

typedef struct GenuineTdxInput {
    ByteView quote;       /* as it came */
    ByteView report_data; /* 64 bytes it must hold; .data NULL: not compared */
    int64_t now_sec;      /* CERTIFICATE_TIME_ANY: dates are not judged */
    const ByteView *crls; /* DER or PEM: of the root, of the PCK CA; optional */
    size_t n_crls;
    const SpkiDigest *simulated_roots;
    size_t n_simulated_roots;
    const SpkiDigest *policy_roots; /* likewise, of the policy */
    size_t n_policy_roots;
} GenuineTdxInput;

/* How each step ended, for showing, of a refused quote too. No grounds to believe anything. */
typedef struct TdxSteps {
    bool quote_signature_valid;
    bool qe_binds_key;
    bool qe_signature_valid;
    bool chain_valid;
    TdxChain chain; /* owned */
} TdxSteps;

void tdx_steps_done(TdxSteps *steps);
#define _cleanup_tdx_steps_ _cleanup_(tdx_steps_done)

/* A quote that Intel's quoting enclave made. By genuine_tdx_verify() and by nothing else. */
typedef struct GenuineTdx {
    TdxQuote quote; /* borrows the bytes of the input */
    bool simulated;
} GenuineTdx;

enum { GENUINE_TDX_OK, GENUINE_TDX_E_REFUSED /* the findings say why, all of them */ };

/*
 * GENUINE_TDX_OK; GENUINE_TDX_E_REFUSED, RET is then untouched; -ENOMEM, -EIO. RETERR_STEPS (may be
 * NULL) is set for both answers.
 */
_must_check_ int genuine_tdx_verify(const GenuineTdxInput *input, Findings *findings,
                                    TdxSteps *reterr_steps, GenuineTdx *ret);
