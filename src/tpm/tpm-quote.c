/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quote first, then read, then compare: what is sent agrees with itself before it leaves.
 */
#include "tpm/tpm-quote.h"

#include "crypto/digest.h"

#include <errno.h>
#include <string.h>
#include <tss2/tss2_mu.h>

void tpm_quote_done(TpmQuote *quote)
{
    bytes_done(&quote->attest);
    bytes_done(&quote->signature);
    *quote = (TpmQuote){ 0 };
}

/* What the TPM answers to one try. */
typedef struct Try {
    TPM2B_ATTEST *attest;
    TPMT_SIGNATURE *signature;
} Try;

static void try_done(Try *attempt)
{
    Esys_Free(attempt->attest);
    Esys_Free(attempt->signature);
}

static ByteView view_of_attest(const Try *attempt)
{
    return (ByteView){ .data = attempt->attest->attestationData, .size = attempt->attest->size };
}

static int translate_pcr(int r)
{
    switch (r) {
    case TPM_PCR_OK:
        return TPM_QUOTE_OK;
    case TPM_PCR_E_BANK_UNKNOWN:
        return TPM_QUOTE_E_BANK_UNKNOWN;
    case TPM_PCR_E_BANK_INACTIVE:
    case TPM_PCR_E_INCOMPLETE:
        return TPM_QUOTE_E_BANK_INACTIVE;
    case TPM_PCR_E_SELECTION:
        return TPM_QUOTE_E_SELECTION;
    }
    return r < 0 ? r : -EINVAL;
}

static int ask(const TpmKey *key, TpmSelection selection, ByteView qualifying_data, Try *attempt)
{
    const TPML_PCR_SELECTION list = tpm_pcr_selection_list(selection);
    const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL }; /* the key's own */
    TPM2B_DATA data = { .size = (uint16_t)qualifying_data.size };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    memcpy(data.buffer, qualifying_data.data, qualifying_data.size);
    do
        rc = Esys_Quote(key->tpm->esys, key->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                        &data, &scheme, &list, &attempt->attest, &attempt->signature);
    while (tpm_retry(&patience, rc));
    return tpm_result(key->tpm, "TPM2_Quote", rc);
}

/* Did the TPM quote what it was asked for? */
static int check_attest(const TpmAttest *attest, TpmSelection selection, ByteView qualifying_data)
{
    if (!view_equal(attest->extra_data, qualifying_data))
        return TPM_QUOTE_E_OTHER_DATA;
    if (attest->n_selections != 1 || attest->selections[0].bank != selection.bank ||
        attest->selections[0].pcrs != selection.pcrs)
        return TPM_QUOTE_E_OTHER_SELECTION;
    return TPM_QUOTE_OK;
}

/* Do these values make the quoted digest? Its hash is the signature's, whatever the bank. */
static int compare(const Try *attempt, const TpmAttest *attest, const EvidencePcrs *pcrs)
{
    ByteView parts[TPM_PCR_COUNT];
    size_t n_parts = 0;
    DigestAlgorithm algorithm;
    Digest digest;

    if (digest_from_tpm_id(attempt->signature->signature.any.hashAlg, &algorithm) != DIGEST_OK)
        return TPM_QUOTE_E_MALFORMED;
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++)
        if (pcrs->mask & (1u << i))
            parts[n_parts++] = evidence_pcr(pcrs, i);

    int r = digest_of_parts(algorithm, parts, n_parts, &digest);
    if (r < 0)
        return r;
    return view_equal(digest_view(&digest), attest->pcr_digest) ? TPM_QUOTE_OK
                                                                : TPM_QUOTE_E_UNSTABLE;
}

static int keep(const Try *attempt, const EvidencePcrs *pcrs, TpmQuote *ret)
{
    _cleanup_tpm_quote_ TpmQuote quote = { .pcrs = *pcrs };
    uint8_t buffer[sizeof(TPMT_SIGNATURE)];
    size_t size = 0;

    if (Tss2_MU_TPMT_SIGNATURE_Marshal(attempt->signature, buffer, sizeof(buffer), &size) !=
        TSS2_RC_SUCCESS)
        return TPM_QUOTE_E_MALFORMED;
    int r = bytes_copy((ByteView){ .data = buffer, .size = size }, &quote.signature);
    if (r < 0)
        return r;
    r = bytes_copy(view_of_attest(attempt), &quote.attest);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(quote);
    return TPM_QUOTE_OK;
}

static int quote_once(const TpmKey *key, TpmSelection selection, ByteView qualifying_data,
                      TpmQuote *ret)
{
    _cleanup_(try_done) Try attempt = { 0 };
    EvidencePcrs pcrs;
    TpmAttest attest;

    int r = ask(key, selection, qualifying_data, &attempt);
    if (r < 0)
        return r;
    if (tpm_attest_parse(view_of_attest(&attempt), &attest) != TPM_ATTEST_OK)
        return TPM_QUOTE_E_MALFORMED;
    r = check_attest(&attest, selection, qualifying_data);
    if (r != TPM_QUOTE_OK)
        return r;
    r = tpm_pcr_read(key->tpm, selection, &pcrs);
    if (r != TPM_PCR_OK)
        return translate_pcr(r);
    r = compare(&attempt, &attest, &pcrs);
    if (r != TPM_QUOTE_OK)
        return r;
    return keep(&attempt, &pcrs, ret);
}

int tpm_quote(TpmContext *tpm, const TpmKey *key, TpmSelection selection, ByteView qualifying_data,
              TpmQuote *ret)
{
    int r = tpm_pcr_check_bank(tpm, selection);

    if (r != TPM_PCR_OK)
        return translate_pcr(r);
    if (qualifying_data.size != TPM_QUOTE_DATA_SIZE)
        return -EINVAL;
    for (unsigned tries = 1; tries <= TPM_QUOTE_TRIES; tries++) {
        r = quote_once(key, selection, qualifying_data, ret);
        if (r == TPM_QUOTE_OK)
            ret->tries = tries;
        if (r != TPM_QUOTE_E_UNSTABLE)
            return r;
    }
    return TPM_QUOTE_E_UNSTABLE;
}
