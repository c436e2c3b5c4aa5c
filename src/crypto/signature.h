/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures, made and verified. OpenSSL's "1 good, 0 bad, negative error" ends here.
 */
#pragma once

#include "crypto/key.h"

typedef enum SignatureScheme {
    SIGNATURE_ECDSA_RAW,   /* r ‖ s, each of the curve's full size, big-endian (JOSE) */
    SIGNATURE_ECDSA_DER,   /* SEQUENCE { r, s }, strict DER */
    SIGNATURE_RSASSA,      /* PKCS #1 v1.5, as long as the modulus */
    SIGNATURE_RSAPSS,      /* MGF1 with the same hash, salt as long as the hash (JOSE) */
    SIGNATURE_RSAPSS_AUTO, /* the same with a salt of any length (TPMs: spec/tpm 3.3) */
    SIGNATURE_ED25519,     /* 64 bytes; the digest is ignored */
} SignatureScheme;

enum {
    SIGNATURE_OK,
    SIGNATURE_E_BAD, /* does not verify, or is not of the scheme's form */
    SIGNATURE_E_KEY, /* a key of this type cannot make such a signature; SHA-1 is refused so too */
};

/*
 * Does SIGNATURE over MESSAGE (hashed here) verify under KEY? SIGNATURE_OK, _E_BAD, _E_KEY;
 * -ENOMEM, -EIO when no answer was reached.
 */
_must_check_ int signature_verify(const Key *key, SignatureScheme scheme, DigestAlgorithm digest,
                                  ByteView message, ByteView signature);
/*
 * ECDSA with r and s apart, big-endian, with or without leading zeros, each at most as long as the
 * curve's order (SNP reports after byte reversal; TPMT_SIGNATURE). Answers as above.
 */
_must_check_ int signature_verify_ecdsa(const Key *key, DigestAlgorithm digest, ByteView message,
                                        ByteView r, ByteView s);
/*
 * The same over SHA-1, which all others refuse: for quotes of old TPMs, which are shown and proven
 * whole but which no policy takes. Not for SIGNATURE_ED25519.
 */
_must_check_ int signature_verify_sha1(const Key *key, SignatureScheme scheme, ByteView message,
                                       ByteView signature);
/* The same with r and s little-endian, zero-extended (SEV-SNP ABI, SIGNATURE: spec/snp 3.6). */
_must_check_ int signature_verify_ecdsa_le(const Key *key, DigestAlgorithm digest, ByteView message,
                                           ByteView r, ByteView s);

/*
 * Signs MESSAGE. SIGNATURE_OK; SIGNATURE_E_KEY (also for a key without private half); -ENOMEM,
 * -EIO. SIGNATURE_RSAPSS_AUTO signs like SIGNATURE_RSAPSS.
 */
_must_check_ int signature_sign(const Key *key, SignatureScheme scheme, DigestAlgorithm digest,
                                ByteView message, Bytes *ret);
