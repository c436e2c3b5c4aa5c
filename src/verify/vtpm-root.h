/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a vTPM: derived from what was proven, never read from claims (design 5).
 * Without a proof it is the host's, and its registers are nobody's word but the host's.
 */
#pragma once

#include "verify/genuine-tpm.h"
#include "verify/policy.h"

#include "crypto/certificate.h"

/* Everything is borrowed. */
typedef struct VtpmRootInput {
    const EvidenceVtpm *vtpm;
    const GenuineTpm *tpm;
    const CertificateList *anchors;       /* configured roots of either kind; NULL or empty: none */
    const CertificateList *ak_anchors;    /* of AK certificates alone; likewise */
    const CertificateList *ek_anchors;    /* of EK certificates alone */
    const CertificateList *intermediates; /* hints */
    int64_t now_sec;
    ByteView credential_wanted; /* .data NULL: no challenge was made */
    ByteView credential_shown;  /* what the claims carry; .size 0: nothing */
} VtpmRootInput;

/*
 * VTPM_ROOT_CERTIFICATE when the certificate of the AK ends in a configured root, or that of the EK
 * does and the credential made for EK and AK was activated; else VTPM_ROOT_HOST. A paravisor's or
 * an SVSM's word for the AK comes with evidence of its own, which this version does not carry, so
 * those two are never derived. A certificate for another key and a wrong credential are failures; a
 * chain that ends nowhere and a certificate that is not made for such a key are warnings. 0,
 * -ENOMEM, -EIO.
 */
_must_check_ int vtpm_root_derive(const VtpmRootInput *input, Findings *findings, VtpmRoot *ret);
