/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes to order by software keys of every kind that TPMs have.
 */
#pragma once

#include "verify/genuine-quote.h"

#include "lab.h"

/* What a key signs with, and over which banks; zeroes: the key's usual. */
typedef struct QuoteOrder {
    const char *key; /* as forge_key() names it: "P-256", "P-384", "RSA-2048" */
    uint16_t scheme; /* TPM_ALG_RSAPSS instead of RSASSA; 0: the usual */
    uint16_t hash;   /* of the scheme; 0: TPM_ALG_SHA256 */
    uint16_t banks[3];
    uint32_t masks[3];
    uint32_t attributes; /* 0: LAB_AK_ATTRIBUTES */
} QuoteOrder;

/* Owned. */
typedef struct QuoteBench {
    Key *key;
    DigestAlgorithm digest;
    uint16_t scheme, hash;
    Bytes attest;    /* TPMS_ATTEST */
    Bytes raw;       /* the signature alone, r ‖ s where there are two */
    Bytes signature; /* TPMT_SIGNATURE */
    Bytes ak;        /* TPMT_PUBLIC with the scheme in it */
    PcrFile pcrs;
} QuoteBench;

QuoteBench quote_bench(const QuoteOrder *order);
void quote_bench_done(QuoteBench *bench);
#define _cleanup_quote_bench_ _cleanup_(quote_bench_done)
/* Signs what stands in .attest anew, as .hash says. */
void quote_bench_sign(QuoteBench *bench);

/* Judges it as it stands; the answer, which is also what the findings say. */
int quote_bench_judge(const QuoteBench *bench, Findings *findings);
/* Fails unless it is refused with this failure. */
void quote_bench_refuse(const QuoteBench *bench, const char *name);
/* Fails unless one of NAMES, NULL at the end, is among the failures. */
void check_refused_as(const Findings *findings, const char *const *names, const char *what,
                      size_t at);
