/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks VEK, ASK or ASVK, ARK. AMD's keys are compiled in, so a chain may leave out what AMD
 * signs with; what is sent is checked whole.
 */
#include "verify/snp-chain.h"

#include "base/clock.h"
#include "verify/refuse.h"

#include <errno.h>
#include <string.h>

#define AMD_RSA_BITS 4096 /* every ARK, ASK and ASVK (spec SNP 5.1) */

/* One link: a key, and its certificate where there is one. Borrowed. */
typedef struct Issuer {
    const Certificate *certificate; /* NULL: AMD's compiled-in key */
    const Key *key;
    bool simulated;
    bool is_shown; /* the signature that was asked about is good */
} Issuer;

const char *snp_vek_subject(AmdRole signer)
{
    return signer == AMD_ASVK ? "SEV-VLEK" : "SEV-VCEK";
}

static int check_dates(const Certificate *certificate, int64_t now_sec, Findings *findings)
{
    int64_t from = certificate_not_before_sec(certificate);
    int64_t until = certificate_not_after_sec(certificate);
    bool early = now_sec < from;
    char now_text[32], limit[32];

    if (certificate_is_valid_at(certificate, now_sec))
        return 0;
    format_timestamp((uint64_t)MAX(now_sec, 0) * USEC_PER_SEC, now_text);
    format_timestamp((uint64_t)MAX(early ? from : until, 0) * USEC_PER_SEC, limit);
    return refuse(findings, early ? "snp-certificate-not-yet-valid" : "snp-certificate-expired",
                  "cpu", now_text, "%s, valid %s %s", certificate_subject_cn(certificate),
                  early ? "from" : "until", limit);
}

static int check_ca_form(const Certificate *certificate, Findings *findings)
{
    const Key *key = certificate_key(certificate);

    if (key_type(key) == KEY_RSA && key_bits(key) == AMD_RSA_BITS &&
        certificate_is_amd_signed(certificate) && certificate_is_ca(certificate))
        return 0;
    return refuse(findings, "snp-certificate-unfit", "cpu",
                  "a CA with an RSA-4096 key, signed with RSASSA-PSS and SHA-384", "%s: %s-%u%s%s",
                  certificate_subject_cn(certificate), key_type_name(key_type(key)), key_bits(key),
                  certificate_is_ca(certificate) ? "" : ", not a CA",
                  certificate_is_amd_signed(certificate) ? "" : ", signed in another way");
}

static int check_vek_form(const Certificate *vek, Findings *findings)
{
    if (key_type(certificate_key(vek)) == KEY_P384 && certificate_is_amd_signed(vek))
        return 0;
    return refuse(findings, "snp-certificate-unfit", "cpu",
                  "a P-384 key, signed with RSASSA-PSS and SHA-384", "%s: %s%s",
                  certificate_subject_cn(vek), key_type_name(key_type(certificate_key(vek))),
                  certificate_is_amd_signed(vek) ? "" : ", signed in another way");
}

/* 0: good. ENDORSEMENT_E_SIGNATURE: not signed by it, or its issuer has another name. */
static int is_signed_by(const Certificate *certificate, const Issuer *issuer)
{
    if (!issuer->certificate)
        return endorsement_signed_by_key(certificate, issuer->key);

    int r = certificate_verify_signed_by(certificate, issuer->certificate);
    if (r < 0)
        return r;
    return r == CERTIFICATE_OK ? ENDORSEMENT_OK : ENDORSEMENT_E_SIGNATURE;
}

/* SNP_CHAIN_OK sets RET; SNP_CHAIN_E_REFUSED: no trusted root has this key (and a finding). */
static int judge_root(const SnpChainInput *input, const Certificate *ark, SnpProduct product,
                      Findings *findings, Issuer *ret)
{
    SpkiDigest fingerprint;
    Digest digest;
    char text[HEX_TEXT_MAX];

    int r = certificate_spki_sha384(ark, &digest);
    if (r < 0)
        return r;
    memcpy(fingerprint.bytes, digest.data, sizeof(fingerprint.bytes));

    bool pinned = amd_roots_pin(input->roots, product, &fingerprint);
    bool listed =
        spki_digest_is_listed(&fingerprint, input->simulated_roots, input->n_simulated_roots) ||
        spki_digest_is_listed(&fingerprint, input->policy_roots, input->n_policy_roots);
    if (!pinned && !listed) {
        hex_text(VIEW_OF_ARRAY(fingerprint.bytes), text);
        r = refuse(findings, "snp-root-untrusted", "cpu", "AMD's root or one listed as simulated",
                   "%s with SPKI SHA-384 %s", certificate_subject_cn(ark), text);
        return r < 0 ? r : SNP_CHAIN_E_REFUSED;
    }
    *ret = (Issuer){ .certificate = ark, .key = certificate_key(ark), .simulated = !pinned };
    return SNP_CHAIN_OK;
}

