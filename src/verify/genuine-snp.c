/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nine steps, in the order of spec SNP 6.1. A step that cannot be taken ends the walk; any
 * other goes on, so that one look shows everything that is wrong.
 */
#include "verify/genuine-snp.h"

#include "verify/refuse.h"
#include "verify/vek.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT "cpu"

static const char *report_reason(int reason)
{
    switch (reason) {
    case SNP_REPORT_E_SIZE:
        return "not 1184 bytes";
    case SNP_REPORT_E_EMPTY:
        return "all zero";
    case SNP_REPORT_E_VERSION:
        return "report version 0 or 1";
    case SNP_REPORT_E_VERSION_NEWER:
        return "report version above 5";
    default:
        return "not a report";
    }
}

/* Step 1: what the header must say. */
static int check_header(const SnpReport *report, Findings *findings)
{
    int r = 0;

    if (report->signature_algo != SNP_SIGNATURE_ECDSA_P384_SHA384)
        r = refuse(findings, "snp-signature-algorithm", SUBJECT, "1", "%u", report->signature_algo);
    if (r >= 0 && !(report->policy & SNP_POLICY_RESERVED_ONE))
        r = refuse(findings, "snp-policy-reserved-bit", SUBJECT, "bit 17 set", "POLICY 0x%016llx",
                   (unsigned long long)report->policy);
    if (r >= 0 && report->vmpl > SNP_VMPL_MAX)
        r = refuse(findings, "snp-report-from-host", SUBJECT, "VMPL 0 to 3", "VMPL %u",
                   report->vmpl);
    if (r >= 0 && report->version > SNP_REPORT_VERSION_MAX)
        r = warn(findings, "snp-report-version-newer", SUBJECT, "version 2 to 5",
                 "version %u: only what it shares with version 5 was read", report->version);
    if (r >= 0 && !snp_report_reserved_is_zero(report))
        r = warn(findings, "snp-reserved-not-zero", SUBJECT, NULL, "report version %u",
                 report->version);
    return r;
}

/* Step 2: which key signed, by the report's own word. False: none that we can follow. */
static int check_signing_key(const SnpReport *report, Findings *findings, bool *ret_usable)
{
    SnpSigningKey key = snp_report_signing_key(report);
    bool is_known = key == SNP_SIGNING_KEY_VCEK || key == SNP_SIGNING_KEY_VLEK;
    bool masked = snp_report_chip_key_is_masked(report);
    int r = 0;

    if (!is_known)
        r = refuse(findings, "snp-signing-key-unknown", SUBJECT, "VCEK or VLEK", "%s",
                   key == SNP_SIGNING_KEY_NONE ? "none: the report is not signed" : "reserved");
    if (r >= 0 && masked)
        r = refuse(findings, "snp-chip-key-masked", SUBJECT, "MASK_CHIP_KEY 0",
                   "MASK_CHIP_KEY 1: the firmware did not sign");
    *ret_usable = is_known && !masked;
    return r;
}

/* SIGNATURE_OK, or SIGNATURE_E_BAD for anything that is not a good signature. */
static int verify_signature(const SnpReport *report, const Certificate *vek)
{
    uint8_t r_part[SNP_SCALAR_SIZE], s_part[SNP_SCALAR_SIZE];

    if (snp_report_signature(report, r_part, s_part) != SNP_SIGNATURE_OK ||
        key_type(certificate_key(vek)) != KEY_P384)
        return SIGNATURE_E_BAD;
    int r =
        signature_verify_ecdsa(certificate_key(vek), DIGEST_SHA384, snp_report_signed_part(report),
                               VIEW_OF_ARRAY(r_part), VIEW_OF_ARRAY(s_part));
    return r > 0 ? SIGNATURE_E_BAD : r;
}

/*
 * The certificate of the right kind whose key verifies the report (step 7); where none does, the
 * first of that kind, with a finding. NULL: there is none at all, with a finding.
 */
