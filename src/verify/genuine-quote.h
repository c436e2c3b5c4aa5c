/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did the holder of this key quote these registers? For the files that tools leave, where nobody
 * fixed bank, scheme or encoding beforehand; evidence goes the stricter way of genuine-tpm.h. What
 * stands behind the key is not asked here.
 */
#pragma once

#include "crypto/certificate.h"
#include "format/finding.h"
#include "format/pcr-file.h"
#include "format/tpm-attest.h"
#include "format/tpm-public.h"

/* Everything is borrowed, also by the result. */
typedef struct GenuineQuoteInput {
    ByteView attest;    /* TPMS_ATTEST or TPM2B_ATTEST */
    ByteView signature; /* TPMT_SIGNATURE; or bare: bytes of RSA, r ‖ s, DER of r and s */
    /* TPMT_PUBLIC, TPM2B_PUBLIC, SubjectPublicKeyInfo in DER or PEM, certificate in DER or PEM. */
    ByteView ak;
    const PcrFile *pcrs;      /* NULL: no values to compare, which is a warning */
    ByteView qualifying_data; /* what extraData must be; .data NULL: not judged */
} GenuineQuoteInput;

/* A quote that verified. Made by genuine_quote_verify() and by nothing else. */
typedef struct GenuineQuote {
    TpmAttest attest;
    uint16_t scheme; /* TPM_ALG_RSASSA, RSAPSS or ECDSA */
    uint16_t hash;   /* of the signature; TPM_ALG_SHA1 is a warning */
    Key *ak;
    bool has_ak_public; /* did the AK come as a public area? Else its attributes are unknown */
    TpmPublic ak_public;
    Certificate *ak_certificate; /* NULL unless the AK came as one; its chain was not looked at */
    bool has_pcrs;               /* were values compared? Then they are the quoted ones, exactly */
} GenuineQuote;

void genuine_quote_done(GenuineQuote *quote);
#define _cleanup_genuine_quote_ _cleanup_(genuine_quote_done)

enum { GENUINE_QUOTE_OK, GENUINE_QUOTE_E_REFUSED /* the findings say why, all of them */ };

/*
 * The values must be of exactly the selected banks and PCRs: several banks where the quote has
 * several. A public area must be of a restricted signing key that its TPM keeps, and fixes the
 * scheme if it names one. GENUINE_QUOTE_OK, GENUINE_QUOTE_E_REFUSED; -ENOMEM, -EIO.
 */
_must_check_ int genuine_quote_verify(const GenuineQuoteInput *input, Findings *findings,
                                      GenuineQuote *ret);

enum { QUOTE_AK_OK, QUOTE_AK_E_MALFORMED /* none of the encodings above, or a key we refuse */ };

/* A key in any of the encodings; exactly one of the outputs besides RET_KEY may be set. */
typedef struct QuoteAk {
    Key *key;
    bool has_public;
    TpmPublic public_area; /* borrows */
    Certificate *certificate;
} QuoteAk;

void quote_ak_done(QuoteAk *ak);
#define _cleanup_quote_ak_ _cleanup_(quote_ak_done)

/* Reads an AK (or EK). RETERR_REASON: static text. QUOTE_AK_OK, QUOTE_AK_E_MALFORMED; -ENOMEM,
 * -EIO. */
_must_check_ int quote_ak_parse(ByteView bytes, const char **reterr_reason, QuoteAk *ret);

/* The TPMS_ATTEST inside a TPM2B_ATTEST; anything else as it is. */
ByteView tpm_attest_unwrap(ByteView bytes);
