/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did genuine SEV-SNP hardware make this report? Steps 1 to 9 of spec SNP 6.1; whether we like
 * what it says is appraise.h.
 */
#pragma once

#include "verify/snp-chain.h"

#include "format/snp-report.h"

typedef struct GenuineSnpInput {
    ByteView report; /* as it came; exactly SNP_REPORT_SIZE bytes */
    const Endorsements *endorsements;
    const AmdRoots *roots;
    int64_t now_sec;     /* CERTIFICATE_TIME_ANY: dates are not judged */
    bool newer_versions; /* read report versions above 5 by what they share with 5? A warning */
    const SpkiDigest *simulated_roots;
    size_t n_simulated_roots;
    const SpkiDigest *policy_roots;
    size_t n_policy_roots;
} GenuineSnpInput;

#define SNP_CSP_ID_MAX 128 /* bytes with NUL; seen: "CN=cc-us-east-2.amazonaws.com" */

/* A report that its hardware signed. Made by genuine_snp_verify() and by nothing else. */
typedef struct GenuineSnp {
    SnpReport report;
    SnpProduct product;
    SnpTcbLayout layout; /* of every TCB in the report */
    SnpSigningKey signing_key;
    char csp_id[SNP_CSP_ID_MAX]; /* of a VLEK; "" otherwise */
    bool chip_id_masked;         /* a VCEK whose chip could not be compared */
    bool simulated;
} GenuineSnp;

enum { GENUINE_SNP_OK, GENUINE_SNP_E_REFUSED /* the findings say why, all of them */ };

/* GENUINE_SNP_OK, GENUINE_SNP_E_REFUSED; -ENOMEM, -EIO. */
_must_check_ int genuine_snp_verify(const GenuineSnpInput *input, Findings *findings,
                                    GenuineSnp *ret);
