/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of a gate kept by the TPM: what the verifier's release key signs, and the policy
 * digest that only this signature satisfies. No TPM is needed for any of it (docs/gates.md).
 */
#pragma once

#include "crypto/key.h"
#include "format/gate-name.h"

#define GATE_NONCE_SIZE     24 /* bytes of nonceTPM: with 32 the message would have two readings */
#define GATE_POLICY_SIZE    32 /* bytes of policyRef, and of a policy digest: SHA-256 */
#define GATE_MESSAGE_SIZE   60 /* nonceTPM ‖ expiration ‖ policyRef */
#define GATE_SIGNATURE_SIZE 64 /* r ‖ s */
#define GATE_EXPIRATION_MIN (-3600) /* seconds; negative: with a ticket */
#define GATE_EXPIRATION_MAX (-1)    /* 0 would never end, and outlives a reboot */

#define TPM_NAME_SIZE 34 /* nameAlg SHA-256 (000b) and its digest */

/* The Name of a TPM object, nameAlg SHA-256. Plain: copy it. */
typedef struct TpmName {
    uint8_t data[TPM_NAME_SIZE];
} TpmName;

enum {
    GATE_OK,
    GATE_E_NAME,       /* not [a-z0-9][a-z0-9-]{0,62} */
    GATE_E_TPM_NAME,   /* not a TPM Name of 34 bytes that begins 000b */
    GATE_E_NONCE,      /* nonceTPM has not GATE_NONCE_SIZE bytes; an empty one is never signed */
    GATE_E_EXPIRATION, /* not from GATE_EXPIRATION_MIN to GATE_EXPIRATION_MAX */
    GATE_E_POLICY_REF, /* not GATE_POLICY_SIZE bytes */
    GATE_E_KEY,        /* the release key is not P-256, or its private half is wanted and absent */
    GATE_E_SIGNATURE,  /* of another size, or does not verify */
    GATE_E_PUBLIC,     /* no TPMT_PUBLIC, or its nameAlg is not SHA-256 */
    GATE_E_PCRS,       /* no register, or one beyond GATE_PCR_COUNT */
};

/* A word for each of the above, for error texts. */
const char *gate_reason(int reason);

/*
 * policyRef of GATE on the machine whose attestation key has AK_NAME: SHA-256("attestd gate 1" ‖ 00
 * ‖ u16 BE length ‖ GATE ‖ AK_NAME). GATE_OK, GATE_E_NAME, GATE_E_TPM_NAME; -ENOMEM, -EIO.
 */
_must_check_ int gate_policy_ref(const char *gate, ByteView ak_name, Digest *ret);

/* What is approved. Views borrow. */
typedef struct GateApproval {
    ByteView nonce_tpm;     /* of the policy session that asks; GATE_NONCE_SIZE */
    int64_t expiration_sec; /* counts from the start of that session */
    ByteView policy_ref;    /* GATE_POLICY_SIZE */
} GateApproval;

/* The signed bytes. GATE_OK, GATE_E_NONCE, GATE_E_EXPIRATION or GATE_E_POLICY_REF. Pure. */
_must_check_ int gate_message(const GateApproval *approval, uint8_t ret[static GATE_MESSAGE_SIZE]);
/* Signs them: ECDSA P-256 with SHA-256, r ‖ s. Named no; -ENOMEM, -EIO. */
_must_check_ int gate_sign(const Key *release_key, const GateApproval *approval, Bytes *ret);
/* Named no (GATE_E_SIGNATURE: signed otherwise); -ENOMEM, -EIO. */
_must_check_ int gate_verify(const Key *release_key, const GateApproval *approval,
                             ByteView signature);

/*
 * TPMT_PUBLIC of a release key as PolicySigned names it; its Name. The template is frozen: other
 * attributes are another Name. GATE_OK, GATE_E_KEY; -ENOMEM, -EIO.
 */
_must_check_ int gate_key_public(const Key *release_key, Bytes *ret);
_must_check_ int gate_key_name(const Key *release_key, TpmName *ret);

/* Name of any TPMT_PUBLIC (attestation key, storage key). GATE_OK, GATE_E_PUBLIC; -ENOMEM, -EIO. */
_must_check_ int tpm_name_of(ByteView public_area, TpmName *ret);
/* TPM_NAME_SIZE bytes that begin 000b. */
bool tpm_name_is_valid(ByteView name);
/* Borrows; takes a pointer, since a view of a temporary would dangle. */
ByteView tpm_name_view(const TpmName *name);