static int check_root(const SnpChainInput *input, const Issuer *root, Findings *findings)
{
    int r = check_ca_form(root->certificate, findings);
    if (r >= 0)
        r = check_dates(root->certificate, input->now_sec, findings);
    if (r < 0)
        return r;
    r = certificate_verify_signed_by(root->certificate, root->certificate);
    if (r <= 0)
        return r;
    return refuse(findings, "snp-chain-invalid", "cpu", "signed by itself", "%s: %s",
                  certificate_subject_cn(root->certificate), certificate_reason(r));
}

/*
 * The root that signed ASK (NULL: the one to name, if any): of those that came along, each of which
 * must be trusted, else AMD's own.
 */
static int find_root(const SnpChainInput *input, SnpProduct product, const Certificate *ask,
                     Findings *findings, Issuer *ret)
{
    const CertificateList *list = &input->endorsements->certificates;
    Issuer root = { .key = amd_roots_key(input->roots, product, AMD_ARK) };
    bool found = false;
    SnpProduct of;
    AmdRole role;

    for (size_t i = 0; i < list->n_items; i++) {
        Issuer candidate;
        if (!amd_subject_parse(certificate_subject_cn(list->items[i]), &of, &role) ||
            role != AMD_ARK)
            continue;
        int r = judge_root(input, list->items[i], of, findings, &candidate);
        if (r < 0)
            return r;
        if (r != SNP_CHAIN_OK || of != product || found)
            continue;
        r = ask ? is_signed_by(ask, &candidate) : ENDORSEMENT_OK;
        if (r < 0)
            return r;
        found = r == ENDORSEMENT_OK;
        if (!found)
            continue;
        root = candidate;
        root.is_shown = ask != NULL;
    }
    *ret = root;
    if (!root.key)
        return refuse(findings, "snp-root-untrusted", "cpu", "a trusted root of this product",
                      "none for %s", snp_product_name(product));
    return root.certificate ? check_root(input, &root, findings) : 0;
}

static const Certificate *find_by_subject(const SnpChainInput *input, const char *subject)
{
    const CertificateList *list = &input->endorsements->certificates;

    for (size_t i = 0; i < list->n_items; i++)
        if (strcmp(certificate_subject_cn(list->items[i]), subject) == 0)
            return list->items[i];
    return NULL;
}

static int check_revoked(const Crl *crl, const Certificate *certificate, Findings *findings)
{
    if (!certificate || crl_lookup(crl, certificate) != CRL_E_REVOKED)
        return 0;
    return refuse(findings, "snp-certificate-revoked", "cpu", NULL, "%s, serial %s",
                  certificate_subject_cn(certificate), certificate_serial(certificate));
}

/* The signer's certificate stayed away, so it is the one that its known key has. */
static int check_revoked_key(const SnpChainInput *input, SnpProduct product, const Crl *crl,
                             Findings *findings)
{
    char subject[32];

    int r = amd_roots_lookup(input->roots, product, input->signer, crl);
    if (r <= 0)
        return r;
    amd_subject(product, input->signer, subject);
    if (r == CRL_E_REVOKED)
        return refuse(findings, "snp-certificate-revoked", "cpu", NULL, "%s", subject);
    return warn(findings, "snp-crl-unusable", "cpu", NULL,
                "the certificate whose serial it could list is not there");
}

/* One list that is genuine and current. */
static int heed_crl(const SnpChainInput *input, SnpProduct product, const Crl *crl,
                    const Issuer *root, const Certificate *signer, Findings *findings)
{
    int r = check_revoked(crl, root->certificate, findings);

    if (r < 0)
        return r;
    return signer ? check_revoked(crl, signer, findings)
                  : check_revoked_key(input, product, crl, findings);
}

