/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and lists as they come: from the table, from the evidence, from elsewhere, in DER
 * and in PEM, and what is passed over.
 */
#include "vectors.h"

#include "format/snp-certs.h"
#include "verify/endorsement.h"
#include "verify/genuine-snp.h"

/* A table with these certificates of AMD's for Milan and the chip's own, as a host gives it. */
static Bytes table_of(const Bytes *vcek, const Bytes *ask, const Bytes *ark)
{
    const SnpCertInput items[] = {
        { .kind = SNP_CERT_VCEK, .blob = VIEW(*vcek) },
        { .kind = SNP_CERT_ASK, .blob = VIEW(*ask) },
        { .kind = SNP_CERT_ARK, .blob = VIEW(*ark) },
    };
    Bytes table = { 0 };

    check_int(snp_certs_build(items, ELEMENTSOF(items), &table), 0);
    return table;
}

/* DER as PEM text. */
static Bytes pem_of(ByteView der)
{
    _cleanup_free_ char *text = base64_encode(der);
    Bytes pem = { 0 };

    check(text != NULL);
    lab_put(&pem, "-----BEGIN CERTIFICATE-----\n", 28);
    for (size_t i = 0, size = strlen(text); i < size; i += 64) {
        lab_put(&pem, text + i, MIN(size - i, 64));
        lab_put(&pem, "\n", 1);
    }
    lab_put(&pem, "-----END CERTIFICATE-----\n", 26);
    return pem;
}

typedef struct Milan {
    Bytes vcek, ask, ark;
    AmdRoots *roots;
    Evidence evidence;
} Milan;

static void milan_done(Milan *milan)
{
    bytes_done(&milan->vcek);
    bytes_done(&milan->ask);
    bytes_done(&milan->ark);
    amd_roots_free(milan->roots);
    evidence_done(&milan->evidence);
}

static Milan milan_new(void)
{
    Milan milan = {
        .vcek = test_vector("snp/milan-v3-vcek/vcek.der"),
        .ask = test_vector("amd-roots/milan/ask.der"),
        .ark = test_vector("amd-roots/milan/ark.der"),
    };

    milan.evidence.cpu.outblob = test_vector("snp/milan-v3-vcek/report.bin");
    milan.evidence.cpu.auxblob = table_of(&milan.vcek, &milan.ask, &milan.ark);
    check_int(amd_roots_new(&milan.roots), 0);
    return milan;
}

/* How many certificates were decoded; the report must verify with them. */
static size_t gather(const Milan *milan, const AmdRoots *passed_over, const ByteView *crls,
                     size_t n_crls)
{
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    const EndorsementInput input = {
        .evidence = &milan->evidence, .crls = crls, .n_crls = n_crls, .roots = passed_over
    };
    GenuineSnp snp;

    check_int(endorsements_gather(&input, &findings, &endorsements), 0);
    const GenuineSnpInput genuine = { .report = VIEW(milan->evidence.cpu.outblob),
                                      .endorsements = &endorsements,
                                      .roots = milan->roots,
                                      .now_sec = CERTIFICATE_TIME_ANY };
    if (genuine_snp_verify(&genuine, &findings, &snp) != GENUINE_SNP_OK)
        lab_print(&findings);
    lab_check_no_failure(&findings);
    check_int(snp.product, SNP_PRODUCT_MILAN);
    return endorsements.certificates.n_items;
}

static void test_amds_own_certificates_are_passed_over(void)
{
    _cleanup_(milan_done) Milan milan = milan_new();

    check_int(gather(&milan, NULL, NULL, 0), 3);
    check_int(gather(&milan, milan.roots, NULL, 0), 1);
}

static void test_pem_in_the_table_is_the_same(void)
{
    _cleanup_(milan_done) Milan milan = milan_new();
    _cleanup_bytes_ Bytes vcek = pem_of(VIEW(milan.vcek)), ask = pem_of(VIEW(milan.ask)),
                          ark = pem_of(VIEW(milan.ark));

    bytes_done(&milan.evidence.cpu.auxblob);
    milan.evidence.cpu.auxblob = table_of(&vcek, &ask, &ark);
    check_int(gather(&milan, NULL, NULL, 0), 3);
    check_int(gather(&milan, milan.roots, NULL, 0), 1);
    /* The same certificate in DER and in PEM counts once. */
    check_int(bytes_copy(VIEW(milan.vcek), &milan.evidence.endorsements.vcek), 0);
    check_int(gather(&milan, milan.roots, NULL, 0), 1);
}

/* A list may name any of them by serial, so all must be at hand. */
static void test_nothing_is_passed_over_beside_a_list(void)
{
    _cleanup_(milan_done) Milan milan = milan_new();
    const ByteView crl = view_of_string("no list, and yet one was given");

    check_int(gather(&milan, milan.roots, &crl, 1), 3);
}

/* An empty file is no list, though the caller meant one. */
static void test_an_empty_list_of_the_caller_is_named(void)
{
    _cleanup_(milan_done) Milan milan = milan_new();
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    const ByteView crl = { 0 };
    const EndorsementInput input = { .evidence = &milan.evidence, .crls = &crl, .n_crls = 1 };

    check_int(endorsements_gather(&input, &findings, &endorsements), 0);
    check(findings_has(&findings, "snp-endorsement-unreadable"));
    check_int(endorsements.n_crls, 0);
}

