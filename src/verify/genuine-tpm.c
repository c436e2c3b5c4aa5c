/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges a quote: the key first, then its signature, then what was signed. What was signed is read
 * even when the signature is bad, so that one look shows everything; it is believed only after.
 */
#include "verify/genuine-tpm.h"

#include "base/wipe.h"
#include "crypto/signature.h"
#include "format/tpm-attest.h"
#include "verify/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT "vtpm"

void genuine_tpm_done(GenuineTpm *tpm)
{
    key_free(tpm->ak);
    *tpm = (GenuineTpm){ 0 };
}

int tpm_public_key(const TpmPublic *public, Key **ret)
{
    uint8_t exponent[4] = { (uint8_t)(public->rsa_exponent >> 24),
                            (uint8_t)(public->rsa_exponent >> 16),
                            (uint8_t)(public->rsa_exponent >> 8), (uint8_t) public->rsa_exponent };

    if (public->type == TPM_ALG_RSA)
        return key_from_rsa(public->rsa_modulus, VIEW_OF_ARRAY(exponent), ret);
    return key_from_ec(public->curve == TPM_CURVE_P384 ? KEY_P384 : KEY_P256, public->x, public->y,
                       ret);
}

/* The key signs only what its TPM made, and was made in that TPM (spec TPM 2.3). */
int tpm_ak_check_attributes(const TpmPublic *ak, Findings *findings)
{
    int r = 0;

    if (!tpm_public_is_restricted_signing(ak))
        r = refuse(findings, "tpm-ak-unrestricted", SUBJECT, "restricted, sign, not decrypt",
                   "attributes 0x%08x", ak->attributes);
    if (r >= 0 && !tpm_public_is_bound_to_tpm(ak))
        r = refuse(findings, "tpm-ak-not-bound-to-tpm", SUBJECT,
                   "fixedTPM, fixedParent, sensitiveDataOrigin", "attributes 0x%08x",
                   ak->attributes);
    return r;
}

static int read_name(const TpmPublic *ak, Findings *findings, GenuineTpm *tpm)
{
    DigestAlgorithm algorithm;
    Digest digest;

    if (digest_from_tpm_id(ak->name_alg, &algorithm) != DIGEST_OK)
        return refuse(findings, "tpm-ak-malformed", SUBJECT, "a nameAlg of the SHA family",
                      "nameAlg 0x%04x", ak->name_alg);
    int r = digest_of(algorithm, ak->raw, &digest);
    if (r < 0)
        return r;
    tpm->ak_name[0] = (uint8_t)(ak->name_alg >> 8);
    tpm->ak_name[1] = (uint8_t)ak->name_alg;
    memcpy(tpm->ak_name + 2, digest.data, digest.size);
    tpm->ak_name_size = 2 + digest.size;
    return 0;
}

/* False when there is no key to verify anything with. */
static int check_key(const EvidenceVtpm *vtpm, Findings *findings, GenuineTpm *tpm,
                     bool *ret_usable)
{
    TpmPublic *ak = &tpm->ak_public;

    *ret_usable = false;
    int r = tpm_public_parse(VIEW(vtpm->ak_public), ak);
    if (r != TPM_PUBLIC_OK)
        return refuse(findings, "tpm-ak-malformed", SUBJECT, "a TPMT_PUBLIC", "%s",
                      tpm_public_reason(r));
    r = tpm_ak_check_attributes(ak, findings);
    if (r >= 0)
        r = read_name(ak, findings, tpm);
    if (r < 0)
        return r;
    r = tpm_public_key(ak, &tpm->ak);
    if (r < 0)
        return r;
    if (r != KEY_OK)
        return refuse(findings, "tpm-ak-malformed", SUBJECT, "a usable public key", "%s",
                      key_reason(r));
    *ret_usable = true;
    return 0;
}

/* Scheme and hash are the key's, not the sender's choice. */
static int check_signature(const EvidenceVtpm *vtpm, const GenuineTpm *tpm, Findings *findings)
{
    const TpmPublic *ak = &tpm->ak_public;
    ByteView attest = VIEW(vtpm->attest);
    DigestAlgorithm digest;
    TpmSignature signature;

    int r = tpm_signature_parse(VIEW(vtpm->signature), &signature);
    if (r != TPM_SIGNATURE_OK)
        return refuse(findings, "tpm-signature-malformed", SUBJECT, "a TPMT_SIGNATURE", "%s",
                      tpm_signature_reason(r));
    if (digest_from_tpm_id(ak->scheme_hash, &digest) != DIGEST_OK || digest == DIGEST_SHA1 ||
        signature.algorithm != ak->scheme || signature.hash != ak->scheme_hash) {
        const char *scheme = tpm_alg_name(ak->scheme), *hash = tpm_alg_name(ak->scheme_hash);
        char wanted[64];
        (void)snprintf(wanted, sizeof(wanted), "the key's own scheme (%s, %s)",
                       scheme ? scheme : "none", hash ? hash : "none");
        return refuse(findings, "tpm-signature-scheme", SUBJECT, wanted,
                      "scheme 0x%04x, hash 0x%04x", signature.algorithm, signature.hash);
    }
    if (signature.algorithm == TPM_ALG_ECDSA)
        r = signature_verify_ecdsa(tpm->ak, digest, attest, signature.r, signature.s);
    else
        r = signature_verify(tpm->ak,
                             signature.algorithm == TPM_ALG_RSASSA ? SIGNATURE_RSASSA
                                                                   : SIGNATURE_RSAPSS_AUTO,
                             digest, attest, signature.rsa);
    if (r <= 0)
        return r;
    return refuse(findings, "tpm-signature-invalid", SUBJECT, "signed by ak_public",
                  "the quote is not");
}

