/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges a quote from files: the key, the signature under whatever scheme fits, and what was
 * signed. How keys are spelled is in quote-ak.c.
 */
#include "verify/genuine-quote.h"

#include "base/wipe.h"
#include "verify/genuine-tpm.h"
#include "verify/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT "vtpm"

void genuine_quote_done(GenuineQuote *quote)
{
    key_free(quote->ak);
    certificate_free(quote->ak_certificate);
    *quote = (GenuineQuote){ 0 };
}

ByteView tpm_attest_unwrap(ByteView bytes)
{
    size_t size = bytes.size >= 2 ? (size_t)bytes.data[0] << 8 | bytes.data[1] : 0;

    if (size == 0 || size != bytes.size - 2)
        return bytes;
    return (ByteView){ .data = bytes.data + 2, .size = size };
}

/* False when there is no key to verify anything with. */
static int check_key(const GenuineQuoteInput *input, Findings *findings, GenuineQuote *quote,
                     bool *ret_usable)
{
    _cleanup_quote_ak_ QuoteAk ak = { 0 };
    const char *reason = NULL;

    *ret_usable = false;
    int r = quote_ak_parse(input->ak, &reason, &ak);
    if (r < 0)
        return r;
    if (r != QUOTE_AK_OK)
        return refuse(findings, "tpm-ak-malformed", SUBJECT,
                      "TPMT_PUBLIC, TPM2B_PUBLIC, public key or certificate", "%s", reason);
    *ret_usable = true;
    quote->ak = TAKE_PTR(ak.key);
    quote->ak_certificate = TAKE_PTR(ak.certificate);
    quote->has_ak_public = ak.has_public;
    quote->ak_public = ak.public_area;
    if (ak.has_public)
        return tpm_ak_check_attributes(&quote->ak_public, findings);
    return warn(findings, "tpm-ak-attributes-unknown", SUBJECT, "a public area", "%s",
                quote->ak_certificate ? "a certificate" : "a public key");
}

/* Scheme and hash by name, and how crypto calls the scheme. */
typedef struct Form {
    uint16_t scheme;
    uint16_t hash;
    SignatureScheme how;
    ByteView signature;
} Form;

/* The hash of the signing scheme made pcrDigest too, so its size tells which. */
static uint16_t hash_of_attest(const TpmAttest *attest)
{
    static const uint16_t hashes[] = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384,
                                       TPM_ALG_SHA512 };

    for (size_t i = 0; i < ELEMENTSOF(hashes); i++)
        if (tpm_alg_digest_size(hashes[i]) == attest->pcr_digest.size)
            return hashes[i];
    return TPM_ALG_SHA256;
}

/* SIGNATURE_OK; SIGNATURE_E_BAD; errno. */
static int verify_form(const GenuineQuote *quote, ByteView attest, const Form *form)
{
    DigestAlgorithm digest;
    int r;

    if (digest_from_tpm_id(form->hash, &digest) != DIGEST_OK)
        return SIGNATURE_E_BAD;
    if (digest == DIGEST_SHA1)
        r = signature_verify_sha1(quote->ak, form->how, attest, form->signature);
    else
        r = signature_verify(quote->ak, form->how, digest, attest, form->signature);
    return r > 0 ? SIGNATURE_E_BAD : r;
}

/* A bare signature: whichever of the forms that fit key and size verifies. */
static int verify_bare(const GenuineQuoteInput *input, GenuineQuote *quote, ByteView attest)
{
    static const struct {
        uint16_t scheme;
        SignatureScheme how;
    } forms[] = {
        { TPM_ALG_RSASSA, SIGNATURE_RSASSA },
        { TPM_ALG_RSAPSS, SIGNATURE_RSAPSS_AUTO },
        { TPM_ALG_ECDSA, SIGNATURE_ECDSA_RAW },
        { TPM_ALG_ECDSA, SIGNATURE_ECDSA_DER },
    };
    int r = SIGNATURE_E_BAD;

    for (size_t i = 0; r > 0 && i < ELEMENTSOF(forms); i++) {
        const Form form = { .scheme = forms[i].scheme,
                            .hash = hash_of_attest(&quote->attest),
                            .how = forms[i].how,
                            .signature = input->signature };
        quote->scheme = form.scheme;
        quote->hash = form.hash;
        r = verify_form(quote, attest, &form);
    }
    return r;
}

