/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real Azure VMs left: an HCL report and what came with it, judged as files at hand are, with
 * no dates and no demand for the hardware's certificate.
 */
#pragma once

#include "verify/azure-ak.h"

#include "vectors.h"

typedef struct AzureVector {
    const char *path; /* "azure-snp/genoa-v3-a"; borrowed */
    json_t *expected;
    Bytes report;
    Bytes vcek;         /* size 0: none */
    Bytes td_quote;     /* size 0: none */
    EvidenceVtpm quote; /* .attest.size 0: none; .ak_public stays empty */
} AzureVector;

AzureVector azure_vector(const char *path);
void azure_vector_done(AzureVector *vector);
#define _cleanup_azure_vector_ _cleanup_(azure_vector_done)

/* Judges the report alone; RET may be NULL. USER_DATA: .data NULL, not judged. */
int azure_vector_judge(const AzureVector *vector, ByteView user_data, Findings *findings,
                       GenuineAzure *ret);
/* Judges its quote by the AK that CLAIMS_OF names; AK_PUBLIC replaces the template if not empty. */
void azure_vector_quote(const AzureVector *vector, const GenuineAzure *claims_of,
                        ByteView ak_public, AzureAkSource source, Findings *findings);
