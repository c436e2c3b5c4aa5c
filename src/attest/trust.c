/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anchors are read strictly, hints leniently.
 */
#include "attest/trust.h"

#include "format/snp-certs.h"
#include "verify/refuse.h"

#include <errno.h>
#include <string.h>

#define ROOTS_MAX CERTIFICATE_LIST_MAX

void trust_done(Trust *trust)
{
    policy_free(trust->policy);
    amd_roots_free(trust->amd_roots);
    certificate_list_done(&trust->vtpm_roots);
    certificate_list_done(&trust->certificates);
    *trust = (Trust){ 0 };
}

static int read_policy(Trust *trust, Outcome *outcome)
{
    ByteView text = items_get(trust->input, ATTEST_ITEM_POLICY);
    PolicyError error = { 0 };

    if (!text.data)
        return 0;
    int r = policy_parse(text, &trust->policy, &error);
    if (r <= 0)
        return r;
    return outcome_unreadable(outcome, "item-unreadable", "policy", "a policy of docs/policy.md",
                              "%s: %s", error.path, error.cause);
}

static bool is_pem(ByteView bytes)
{
    static const char begin[] = "-----BEGIN";

    return bytes.size >= sizeof(begin) - 1 && memcmp(bytes.data, begin, sizeof(begin) - 1) == 0;
}

/* DER, or PEM of one or several. CERTIFICATE_OK or a named no; -ENOMEM; -E2BIG for too many. */
static int add_certificates(CertificateList *list, ByteView bytes)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    if (is_pem(bytes))
        return certificate_list_add_pem(list, bytes);
    int r = certificate_from_der(bytes, &certificate);
    return r ? r : certificate_list_add(list, certificate);
}

static int read_roots(const Trust *trust, attest_item item, Outcome *outcome, CertificateList *list)
{
    ByteView views[ROOTS_MAX];
    size_t n = items_list(trust->input, item, views, ROOTS_MAX);

    for (size_t i = 0; i < n; i++) {
        int r = add_certificates(list, views[i]);
        if (r == -E2BIG)
            r = CERTIFICATE_E_SYNTAX;
        if (r > 0)
            r = outcome_unreadable(outcome, "item-unreadable", item_kind(item)->name,
                                   "certificates in DER or PEM", "number %zu: %s", i + 1,
                                   certificate_reason(r));
        if (r < 0)
            return r;
    }
    return 0;
}

static int is_amds(const Certificate *ark, SnpProduct product, bool *ret)
{
    const AmdKey *key = amd_key(product, AMD_ARK);
    Digest digest;

    int r = certificate_spki_sha384(ark, &digest);
    *ret = r >= 0 && key && view_equal(digest_view(&digest), VIEW_OF_ARRAY(key->digest.bytes));
    return r;
}