/* TPMT_SIGNATURE with r and s of any length: to r ‖ s of full length. */
static int verify_structure(const TpmSignature *signature, GenuineQuote *quote, ByteView attest)
{
    uint8_t pair[2 * KEY_COORDINATE_MAX];
    size_t half = key_coordinate_size(quote->ak);
    Form form = { .scheme = signature->algorithm,
                  .hash = signature->hash,
                  .how = SIGNATURE_RSASSA,
                  .signature = signature->rsa };

    if (form.scheme == TPM_ALG_RSAPSS)
        form.how = SIGNATURE_RSAPSS_AUTO;
    if (form.scheme == TPM_ALG_ECDSA) {
        if (half == 0 || !tpm_pad_integer(signature->r, pair, half) ||
            !tpm_pad_integer(signature->s, pair + half, half))
            return SIGNATURE_E_BAD;
        form.how = SIGNATURE_ECDSA_RAW;
        form.signature = (ByteView){ .data = pair, .size = 2 * half };
    }
    quote->scheme = form.scheme;
    quote->hash = form.hash;
    return verify_form(quote, attest, &form);
}

/* Where the key names a scheme, the sender has no choice. */
static int check_scheme(const GenuineQuote *quote, Findings *findings)
{
    const TpmPublic *ak = &quote->ak_public;
    const char *scheme, *hash;
    char wanted[64];

    if (!quote->has_ak_public || ak->scheme == TPM_ALG_NULL ||
        (ak->scheme == quote->scheme && ak->scheme_hash == quote->hash))
        return 0;
    scheme = tpm_alg_name(ak->scheme);
    hash = tpm_alg_name(ak->scheme_hash);
    (void)snprintf(wanted, sizeof(wanted), "the key's own scheme (%s, %s)",
                   scheme ? scheme : "none", hash ? hash : "none");
    return refuse(findings, "tpm-signature-scheme", SUBJECT, wanted, "scheme 0x%04x, hash 0x%04x",
                  quote->scheme, quote->hash);
}

static int check_signature(const GenuineQuoteInput *input, ByteView attest, GenuineQuote *quote,
                           Findings *findings)
{
    TpmSignature signature;
    bool is_bare = input->signature.size == (key_bits(quote->ak) + 7) / 8;
    int r = SIGNATURE_E_BAD;

    int parsed = tpm_signature_parse(input->signature, &signature);
    if (parsed == TPM_SIGNATURE_OK)
        r = verify_structure(&signature, quote, attest);
    else if (is_bare || key_coordinate_size(quote->ak) > 0)
        r = verify_bare(input, quote, attest);
    else
        return refuse(findings, "tpm-signature-malformed", SUBJECT,
                      "a TPMT_SIGNATURE or a bare signature", "%s", tpm_signature_reason(parsed));
    if (r < 0)
        return r;
    if (r != SIGNATURE_OK)
        return refuse(findings, "tpm-signature-invalid", SUBJECT, "signed by the attestation key",
                      "the quote is not");
    r = check_scheme(quote, findings);
    if (r >= 0 && quote->hash == TPM_ALG_SHA1)
        r = warn(findings, "tpm-signature-sha1", SUBJECT, "SHA-256 or more", "SHA-1");
    return r;
}

static const TpmSelection *find_selection(const TpmAttest *attest, uint16_t bank)
{
    for (size_t i = 0; i < attest->n_selections; i++)
        if (attest->selections[i].bank == bank)
            return &attest->selections[i];
    return NULL;
}

static int refuse_selection(uint16_t bank, uint32_t quoted, uint32_t given, Findings *findings)
{
    const char *name = tpm_alg_name(bank);
    char wanted[64];

    (void)snprintf(wanted, sizeof(wanted), "bank %s, PCRs 0x%06x and no other",
                   name ? name : "unknown", given);
    return refuse(findings, "tpm-selection-mismatch", SUBJECT, wanted, "PCRs 0x%06x quoted",
                  quoted);
}

