/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X.509 certificates: what they say, who signed them, and chains to configured anchors at a given
 * time. Nothing is fetched; the system's trust store is used where its name is said.
 */
#pragma once

#include "crypto/signature.h"

typedef struct Certificate Certificate;

enum {
    CERTIFICATE_OK,
    CERTIFICATE_E_SYNTAX,    /* not a certificate, too large, or a name with a NUL in it */
    CERTIFICATE_E_TRAILING,  /* bytes behind the certificate */
    CERTIFICATE_E_KEY,       /* holds a key that key.h refuses */
    CERTIFICATE_E_DUPLICATE, /* an extension twice */
    CERTIFICATE_E_ABSENT,    /* no such extension */
    CERTIFICATE_E_ISSUER,    /* issuer name is not the other's subject name */
    CERTIFICATE_E_SIGNATURE, /* signature does not verify under the other's key, or uses SHA-1 */
    CERTIFICATE_E_NOT_YET,   /* chain: a certificate is not valid yet */
    CERTIFICATE_E_EXPIRED,   /* chain: a certificate is no longer valid */
    CERTIFICATE_E_UNTRUSTED, /* chain: no path to an anchor */
    CERTIFICATE_E_CHAIN,     /* chain: a path that breaks another rule of RFC 5280 */
};

#define CERTIFICATE_SIZE_MAX (64 << 10) /* bytes of DER; real ones have 1 to 6 KiB */
#define CERTIFICATE_LIST_MAX 32         /* certificates in one PEM file or x5c */

/* In place of a time: dates are not judged, neither here nor in crl.h. */
#define CERTIFICATE_TIME_ANY INT64_MIN

/* A word for each of the above, for error texts. */
const char *certificate_reason(int reason);

/* One certificate as DER, every byte used. CERTIFICATE_OK or a named no to _E_DUPLICATE; -ENOMEM.
 */
_must_check_ int certificate_from_der(ByteView der, Certificate **ret);
/* The same with whatever key: where key.h refuses it, certificate_key() is NULL, and the
 * certificate is good for being shown and for nothing else. */
_must_check_ int certificate_from_der_to_show(ByteView der, Certificate **ret);
/* The first certificate of a PEM text. */
_must_check_ int certificate_from_pem(ByteView pem, Certificate **ret);
/* The DER inside the first certificate of a PEM text, which is not looked into. CERTIFICATE_OK,
 * CERTIFICATE_E_SYNTAX; -ENOMEM. */
_must_check_ int certificate_pem_to_der(ByteView pem, Bytes *ret);
/* Either, told apart by the first byte (0x30 begins DER). */
_must_check_ int certificate_parse(ByteView bytes, Certificate **ret);
/*
 * Cuts padding behind a DER certificate, as TPM NV indices have it (zeros or 0xff): the view up to
 * the length in its header, or the whole view when there is no such header.
 */
ByteView certificate_trim(ByteView padded);
/* Counts a reference that certificate_free() drops. */
Certificate *certificate_ref(Certificate *certificate);
Certificate *certificate_free(Certificate *certificate);
DEFINE_CLEANUP(Certificate *, certificate_free);

/* Owned list. Zeroed is empty. */
typedef struct CertificateList {
    Certificate **items;
    size_t n_items;
} CertificateList;

void certificate_list_done(CertificateList *list);
#define _cleanup_certificates_ _cleanup_(certificate_list_done)
/* Appends a reference. -ENOMEM; -E2BIG beyond CERTIFICATE_LIST_MAX. */
_must_check_ int certificate_list_add(CertificateList *list, Certificate *certificate);
/* Appends every certificate of a PEM text; at least one must be there. As certificate_from_pem().
 */
_must_check_ int certificate_list_add_pem(CertificateList *list, ByteView pem);

/* What it says. All borrowed from the certificate. */
ByteView certificate_der(const Certificate *certificate);
ByteView certificate_spki(const Certificate *certificate); /* DER SubjectPublicKeyInfo */
const Key *certificate_key(const Certificate *certificate);
const char *certificate_subject_cn(const Certificate *certificate); /* "" when there is none */
const char *certificate_issuer_cn(const Certificate *certificate);
/* Whole names, as RFC 4514 writes them: "CN=SEV-VCEK,O=Advanced Micro Devices,…". -ENOMEM, -EIO. */
_must_check_ int certificate_subject_name(const Certificate *certificate, char **ret);
_must_check_ int certificate_issuer_name(const Certificate *certificate, char **ret);
/* "RSA-4096", "P-384"; of a key that key.h refuses what libcrypto says of it, "unknown" at worst.
 */
#define CERTIFICATE_KEY_NAME_SIZE 32
void certificate_key_name(const Certificate *certificate,
                          char out[static CERTIFICATE_KEY_NAME_SIZE]);
