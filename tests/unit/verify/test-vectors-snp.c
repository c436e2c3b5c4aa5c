/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every SNP vector: its verdict, and each single check of its verification. The fields of reports
 * are compared in tests/unit/format/test-vectors.c.
 */
#include "vectors.h"

#include "verify/genuine-snp.h"
#include "verify/vek.h"

/* One look at a report with one certificate, dates not judged. */
typedef struct Look {
    Findings findings;
    GenuineSnp snp;
    bool genuine;
} Look;

static void look_done(Look *look)
{
    findings_done(&look->findings);
}

static Look look_at(ByteView report, ByteView certificate, const AmdRoots *roots)
{
    Evidence evidence = { 0 };
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    const EndorsementInput gather = { .evidence = &evidence,
                                      .certificates = &certificate,
                                      .n_certificates = certificate.size > 0 };
    Look look = { 0 };

    check_int(endorsements_gather(&gather, &look.findings, &endorsements), 0);
    const GenuineSnpInput input = {
        .report = report,
        .endorsements = &endorsements,
        .roots = roots,
        .now_sec = CERTIFICATE_TIME_ANY,
        .newer_versions = true,
    };
    int r = genuine_snp_verify(&input, &look.findings, &look.snp);
    check(r >= 0);
    look.genuine = r == GENUINE_SNP_OK;
    check_int(look.genuine, findings_first_failure(&look.findings) == NULL);
    return look;
}

/* A single check is good when its finding is absent. NULL in the expectation: it was not made. */
static void check_single(const Look *look, const json_t *verification, const char *name,
                         const char *finding)
{
    const json_t *value = vector_at(verification, name);

    if (!json_is_boolean(value))
        return;
    if (json_is_true(value) == findings_has(&look->findings, finding)) {
        (void)fprintf(stderr, "%s is expected to be %d\n", name, json_is_true(value));
        lab_print(&look->findings);
        abort();
    }
}

static void check_tcb(const json_t *ext, const SnpTcb *tcb)
{
    check_int(tcb->boot_loader, vector_number(ext, "bootloader"));
    check_int(tcb->tee, vector_number(ext, "tee"));
    check_int(tcb->snp, vector_number(ext, "snp"));
    check_int(tcb->microcode, vector_number(ext, "microcode"));
    check_int(tcb->has_fmc, vector_at(ext, "fmc") != NULL);
    if (tcb->has_fmc)
        check_int(tcb->fmc, vector_number(ext, "fmc"));
}

/* What the certificate's own extensions say. */
static void check_extensions(const Certificate *certificate, const json_t *ext)
{
    Vek vek;

    check_int(vek_parse(certificate, &vek), VEK_OK);
    check_tcb(ext, &vek.tcb);
    check_int(vek.hwid_size > 0, vector_at(ext, "hwid") != NULL);
    if (vek.hwid_size > 0)
        vector_check_hex(ext, "hwid", (ByteView){ vek.hwid, vek.hwid_size });
    check_str(vek.csp_id, vector_at(ext, "csp_id") ? lab_text(ext, "csp_id") : "");
}

static void check_verification(const json_t *verification, ByteView report, const char *path,
                               const char *role, const AmdRoots *roots)
{
    const Vector vector = { .path = path };
    _cleanup_bytes_ Bytes der = vector_read(&vector, role);
    _cleanup_(certificate_freep) Certificate *certificate = vector_certificate(&vector, role);
    _cleanup_(look_done) Look look = look_at(report, VIEW(der), roots);

    vector_check_certificate(certificate, vector_at(verification, "cert"));
    check_extensions(certificate, vector_at(verification, "cert_ext"));
    check_single(&look, verification, "signature_valid", "snp-signature-invalid");
    check_single(&look, verification, "chain_valid", "snp-chain-invalid");
    check_single(&look, verification, "tcb_matches_cert", "snp-tcb-mismatch");
    check_single(&look, verification, "chip_id_matches_cert", "snp-chip-id-mismatch");
    check_single(&look, verification, "product_matches_chain", "snp-product-mismatch");
    if (!look.genuine)
        return;
    check_str(snp_product_name(look.snp.product), lab_text(verification, "product_from_chain"));
    check_str(look.snp.signing_key == SNP_SIGNING_KEY_VLEK ? "ASVK" : "ASK",
              lab_text(verification, "issuer_ca"));
    if (vector_at(verification, "chip_id_masked"))
        check_int(look.snp.chip_id_masked, vector_number(verification, "chip_id_masked"));
    SnpTcb reported = snp_tcb_decode(look.snp.report.reported_tcb, look.snp.layout);
    check_tcb(vector_at(verification, "cert_ext"), &reported);
}

