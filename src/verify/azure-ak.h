/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attestation key of an Azure paravisor's vTPM: the claims of the HCL report name modulus and
 * exponent, and nothing else of it.
 */
#pragma once

#include "format/tpm-public.h"
#include "verify/genuine-azure.h"

/*
 * TPMT_PUBLIC of KEY by the paravisor's template: RSA, RSASSA with SHA-256, attributes 0x00050472,
 * no policy. For quotes that came without one. -ENOMEM; -EINVAL when KEY is no RSA key of 2048 to
 * 4096 bits with exponent 65537.
 */
_must_check_ int azure_ak_public(const HclKey *key, Bytes *ret);

/* Where the public area of the quote's key comes from. */
typedef enum AzureAkSource {
    AZURE_AK_SENT,     /* it came with the quote: the TPM must sign under its Name */
    AZURE_AK_TEMPLATE, /* azure_ak_public(): another Name is worth a warning only */
} AzureAkSource;

enum { AZURE_AK_OK, AZURE_AK_E_REFUSED /* the findings say why, all of them */ };

/*
 * Is AK, whose quote was found genuine, HCLAkPub, with attributes that keep it from signing
 * anything but what its TPM made (CVE-2025-49707), and does the TPM sign under its Name?
 * QUALIFIED_SIGNER is that of the quote. AZURE_AK_OK, AZURE_AK_E_REFUSED; -ENOMEM, -EIO.
 */
_must_check_ int azure_ak_judge(const GenuineAzure *azure, const TpmPublic *ak,
                                ByteView qualified_signer, AzureAkSource source,
                                Findings *findings);
