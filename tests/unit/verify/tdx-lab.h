/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quotes to order: a made-up root, PCK CA, PCK and quoting enclave, so that any one thing about
 * a quote can be wrong.
 */
#pragma once

#include "forge.h"
#include "verify/genuine-tdx.h"

#include "testing.h"

typedef struct TdxLab TdxLab;

TdxLab *tdx_lab_new(void);
TdxLab *tdx_lab_free(TdxLab *lab);
DEFINE_CLEANUP(TdxLab *, tdx_lab_free);
SpkiDigest tdx_lab_root(const TdxLab *lab);
/* Private key of that place in the chain. Borrowed. */
EVP_PKEY *tdx_lab_key(const TdxLab *lab, size_t place);

/* What Intel would have in that place of the chain; serials are 1 (PCK), 2 (CA), 3 (root). */
ForgeCertificate tdx_lab_certificate(const TdxLab *lab, size_t place);
/* PEM of these, in this order. */
Bytes tdx_lab_chain(const ForgeCertificate *certificates, size_t n);
/* The three good ones. */
Bytes tdx_lab_good_chain(const TdxLab *lab);
void tdx_lab_put_pem(Bytes *out, ByteView der);

/* What to make different; zeroes give a good quote of version 4. */
typedef struct TdxOrder {
    unsigned version;
    TdxBodyType body_type;  /* version 5 only; 0: TDX_BODY_1_5 */
    uint64_t qe_attributes; /* 0: those of Intel's enclave */
    uint16_t qe_prod_id;    /* 0: that of Intel's enclave */
    bool other_qe_signer;   /* MRSIGNER */
    bool other_vendor;      /* in the header */
    uint8_t mr_signer_seam; /* each byte of it */
    uint64_t seam_attributes;
    const uint8_t (*rtmr)[48]; /* four; NULL: made up */
    const uint8_t *td_report;  /* version 4: of this TDREPORT, 1024 bytes; NULL: made up */
    ByteView auth_data;        /* .data NULL: 32 bytes */
    ByteView chain;            /* PEM; .data NULL: the good one, and a NUL */
} TdxOrder;

Bytes tdx_lab_quote(const TdxLab *lab, const TdxOrder *order);
