/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our evidence as MAA wants it: the hardware report out of the paravisor's, its certificates as
 * text, and the very bytes of the runtime claims (spec azure 5.2, 5.3).
 */
#pragma once

#include "format/bundle.h"
#include "format/hcl-report.h"
#include "protocol/protocol.h"

typedef struct MaaRequest {
    const char *type;        /* "SevSnpVm", "TdxVm"; static */
    const char *api_version; /* what goes with it; static */
    Bytes body;              /* owned */
} MaaRequest;

enum {
    MAA_REQUEST_OK,
    MAA_REQUEST_E_EVIDENCE,       /* not evidence of ours */
    MAA_REQUEST_E_HCL,            /* has no report of a paravisor, or one that cannot be read */
    MAA_REQUEST_E_VCEK,           /* has no VCEK, ASK and ARK */
    MAA_REQUEST_E_TD_QUOTE,       /* a TDX report without a TD quote */
    MAA_REQUEST_E_QUOTE,          /* AzureGuest: no quote of the bank sha256, signed with RSA */
    MAA_REQUEST_E_AK_CERTIFICATE, /* AzureGuest: the attestation key has none yet */
    MAA_REQUEST_E_KEY,            /* AzureGuest: no key to encrypt to */
};

/* A word for each of the above, for error texts. */
const char *maa_request_reason(int reason);
/* "report" or "quote" of HCL as SevSnpVm and TdxVm take it; -ENOMEM or a named no. */
_must_check_ int maa_request_snp_report(const HclReport *hcl,
                                        const EvidenceEndorsements *endorsements, char **ret);
/* The same for AzureGuest, which has quote and log beside it (maa-guest.c). */
_must_check_ int maa_guest_make(const ProtocolEvidence *evidence, const char *nonce,
                                MaaRequest *ret);
/* NONCE is text that MAA puts into its token. MAA_REQUEST_OK or a named no; -ENOMEM. */
_must_check_ int maa_request_make(const ProtocolEvidence *evidence, const char *nonce,
                                  MaaRequest *ret);
