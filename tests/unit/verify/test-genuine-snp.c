/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real reports of real machines, and twins of them with one thing changed.
 */
#include "verify/genuine-snp.h"

#include "lab.h"

/* One verification: report, certificate, optional ASK and ARK of a product directory. */
typedef struct Case {
    Evidence evidence;
    bool is_vlek;
    const char *product; /* send ARK and ASK of amd-roots/PRODUCT along; NULL: neither */
    int64_t now_sec;
} Case;

static int run(const Case *c, Findings *findings, GenuineSnp *ret)
{
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    const EndorsementInput gather = { .evidence = &c->evidence };

    check_int(amd_roots_new(&roots), 0);
    check_int(endorsements_gather(&gather, findings, &endorsements), 0);
    const GenuineSnpInput input = {
        .report = VIEW(c->evidence.cpu.outblob),
        .endorsements = &endorsements,
        .roots = roots,
        .now_sec = c->now_sec,
    };
    int r = genuine_snp_verify(&input, findings, ret);
    check(r >= 0);
    check_int(r, findings_first_failure(findings) ? GENUINE_SNP_E_REFUSED : GENUINE_SNP_OK);
    return r;
}

static void case_done(Case *c)
{
    evidence_done(&c->evidence);
}

static Case case_of(const char *kind, const char *name)
{
    char path[128];
    Case c = { .is_vlek = strstr(name, "vlek") != NULL };
    bool is_azure = strcmp(kind, "azure-snp") == 0;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", kind, name,
                   is_azure ? "hcl_report.bin" : "report.bin");
    Bytes report = test_vector(path);
    if (is_azure) { /* the hardware report stands at byte 32 of the HCL report */
        memmove(report.data, report.data + 32, SNP_REPORT_SIZE);
        report.size = SNP_REPORT_SIZE;
    }
    c.evidence.cpu.outblob = report;
    (void)snprintf(path, sizeof(path), "%s/%s/%s.der", kind, name, c.is_vlek ? "vlek" : "vcek");
    Bytes certificate = test_vector(path);
    if (c.is_vlek)
        c.evidence.endorsements.vlek = certificate;
    else
        c.evidence.endorsements.vcek = certificate;
    json_auto_t *expected = lab_expected(kind, name);
    c.now_sec = lab_seconds(lab_text(expected, "verification.cert.not_before")) + 24 * 3600;
    return c;
}

static void add_authorities(Case *c, const char *product)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "amd-roots/%s/ark.der", product);
    c->evidence.endorsements.ark = test_vector(path);
    (void)snprintf(path, sizeof(path), "amd-roots/%s/%s.der", product, c->is_vlek ? "asvk" : "ask");
    *(c->is_vlek ? &c->evidence.endorsements.asvk : &c->evidence.endorsements.ask) =
        test_vector(path);
}

static const struct {
    const char *kind, *name, *product;
} good[] = {
    { "snp", "milan-v2-vcek-a", "milan" },     { "snp", "milan-v2-vcek-aci", "milan" },
    { "snp", "milan-v2-vcek-b", "milan" },     { "snp", "milan-v2-vcek-c", "milan" },
    { "snp", "milan-v2-vcek-debug", "milan" }, { "snp", "milan-v2-vcek-maa-sample", "milan" },
    { "snp", "milan-v3-vcek", "milan" },       { "snp", "milan-v3-vcek-aci-b", "milan" },
    { "snp", "milan-v3-vlek", "milan" },       { "snp", "genoa-v3-vcek", "genoa" },
    { "snp", "genoa-v3-vcek-tsm", "genoa" },   { "snp", "genoa-v5-vcek", "genoa" },
    { "snp", "turin-v5-vcek", "turin" },       { "azure-snp", "genoa-v3-a", "genoa" },
    { "azure-snp", "milan-v2-a", "milan" },    { "azure-snp", "milan-v3-a", "milan" },
    { "azure-snp", "milan-v3-b", "milan" },    { "azure-snp", "milan-v3-c", "milan" },
    { "azure-snp", "milan-v3-e", "milan" },
};

static void check_expected(const GenuineSnp *snp, const char *kind, const char *name)
{
    json_auto_t *expected = lab_expected(kind, name);
    const char *issuer = lab_text(expected, "verification.issuer_ca");
    json_t *ext = json_object_get(json_object_get(expected, "verification"), "cert_ext");
    SnpTcb tcb = snp_tcb_decode(snp->report.reported_tcb, snp->layout);

    check_str(snp_product_name(snp->product),
              lab_text(expected, "verification.product_from_chain"));
    check((snp->signing_key == SNP_SIGNING_KEY_VLEK) == (strcmp(issuer, "ASVK") == 0));
    check_int(tcb.boot_loader, json_integer_value(json_object_get(ext, "bootloader")));
    check_int(tcb.tee, json_integer_value(json_object_get(ext, "tee")));
    check_int(tcb.snp, json_integer_value(json_object_get(ext, "snp")));
    check_int(tcb.microcode, json_integer_value(json_object_get(ext, "microcode")));
    check_int(tcb.fmc, json_integer_value(json_object_get(ext, "fmc")));
    if (json_object_get(ext, "csp_id"))
        check_str(snp->csp_id, lab_text(ext, "csp_id"));
    check(!snp->simulated && !snp->chip_id_masked);
}

