/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nobody can do without: OpenSSL's decoding of the certificates and keys that came along, and
 * the same signatures, by its public functions and nothing around them.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* A report and its chain, as they come. All borrowed. */
typedef struct BareSnp {
    ByteView vcek, ask, ark; /* DER */
    ByteView signed_part;
    ByteView r, s; /* big-endian */
} BareSnp;

/* Three certificates decoded, three signatures on them, the report's. */
void bare_snp_cold(const BareSnp *snp);
/* One certificate decoded, one signature on it by ASK, the report's. */
void bare_snp_prepared(const BareSnp *snp, EVP_PKEY *ask);
/* The report's signature alone. */
void bare_report(const BareSnp *snp, EVP_PKEY *vcek);

/* A quote by a P-256 key. All borrowed. */
typedef struct BareQuote {
    ByteView x, y;
    ByteView attest;
    ByteView r, s;
} BareQuote;

/* The key made of its coordinates, the signature. */
void bare_quote(const BareQuote *quote);

X509 *bare_certificate(ByteView der);
/* SHA-256 over BYTES. */
void bare_sha256(ByteView bytes);
