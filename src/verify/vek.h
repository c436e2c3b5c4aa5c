/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AMD wrote into a VCEK or VLEK (spec SNP 5.2): the TCB the key is derived from, the chip or
 * the cloud it belongs to.
 */
#pragma once

#include "crypto/certificate.h"
#include "format/snp-report.h"

#define VEK_HWID_MAX   64  /* bytes */
#define VEK_CSP_ID_MAX 128 /* bytes with NUL */

typedef struct Vek {
    SnpTcb tcb;
    uint8_t hwid[VEK_HWID_MAX];
    size_t hwid_size; /* 64, 8 or 0: none */
    char csp_id[VEK_CSP_ID_MAX];
} Vek;

enum {
    VEK_OK,
    VEK_E_TCB,    /* a component is absent, not an INTEGER from 0 to 255, or spl4 to spl7 not 0 */
    VEK_E_HWID,   /* not 64 or 8 bytes, plain or in an OCTET STRING */
    VEK_E_CSP_ID, /* not a short IA5String of printable characters */
};

/* A word for each of the above, for error texts. */
const char *vek_reason(int reason);
/* VEK_OK or a named no. */
_must_check_ int vek_parse(const Certificate *certificate, Vek *ret);