static void test_real_reports_verify_by_their_key_alone(void)
{
    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = case_of(good[i].kind, good[i].name);
        GenuineSnp snp;
        (void)printf("  %s\n", good[i].name);
        (void)run(&c, &findings, &snp);
        lab_check_no_failure(&findings);
        check_expected(&snp, good[i].kind, good[i].name);
    }
}

static void test_real_reports_verify_with_the_whole_chain(void)
{
    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = case_of(good[i].kind, good[i].name);
        GenuineSnp snp;
        add_authorities(&c, good[i].product);
        (void)run(&c, &findings, &snp);
        lab_check_no_failure(&findings);
        check_expected(&snp, good[i].kind, good[i].name);
    }
}

static void test_a_chain_of_another_product_is_refused(void)
{
    static const char *const others[] = { "genoa", "turin" };

    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vcek");
        GenuineSnp snp;
        add_authorities(&c, others[i]);
        (void)run(&c, &findings, &snp);
        lab_check_no_failure(&findings); /* genuine strangers change nothing */
    }

    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(case_done) Case milan = case_of("snp", "milan-v3-vcek");
    _cleanup_(case_done) Case genoa = case_of("snp", "genoa-v3-vcek");
    GenuineSnp snp;
    Bytes swap = milan.evidence.endorsements.vcek;
    milan.evidence.endorsements.vcek = genoa.evidence.endorsements.vcek;
    genoa.evidence.endorsements.vcek = swap;
    milan.now_sec = MAX(milan.now_sec, genoa.now_sec);
    (void)run(&milan, &findings, &snp);
    lab_check_failure(&findings, "snp-signature-invalid");
    lab_check_failure(&findings, "snp-product-mismatch");
    lab_check_failure(&findings, "snp-tcb-mismatch");
    lab_check_failure(&findings, "snp-chip-id-mismatch");
}

static void test_altered_vceks_are_refused(void)
{
    static const char *const files[] = { "wrong-vcek-legacy", "wrong-vcek-new" };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = case_of("snp", "milan-v2-vcek-b");
        GenuineSnp snp;
        char path[64];
        (void)snprintf(path, sizeof(path), "snp/milan-v2-vcek-b/%s.der", files[i]);
        bytes_done(&c.evidence.endorsements.vcek);
        c.evidence.endorsements.vcek = test_vector(path);
        (void)run(&c, &findings, &snp);
        lab_check_failure(&findings, "snp-signature-invalid");
        lab_check_failure(&findings, "snp-chain-invalid");
        lab_check_failure(&findings, "snp-tcb-mismatch");
        lab_check_failure(&findings, "snp-chip-id-mismatch");
    }
}

static void test_a_report_without_its_certificate_is_not_verifiable(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(case_done) Case c = { .now_sec = lab_now() };
    GenuineSnp snp;

    c.evidence.cpu.outblob = test_vector("snp/milan-v2-nokey/report.bin");
    (void)run(&c, &findings, &snp);
    check_int(findings.n_items, 1);
    lab_check_failure(&findings, "snp-vek-missing");
}

static void test_a_key_of_the_other_kind_does_not_count(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vlek");
    GenuineSnp snp;

    bytes_done(&c.evidence.endorsements.vlek);
    c.evidence.endorsements.vcek = test_vector("snp/milan-v3-vcek/vcek.der");
    (void)run(&c, &findings, &snp);
    lab_check_failure(&findings, "snp-vek-missing");
}

static void test_malformed_reports_are_refused(void)
{
    static const char *const files[] = { "snp/v1-fake-a/report.bin",
                                         "snp-malformed/short-793/report.bin",
                                         "snp-malformed/msg-resp-4000/response.bin" };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = { .now_sec = lab_now() };
        GenuineSnp snp;
        c.evidence.cpu.outblob = test_vector(files[i]);
        (void)run(&c, &findings, &snp);
        lab_check_failure(&findings, "snp-report-malformed");
    }
}

