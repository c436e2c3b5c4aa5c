/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: the OpenSSL objects behind our types, their cleanup, and the one place
 * where OpenSSL's errors become ours.
 */
#pragma once

#include "crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

DEFINE_CLEANUP(BIGNUM *, BN_free);
DEFINE_CLEANUP(BIO *, BIO_free_all);
DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free);
DEFINE_CLEANUP(EVP_CIPHER *, EVP_CIPHER_free);
DEFINE_CLEANUP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free);
DEFINE_CLEANUP(EVP_MAC *, EVP_MAC_free);
DEFINE_CLEANUP(EVP_MAC_CTX *, EVP_MAC_CTX_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free);
DEFINE_CLEANUP(X509 *, X509_free);

/* Empties OpenSSL's error queue: -ENOMEM when it says so, else -EIO. */
_must_check_ int openssl_failure(void);
/*
 * What a verification that returned R says: SIGNATURE_OK, SIGNATURE_E_BAD, -ENOMEM, -EIO. A sender
 * who chooses the key can make the sum of points vanish, which OpenSSL calls an error and is a no.
 */
_must_check_ int openssl_verdict(int r);
/* After a decoder said no: -ENOMEM when it ran out of memory, else REFUSAL. Empties the queue. */
_must_check_ int openssl_refusal(int refusal);
/* Empties the queue after a failure that was an answer. */
void openssl_forget(void);
/* OpenSSL's name of a hash: "SHA2-384". */
const char *openssl_digest_name(DigestAlgorithm algorithm);
/* DER of the SEQUENCE { r, s }, both big-endian. -ENOMEM, -EIO. */
_must_check_ int ecdsa_der(ByteView r, ByteView s, Bytes *ret);
/* A read-only BIO over borrowed bytes. NULL: no memory, or more than INT_MAX bytes. */
BIO *openssl_reader(ByteView bytes);

/* Borrowed. */
EVP_PKEY *key_pkey(const Key *key);
/* Judges PKEY as key.h says and takes a reference of its own. KEY_OK, a named no; -ENOMEM, -EIO. */
_must_check_ int key_from_pkey(EVP_PKEY *pkey, bool is_private, Key **ret);

/* Borrowed. */
X509 *certificate_x509(const Certificate *certificate);
/* Our words for a signature AlgorithmIdentifier. CERTIFICATE_OK, CERTIFICATE_E_SIGNATURE. */
_must_check_ int certificate_signature_of(const X509_ALGOR *algorithm, CertificateSignature *ret);
/* Seconds since 1970. 0, or CERTIFICATE_E_SYNTAX. */
_must_check_ int certificate_time_sec(const ASN1_TIME *time, int64_t *ret);
