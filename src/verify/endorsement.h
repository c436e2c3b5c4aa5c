/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and revocation lists as inputs: from the host's table, from the evidence, from
 * elsewhere. Nothing is fetched here and nothing is believed: snp-chain.h and vtpm-root.h ask.
 */
#pragma once

#include "crypto/certificate.h"
#include "crypto/crl.h"
#include "format/bundle.h"
#include "format/finding.h"
#include "verify/amd-roots.h"

#define ENDORSEMENT_CRLS_MAX 8

/* Owned. A zeroed struct is empty and valid. */
typedef struct Endorsements {
    CertificateList certificates; /* table first, then evidence, then from elsewhere */
    Crl *crls[ENDORSEMENT_CRLS_MAX];
    size_t n_crls;
} Endorsements;

/* Where they come from; views are DER or PEM. All borrowed. */
typedef struct EndorsementInput {
    const Evidence *evidence;
    const ByteView *certificates;
    size_t n_certificates;
    const ByteView *crls;
    size_t n_crls;
    /* Certificates that AMD publishes for keys among them are passed over, unless a list may name
     * one: they show nothing new and cost a third of a verification. NULL: every one is decoded. */
    const AmdRoots *roots;
} EndorsementInput;

void endorsements_done(Endorsements *endorsements);
#define _cleanup_endorsements_ _cleanup_(endorsements_done)

/* What cannot be read is a warning, since any of it is a hint only. -ENOMEM. */
_must_check_ int endorsements_gather(const EndorsementInput *input, Findings *findings,
                                     Endorsements *ret);

enum { ENDORSEMENT_OK, ENDORSEMENT_E_SIGNATURE };

/*
 * Is CERTIFICATE signed by KEY in AMD's way (RSASSA-PSS, SHA-384)? For keys known without their
 * certificate. ENDORSEMENT_OK, ENDORSEMENT_E_SIGNATURE; -ENOMEM, -EIO.
 */
_must_check_ int endorsement_signed_by_key(const Certificate *certificate, const Key *key);
