/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a secret file and a live approval to the data key. What the TPM would refuse without a
 * reason is compared here first, so that it has a name; it is the TPM that enforces.
 */
#pragma once

#include "base/wipe.h"
#include "secret/approval.h"
#include "secret/secret-file.h"
#include "tpm/tpm-key.h"

enum {
    UNLOCK_OK,
    UNLOCK_E_GATE,        /* the approval is for another gate */
    UNLOCK_E_AK,          /* the approval is for another machine, or another attestation key */
    UNLOCK_E_RELEASE_KEY, /* signed by a release key that this secret does not know */
    UNLOCK_E_APPROVAL,    /* the approval's policyRef is not that of its gate and machine */
    UNLOCK_E_EXPIRED,     /* the approval's time is over */
    UNLOCK_E_MALFORMED,   /* the sealed key cannot be read */
    UNLOCK_E_SHAPE,       /* the sealed key is none of ours */
    UNLOCK_E_POLICY,      /* the key is sealed with another policy than the header says */
    UNLOCK_E_TPM,         /* anything else: tpm->failure names it */
};

/* The name in the catalogue; NULL for UNLOCK_OK and UNLOCK_E_TPM. */
const char *unlock_finding(int no);

/* Everything that can be compared without the TPM. Named no; -ENOMEM, -EIO. Not UNLOCK_E_TPM. */
_must_check_ int unlock_check(const SecretFile *file, const Approval *approval,
                              uint64_t boottime_usec);

/*
 * Unseals. PARENT keeps the storage key found between calls of one transaction: begin with NULL
 * and release it with tpm_key_free(). unlock_check() has said yes. Named no or negative errno; of
 * the latter, too, tpm->failure may tell more.
 */
_must_check_ int unlock_key(TpmContext *tpm, const SecretFile *file, const Approval *approval,
                            TpmKey **parent, Secret **ret);
