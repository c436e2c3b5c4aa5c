/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate table that comes with an extended report (GHCB specification, 4.1.8.1). All of
 * it is chosen by the host: certificates in it are hints, and never a trust anchor.
 */
#pragma once

#include "base/bytes.h"

#define SNP_CERTS_SIZE_MAX 65536 /* bytes; Linux carries at most 16 KiB */
#define SNP_CERTS_MAX      32    /* entries */
#define SNP_GUID_SIZE      16    /* bytes, in the order they are printed */

typedef enum SnpCertKind {
    SNP_CERT_VCEK,
    SNP_CERT_VLEK,
    SNP_CERT_ASK, /* ASK or ASVK: one GUID for both, told apart by subject */
    SNP_CERT_ARK,
    SNP_CERT_CRL,
    SNP_CERT_OTHER, /* kept, not understood */
} SnpCertKind;

typedef struct SnpCert {
    SnpCertKind kind;
    uint8_t guid[SNP_GUID_SIZE];
    ByteView blob;    /* as in the table, padding included */
    ByteView content; /* without zero padding behind the PEM text or the DER value */
    bool is_pem;      /* content begins with "-----BEGIN" */
} SnpCert;

/* Borrows from the table. */
typedef struct SnpCerts {
    SnpCert items[SNP_CERTS_MAX];
    size_t n_items;
    size_t extent; /* bytes from the start of the table to the end of its last blob; 0: empty */
} SnpCerts;

enum {
    SNP_CERTS_OK,
    SNP_CERTS_E_SIZE,       /* more than SNP_CERTS_SIZE_MAX bytes */
    SNP_CERTS_E_TERMINATOR, /* entries, but no all-zero entry behind them */
    SNP_CERTS_E_COUNT,      /* more than SNP_CERTS_MAX entries */
    SNP_CERTS_E_RANGE,      /* a blob is empty, in the entries, or not inside the table */
    SNP_CERTS_E_DUPLICATE,  /* one GUID twice with different blobs */
};

/*
 * An empty table (no bytes, or only zeros in the first entry) is SNP_CERTS_OK with no items. The
 * same entry twice counts once. SNP_CERTS_OK or a named no.
 */
_must_check_ int snp_certs_parse(ByteView table, SnpCerts *ret);
/* The entry of this kind, borrowed, or NULL. Not for SNP_CERT_OTHER. */
const SnpCert *snp_certs_find(const SnpCerts *certs, SnpCertKind kind);

/* What snp_certs_build() puts in. For SNP_CERT_OTHER the GUID is taken from .guid. */
typedef struct SnpCertInput {
    SnpCertKind kind;
    uint8_t guid[SNP_GUID_SIZE];
    ByteView blob;
} SnpCertInput;

/* A table with terminator; N_ITEMS may be 0. -ENOMEM, -EINVAL (an empty blob), -E2BIG. */
_must_check_ int snp_certs_build(const SnpCertInput *items, size_t n_items, Bytes *ret);
/* SNP_GUID_SIZE bytes; NULL for SNP_CERT_OTHER. */
const uint8_t *snp_cert_guid(SnpCertKind kind);
/* "vcek", "vlek", "ask", "ark", "crl", "other". */
const char *snp_cert_kind_name(SnpCertKind kind);