static void test_azure_reports_alone_are_not_verifiable(void)
{
    static const struct {
        const char *name, *finding;
    } cases[] = { { "hcl-only-a", "snp-vek-missing" }, { "hcl-v1-old", "snp-report-malformed" } };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = { .now_sec = lab_now() };
        GenuineSnp snp;
        char path[64];
        (void)snprintf(path, sizeof(path), "azure-snp/%s/hcl_report.bin", cases[i].name);
        _cleanup_bytes_ Bytes hcl = test_vector(path);
        check_int(bytes_copy((ByteView){ hcl.data + 32, SNP_REPORT_SIZE }, &c.evidence.cpu.outblob),
                  0);
        (void)run(&c, &findings, &snp);
        lab_check_failure(&findings, cases[i].finding);
    }
}

/* A Turin VCEK without a report. */
static void test_a_certificate_verifies_without_a_report(void)
{
    _cleanup_bytes_ Bytes der = test_vector("certs/vcek-turin-a/vcek.der");
    _cleanup_(certificate_freep) Certificate *vcek = NULL;
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    _cleanup_findings_ Findings findings = { 0 }, as_vlek = { 0 };
    const Endorsements none = { 0 };
    SnpChain chain;

    check_int(certificate_from_der(VIEW(der), &vcek), CERTIFICATE_OK);
    check_int(amd_roots_new(&roots), 0);
    SnpChainInput input = { .endorsements = &none,
                            .roots = roots,
                            .signer = AMD_ASK,
                            .now_sec = certificate_not_before_sec(vcek) };
    check_int(snp_chain_verify(&input, vcek, &findings, &chain), SNP_CHAIN_OK);
    check_int(chain.product, SNP_PRODUCT_TURIN);
    check_int(findings.n_items, 0);
    input.signer = AMD_ASVK;
    check_int(snp_chain_verify(&input, vcek, &as_vlek, &chain), SNP_CHAIN_E_REFUSED);
    lab_check_failure(&as_vlek, "snp-chain-invalid");
}

static void test_an_expired_certificate_is_refused(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_findings_ Findings early = { 0 };
    _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vlek");
    json_auto_t *expected = lab_expected("snp", "milan-v3-vlek");
    GenuineSnp snp;

    c.now_sec = lab_seconds(lab_text(expected, "verification.cert.not_after")) + 1;
    (void)run(&c, &findings, &snp);
    lab_check_failure(&findings, "snp-certificate-expired");
    c.now_sec = lab_seconds(lab_text(expected, "verification.cert.not_before")) - 1;
    (void)run(&c, &early, &snp);
    lab_check_failure(&early, "snp-certificate-not-yet-valid");
}

/* Flips one bit at a time; the verdict must turn to no each time. */
static void check_flips(Case *c, Bytes *bytes, size_t from, size_t to, size_t stride)
{
    for (size_t i = from; i < to; i += stride) {
        _cleanup_findings_ Findings findings = { 0 };
        GenuineSnp snp;
        uint8_t mask = (uint8_t)(1U << (i % 8));
        bytes->data[i] ^= mask;
        if (run(c, &findings, &snp) == GENUINE_SNP_OK) {
            (void)fprintf(stderr, "bit %u of byte %zu flipped and still good\n", (unsigned)(i % 8),
                          i);
            abort();
        }
        bytes->data[i] ^= mask;
    }
}

static void test_no_signed_byte_can_be_changed(void)
{
    _cleanup_(case_done) Case c = case_of("snp", "turin-v5-vcek");

    check_flips(&c, &c.evidence.cpu.outblob, 0, SNP_SIGNED_SIZE, 3);
    check_flips(&c, &c.evidence.cpu.outblob, SNP_OFFSET_SIGNATURE, SNP_OFFSET_SIGNATURE + 144, 5);
    check_flips(&c, &c.evidence.cpu.outblob, SNP_OFFSET_SIGNATURE + 144, SNP_REPORT_SIZE, 53);
}

static void test_no_byte_of_a_certificate_can_be_changed(void)
{
    _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vcek");

    check_flips(&c, &c.evidence.endorsements.vcek, 0, c.evidence.endorsements.vcek.size, 17);
}

/*
 * AMD's keys are compiled in: an authority that cannot be read, or that now has another name, is a
 * stranger and changes nothing. One that still claims its place is refused.
 */
static void check_authority_flips(Case *c, Bytes *der)
{
    size_t n_refused = 0;

    for (size_t i = 0; i < der->size; i += 61) {
        _cleanup_findings_ Findings findings = { 0 };
        GenuineSnp snp;
        der->data[i] ^= 1;
        if (run(c, &findings, &snp) == GENUINE_SNP_OK)
            check(!snp.simulated);
        else
            n_refused++;
        der->data[i] ^= 1;
    }
    check(n_refused > der->size / 61 * 3 / 4);
}

