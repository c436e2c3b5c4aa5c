/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a secret file and what a round has brought to the data key. What the TPM would refuse
 * without a reason is compared here first, so that it has a name; it is the TPM that enforces, and
 * for kind rewrap the verifier, for kind key-release the vault.
 */
#pragma once

#include "base/wipe.h"
#include "secret/approval.h"
#include "secret/data-keys.h"
#include "secret/secret-file.h"
#include "tpm/tpm-key.h"

/* What is held for the gate of the secret. Borrowed. */
typedef struct UnlockWith {
    const Approval *approval;  /* kind verifier; NULL: none */
    const DataKeys *data_keys; /* kinds rewrap and key-release; NULL: none */
    const char *vtpm_root;     /* of the verdict in force; NULL: it says none, which is "host" */
    uint64_t boottime_usec;
} UnlockWith;

enum {
    UNLOCK_OK,
    UNLOCK_E_GATE,        /* nothing is held for this gate, or it is for another one */
    UNLOCK_E_KIND,        /* what is held is for a gate of another kind */
    UNLOCK_E_VTPM_ROOT,   /* the verdict's vTPM root ranks below what the secret was sealed with */
    UNLOCK_E_AK,          /* the approval is for another machine, or another attestation key */
    UNLOCK_E_RELEASE_KEY, /* signed by a release key that this secret does not know */
    UNLOCK_E_APPROVAL,    /* the approval's policyRef is not that of its gate and machine */
    UNLOCK_E_EXPIRED,     /* the approval's time is over */
    UNLOCK_E_MALFORMED,   /* the sealed key cannot be read */
    UNLOCK_E_SHAPE,       /* the sealed key is none of ours */
    UNLOCK_E_POLICY,      /* the key is sealed with another policy than the header says */
    UNLOCK_E_PCRS,        /* kind pcr: registers moved; tpm->failure says which */
    UNLOCK_E_CAPPED,      /* a refusal has closed the gate until the TPM is reset */
    UNLOCK_E_COUNTER,     /* a newer version was sealed; tpm->failure has the numbers */
    UNLOCK_E_MOVING,      /* registers are extended all the time: no try came through */
    UNLOCK_E_TPM,         /* anything else: tpm->failure names it */
};

/* The name in the catalogue; NULL for UNLOCK_OK and UNLOCK_E_TPM. */
const char *unlock_finding(int no);

/* Must tpm of unlock_key() be open? */
bool unlock_needs_tpm(const SecretFile *file);

/*
 * Everything that can be compared without the TPM. Named no up to UNLOCK_E_POLICY; -ENOMEM, -EIO.
 */
_must_check_ int unlock_check(const SecretFile *file, const UnlockWith *with);

/*
 * The data key. TPM may be NULL unless unlock_needs_tpm(). PARENT keeps the storage key found
 * between calls of one transaction: begin with NULL and release it with tpm_key_free().
 * unlock_check() has said yes. Named no or negative errno; tpm->failure has finding and text of
 * every no, and of the latter may tell more.
 */
_must_check_ int unlock_key(TpmContext *tpm, const SecretFile *file, const UnlockWith *with,
                            TpmKey **parent, Secret **ret);
