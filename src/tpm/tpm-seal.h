/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A data key sealed under the storage root key with a policy, and opened again: by sessions salted
 * to a storage key of a known Name, so that key and answer cross no bus in the clear.
 */
#pragma once

#include "base/wipe.h"
#include "tpm/tpm-key.h"
#include "tpm/tpm-policy.h"

#define TPM_SEAL_KEY_SIZE 32   /* bytes: an AES-256 key */
#define TPM_SEAL_PART_MAX 1024 /* bytes of each part below; libtpms needs 80 and 160 */

/* Useless without this TPM; no secret. Zeroed is empty. */
typedef struct TpmSealed {
    Bytes public_area;  /* TPM2B_PUBLIC, with its size */
    Bytes private_area; /* TPM2B_PRIVATE, with its size */
} TpmSealed;

void tpm_sealed_done(TpmSealed *sealed);
#define _cleanup_tpm_sealed_ _cleanup_(tpm_sealed_done)

/* Finding of each: tpm_seal_finding(). */
enum {
    TPM_SEAL_OK,
    TPM_SEAL_E_PARENT,    /* the storage key is not the one whose Name is pinned */
    TPM_SEAL_E_MALFORMED, /* a part is no TPM2B_PUBLIC or TPM2B_PRIVATE, or too long */
    TPM_SEAL_E_SHAPE,     /* no sealed key of ours: type, nameAlg, scheme or an attribute differs */
    TPM_SEAL_E_POLICY,    /* carries another policy digest than wanted */
    TPM_SEAL_E_FOREIGN,   /* sealed under another storage key, or altered */
    TPM_SEAL_E_REFUSED,   /* the TPM: the session's policy is not the sealed one */
    TPM_SEAL_E_EXPIRED,   /* the approval ran out before the key was given out */
    TPM_SEAL_E_SESSION,   /* the TPM was reset, or someone flushed the session */
    TPM_SEAL_E_SIZE,      /* what was sealed has not TPM_SEAL_KEY_SIZE bytes */
    TPM_SEAL_E_FORGED,    /* an answer of the TPM was altered on its way */
    TPM_SEAL_E_MOVED,     /* some register was extended since PolicyPCR: satisfy it once more */
};

/*
 * The name in the catalogue for a no of this header. On every no, and every negative errno that the
 * TPM caused, tpm->failure has the same finding and the cause in words.
 */
const char *tpm_seal_finding(int no);

/*
 * Seals KEY (TPM_SEAL_KEY_SIZE bytes) under PARENT, whose Name must be PARENT_NAME: pin it from
 * before, or take that of the key found when a first secret is sealed. RET then has exactly the
 * shape and POLICY that tpm_seal_check() wants. Named no or negative errno (-EINVAL: sizes).
 */
_must_check_ int tpm_seal(const TpmKey *parent, ByteView parent_name, const Digest *policy,
                          const Secret *key, TpmSealed *ret);

/*
 * Would the TPM give the key of this TPM2B_PUBLIC out for POLICY and nothing else, and was it
 * sealed in one TPM? _OK, _E_MALFORMED, _E_SHAPE, _E_POLICY. Pure.
 */
_must_check_ int tpm_seal_check(ByteView public_area, const Digest *policy);

/* What to open, and what it must be. */
typedef struct TpmUnseal {
    const TpmKey *parent;
    ByteView parent_name; /* from the authenticated header */
    const TpmSealed *sealed;
    const Digest *policy; /* recomputed: gate_policy_signed(), gate_policy_or() */
} TpmUnseal;

/*
 * Checks the Name of the parent, tpm_seal_check(), loads, and unseals with SESSION, in which the
 * policy has been satisfied. A session serves once: start another for the next key. Two object and
 * two session slots at most. Named no or negative errno.
 */
_must_check_ int tpm_unseal(TpmPolicy *session, const TpmUnseal *wanted, Secret **ret);