/* Certificates that are there to be refused, each under its own name. */
static void check_wrong(const Vector *vector, ByteView report, const AmdRoots *roots)
{
    const char *name;
    json_t *value;
    json_t *expected = json_deep_copy(vector->expected);

    json_object_foreach (expected, name, value) {
        char role[64];
        if (strncmp(name, "wrong-", 6) != 0)
            continue;
        (void)snprintf(role, sizeof(role), "%s.der", name);
        _cleanup_bytes_ Bytes der = vector_read(vector, role);
        _cleanup_(look_done) Look look = look_at(report, VIEW(der), roots);
        check(!look.genuine);
        check_str(lab_text(value, "expected"), "invalid");
        check_verification(value, report, vector->path, role, roots);
    }
    json_decref(expected);
}

/* A certificate-less report is read whole and is not verifiable; that is its one fault. */
static void check_without_certificate(const Vector *vector, const Look *look)
{
    check(!look->genuine);
    if (vector_number(vector->expected, "report.version") < 2) {
        lab_check_failure(&look->findings, "snp-report-malformed");
        return;
    }
    check_int(look->findings.n_items, 1);
    lab_check_failure(&look->findings, "snp-vek-missing");
}

static void run_snp(const Vector *vector)
{
    _cleanup_bytes_ Bytes report = vector_read(vector, "report.bin");
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    const char *role = vector_has(vector, "vlek.der") ? "vlek.der" : "vcek.der";

    check_int(amd_roots_new(&roots), 0);
    if (!vector_has(vector, role)) {
        _cleanup_(look_done) Look look = look_at(VIEW(report), (ByteView){ 0 }, roots);
        check_without_certificate(vector, &look);
        return;
    }
    _cleanup_bytes_ Bytes der = vector_read(vector, role);
    _cleanup_(look_done) Look look = look_at(VIEW(report), VIEW(der), roots);
    if (vector_passes(vector) != look.genuine)
        lab_print(&look.findings);
    check_int(look.genuine, vector_passes(vector));
    check_verification(vector_at(vector->expected, "verification"), VIEW(report), vector->path,
                       role, roots);
    check_wrong(vector, VIEW(report), roots);
}

static void test_every_report_has_its_verdict(void)
{
    vectors_each("snp", 15, run_snp);
}

/* n/a: the report inside an answer of the firmware, without its certificate. */
static void run_malformed(const Vector *vector)
{
    bool is_response = vector_has(vector, "response.bin");
    _cleanup_bytes_ Bytes bytes = vector_read(vector, is_response ? "response.bin" : "report.bin");
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    ByteView report = VIEW(bytes);
    uint32_t status;

    check_int(bytes.size, vector_number(vector->expected, "size"));
    check_int(amd_roots_new(&roots), 0);
    _cleanup_(look_done) Look whole = look_at(report, (ByteView){ 0 }, roots);
    lab_check_failure(&whole.findings, "snp-report-malformed");
    if (!is_response)
        return;
    check_int(snp_response_parse(VIEW(bytes), &status, &report), SNP_RESPONSE_OK);
    check_int(status, vector_number(vector->expected, "status"));
    check_int(report.size, vector_number(vector->expected, "report_size"));
    _cleanup_(look_done) Look look = look_at(report, (ByteView){ 0 }, roots);
    check_without_certificate(vector, &look);
}

static void test_every_malformed_report_is_refused(void)
{
    vectors_each("snp-malformed", 2, run_malformed);
}

static const Test tests[] = {
    { "every report has its verdict", test_every_report_has_its_verdict },
    { "every malformed report is refused", test_every_malformed_report_is_refused },
};

TEST_MAIN(tests)
