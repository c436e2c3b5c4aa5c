/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, certificates and revocation lists to order, good and bad, for the tests.
 */
#pragma once

#include "crypto/certificate.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* "P-256", "P-384", "P-521", "secp256k1", "ED25519", "X25519", "RSA-2048", "RSA-PSS-2048"… Aborts.
 */
EVP_PKEY *forge_pkey(const char *kind);
/* The same as ours, with its private half. */
Key *forge_key(const char *kind);
Key *forge_key_of(EVP_PKEY *pkey);

/* RSASSA-PSS parameters; a zeroed struct means PKCS #1 v1.5 (or what the key does by itself). */
typedef struct ForgePss {
    int salt; /* bytes; 0: not PSS */
    const char *mgf1;
} ForgePss;

typedef struct ForgeCertificate {
    const char *subject; /* CN; NULL: empty name */
    const char *issuer;
    EVP_PKEY *key;
    EVP_PKEY *issuer_key;
    const char *digest; /* "SHA256" when NULL */
    ForgePss pss;
    long serial;
    int64_t not_before_sec; /* 0: the start of 2025 */
    int64_t not_after_sec;  /* 0: the start of 2035 */
    bool is_ca;
    const char *key_usage;     /* "keyCertSign,cRLSign"; NULL: none */
    const char *extension_oid; /* an extension of ours, value 02 01 07; NULL: none */
    bool extension_twice;
    bool extension_critical;
    const char *extended_usage; /* "2.23.133.8.3" */
    const char *other_names;    /* "DNS:*.vault.azure.net,IP:127.0.0.1" */
} ForgeCertificate;

#define FORGE_2025 INT64_C(1735689600)
#define FORGE_2030 INT64_C(1893456000)
#define FORGE_2035 INT64_C(2051222400)

/* DER. */
Bytes forge_certificate(const ForgeCertificate *wanted);
/* The same, read back. */
Certificate *forge_read(const ForgeCertificate *wanted);

typedef struct ForgeCrl {
    const char *issuer;
    EVP_PKEY *issuer_key;
    const char *digest;
    long revoked; /* serial; 0: none */
    int64_t this_update_sec;
    int64_t next_update_sec; /* 0: left out */
    bool critical_extension;
} ForgeCrl;

Bytes forge_crl(const ForgeCrl *wanted);

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