/* One bank, exactly the PCRs whose values came along (CVE-2024-29039 was this omission). */
static int check_selection(const TpmAttest *attest, const EvidencePcrs *pcrs, Findings *findings)
{
    const TpmSelection *selection = &attest->selections[0];
    const char *bank = tpm_alg_name(pcrs->bank);
    char wanted[64];

    if (attest->n_selections == 1 && selection->bank == pcrs->bank &&
        selection->pcrs == pcrs->mask && pcrs->mask != 0)
        return 0;
    (void)snprintf(wanted, sizeof(wanted), "bank %s, PCRs 0x%06x and no other",
                   bank ? bank : "unknown", pcrs->mask);
    if (attest->n_selections != 1)
        return refuse(findings, "tpm-selection-mismatch", SUBJECT, wanted, "%zu banks quoted",
                      attest->n_selections);
    return refuse(findings, "tpm-selection-mismatch", SUBJECT, wanted,
                  "bank 0x%04x, PCRs 0x%06x quoted", selection->bank, selection->pcrs);
}

/* pcrDigest is by the hash of the signing scheme, whatever the bank (spec TPM 3.4 item 7). */
static int check_pcr_digest(const TpmAttest *attest, const EvidencePcrs *pcrs, uint16_t scheme_hash,
                            Findings *findings)
{
    DigestAlgorithm algorithm;
    ByteView parts[TPM_PCR_COUNT];
    size_t n_parts = 0;
    Digest digest;
    char found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX];

    if (digest_from_tpm_id(scheme_hash, &algorithm) != DIGEST_OK) /* the signature said no */
        return 0;
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
        if (pcrs->mask & 1U << pcr)
            parts[n_parts++] = evidence_pcr(pcrs, pcr);
    int r = digest_of_parts(algorithm, parts, n_parts, &digest);
    if (r < 0 || view_equal(digest_view(&digest), attest->pcr_digest))
        return r;
    hex_text(digest_view(&digest), found);
    hex_text(attest->pcr_digest, wanted);
    return refuse(findings, "tpm-pcr-digest-mismatch", SUBJECT, wanted, "the PCR values hash to %s",
                  found);
}

static int check_extra_data(const TpmAttest *attest, ByteView wanted, Findings *findings)
{
    char found_text[HEX_TEXT_MAX], wanted_text[HEX_TEXT_MAX];

    if (!wanted.data || equal_constant_time(attest->extra_data, wanted))
        return 0;
    hex_text(attest->extra_data, found_text);
    hex_text(wanted, wanted_text);
    return refuse(findings, "tpm-qualifying-data-mismatch", SUBJECT, wanted_text, "%s", found_text);
}

static int walk(const EvidenceVtpm *vtpm, ByteView qualifying_data, Findings *findings,
                GenuineTpm *tpm)
{
    TpmAttest attest;
    bool usable;

    int r = check_key(vtpm, findings, tpm, &usable);
    if (r >= 0 && usable)
        r = check_signature(vtpm, tpm, findings);
    if (r < 0)
        return r;
    r = tpm_attest_parse(VIEW(vtpm->attest), &attest);
    if (r != TPM_ATTEST_OK)
        return refuse(findings, "tpm-attest-malformed", SUBJECT, "a TPMS_ATTEST of a quote", "%s",
                      tpm_attest_reason(r));
    r = check_extra_data(&attest, qualifying_data, findings);
    if (r >= 0)
        r = check_selection(&attest, &vtpm->pcrs, findings);
    if (r >= 0 && usable)
        r = check_pcr_digest(&attest, &vtpm->pcrs, tpm->ak_public.scheme_hash, findings);
    tpm->pcrs = vtpm->pcrs;
    tpm->clock_msec = attest.clock_msec;
    tpm->reset_count = attest.reset_count;
    tpm->restart_count = attest.restart_count;
    tpm->clock_safe = attest.safe;
    tpm->firmware_version = attest.firmware_version;
    return r;
}

int genuine_tpm_verify(const EvidenceVtpm *vtpm, ByteView qualifying_data, Findings *findings,
                       GenuineTpm *ret)
{
    _cleanup_findings_ Findings own = { .source = findings->source };
    _cleanup_genuine_tpm_ GenuineTpm tpm = { 0 };

    int r = walk(vtpm, qualifying_data, &own, &tpm);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    if (r)
        return r < 0 ? r : GENUINE_TPM_E_REFUSED;
    *ret = TAKE_STRUCT(tpm);
    return GENUINE_TPM_OK;
}
