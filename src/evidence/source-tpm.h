/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vTPM's part of the evidence: keys, certificates, credential, quote. One Vtpm is one TPM
 * transaction with tpm.lock held: open, ask, free; across a network wait only for a policy session
 * (worker/round-gates.h). The attestation key is the same each time it is opened.
 */
#pragma once

#include "base/wipe.h"
#include "evidence/source-azure.h"
#include "format/bundle.h"
#include "format/finding.h"
#include "tpm/tpm-owner-file.h"

typedef struct VtpmSettings {
    const char *tcti;
    const char *lock_directory;
    const char *attestation_key; /* "auto", "template", "0x81......" */
    const char *pcr_bank;        /* "sha256" */
    uint32_t pcr_mask;           /* bit n = PCR n */
    const AzureIndices *azure;   /* of a paravisor that may be there; NULL: not looked for */
    TpmOwner owner;
} VtpmSettings;

typedef struct Vtpm Vtpm;

enum {
    VTPM_OK,
    VTPM_E_FAILED, /* FINDINGS has the failure, subject "vtpm" */
};

/*
 * Opens the TPM and its attestation key: where Azure's platform has made one, with a paravisor's
 * report or without, "auto" is that key, and its certificate is looked for. VTPM_OK, VTPM_E_FAILED
 * or negative errno
 * (-ENOMEM).
 */
_must_check_ int vtpm_open(const VtpmSettings *settings, Findings *findings, Vtpm **ret);
Vtpm *vtpm_free(Vtpm *vtpm);
DEFINE_CLEANUP(Vtpm *, vtpm_free);

/* What kind of machine the TPM is in; AZURE_NONE where it was not looked for. */
AzurePlatform vtpm_platform(const Vtpm *vtpm);

/* Borrowed, valid while VTPM is. The certificate is empty when there is none. */
ByteView vtpm_ak_public(const Vtpm *vtpm); /* TPMT_PUBLIC */
ByteView vtpm_ak_name(const Vtpm *vtpm);
ByteView vtpm_ak_certificate(const Vtpm *vtpm); /* DER */

/* Loads the endorsement key, unless it is loaded. It takes one more object slot. */
_must_check_ int vtpm_load_endorsement(Vtpm *vtpm, Findings *findings);
/* Empty before vtpm_load_endorsement(). */
ByteView vtpm_ek_public(const Vtpm *vtpm);      /* TPMT_PUBLIC */
ByteView vtpm_ek_certificate(const Vtpm *vtpm); /* DER; empty when there is none */

/* Activates a credential of the challenge; loads the endorsement key if need be. RET: wipe it. */
_must_check_ int vtpm_activate(Vtpm *vtpm, ByteView credential_blob, ByteView secret,
                               Findings *findings, Bytes *ret);
/*
 * Quotes the settings' bank and registers over BINDING_QUALIFYING_DATA_SIZE bytes. RET is the whole
 * member of the evidence; the endorsement key is in it when it is loaded.
 */
_must_check_ int vtpm_quote(Vtpm *vtpm, ByteView qualifying_data, Findings *findings,
                            EvidenceVtpm *ret);

/* The open transaction, for what else is to happen in it. Borrowed. */
TpmContext *vtpm_context(Vtpm *vtpm);
/* The attestation key, loaded in it. Borrowed. */
const TpmKey *vtpm_attestation_key(const Vtpm *vtpm);
/*
 * Flushes both keys, so that the object slots are free. Afterwards only vtpm_context() and
 * vtpm_free().
 */
void vtpm_drop_keys(Vtpm *vtpm);