static int find_vek(const GenuineSnpInput *input, const SnpReport *report, AmdRole signer,
                    Findings *findings, const Certificate **ret)
{
    const CertificateList *list = &input->endorsements->certificates;
    const char *subject = snp_vek_subject(signer);
    const Certificate *first = NULL;

    for (size_t i = 0; i < list->n_items; i++) {
        if (strcmp(certificate_subject_cn(list->items[i]), subject) != 0)
            continue;
        int r = verify_signature(report, list->items[i]);
        if (r < 0)
            return r;
        if (r == SIGNATURE_OK) {
            *ret = list->items[i];
            return 0;
        }
        first = first ? first : list->items[i];
    }
    *ret = first;
    if (!first)
        return refuse(findings, "snp-vek-missing", SUBJECT, subject, "no such certificate");
    return refuse(findings, "snp-signature-invalid", SUBJECT,
                  "signed by the key of the "
                  "certificate",
                  "no %s that came along verifies the report", subject);
}

/* Step 3: the product the report names, where it does, is the chain's. */
static int check_product(const SnpReport *report, SnpProduct of_chain, Findings *findings)
{
    SnpProduct of_report = snp_report_product(report);
    SnpTcbLayout layout = snp_report_tcb_layout(report);

    if (report->has_cpuid && of_report == SNP_PRODUCT_UNKNOWN)
        return refuse(findings, "snp-product-unknown", SUBJECT, "Milan, Genoa or Turin",
                      "CPU family 0x%02x, model 0x%02x", report->cpuid_family, report->cpuid_model);
    if (of_chain == SNP_PRODUCT_UNKNOWN) /* the chain said no already */
        return 0;
    if (report->has_cpuid
            ? of_report != of_chain
            : layout != SNP_TCB_LAYOUT_UNKNOWN && layout != snp_product_tcb_layout(of_chain))
        return refuse(findings, "snp-product-mismatch", SUBJECT, snp_product_name(of_chain), "%s",
                      report->has_cpuid              ? snp_product_name(of_report)
                      : layout == SNP_TCB_LAYOUT_FMC ? "Turin or later"
                                                     : "before Turin");
    return 0;
}

static void tcb_text(const SnpTcb *tcb, char *out, size_t size)
{
    int n = tcb->has_fmc ? snprintf(out, size, "fmc %u, ", tcb->fmc) : 0;

    (void)snprintf(out + n, size - (size_t)n, "boot_loader %u, tee %u, snp %u, microcode %u",
                   tcb->boot_loader, tcb->tee, tcb->snp, tcb->microcode);
}

/* Step 8: the key is that of the TCB the report claims, every component. */
static int check_tcb(const SnpReport *report, SnpTcbLayout layout, const Vek *vek,
                     Findings *findings)
{
    SnpTcb reported = snp_tcb_decode(report->reported_tcb, layout);
    char found[96], wanted[96];

    if (snp_tcb_is_equal(&reported, &vek->tcb) &&
        snp_tcb_reserved_is_zero(report->reported_tcb, layout))
        return 0;
    tcb_text(&reported, found, sizeof(found));
    tcb_text(&vek->tcb, wanted, sizeof(wanted));
    return refuse(findings, "snp-tcb-mismatch", SUBJECT, wanted, "REPORTED_TCB %s", found);
}

/* Step 9: a VCEK is of this chip. A masked CHIP_ID is for the policy to accept. */
static int check_chip(const SnpReport *report, SnpTcbLayout layout, const Vek *vek,
                      Findings *findings)
{
    size_t size = layout == SNP_TCB_LAYOUT_FMC ? 8 : sizeof(report->chip_id);
    ByteView rest = { .data = report->chip_id + size, .size = sizeof(report->chip_id) - size };
    char found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX];

    if (snp_report_chip_id_is_masked(report))
        return 0;
    if (vek->hwid_size == size && memcmp(vek->hwid, report->chip_id, size) == 0 &&
        view_is_filled_with(rest, 0))
        return 0;
    hex_text((ByteView){ .data = report->chip_id, .size = size }, found);
    hex_text((ByteView){ .data = vek->hwid, .size = vek->hwid_size }, wanted);
    return refuse(findings, "snp-chip-id-mismatch", SUBJECT, wanted, "CHIP_ID %s", found);
}