const char *certificate_serial(const Certificate *certificate); /* lower-case hex, "0", "10001" */
int64_t certificate_not_before_sec(const Certificate *certificate); /* since 1970, UTC */
int64_t certificate_not_after_sec(const Certificate *certificate);
/* True for CERTIFICATE_TIME_ANY. */
bool certificate_is_valid_at(const Certificate *certificate, int64_t at_sec);
/*
 * Is it time to see to another one? In the last quarter of what is valid from FROM until UNTIL, and
 * in its last 30 days: what renews itself has done so by then (RFC 8555 clients: at a third). True
 * behind its end, too. Seconds since 1970.
 */
bool validity_ends_soon(int64_t from_sec, int64_t until_sec, int64_t now_sec);
/* basicConstraints says CA, and keyUsage is absent or has keyCertSign. */
bool certificate_is_ca(const Certificate *certificate);
bool certificate_is_self_issued(const Certificate *certificate);
/* SHA-384 of the SPKI: how AMD and simulated roots are named. -ENOMEM, -EIO. */
_must_check_ int certificate_spki_sha384(const Certificate *certificate, Digest *ret);

/*
 * Raw extnValue content (without the OCTET STRING around it) by dotted OID, for example
 * "1.3.6.1.4.1.3704.1.3.1" (blSPL, spec/snp 5.2). Borrowed. CERTIFICATE_OK or _E_ABSENT. Duplicates
 * were refused when the certificate was read.
 */
_must_check_ int certificate_extension(const Certificate *certificate, const char *oid,
                                       ByteView *ret);
/* The ITH extension's OID as dotted text into OID; false behind the last. */
bool certificate_extension_at(const Certificate *certificate, size_t i, char *oid, size_t oid_size);
/* Does extendedKeyUsage list this dotted OID? */
bool certificate_has_extended_usage(const Certificate *certificate, const char *oid);

/* Bits of keyUsage (RFC 5280, 4.2.1.3), as far as anyone here asks. */
#define CERTIFICATE_USAGE_SIGN      (1U << 0) /* digitalSignature */
#define CERTIFICATE_USAGE_ENCIPHER  (1U << 1) /* keyEncipherment */
#define CERTIFICATE_USAGE_AGREE     (1U << 2) /* keyAgreement */
#define CERTIFICATE_USAGE_SIGN_CERT (1U << 3) /* keyCertSign */
/* What keyUsage allows; false when the certificate has none, which then allows everything. */
bool certificate_key_usage(const Certificate *certificate, unsigned *ret);
/* Does basicConstraints say CA or keyUsage keyCertSign? Such a certificate is no end entity's. */
bool certificate_claims_ca(const Certificate *certificate);

/* How the certificate itself is signed. */
typedef struct CertificateSignature {
    SignatureScheme scheme; /* SIGNATURE_ECDSA_DER, _RSASSA, _RSAPSS or _ED25519 */
    DigestAlgorithm digest;
    DigestAlgorithm mgf1_digest; /* RSAPSS only */
    size_t salt_size;            /* RSAPSS only, bytes */
} CertificateSignature;

/* CERTIFICATE_OK, or CERTIFICATE_E_SIGNATURE for an algorithm that is none of these. */
_must_check_ int certificate_signature(const Certificate *certificate, CertificateSignature *ret);
/* RSASSA-PSS with SHA-384, MGF1-SHA-384 and a 48-byte salt: all of AMD's (spec/snp 5.1). */
bool certificate_is_amd_signed(const Certificate *certificate);

/*
 * Is CERTIFICATE's issuer name ISSUER's subject name and its signature good under ISSUER's key?
 * Dates, CA flags and path length are not judged. CERTIFICATE_OK, _E_ISSUER, _E_SIGNATURE;
 * -ENOMEM, -EIO.
 */
_must_check_ int certificate_verify_signed_by(const Certificate *certificate,
                                              const Certificate *issuer);

/*
 * Is there a path from LEAF over INTERMEDIATES (may be NULL) to one of ANCHORS at AT_SEC
 * (CERTIFICATE_TIME_ANY: at whatever time)? Any
 * configured anchor ends the path, self-signed or not. 112 bits of strength are demanded; purposes
 * are not judged; X509_V_FLAG_X509_STRICT is off, since real vTPM certificates lack identifiers
 * (spec/snp 5.1). CERTIFICATE_OK, _E_NOT_YET, _E_EXPIRED, _E_SIGNATURE, _E_UNTRUSTED, _E_CHAIN;
 * -ENOMEM, -EIO. RETERR_TEXT (may be NULL) gets OpenSSL's words, static.
 */
_must_check_ int certificate_verify_chain(const Certificate *leaf,
                                          const CertificateList *intermediates,
                                          const CertificateList *anchors, int64_t at_sec,
                                          const char **reterr_text);
/*
 * The same with the certificate authorities of this system, where libcrypto was built to look for
 * them; what the environment names is not looked at.
 */
_must_check_ int certificate_verify_by_system(const Certificate *leaf,
                                              const CertificateList *intermediates, int64_t at_sec,
                                              const char **reterr_text);
/*
 * Is it for HOST, a DNS name or an IP address as text, by its subjectAltName (RFC 6125)? A wildcard
 * stands for one whole label; the common name is not looked at.
 */
bool certificate_is_for_host(const Certificate *certificate, const char *host);
