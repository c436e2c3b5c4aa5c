/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did the TPM that holds this attestation key quote these PCR values for us? (Spec TPM 3.4.) What
 * stands behind the key is vtpm-root.h, what the values mean is replay.h and boot-facts.h.
 */
#pragma once

#include "crypto/key.h"
#include "format/bundle.h"
#include "format/finding.h"
#include "format/tpm-public.h"

#define TPM_NAME_SIZE_MAX (2 + TPM_DIGEST_SIZE_MAX)

/* A quote that verified. Made by genuine_tpm_verify() and by nothing else. Owned. */
typedef struct GenuineTpm {
    EvidencePcrs pcrs; /* the values that were quoted, all of them and no other */
    Key *ak;
    TpmPublic ak_public;                /* borrows from the evidence */
    uint8_t ak_name[TPM_NAME_SIZE_MAX]; /* nameAlg ‖ H(TPMT_PUBLIC) */
    size_t ak_name_size;
    uint64_t clock_msec;
    uint32_t reset_count;
    uint32_t restart_count;
    bool clock_safe;
    uint64_t firmware_version;
} GenuineTpm;

void genuine_tpm_done(GenuineTpm *tpm);
#define _cleanup_genuine_tpm_ _cleanup_(genuine_tpm_done)

enum { GENUINE_TPM_OK, GENUINE_TPM_E_REFUSED /* the findings say why, all of them */ };

/*
 * QUALIFYING_DATA is what extraData must be; .data NULL: not judged. GENUINE_TPM_OK,
 * GENUINE_TPM_E_REFUSED; -ENOMEM, -EIO.
 */
_must_check_ int genuine_tpm_verify(const EvidenceVtpm *vtpm, ByteView qualifying_data,
                                    Findings *findings, GenuineTpm *ret);

/* Is it a restricted signing key that its TPM keeps? What it is not is a failure. 0 or -ENOMEM. */
_must_check_ int tpm_ak_check_attributes(const TpmPublic *ak, Findings *findings);

/* The key in a public area: KEY_OK or a named no of key.h; -ENOMEM, -EIO. */
_must_check_ int tpm_public_key(const TpmPublic *public, Key **ret);