/* Exactly the banks and PCRs whose values came along (CVE-2024-29039 was this omission). */
static int check_selection(const TpmAttest *attest, const PcrFile *pcrs, Findings *findings,
                           bool *ret_equal)
{
    int r = 0;
    size_t n_quoted = 0;

    *ret_equal = true;
    for (size_t i = 0; r >= 0 && i < attest->n_selections; i++) {
        const TpmSelection *selection = &attest->selections[i];
        const EvidencePcrs *bank = pcr_file_bank(pcrs, selection->bank);
        uint32_t given = bank ? bank->mask : 0;
        n_quoted += selection->pcrs != 0;
        if (selection->pcrs == given)
            continue;
        *ret_equal = false;
        r = refuse_selection(selection->bank, selection->pcrs, given, findings);
    }
    for (size_t i = 0; r >= 0 && i < pcrs->n_banks; i++) {
        if (find_selection(attest, pcrs->banks[i].bank))
            continue;
        *ret_equal = false;
        r = refuse_selection(pcrs->banks[i].bank, 0, pcrs->banks[i].mask, findings);
    }
    if (r >= 0 && n_quoted == 0 && *ret_equal) {
        *ret_equal = false;
        r = refuse(findings, "tpm-selection-mismatch", SUBJECT, "a PCR", "no PCR quoted");
    }
    return r;
}

/* Bank by bank in the order of the quote, by the hash of the signing scheme (spec TPM 3.4). */
static int check_pcr_digest(const GenuineQuote *quote, const PcrFile *pcrs, Findings *findings)
{
    ByteView parts[PCR_FILE_BANKS_MAX * TPM_PCR_COUNT];
    char found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX];
    DigestAlgorithm algorithm;
    size_t n_parts = 0;
    Digest digest;

    if (digest_from_tpm_id(quote->hash, &algorithm) != DIGEST_OK) /* the signature said no */
        return 0;
    for (size_t i = 0; i < quote->attest.n_selections; i++) {
        const EvidencePcrs *bank = pcr_file_bank(pcrs, quote->attest.selections[i].bank);
        for (unsigned pcr = 0; bank && pcr < TPM_PCR_COUNT; pcr++)
            if (bank->mask & UINT32_C(1) << pcr)
                parts[n_parts++] = evidence_pcr(bank, pcr);
    }
    int r = digest_of_parts(algorithm, parts, n_parts, &digest);
    if (r < 0 || view_equal(digest_view(&digest), quote->attest.pcr_digest))
        return r;
    hex_text(digest_view(&digest), found);
    hex_text(quote->attest.pcr_digest, wanted);
    return refuse(findings, "tpm-pcr-digest-mismatch", SUBJECT, wanted, "the PCR values hash to %s",
                  found);
}

static int check_pcrs(const GenuineQuoteInput *input, GenuineQuote *quote, Findings *findings)
{
    bool equal;

    if (!input->pcrs)
        return warn(findings, "tpm-pcrs-missing", SUBJECT, "the values that were quoted",
                    "none were given");
    int r = check_selection(&quote->attest, input->pcrs, findings, &equal);
    if (r < 0 || !equal)
        return r;
    quote->has_pcrs = true;
    return check_pcr_digest(quote, input->pcrs, findings);
}

static int check_extra_data(const GenuineQuoteInput *input, const TpmAttest *attest,
                            Findings *findings)
{
    char found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX];

    if (!input->qualifying_data.data ||
        equal_constant_time(attest->extra_data, input->qualifying_data))
        return 0;
    hex_text(attest->extra_data, found);
    hex_text(input->qualifying_data, wanted);
    return refuse(findings, "tpm-qualifying-data-mismatch", SUBJECT, wanted, "%s",
                  found[0] ? found : "none");
}

static int walk(const GenuineQuoteInput *input, Findings *findings, GenuineQuote *quote)
{
    ByteView attest = tpm_attest_unwrap(input->attest);
    bool usable;

    int parsed = tpm_attest_parse(attest, &quote->attest);
    int r = check_key(input, findings, quote, &usable);
    if (r >= 0 && usable)
        r = check_signature(input, attest, quote, findings);
    if (r < 0)
        return r;
    if (parsed != TPM_ATTEST_OK)
        return refuse(findings, "tpm-attest-malformed", SUBJECT, "a TPMS_ATTEST of a quote", "%s",
                      tpm_attest_reason(parsed));
    r = check_extra_data(input, &quote->attest, findings);
    if (r >= 0 && usable)
        r = check_pcrs(input, quote, findings);
    return r;
}

int genuine_quote_verify(const GenuineQuoteInput *input, Findings *findings, GenuineQuote *ret)
{
    _cleanup_findings_ Findings own = { .source = findings->source };
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };

    int r = walk(input, &own, &quote);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    if (r)
        return r < 0 ? r : GENUINE_QUOTE_E_REFUSED;
    *ret = TAKE_STRUCT(quote);
    return GENUINE_QUOTE_OK;
}