/* An ARK that is not AMD's makes hardware of whoever holds its key. */
static int warn_of_foreign_roots(const CertificateList *roots, Outcome *outcome)
{
    for (size_t i = 0; i < roots->n_items; i++) {
        const char *subject = certificate_subject_cn(roots->items[i]);
        SnpProduct product;
        AmdRole role;
        bool amds;

        if (!amd_subject_parse(subject, &product, &role) || role != AMD_ARK)
            continue;
        int r = is_amds(roots->items[i], product, &amds);
        if (r >= 0 && !amds)
            r = warn(&outcome->findings, "amd-root-foreign", "amd-root", "AMD's own key", "%s",
                     subject);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_amd_roots(Trust *trust, Outcome *outcome)
{
    _cleanup_certificates_ CertificateList roots = { 0 };

    int r = read_roots(trust, ATTEST_ITEM_AMD_ROOT, outcome, &roots);
    if (r < 0)
        return r;
    if (roots.n_items == 0)
        return amd_roots_new(&trust->amd_roots);
    r = amd_roots_from(&roots, &trust->amd_roots);
    if (r > 0)
        return outcome_unreadable(outcome, "item-unreadable", "amd-root",
                                  "ARK, ASK and ASVK of one or more products", "%s",
                                  amd_roots_reason(r));
    return r < 0 ? r : warn_of_foreign_roots(&roots, outcome);
}

static int add_hint(Trust *trust, Outcome *outcome, ByteView bytes)
{
    int r = add_certificates(&trust->certificates, bytes);

    if (r < 0 && r != -E2BIG)
        return r;
    if (r == 0)
        return 0;
    return warn(&outcome->findings, "item-ignored", "certificate", "certificates in DER or PEM",
                "%s", r == -E2BIG ? "more than are ever needed" : certificate_reason(r));
}

/* The table that a host gives along with a report is a bundle of its own kind. */
static int add_table(Trust *trust, Outcome *outcome, const SnpCerts *certs)
{
    int r = 0;

    for (size_t i = 0; i < certs->n_items && r >= 0; i++) {
        const SnpCert *cert = &certs->items[i];
        if (cert->kind == SNP_CERT_CRL && trust->n_crls < ELEMENTSOF(trust->crls))
            trust->crls[trust->n_crls++] = cert->content;
        else if (cert->kind != SNP_CERT_CRL && cert->kind != SNP_CERT_OTHER)
            r = add_hint(trust, outcome, cert->content);
    }
    return r;
}

/* A list that was given is to be heeded: one that cannot be read might hold what matters. */
static int check_crls(const Trust *trust, Outcome *outcome)
{
    for (size_t i = 0; i < trust->n_crls; i++) {
        _cleanup_(crl_freep) Crl *crl = NULL;
        int r = crl_parse(trust->crls[i], &crl);
        if (r > 0)
            r = outcome_unreadable(outcome, "item-unreadable", "crl", "a revocation list",
                                   "number %zu: %s", i + 1, crl_reason(r));
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_hints(Trust *trust, Outcome *outcome)
{
    ByteView views[CERTIFICATE_LIST_MAX];
    size_t n = items_list(trust->input, ATTEST_ITEM_CERTIFICATE, views, ELEMENTSOF(views));
    SnpCerts certs;
    int r = 0;

    trust->n_crls = items_list(trust->input, ATTEST_ITEM_CRL, trust->crls, ELEMENTSOF(trust->crls));
    r = check_crls(trust, outcome);
    for (size_t i = 0; i < n && r >= 0; i++) {
        bool is_table = !is_pem(views[i]) && views[i].size > 0 && views[i].data[0] != 0x30 &&
                        snp_certs_parse(views[i], &certs) == SNP_CERTS_OK && certs.n_items > 0;
        r = is_table ? add_table(trust, outcome, &certs) : add_hint(trust, outcome, views[i]);
    }
    for (size_t i = 0; i < trust->certificates.n_items; i++)
        trust->hints[trust->n_hints++] = certificate_der(trust->certificates.items[i]);
    return r;
}

/* Roots that the caller adds to those of a policy. */
static int lend_roots(Trust *trust)
{
    for (size_t i = 0; trust->policy && i < trust->vtpm_roots.n_items; i++) {
        int r =
            certificate_list_add(&trust->policy->tpm.certificate_roots, trust->vtpm_roots.items[i]);
        if (r < 0)
            return r == -E2BIG ? 0 : r;
    }
    return 0;
}

int trust_read(const attest_input *input, TrustScope scope, Outcome *outcome, Trust *ret)
{
    _cleanup_trust_ Trust trust = { .input = input, .now_sec = items_time(input) };

    int r = read_policy(&trust, outcome);
    if (r >= 0 && scope == TRUST_SCOPE_ALL)
        r = read_amd_roots(&trust, outcome);
    if (r >= 0)
        r = read_roots(&trust, ATTEST_ITEM_VTPM_ROOT, outcome, &trust.vtpm_roots);
    if (r >= 0)
        r = lend_roots(&trust);
    if (r >= 0)
        r = read_hints(&trust, outcome);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(trust);
    return 0;
}
