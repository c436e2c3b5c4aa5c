/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks PCK, PCK CA, root. The chain comes whole and in order in every quote, so nothing is
 * searched for: each place has its name, its form and its issuer.
 */
#include "verify/tdx-chain.h"

#include "base/clock.h"
#include "crypto/crl.h"
#include "verify/refuse.h"

#include <errno.h>
#include <string.h>

#define SUBJECT           "cpu"
#define PCK_SUBJECT       "Intel SGX PCK Certificate"
#define PLATFORM_SUBJECT  "Intel SGX PCK Platform CA"
#define PROCESSOR_SUBJECT "Intel SGX PCK Processor CA"
#define PCK_EXTENSION     "1.2.840.113741.1.13.1" /* SGX extensions: PPID, TCB, PCE-ID, FMSPC */

void tdx_chain_done(TdxChain *chain)
{
    certificate_list_done(&chain->certificates);
    *chain = (TdxChain){ 0 };
}

/* Three certificates, each in its place; false: not so, with a finding, and nothing to go on. */
static int read_chain(const TdxChainInput *input, Findings *findings, CertificateList *list,
                      bool *ret_complete)
{
    static const char wanted[] = "PCK certificate, PCK CA and root, in this order";

    *ret_complete = false;
    int r = certificate_list_add_pem(list, input->pem);
    if (r == -E2BIG)
        return refuse(findings, "tdx-chain-malformed", SUBJECT, wanted, "more than %d certificates",
                      CERTIFICATE_LIST_MAX);
    if (r < 0)
        return r;
    if (r != CERTIFICATE_OK)
        return refuse(findings, "tdx-chain-malformed", SUBJECT, wanted, "%s",
                      certificate_reason(r));
    if (list->n_items != TDX_CHAIN_LENGTH)
        return refuse(findings, "tdx-chain-malformed", SUBJECT, wanted, "%zu certificates",
                      list->n_items);

    const char *ca = certificate_subject_cn(list->items[TDX_CHAIN_CA]);
    if (strcmp(certificate_subject_cn(list->items[TDX_CHAIN_PCK]), PCK_SUBJECT) != 0 ||
        (strcmp(ca, PLATFORM_SUBJECT) != 0 && strcmp(ca, PROCESSOR_SUBJECT) != 0) ||
        strcmp(certificate_subject_cn(list->items[TDX_CHAIN_ROOT]), INTEL_ROOT_SUBJECT) != 0)
        return refuse(findings, "tdx-chain-malformed", SUBJECT, wanted, "%s; %s; %s",
                      certificate_subject_cn(list->items[TDX_CHAIN_PCK]), ca,
                      certificate_subject_cn(list->items[TDX_CHAIN_ROOT]));
    *ret_complete = true;
    return 0;
}

/* What Intel's certificates have in common, and what sets the PCK's apart. */
static int check_form(const Certificate *certificate, size_t place, Findings *findings)
{
    CertificateSignature signature;
    ByteView extension;
    const char *fault = NULL;

    if (key_type(certificate_key(certificate)) != KEY_P256)
        fault = "a key that is not P-256";
    else if (certificate_signature(certificate, &signature) != CERTIFICATE_OK ||
             signature.scheme != SIGNATURE_ECDSA_DER || signature.digest != DIGEST_SHA256)
        fault = "not signed with ECDSA and SHA-256";
    else if (place != TDX_CHAIN_PCK && !certificate_is_ca(certificate))
        fault = "not a CA";
    else if (place == TDX_CHAIN_PCK && certificate_claims_ca(certificate))
        fault = "a CA";
    else if (place == TDX_CHAIN_PCK &&
             certificate_extension(certificate, PCK_EXTENSION, &extension) != CERTIFICATE_OK)
        fault = "without SGX extensions";
    if (!fault)
        return 0;
    return refuse(findings, "tdx-certificate-unfit", SUBJECT, "the form Intel issues", "%s: %s",
                  certificate_subject_cn(certificate), fault);
}

static int check_dates(const TdxChainInput *input, const Certificate *certificate,
                       Findings *findings)
{
    int64_t from = certificate_not_before_sec(certificate);
    int64_t until = certificate_not_after_sec(certificate);
    bool early = input->now_sec < from;
    char now_text[32], limit[32];

    if (certificate_is_valid_at(certificate, input->now_sec))
        return 0;
    format_timestamp((uint64_t)MAX(input->now_sec, 0) * USEC_PER_SEC, now_text);
    format_timestamp((uint64_t)MAX(early ? from : until, 0) * USEC_PER_SEC, limit);
    return refuse(findings, early ? "tdx-certificate-not-yet-valid" : "tdx-certificate-expired",
                  SUBJECT, now_text, "%s, valid %s %s", certificate_subject_cn(certificate),
                  early ? "from" : "until", limit);
}

