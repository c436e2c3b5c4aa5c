/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quote of one bank together with the values it was made over: retried until they agree.
 */
#pragma once

#include "base/bytes.h"
#include "tpm/tpm-key.h"
#include "tpm/tpm-pcr.h"

#define TPM_QUOTE_TRIES     5  /* as rust-keylime; registers other than 10 are quiet after boot */
#define TPM_QUOTE_DATA_SIZE 32 /* bytes of qualifying data, what every TPM takes */

typedef struct TpmQuote {
    Bytes attest;    /* TPMS_ATTEST, the exact signed bytes */
    Bytes signature; /* TPMT_SIGNATURE */
    EvidencePcrs pcrs;
    unsigned tries; /* 1 when nothing changed meanwhile */
} TpmQuote;

void tpm_quote_done(TpmQuote *quote);
#define _cleanup_tpm_quote_ _cleanup_(tpm_quote_done)

enum {
    TPM_QUOTE_OK,
    TPM_QUOTE_E_BANK_UNKNOWN, /* as TPM_PCR_E_... */
    TPM_QUOTE_E_BANK_INACTIVE,
    TPM_QUOTE_E_SELECTION,       /* nothing selected, or beyond PCR 23 */
    TPM_QUOTE_E_UNSTABLE,        /* registers changed in each of TPM_QUOTE_TRIES tries */
    TPM_QUOTE_E_OTHER_SELECTION, /* the TPM quoted other registers than asked */
    TPM_QUOTE_E_OTHER_DATA,      /* the quote carries other qualifying data */
    TPM_QUOTE_E_MALFORMED,       /* the reply cannot be read */
};

/* QUALIFYING_DATA has TPM_QUOTE_DATA_SIZE bytes. Named no or negative errno. */
_must_check_ int tpm_quote(TpmContext *tpm, const TpmKey *key, TpmSelection selection,
                           ByteView qualifying_data, TpmQuote *ret);
