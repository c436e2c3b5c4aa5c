/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did genuine hardware vouch for what an Azure paravisor says of itself and its vTPM? Whether the
 * paravisor is one to believe is vtpm-root.h: anyone on a bare guest can have a hash of made-up
 * claims reported (design: what a vTPM is worth).
 */
#pragma once

#include "verify/genuine-snp.h"
#include "verify/genuine-tdx.h"

#include "format/hcl-claims.h"

typedef struct GenuineAzureInput {
    ByteView report;            /* the HCL report, with its padding or without */
    GenuineSnpInput snp;        /* how to judge an SNP report; its REPORT is filled in here */
    const GenuineTdx *td_quote; /* of the TDREPORT; NULL: none */
    ByteView user_data;         /* what user-data must be; .data NULL: not judged */
    /* Without a certificate of the report key, or without a TD quote: is it enough that all the
     * rest holds? Then a warning, hcl-hardware-unverified, instead of a failure. */
    bool hardware_optional;
} GenuineAzureInput;

/* Claims that hash to REPORT_DATA. Made by genuine_azure_verify() and by nothing else. Owned. */
typedef struct GenuineAzure {
    HclReport report; /* borrows from the bytes that were judged */
    HclClaims claims;
    Key *ak;              /* HCLAkPub */
    bool hardware_proven; /* false only where it was optional */
    bool has_snp;         /* an SNP report, and hardware_proven */
    GenuineSnp snp;
    const GenuineTdx *tdx; /* the quote of its TDREPORT, borrowed; NULL: no such report or quote */
} GenuineAzure;

/* H(claims bytes), by the hash that the report names. -ENOMEM, -EIO. */
_must_check_ int hcl_claims_digest(const HclReport *report, Digest *ret);

void genuine_azure_done(GenuineAzure *azure);
#define _cleanup_genuine_azure_ _cleanup_(genuine_azure_done)

enum { GENUINE_AZURE_OK, GENUINE_AZURE_E_REFUSED /* the findings say why, all of them */ };

/* GENUINE_AZURE_OK, GENUINE_AZURE_E_REFUSED; -ENOMEM, -EIO. */
_must_check_ int genuine_azure_verify(const GenuineAzureInput *input, Findings *findings,
                                      GenuineAzure *ret);
