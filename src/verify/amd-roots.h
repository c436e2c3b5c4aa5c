/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The anchors of every SEV-SNP chain: AMD's root and signing keys, compiled in (spec SNP 5.3), and
 * the fingerprints of simulated roots that someone listed in so many words. A root that comes with
 * evidence is believed only when its key is one of these.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/certificate.h"
#include "crypto/crl.h"
#include "format/snp-report.h"

#define SNP_PRODUCT_COUNT 4 /* SnpProduct, SNP_PRODUCT_UNKNOWN included */

typedef enum AmdRole {
    AMD_ARK,  /* the root */
    AMD_ASK,  /* signs VCEKs */
    AMD_ASVK, /* signs VLEKs */
    AMD_ROLE_COUNT,
} AmdRole;

#define SPKI_DIGEST_SIZE 48 /* SHA-384 over the DER SubjectPublicKeyInfo */

/* Fingerprint of a root key. */
typedef struct SpkiDigest {
    uint8_t bytes[SPKI_DIGEST_SIZE];
} SpkiDigest;

/* One of AMD's keys, as data. */
typedef struct AmdKey {
    SnpProduct product;
    AmdRole role;
    SpkiDigest digest;
    uint32_t serial;         /* of the certificate AMD publishes for it */
    uint8_t certificate[32]; /* SHA-256 of the certificate AMD publishes for it, DER */
    uint8_t modulus[512];    /* big-endian; the exponent is 65537 */
} AmdKey;

/* The table. */
extern const AmdKey amd_keys[];
extern const size_t amd_n_keys;

/* AMD's key of that product and role; NULL for SNP_PRODUCT_UNKNOWN. */
const AmdKey *amd_key(SnpProduct product, AmdRole role);
/* Is it the fingerprint of AMD's root for PRODUCT? */
bool amd_root_is_pinned(SnpProduct product, const SpkiDigest *digest);
/* Is DIGEST one of the N ROOTS? */
bool spki_digest_is_listed(const SpkiDigest *digest, const SpkiDigest *roots, size_t n);

/* Subject names (spec SNP 5.1): "ARK-Milan", "SEV-Milan", "SEV-VLEK-Milan"; OUT of 32 bytes. */
void amd_subject(SnpProduct product, AmdRole role, char out[static 32]);
/* The product and role of such a name; false when it is none. */
_must_check_ bool amd_subject_parse(const char *name, SnpProduct *ret_product, AmdRole *ret_role);

/* AMD's keys made ready for use, once a process: decoding one costs more than a verification. */
typedef struct AmdRoots AmdRoots;

/* -ENOMEM, -EIO. */
_must_check_ int amd_roots_new(AmdRoots **ret);

enum {
    AMD_ROOTS_OK,
    AMD_ROOTS_E_SUBJECT, /* a certificate whose subject is no ARK-…, SEV-… or SEV-VLEK-… */
    AMD_ROOTS_E_TWICE,   /* two of one product and role */
    AMD_ROOTS_E_CHAIN,   /* an ASK or ASVK that no ARK among them signed */
};

/*
 * Roots that the caller trusts in place of AMD's own, told apart by their subjects; dates are not
 * judged. AMD_ROOTS_OK or a named no; -ENOMEM, -EIO.
 */
_must_check_ int amd_roots_from(const CertificateList *certificates, AmdRoots **ret);
/* A word for each of the above, for error texts. */
const char *amd_roots_reason(int reason);
AmdRoots *amd_roots_free(AmdRoots *roots);
DEFINE_CLEANUP(AmdRoots *, amd_roots_free);
/*
 * Is DER, byte for byte, the certificate AMD publishes for a key that is among ROOTS? Decoding it
 * and asking its signature would show nothing new. False for roots of the caller's. -ENOMEM, -EIO.
 */
_must_check_ int amd_roots_know(const AmdRoots *roots, ByteView der, bool *ret);
/* Is it the fingerprint of the ARK of PRODUCT? */
bool amd_roots_pin(const AmdRoots *roots, SnpProduct product, const SpkiDigest *digest);
/*
 * Does the list, which was found genuine, name the certificate of such a key? For chains that leave
 * it out. CRL_OK or CRL_E_REVOKED; CRL_E_ISSUER: no such key, or a list by another; -ENOMEM.
 */
_must_check_ int amd_roots_lookup(const AmdRoots *roots, SnpProduct product, AmdRole role,
                                  const Crl *crl);
/* Borrowed. NULL for SNP_PRODUCT_UNKNOWN, and for what amd_roots_from() was not given. */
const Key *amd_roots_key(const AmdRoots *roots, SnpProduct product, AmdRole role);