static void test_a_changed_authority_is_refused_or_a_stranger(void)
{
    _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vcek");

    add_authorities(&c, "milan");
    check_authority_flips(&c, &c.evidence.endorsements.ask);
    check_authority_flips(&c, &c.evidence.endorsements.ark);
}

static void test_truncated_reports_and_certificates_are_refused(void)
{
    for (size_t cut = 1; cut < 1184; cut += 97) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vcek");
        GenuineSnp snp;
        c.evidence.cpu.outblob.size -= cut;
        (void)run(&c, &findings, &snp);
        lab_check_failure(&findings, "snp-report-malformed");
    }
    for (size_t cut = 1; cut < 1300; cut += 97) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vcek");
        GenuineSnp snp;
        c.evidence.endorsements.vcek.size -= cut;
        (void)run(&c, &findings, &snp);
        lab_check_failure(&findings, "snp-vek-missing");
        lab_check_warning(&findings, "snp-endorsement-unreadable");
    }
}

static void test_a_good_certificate_is_found_behind_a_wrong_one(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(case_done) Case c = case_of("snp", "milan-v3-vcek");
    _cleanup_bytes_ Bytes other = test_vector("snp/milan-v2-vcek-a/vcek.der");
    GenuineSnp snp;

    const SimTableEntry entry = { sim_guid_vcek, VIEW(other) };
    check_int(sim_table_emit(&entry, 1, &c.evidence.cpu.auxblob), 0);
    (void)run(&c, &findings, &snp);
    lab_check_no_failure(&findings);
}

/* A version that does not exist yet, signed by a chip of the lab. */
static void check_newer(const char *version, bool accept, const char *failure)
{
    _cleanup_(lab_freep) Lab *lab = lab_new(SIM_TURIN, false);
    const LabOrder order = { .fields = { { "version", version } } };
    _cleanup_evidence_ Evidence evidence = lab_evidence(lab, &order);
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    const EndorsementInput gather = { .evidence = &evidence };
    const SpkiDigest root = lab_root(lab);
    GenuineSnp snp;

    check_int(amd_roots_new(&roots), 0);
    check_int(endorsements_gather(&gather, &findings, &endorsements), 0);
    const GenuineSnpInput input = { .report = VIEW(evidence.cpu.outblob),
                                    .endorsements = &endorsements,
                                    .roots = roots,
                                    .now_sec = CERTIFICATE_TIME_ANY,
                                    .newer_versions = accept,
                                    .simulated_roots = &root,
                                    .n_simulated_roots = 1 };
    int r = genuine_snp_verify(&input, &findings, &snp);
    if (failure) {
        check_int(r, GENUINE_SNP_E_REFUSED);
        lab_check_failure(&findings, failure);
        return;
    }
    check_int(r, GENUINE_SNP_OK);
    check_int(findings_has(&findings, "snp-report-version-newer"), strtoul(version, NULL, 10) > 5);
    check(snp.layout == SNP_TCB_LAYOUT_FMC && snp.report.has_mitigations);
}

static void test_a_newer_report_is_read_where_allowed_with_a_warning(void)
{
    check_newer("5", true, NULL);
    check_newer("6", true, NULL);
    check_newer("255", true, NULL);
    check_newer("6", false, "snp-report-malformed");
    check_newer("1", true, "snp-report-malformed");
}

static const Test tests[] = {
    { "real reports verify by their key alone", test_real_reports_verify_by_their_key_alone },
    { "real reports verify with the whole chain", test_real_reports_verify_with_the_whole_chain },
    { "a chain of another product is refused", test_a_chain_of_another_product_is_refused },
    { "altered VCEKs are refused", test_altered_vceks_are_refused },
    { "a report without its certificate is not verifiable",
      test_a_report_without_its_certificate_is_not_verifiable },
    { "a key of the other kind does not count", test_a_key_of_the_other_kind_does_not_count },
    { "malformed reports are refused", test_malformed_reports_are_refused },
    { "Azure reports alone are not verifiable", test_azure_reports_alone_are_not_verifiable },
    { "a newer report is read where allowed, with a warning",
      test_a_newer_report_is_read_where_allowed_with_a_warning },
    { "a certificate verifies without a report", test_a_certificate_verifies_without_a_report },
    { "an expired certificate is refused", test_an_expired_certificate_is_refused },
    { "no signed byte can be changed", test_no_signed_byte_can_be_changed },
    { "no byte of a certificate can be changed", test_no_byte_of_a_certificate_can_be_changed },
    { "a changed authority is refused or is a stranger",
      test_a_changed_authority_is_refused_or_a_stranger },
    { "truncated reports and certificates are refused",
      test_truncated_reports_and_certificates_are_refused },
    { "a good certificate is found behind a wrong one",
      test_a_good_certificate_is_found_behind_a_wrong_one },
};

TEST_MAIN(tests)