/* Firmware never reports more than it runs (step 14, the part that is no matter of taste). */
static int check_consistency(const SnpReport *report, SnpTcbLayout layout, Findings *findings)
{
    SnpTcb current = snp_tcb_decode(report->current_tcb, layout);
    SnpTcb reported = snp_tcb_decode(report->reported_tcb, layout);
    SnpTcb committed = snp_tcb_decode(report->committed_tcb, layout);

    if (snp_tcb_is_at_least(&current, &reported) && snp_tcb_is_at_least(&current, &committed))
        return 0;
    return warn(findings, "snp-tcb-inconsistent", SUBJECT, NULL,
                "REPORTED_TCB or COMMITTED_TCB above CURRENT_TCB");
}

/* Steps 3, 8 and 9, for which the certificate must be readable. */
static int check_identity(const SnpReport *report, const Certificate *certificate,
                          SnpProduct of_chain, Findings *findings, GenuineSnp *genuine)
{
    Vek vek;

    int r = check_product(report, of_chain, findings);
    if (r < 0)
        return r;
    r = vek_parse(certificate, &vek);
    if (r != VEK_OK)
        return refuse(findings, "snp-certificate-unfit", SUBJECT, "as AMD issues it", "%s: %s",
                      certificate_subject_cn(certificate), vek_reason(r));

    genuine->layout = of_chain != SNP_PRODUCT_UNKNOWN ? snp_product_tcb_layout(of_chain)
                                                      : snp_report_tcb_layout(report);
    (void)snprintf(genuine->csp_id, sizeof(genuine->csp_id), "%s", vek.csp_id);
    r = check_tcb(report, genuine->layout, &vek, findings);
    if (r >= 0 && genuine->signing_key == SNP_SIGNING_KEY_VCEK)
        r = check_chip(report, genuine->layout, &vek, findings);
    if (r >= 0)
        r = check_consistency(report, genuine->layout, findings);
    return r;
}

/* All findings into FINDINGS; GENUINE is complete unless one of them is a failure. */
static int walk(const GenuineSnpInput *input, Findings *findings, GenuineSnp *genuine)
{
    SnpReport *report = &genuine->report;
    const Certificate *vek = NULL;
    SnpChain chain = { 0 };
    bool usable;

    int r = snp_report_parse(input->report, input->newer_versions ? SNP_REPORT_ACCEPT_NEWER : 0,
                             report);
    if (r != SNP_REPORT_OK)
        return refuse(findings, "snp-report-malformed", SUBJECT, "a report of version 2 to 5", "%s",
                      report_reason(r));
    genuine->signing_key = snp_report_signing_key(report);
    r = check_header(report, findings);
    if (r >= 0)
        r = check_signing_key(report, findings, &usable);
    if (r < 0 || !usable)
        return r;

    AmdRole signer = genuine->signing_key == SNP_SIGNING_KEY_VLEK ? AMD_ASVK : AMD_ASK;
    r = find_vek(input, report, signer, findings, &vek);
    if (r < 0 || !vek)
        return r;
    const SnpChainInput chain_input = {
        .endorsements = input->endorsements,
        .roots = input->roots,
        .signer = signer,
        .now_sec = input->now_sec,
        .simulated_roots = input->simulated_roots,
        .n_simulated_roots = input->n_simulated_roots,
        .policy_roots = input->policy_roots,
        .n_policy_roots = input->n_policy_roots,
    };
    r = snp_chain_verify(&chain_input, vek, findings, &chain);
    if (r < 0)
        return r;
    genuine->product = chain.product;
    genuine->simulated = chain.simulated;
    genuine->chip_id_masked =
        genuine->signing_key == SNP_SIGNING_KEY_VCEK && snp_report_chip_id_is_masked(report);
    return check_identity(report, vek, chain.product, findings, genuine);
}

int genuine_snp_verify(const GenuineSnpInput *input, Findings *findings, GenuineSnp *ret)
{
    _cleanup_findings_ Findings own = { .source = findings->source };
    GenuineSnp genuine = { 0 };

    int r = walk(input, &own, &genuine);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    if (r)
        return r < 0 ? r : GENUINE_SNP_E_REFUSED;
    *ret = genuine;
    return GENUINE_SNP_OK;
}