/* Revocation: lists are optional; one that is there, genuine and current is heeded. */
static int check_revocation(const SnpChainInput *input, SnpProduct product, const Issuer *root,
                            const Certificate *signer, Findings *findings)
{
    char issuer[32];

    amd_subject(product, AMD_ARK, issuer);
    for (size_t i = 0; root->key && i < input->endorsements->n_crls; i++) {
        const Crl *crl = input->endorsements->crls[i];
        int r = root->certificate ? crl_verify(crl, root->certificate, input->now_sec)
                                  : crl_verify_by_key(crl, issuer, root->key, input->now_sec);
        if (r == CRL_OK)
            r = heed_crl(input, product, crl, root, signer, findings);
        else if (r > 0)
            r = warn(findings, "snp-crl-unusable", "cpu", NULL, "%s", crl_reason(r));
        if (r < 0)
            return r;
    }
    return 0;
}

/* Who signs VEKs of this product: the certificate that came along, checked, or AMD's key. */
static int find_signer(const SnpChainInput *input, SnpProduct product, Findings *findings,
                       Issuer *ret)
{
    char subject[32];
    Issuer root;

    amd_subject(product, input->signer, subject);
    const Certificate *ask = find_by_subject(input, subject);
    int r = find_root(input, product, ask, findings, &root);
    if (r >= 0)
        r = check_revocation(input, product, &root, ask, findings);
    if (r < 0)
        return r;
    *ret = (Issuer){
        .certificate = ask,
        .key = ask ? certificate_key(ask) : amd_roots_key(input->roots, product, input->signer),
        .simulated = root.simulated,
    };
    if (!ask && (root.simulated || !ret->key))
        return refuse(findings, "snp-signer-missing", "cpu", subject, "%s",
                      root.simulated ? "only a simulated root came along" : "no such certificate");
    if (!ask || !root.key)
        return 0;

    r = check_ca_form(ask, findings);
    if (r >= 0)
        r = check_dates(ask, input->now_sec, findings);
    if (r >= 0 && !root.is_shown)
        r = is_signed_by(ask, &root);
    if (r == ENDORSEMENT_E_SIGNATURE)
        r = refuse(findings, "snp-chain-invalid", "cpu", "signed by a trusted root", "%s is not",
                   subject);
    return r;
}

/* All of it into FINDINGS; the caller asks whether there was a failure. */
static int walk(const SnpChainInput *input, const Certificate *vek, Findings *findings,
                SnpChain *ret)
{
    SnpProduct product;
    AmdRole role;
    Issuer signer;

    int r = check_vek_form(vek, findings);
    if (r >= 0)
        r = check_dates(vek, input->now_sec, findings);
    if (r < 0)
        return r;
    if (!amd_subject_parse(certificate_issuer_cn(vek), &product, &role) || role != input->signer)
        return refuse(findings, "snp-chain-invalid", "cpu",
                      input->signer == AMD_ASVK ? "issued by SEV-VLEK-…" : "issued by SEV-…",
                      "%s issued by \"%s\"", certificate_subject_cn(vek),
                      certificate_issuer_cn(vek));
    r = find_signer(input, product, findings, &signer);
    if (r < 0 || !signer.key) /* without one there is a finding */
        return r;
    r = is_signed_by(vek, &signer);
    if (r < 0)
        return r;
    if (r == ENDORSEMENT_E_SIGNATURE)
        return refuse(findings, "snp-chain-invalid", "cpu", "signed by the issuer it names",
                      "%s is not signed by %s", certificate_subject_cn(vek),
                      certificate_issuer_cn(vek));
    *ret = (SnpChain){ .product = product, .simulated = signer.simulated };
    if (!signer.simulated)
        return 0;
    return warn(findings, "snp-root-simulated", "cpu", NULL, "%s chain ends in a listed root",
                snp_product_name(product));
}

int snp_chain_verify(const SnpChainInput *input, const Certificate *vek, Findings *findings,
                     SnpChain *ret)
{
    _cleanup_findings_ Findings own = { .source = findings->source };
    SnpChain chain = { 0 };

    int r = walk(input, vek, &own, &chain);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    if (r)
        return r < 0 ? r : SNP_CHAIN_E_REFUSED;
    *ret = chain;
    return SNP_CHAIN_OK;
}
