/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Azure's metadata service says about the key that signs this host's SNP reports (THIM): the
 * certificate, its chain and the TCB they are for. A hint from the host: nothing in it is believed
 * but through the chain to AMD.
 */
#pragma once

#include "format/snp-report.h"

#define THIM_PATH     "/metadata/THIM/amd/certification"
#define THIM_SIZE_MAX (64 * 1024) /* bytes of the answer; real ones have 7 KiB */

/* Owned. A zeroed struct is empty and valid. */
typedef struct Thim {
    Bytes vcek;         /* DER */
    Bytes ask;          /* DER: the one of the chain that another signed */
    Bytes ark;          /* DER: the one that signed itself */
    SnpTcbRaw tcb;      /* tcbm, in the byte order of a report */
    uint64_t fresh_sec; /* how long it may be kept, at most a day; 0: it does not say */
} Thim;

enum {
    THIM_OK,
    THIM_E_JSON,  /* not one bounded JSON object, or a member missing or of the wrong type */
    THIM_E_TCB,   /* tcbm is not 16 hexadecimal digits */
    THIM_E_VCEK,  /* vcekCert is not one certificate */
    THIM_E_CHAIN, /* certificateChain is not one that signed itself and one that did not */
};

/* A word for each of the above, for error texts. */
const char *thim_reason(int reason);

/* Members that are not known are passed over. THIM_OK or a named no; -ENOMEM, -EIO. */
_must_check_ int thim_parse(ByteView body, Thim *ret);
/*
 * The same from elsewhere: VCEK as DER, CHAIN as PEM, TCB the one asked for. THIM_OK,
 * THIM_E_CHAIN; -ENOMEM, -EIO.
 */
_must_check_ int thim_make(ByteView vcek, ByteView chain, SnpTcbRaw tcb, Thim *ret);
/* As thim_parse() reads it, to keep it. Owned; NULL when out of memory. */
char *thim_text(const Thim *thim);
void thim_done(Thim *thim);
#define _cleanup_thim_ _cleanup_(thim_done)
