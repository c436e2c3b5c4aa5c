/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_MakeCredential in software (TPM 2.0 Part 1, 24 "Credential Protection"): a secret that only
 * the TPM with this EK gives out, and only when it also holds the AK of this Name.
 */
#pragma once

#include "crypto/key.h"

enum {
    CREDENTIAL_OK,
    CREDENTIAL_E_KEY,  /* the EK is neither RSA nor P-256 nor P-384 */
    CREDENTIAL_E_SIZE, /* secret empty or longer than the EK's name digest; AK name or bits unfit */
};

/* What the EK's public area says (spec/tpm 2.3): L-1 and L-2 are SHA-256 and 128 bits. */
typedef struct CredentialEk {
    const Key *key;
    DigestAlgorithm name_algorithm;
    unsigned symmetric_bits; /* AES-CFB: 128 or 256 */
} CredentialEk;

/*
 * AK_NAME is the whole Name: algorithm (2 bytes) ‖ digest. RET_BLOB is a marshalled TPM2B_ID_OBJECT
 * and RET_SECRET a marshalled TPM2B_ENCRYPTED_SECRET, both with their leading two bytes of size.
 * CREDENTIAL_OK or a named no; -ENOMEM, -EIO. Both outputs are untouched on failure.
 */
_must_check_ int credential_make(const CredentialEk *ek, ByteView ak_name, ByteView secret,
                                 Bytes *ret_blob, Bytes *ret_secret);

/* What goes into a key derivation. BITS is a multiple of 8. */
typedef struct KdfInput {
    DigestAlgorithm digest;
    ByteView secret;   /* KDFa: key; KDFe: Z */
    const char *label; /* counted with its NUL */
    ByteView u;        /* KDFa: contextU; KDFe: x of the party that made the secret */
    ByteView v;        /* KDFa: contextV; KDFe: x of the other party */
    unsigned bits;
} KdfInput;

/* TPM 2.0 Part 1, 11.4.10.2 (SP 800-108 counter mode). -EINVAL above 512 bits; -ENOMEM, -EIO. */
_must_check_ int credential_kdfa(const KdfInput *input, Digest *ret);
/* TPM 2.0 Part 1, 11.4.10.3 (SP 800-56A). -EINVAL above the digest's size; -ENOMEM, -EIO. */
_must_check_ int credential_kdfe(const KdfInput *input, Digest *ret);
