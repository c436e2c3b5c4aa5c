/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a vTPM: derived from what was proven, never read from claims (design 5).
 * Without a proof it is the host's, and its registers are nobody's word but the host's.
 */
#pragma once

#include "verify/genuine-azure.h"
#include "verify/genuine-tpm.h"
#include "verify/policy.h"

#include "crypto/certificate.h"

/* Everything is borrowed. */
typedef struct VtpmRootInput {
    const EvidenceVtpm *vtpm;
    const GenuineTpm *tpm;
    /* A paravisor's evidence that was found to name this AK (azure-ak.h), and those that the policy
     * believes. NULL: none. */
    const GenuineAzure *azure;
    const PolicyParavisor *paravisors;
    size_t n_paravisors;
    const CertificateList *anchors;       /* configured roots of either kind; NULL or empty: none */
    const CertificateList *ak_anchors;    /* of AK certificates alone; likewise */
    const CertificateList *ek_anchors;    /* of EK certificates alone */
    const CertificateList *intermediates; /* hints */
    int64_t now_sec;                      /* CERTIFICATE_TIME_ANY: dates are not judged */
    ByteView credential_wanted;           /* .data NULL: no challenge was made */
    ByteView credential_shown;            /* what the claims carry; .size 0: nothing */
} VtpmRootInput;

/*
 * VTPM_ROOT_PARAVISOR when genuine hardware reports, for VMPL 0 and a measurement or ID key (of
 * SEV-SNP) or for an MRTD (of TDX) that the policy lists as a paravisor's, claims that name the AK;
 * an empty list matches nothing, since root of a bare guest can have any claims reported.
 * VTPM_ROOT_CERTIFICATE when the certificate of the AK ends in a configured root, or that of the EK
 * does and the credential made for EK and AK was activated. Else VTPM_ROOT_HOST. An SVSM's word for
 * the AK comes with evidence of its own, which this version does not carry, so that is never
 * derived. A certificate for another key and a wrong credential are failures; a chain that ends
 * nowhere and a certificate that is not made for such a key are warnings. 0, -ENOMEM, -EIO.
 */
_must_check_ int vtpm_root_derive(const VtpmRootInput *input, Findings *findings, VtpmRoot *ret);

/* Is it made for a key that signs, and no CA's? Many name no purpose at all. */
bool vtpm_ak_certificate_is_fit(const Certificate *certificate);
