/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key in the TPM: one that is there, or a primary made from a template; and what makes one fit
 * for attestation.
 */
#pragma once

#include "base/bytes.h"
#include "tpm/tpm-context.h"

/* Loaded in its context, which it borrows and must not outlive. */
typedef struct TpmKey {
    TpmContext *tpm;
    ESYS_TR handle;
    uint32_t persistent;     /* TPM handle; 0: transient, which takes an object slot */
    bool in_owner_hierarchy; /* made there, since the endorsement hierarchy has an authorisation */
    Bytes public_area;       /* TPMT_PUBLIC, as the TPM returned it */
    Bytes name;              /* nameAlg and digest: 34 bytes for SHA-256 */
    Bytes certificate;       /* DER from NV; empty when there is none */
} TpmKey;

/* Flushes it from the TPM when it is transient. */
TpmKey *tpm_key_free(TpmKey *key);
DEFINE_CLEANUP(TpmKey *, tpm_key_free);

enum {
    TPM_KEY_OK,
    TPM_KEY_E_ABSENT,         /* nothing at this handle */
    TPM_KEY_E_NOT_RESTRICTED, /* would sign anything: root could forge quotes with it */
    TPM_KEY_E_NOT_SIGNING,    /* cannot sign, or also decrypts */
    TPM_KEY_E_NOT_FIXED,      /* could leave this TPM, or was brought from outside */
    TPM_KEY_E_SCHEME,         /* no fixed ECDSA, RSASSA or RSAPSS scheme with SHA-256 or SHA-384 */
    TPM_KEY_E_TEMPLATE,       /* bytes that are not one TPMT_PUBLIC */
};

/* The persistent object at HANDLE. TPM_KEY_OK, TPM_KEY_E_ABSENT or negative errno. */
_must_check_ int tpm_key_load(TpmContext *tpm, uint32_t handle, TpmKey **ret);
/*
 * The primary of TEMPLATE under HIERARCHY (ESYS_TR_RH_ENDORSEMENT, ESYS_TR_RH_OWNER), with empty
 * authorisations. 0 or negative errno; -EACCES when the hierarchy wants another authorisation.
 */
_must_check_ int tpm_key_create(TpmContext *tpm, ESYS_TR hierarchy, const TPMT_PUBLIC *template,
                                TpmKey **ret);

/* Do quotes of the key with this TPMT_PUBLIC mean something? TPM_KEY_OK or a named no. Pure. */
_must_check_ int tpm_key_check_attestation(ByteView public_area);

/* Reads a marshalled TPMT_PUBLIC, all bytes used. TPM_KEY_OK or TPM_KEY_E_TEMPLATE. Pure. */
_must_check_ int tpm_key_parse(ByteView bytes, TPMT_PUBLIC *ret);
/* Reads a template from NV. TPM_KEY_OK, _E_ABSENT, _E_TEMPLATE or negative errno. */
_must_check_ int tpm_key_read_template(TpmContext *tpm, uint32_t index, TPMT_PUBLIC *ret);

/*
 * The certificate in NV INDEX, without padding, into KEY. Absent, unreadable or no DER: the key
 * stays without, which is no error. 0 or negative errno.
 */
_must_check_ int tpm_key_add_certificate(TpmKey *key, uint32_t index);