static void test_a_changed_certificate_is_not_passed_over(void)
{
    _cleanup_(milan_done) Milan milan = milan_new();

    milan.ask.data[milan.ask.size - 1] ^= 1;
    bytes_done(&milan.evidence.cpu.auxblob);
    milan.evidence.cpu.auxblob = table_of(&milan.vcek, &milan.ask, &milan.ark);
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    const EndorsementInput input = { .evidence = &milan.evidence, .roots = milan.roots };
    GenuineSnp snp;
    check_int(endorsements_gather(&input, &findings, &endorsements), 0);
    check_int(endorsements.certificates.n_items, 2);
    const GenuineSnpInput genuine = { .report = VIEW(milan.evidence.cpu.outblob),
                                      .endorsements = &endorsements,
                                      .roots = milan.roots,
                                      .now_sec = CERTIFICATE_TIME_ANY };
    check_int(genuine_snp_verify(&genuine, &findings, &snp), GENUINE_SNP_E_REFUSED);
    lab_check_failure(&findings, "snp-chain-invalid");
}

/* Those of the caller have room first. */
static void test_lists_of_the_sender_do_not_crowd_out_the_callers(void)
{
    _cleanup_(lab_freep) Lab *milan = lab_new(SIM_MILAN, false);
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    VerifyInput input = lab_input(milan, &evidence, NULL);
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    _cleanup_bytes_ Bytes stale = { 0 }, revoking = { 0 };
    ByteView crls[ENDORSEMENT_CRLS_MAX];
    int64_t now = lab_now();

    check_int(sim_chip_crl(lab_chip(milan), NULL, now - 7200, now - 3600, &stale), SIM_OK);
    check_int(sim_chip_crl(lab_chip(milan), "ask", now - 3600, now + 3600, &revoking), SIM_OK);
    check_int(bytes_copy(VIEW(stale), &evidence.endorsements.crl), 0);
    for (size_t i = 0; i < ELEMENTSOF(crls); i++)
        crls[i] = i + 1 < ELEMENTSOF(crls) ? VIEW(stale) : VIEW(revoking);
    input.crls = crls;
    input.n_crls = ELEMENTSOF(crls);
    check_int(verify_evidence(&input, &appraisal), VERIFY_E_REFUSED);
    lab_check_failure(&appraisal->findings, "snp-certificate-revoked");
}

/* ARK and ASK of the lab as roots that the caller trusts. */
static AmdRoots *roots_of_the_lab(Lab *milan)
{
    const LabOrder full = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &full);
    _cleanup_certificates_ CertificateList list = { 0 };
    AmdRoots *roots = NULL;
    SnpCerts table;

    check_int(snp_certs_parse(VIEW(evidence.cpu.auxblob), &table), SNP_CERTS_OK);
    for (size_t i = 0; i < table.n_items; i++) {
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        if (table.items[i].kind != SNP_CERT_ASK && table.items[i].kind != SNP_CERT_ARK)
            continue;
        check_int(certificate_from_der(table.items[i].content, &certificate), CERTIFICATE_OK);
        check_int(certificate_list_add(&list, certificate), 0);
    }
    check_int(amd_roots_from(&list, &roots), AMD_ROOTS_OK);
    return roots;
}

/* Whoever is revoked leaves out the certificate with the serial; its key is at hand all the same.
 */
static void test_a_revoked_signer_is_refused_without_its_certificate(void)
{
    _cleanup_(lab_freep) Lab *milan = lab_new(SIM_MILAN, false);
    const LabOrder order = { .table = SIM_TABLE_LEAF };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(amd_roots_freep) AmdRoots *roots = roots_of_the_lab(milan);
    int64_t now = lab_now();

    for (int i = 0; i < 2; i++) {
        _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
        _cleanup_bytes_ Bytes list = { 0 };
        VerifyInput input = lab_input(milan, &evidence, NULL);
        check_int(
            sim_chip_crl(lab_chip(milan), i == 0 ? NULL : "ask", now - 3600, now + 3600, &list),
            SIM_OK);
        const ByteView crl = VIEW(list);
        input.roots = roots;
        input.crls = &crl;
        input.n_crls = 1;
        check_int(verify_evidence(&input, &appraisal), i == 0 ? VERIFY_OK : VERIFY_E_REFUSED);
        check(!findings_has(&appraisal->findings, "snp-crl-unusable"));
        if (i > 0)
            lab_check_failure(&appraisal->findings, "snp-certificate-revoked");
    }
}

static const Test tests[] = {
    { "AMD's own certificates are passed over", test_amds_own_certificates_are_passed_over },
    { "PEM in the table is the same", test_pem_in_the_table_is_the_same },
    { "nothing is passed over beside a list", test_nothing_is_passed_over_beside_a_list },
    { "an empty list of the caller is named", test_an_empty_list_of_the_caller_is_named },
    { "a changed certificate is not passed over", test_a_changed_certificate_is_not_passed_over },
    { "lists of the sender do not crowd out the caller's",
      test_lists_of_the_sender_do_not_crowd_out_the_callers },
    { "a revoked signer is refused without its certificate",
      test_a_revoked_signer_is_refused_without_its_certificate },
};

TEST_MAIN(tests)