static int check_issuer(const Certificate *certificate, const Certificate *issuer,
                        Findings *findings)
{
    int r = certificate_verify_signed_by(certificate, issuer);
    if (r <= 0)
        return r;
    return refuse(findings, "tdx-chain-invalid", SUBJECT, certificate_subject_cn(issuer), "%s: %s",
                  certificate_subject_cn(certificate), certificate_reason(r));
}

/* The root's key is Intel's, or one that was listed. */
static int check_root(const TdxChainInput *input, const Certificate *root, Findings *findings,
                      bool *ret_simulated)
{
    SpkiDigest fingerprint;
    Digest digest;
    char text[HEX_TEXT_MAX];

    int r = certificate_spki_sha384(root, &digest);
    if (r < 0)
        return r;
    memcpy(fingerprint.bytes, digest.data, sizeof(fingerprint.bytes));
    *ret_simulated = !intel_root_is_pinned(&fingerprint);
    if (!*ret_simulated)
        return 0;
    if (spki_digest_is_listed(&fingerprint, input->simulated_roots, input->n_simulated_roots) ||
        spki_digest_is_listed(&fingerprint, input->policy_roots, input->n_policy_roots))
        return warn(findings, "tdx-root-simulated", SUBJECT, NULL, "chain ends in a listed root");
    hex_text(VIEW_OF_ARRAY(fingerprint.bytes), text);
    return refuse(findings, "tdx-root-untrusted", SUBJECT,
                  "Intel's root or one listed as simulated", "%s with SPKI SHA-384 %s",
                  certificate_subject_cn(root), text);
}

/* One list, of the CA about the PCK or of the root about the CA. */
static int check_list(const TdxChainInput *input, ByteView bytes, const CertificateList *list,
                      Findings *findings)
{
    _cleanup_(crl_freep) Crl *crl = NULL;
    size_t place = TDX_CHAIN_PCK;

    int r = crl_parse(bytes, &crl);
    if (r == CRL_OK)
        r = crl_verify(crl, list->items[TDX_CHAIN_CA], input->now_sec);
    if (crl && r == CRL_E_ISSUER) {
        place = TDX_CHAIN_CA;
        r = crl_verify(crl, list->items[TDX_CHAIN_ROOT], input->now_sec);
    }
    if (r < 0)
        return r;
    if (r != CRL_OK)
        return warn(findings, "tdx-crl-unusable", SUBJECT, NULL, "%s", crl_reason(r));
    if (crl_lookup(crl, list->items[place]) == CRL_OK)
        return 0;
    return refuse(findings, "tdx-certificate-revoked", SUBJECT, NULL, "%s, serial %s",
                  certificate_subject_cn(list->items[place]),
                  certificate_serial(list->items[place]));
}

/* All of it into FINDINGS; the caller asks whether there was a failure. */
static int walk(const TdxChainInput *input, Findings *findings, TdxChain *chain)
{
    const CertificateList *list = &chain->certificates;
    bool complete;

    int r = read_chain(input, findings, &chain->certificates, &complete);
    if (r < 0 || !complete)
        return r;
    for (size_t i = 0; i < TDX_CHAIN_LENGTH && r >= 0; i++) {
        r = check_form(list->items[i], i, findings);
        if (r >= 0)
            r = check_dates(input, list->items[i], findings);
        if (r >= 0)
            r = check_issuer(list->items[i], list->items[MIN(i + 1, TDX_CHAIN_ROOT)], findings);
    }
    if (r >= 0)
        r = check_root(input, list->items[TDX_CHAIN_ROOT], findings, &chain->simulated);
    for (size_t i = 0; i < input->n_crls && r >= 0; i++)
        r = check_list(input, input->crls[i], list, findings);
    return r;
}

int tdx_chain_verify(const TdxChainInput *input, Findings *findings, TdxChain *ret)
{
    _cleanup_findings_ Findings own = { .source = findings->source };
    _cleanup_tdx_chain_ TdxChain chain = { 0 };

    int r = walk(input, &own, &chain);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(chain);
    return r > 0 ? TDX_CHAIN_E_REFUSED : TDX_CHAIN_OK;
}
