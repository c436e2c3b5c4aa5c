/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging: did the hardware, the TPM, the issuer really say this, does it belong together, and,
 * with a policy, is it what we want? And inspecting: what is this, believing nothing.
 */
#pragma once

#include <attest/input.h>
#include <attest/result.h>

ATTEST_BEGIN_DECLS

/* What is judged, and the items that it needs; [in brackets] what it takes besides. ABI. */
typedef enum attest_kind {
    /* EVIDENCE [POLICY NONCE CERTIFICATE CRL AMD_ROOT VTPM_ROOT] */
    ATTEST_KIND_EVIDENCE = 1,
    /* SNP_REPORT [POLICY REPORT_DATA CERTIFICATE CRL AMD_ROOT] */
    ATTEST_KIND_SNP = 2,
    /* TPM_QUOTE TPM_SIGNATURE TPM_AK [PCRS NONCE POLICY EVENT_LOG USERSPACE_LOG CERTIFICATE
     * VTPM_ROOT]: without PCRS the values stay unknown, which is said in a warning */
    ATTEST_KIND_QUOTE = 3,
    /* EVENT_LOG [USERSPACE_LOG PCRS]: PCRS are believed; without them values are only computed */
    ATTEST_KIND_EVENT_LOG = 4,
    /* HCL_REPORT [CERTIFICATE CRL AMD_ROOT TD_QUOTE TPM_QUOTE TPM_SIGNATURE PCRS NONCE VTPM_ROOT
     * EVENT_LOG USERSPACE_LOG] */
    ATTEST_KIND_HCL = 5,
    /* TD_QUOTE [REPORT_DATA EVENT_LOG CERTIFICATE CRL] */
    ATTEST_KIND_TDX = 6,
    /* TOKEN JWKS [NONCE] */
    ATTEST_KIND_TOKEN = 7,
} attest_kind;

/* Named noes. */
enum {
    ATTEST_PASS = 0,
    ATTEST_E_FAIL = 1,       /* a finding decides against it; a damaged report or log is one */
    ATTEST_E_UNREADABLE = 2, /* nothing was judged: an item is missing, or evidence JSON, policy,
                              * key, key set, PCR values or root cannot be read */
};

/*
 * Judges. RET is set for ATTEST_PASS, ATTEST_E_FAIL and ATTEST_E_UNREADABLE, and owned. -ENOMEM,
 * -EIO (libcrypto failed); -EINVAL for an unknown kind. Without a policy nothing is appraised: what
 * a genuine report says, a debug bit too, is a claim and no failure.
 */
ATTEST_API ATTEST_MUST_CHECK int attest_verify(const attest_input *input, attest_kind kind,
                                               attest_result **ret);

/*
 * Finds out by content what SIZE bytes at DATA are and shows what is in them. Nothing is believed.
 * ATTEST_PASS, or ATTEST_E_UNREADABLE when it is nothing known, might be two things, or is damaged:
 * a finding says which. RET is set for both, and owned. -ENOMEM, -EIO.
 */
ATTEST_API ATTEST_MUST_CHECK int attest_inspect(const void *data, size_t size, attest_result **ret);

ATTEST_END_DECLS
