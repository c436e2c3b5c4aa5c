/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificate of AMD is missing: what it is asked for by, and called by in the cache.
 */
#pragma once

#include "base/bytes.h"
#include "base/json.h"

typedef enum WantItem { WANT_VCEK, WANT_VCEK_CHAIN, WANT_VLEK_CHAIN } WantItem;

#define WANT_CHIP_SIZE 129 /* a chip id as hex, NUL included */
#define WANT_TCB_SIZE  17  /* a TCB as hex, NUL included */

typedef struct CertificateWant {
    WantItem item;
    const char *product;       /* "Milan", as AMD spells it; static */
    char chip[WANT_CHIP_SIZE]; /* lower-case hex; 16 digits on Turin. WANT_VCEK only, as is TCB */
    char tcb[WANT_TCB_SIZE];   /* REPORTED_TCB as it lies in the report */
    const json_t *components;  /* the same taken apart; borrowed from the report */
} CertificateWant;

enum {
    CERTIFICATE_WANT_OK,
    CERTIFICATE_WANT_E_CHIP,    /* masked */
    CERTIFICATE_WANT_E_PRODUCT, /* of no known product line */
    CERTIFICATE_WANT_E_VLEK,    /* the key is the cloud's: AMD gives it to nobody else */
};

#define CERTIFICATE_WANTS_MAX 2

/*
 * What REPORT (libattest's claims) wants as its VCEK: a report of version 2 does not say its
 * product line, so there may be two to try. CERTIFICATE_WANT_OK or a named no.
 */
_must_check_ int certificate_want_vcek(const json_t *report,
                                       CertificateWant ret[static CERTIFICATE_WANTS_MAX],
                                       size_t *ret_n);
/* The same for the certificates between that key and AMD's root, of a VLEK too. */
_must_check_ int certificate_want_chain(const json_t *report,
                                        CertificateWant ret[static CERTIFICATE_WANTS_MAX],
                                        size_t *ret_n);

/* "vcek", "vcek-chain", "vlek-chain": as the worker calls it. */
const char *certificate_want_name(const CertificateWant *want);
/* "vcek/Milan-CHIP-TCB.der": below the cache. Owned; NULL: out of memory. */
char *certificate_want_path(const CertificateWant *want);
/*
 * Are BYTES by their looks what is wanted? Whether AMD made them is for the chain to say.
 */
bool certificate_want_is(const CertificateWant *want, ByteView bytes);
