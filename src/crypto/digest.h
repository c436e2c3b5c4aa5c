/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes and HMAC: the four SHA functions that TPMs, SEV-SNP and JOSE use, by TPM number or name.
 */
#pragma once

#include "base/bytes.h"

typedef enum DigestAlgorithm {
    DIGEST_SHA1, /* PCR banks of old logs only; never a signature's hash */
    DIGEST_SHA256,
    DIGEST_SHA384,
    DIGEST_SHA512,
} DigestAlgorithm;

#define DIGEST_SIZE_MAX 64 /* bytes, SHA-512 */

/* A hash value. Plain: copy it, compare with digest_equal(). */
typedef struct Digest {
    uint8_t data[DIGEST_SIZE_MAX];
    size_t size; /* bytes used */
} Digest;

enum { DIGEST_OK, DIGEST_E_UNKNOWN /* no such algorithm here */ };

size_t digest_size(DigestAlgorithm algorithm);       /* bytes: 20, 32, 48 or 64 */
const char *digest_name(DigestAlgorithm algorithm);  /* "sha256" */
uint16_t digest_tpm_id(DigestAlgorithm algorithm);   /* TPM_ALG_ID, TCG Algorithm Registry 6.10 */
size_t digest_block_size(DigestAlgorithm algorithm); /* bytes: 64 or 128 */
/* DIGEST_OK or DIGEST_E_UNKNOWN. */
_must_check_ int digest_from_tpm_id(uint16_t id, DigestAlgorithm *ret);
_must_check_ int digest_from_name(const char *name, DigestAlgorithm *ret);

/* H(DATA). -ENOMEM, -EIO. */
_must_check_ int digest_of(DigestAlgorithm algorithm, ByteView data, Digest *ret);
/* H(PARTS[0] ‖ PARTS[1] ‖ …). -ENOMEM, -EIO. */
_must_check_ int digest_of_parts(DigestAlgorithm algorithm, const ByteView *parts, size_t n_parts,
                                 Digest *ret);
/* HMAC(KEY, PARTS[0] ‖ …). KEY must not be empty. -EINVAL, -ENOMEM, -EIO. */
_must_check_ int digest_hmac(DigestAlgorithm algorithm, ByteView key, const ByteView *parts,
                             size_t n_parts, Digest *ret);

bool digest_equal(const Digest *a, const Digest *b);
/* Borrows; takes a pointer, since a view of a temporary would dangle. */
ByteView digest_view(const Digest *digest);

/* A hash function made ready once and used many times: about ten times faster on short inputs. */
typedef struct Hasher Hasher;

_must_check_ int hasher_new(DigestAlgorithm algorithm, Hasher **ret);
Hasher *hasher_free(Hasher *hasher);
DEFINE_CLEANUP(Hasher *, hasher_free);
DigestAlgorithm hasher_algorithm(const Hasher *hasher);
/* Appends to the message. -EIO; the message is then lost. */
_must_check_ int hasher_update(Hasher *hasher, ByteView data);
/* The hash of all that was appended; the hasher is then empty again. -EIO. */
_must_check_ int hasher_finish(Hasher *hasher, Digest *ret);
/*
 * PCR := H(PCR ‖ DIGEST), in place (TPM 2.0 Part 1, 17.2). PCR and DIGEST must have the algorithm's
 * size and no message may be under way: -EINVAL. -EIO; PCR is then unchanged.
 */
_must_check_ int hasher_extend(Hasher *hasher, Digest *pcr, ByteView digest);
