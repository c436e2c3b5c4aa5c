/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a vTPM, and what only seems to.
 */
#include "verify/vtpm-root.h"

#include "crypto/credential.h"

#include "forge.h"
#include "lab.h"

/* One vTPM: AK, EK, a CA above both, an intermediate, and the TPM as verified. */
typedef struct Vtpm {
    EVP_PKEY *root_key, *middle_key, *ak_key, *ek_key;
    Certificate *root, *middle;
    GenuineTpm tpm;
    EvidenceVtpm evidence;
} Vtpm;

static const ByteView secret = { (const uint8_t *)"0123456789abcdef0123456789abcdef", 32 };

static void vtpm_new(Vtpm *v)
{
    *v = (Vtpm){ .root_key = forge_pkey("P-256"),
                 .middle_key = forge_pkey("P-256"),
                 .ak_key = forge_pkey("P-256"),
                 .ek_key = forge_pkey("RSA-2048") };
    v->root = forge_read(&(ForgeCertificate){ .subject = "root",
                                              .issuer = "root",
                                              .key = v->root_key,
                                              .issuer_key = v->root_key,
                                              .is_ca = true });
    v->middle = forge_read(&(ForgeCertificate){ .subject = "middle",
                                                .issuer = "root",
                                                .key = v->middle_key,
                                                .issuer_key = v->root_key,
                                                .is_ca = true });
    v->tpm.ak = forge_key_of(v->ak_key);
    Key *ek = forge_key_of(v->ek_key);
    v->evidence.ak_public = lab_tpm_public(v->tpm.ak, LAB_AK_ATTRIBUTES);
    v->evidence.ek_public = lab_tpm_public(ek, LAB_EK_ATTRIBUTES);
    key_free(ek);
}

static void vtpm_done(Vtpm *v)
{
    Evidence evidence = { .vtpm = v->evidence };

    evidence_done(&evidence);
    genuine_tpm_done(&v->tpm);
    certificate_free(v->root);
    certificate_free(v->middle);
    EVP_PKEY_free(v->root_key);
    EVP_PKEY_free(v->middle_key);
    EVP_PKEY_free(v->ak_key);
    EVP_PKEY_free(v->ek_key);
}

static Bytes certify(const Vtpm *v, EVP_PKEY *key, const char *subject)
{
    return forge_certificate(&(ForgeCertificate){
        .subject = subject, .issuer = "middle", .key = key, .issuer_key = v->middle_key });
}

/* WANTED and SHOWN: the credential of the challenge and of the claims. */
static VtpmRoot derive(const Vtpm *v, Certificate *anchor, ByteView wanted, ByteView shown,
                       int64_t now_sec, Findings *findings)
{
    _cleanup_certificates_ CertificateList anchors = { 0 };
    _cleanup_certificates_ CertificateList middles = { 0 };
    VtpmRoot root = VTPM_ROOT_MAX;

    if (anchor)
        check_int(certificate_list_add(&anchors, anchor), 0);
    check_int(certificate_list_add(&middles, v->middle), 0);
    const VtpmRootInput input = {
        .vtpm = &v->evidence,
        .tpm = &v->tpm,
        .anchors = &anchors,
        .intermediates = &middles,
        .now_sec = now_sec,
        .credential_wanted = wanted,
        .credential_shown = shown,
    };
    check_int(vtpm_root_derive(&input, findings, &root), 0);
    return root;
}

static const ByteView none;

/* A certificate as WANTED says, but by v's intermediate for KEY. */
static Bytes certify_as(const Vtpm *v, EVP_PKEY *key, const ForgeCertificate *wanted)
{
    ForgeCertificate certificate = *wanted;

    certificate.subject = "leaf";
    certificate.issuer = "middle";
    certificate.key = key;
    certificate.issuer_key = v->middle_key;
    return forge_certificate(&certificate);
}

static void test_without_a_certificate_it_is_the_hosts(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(vtpm_done) Vtpm v;

    vtpm_new(&v);
    check_int(derive(&v, v.root, none, none, FORGE_2030, &findings), VTPM_ROOT_HOST);
    check_int(findings.n_items, 0);
}

static void test_an_ak_certificate_to_a_configured_root_counts(void)
{
    _cleanup_findings_ Findings good = { 0 }, no_root = { 0 }, other = { 0 }, late = { 0 };
    _cleanup_(certificate_freep) Certificate *stranger = NULL;
    _cleanup_(vtpm_done) Vtpm v;

    vtpm_new(&v);
    v.evidence.ak_certificate = certify(&v, v.ak_key, "AK");
    check_int(derive(&v, v.root, none, none, FORGE_2030, &good), VTPM_ROOT_CERTIFICATE);
    check_int(good.n_items, 0);
    check_int(derive(&v, v.middle, none, none, FORGE_2030, &good), VTPM_ROOT_CERTIFICATE);
    check_int(derive(&v, NULL, none, none, FORGE_2030, &no_root), VTPM_ROOT_HOST);
    check_int(no_root.n_items, 0);
    EVP_PKEY *key = forge_pkey("P-256");
    stranger = forge_read(&(ForgeCertificate){
        .subject = "root", .issuer = "root", .key = key, .issuer_key = key, .is_ca = true });
    EVP_PKEY_free(key);
    check_int(derive(&v, stranger, none, none, FORGE_2030, &other), VTPM_ROOT_HOST);
    lab_check_warning(&other, "tpm-certificate-untrusted");
    check_int(derive(&v, v.root, none, none, FORGE_2035 + LAB_YEAR, &late), VTPM_ROOT_HOST);
    lab_check_warning(&late, "tpm-certificate-untrusted");
}

static void test_a_certificate_for_another_key_is_refused(void)
{
    _cleanup_findings_ Findings findings = { 0 }, broken = { 0 };
    _cleanup_(vtpm_done) Vtpm v;

    vtpm_new(&v);
    v.evidence.ak_certificate = certify(&v, v.middle_key, "AK");
    check_int(derive(&v, v.root, none, none, FORGE_2030, &findings), VTPM_ROOT_HOST);
    lab_check_failure(&findings, "tpm-certificate-other-key");
    v.evidence.ak_certificate.data[0] = 0;
    check_int(derive(&v, v.root, none, none, FORGE_2030, &broken), VTPM_ROOT_HOST);
    lab_check_failure(&broken, "tpm-certificate-malformed");
}

static void test_padding_behind_a_certificate_is_cut(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(vtpm_done) Vtpm v;

    vtpm_new(&v);
    v.evidence.ak_certificate = certify(&v, v.ak_key, "AK");
    for (int i = 0; i < 100; i++)
        lab_put_le(&v.evidence.ak_certificate, 0xff, 1);
    check_int(derive(&v, v.root, none, none, FORGE_2030, &findings), VTPM_ROOT_CERTIFICATE);
}

static void test_an_ek_certificate_counts_with_an_activated_credential(void)
{
    _cleanup_findings_ Findings good = { 0 }, unasked = { 0 }, absent = { 0 }, wrong = { 0 };
    _cleanup_(vtpm_done) Vtpm v;
    const ByteView other = { (const uint8_t *)"0123456789abcdef0123456789abcdeF", 32 };

    vtpm_new(&v);
    v.evidence.ek_certificate = certify(&v, v.ek_key, "EK");
    check_int(derive(&v, v.root, secret, secret, FORGE_2030, &good), VTPM_ROOT_CERTIFICATE);
    check_int(good.n_items, 0);
    check_int(derive(&v, v.root, none, secret, FORGE_2030, &unasked), VTPM_ROOT_HOST);
    check_int(derive(&v, v.root, secret, none, FORGE_2030, &absent), VTPM_ROOT_HOST);
    lab_check_failure(&absent, "tpm-credential-mismatch");
    check_int(derive(&v, v.root, secret, other, FORGE_2030, &wrong), VTPM_ROOT_HOST);
    lab_check_failure(&wrong, "tpm-credential-mismatch");
}

static void test_an_activated_credential_alone_proves_nothing(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(vtpm_done) Vtpm v;

    vtpm_new(&v);
    check_int(derive(&v, v.root, secret, secret, FORGE_2030, &findings), VTPM_ROOT_HOST);
    check_int(findings.n_items, 0);
}

static void replace_ek(Vtpm *v, EVP_PKEY *pkey, uint32_t attributes)
{
    Key *key = forge_key_of(pkey);

    bytes_done(&v->evidence.ek_public);
    v->evidence.ek_public = lab_tpm_public(key, attributes);
    key_free(key);
}

static void test_an_ek_that_does_not_fit_is_refused(void)
{
    _cleanup_findings_ Findings key = { 0 }, loose = { 0 }, portable = { 0 }, broken = { 0 };
    _cleanup_(vtpm_done) Vtpm v;

    vtpm_new(&v);
    v.evidence.ek_certificate = certify(&v, v.ek_key, "EK");
    replace_ek(&v, v.middle_key, LAB_EK_ATTRIBUTES);
    check_int(derive(&v, v.root, secret, secret, FORGE_2030, &key), VTPM_ROOT_HOST);
    lab_check_failure(&key, "tpm-certificate-other-key");
    replace_ek(&v, v.ek_key, LAB_EK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_RESTRICTED);
    (void)derive(&v, v.root, secret, secret, FORGE_2030, &loose);
    check(findings_first_failure(&loose) != NULL);
    replace_ek(&v, v.ek_key, LAB_EK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_FIXED_TPM);
    check_int(derive(&v, v.root, secret, secret, FORGE_2030, &portable), VTPM_ROOT_HOST);
    lab_check_failure(&portable, "tpm-ek-unfit");
    v.evidence.ek_public.size--;
    check_int(derive(&v, v.root, secret, secret, FORGE_2030, &broken), VTPM_ROOT_HOST);
    lab_check_failure(&broken, "tpm-ek-malformed");
    v.evidence.ek_public.size++;
}

#define EKU_AK "2.23.133.8.3"
#define EKU_EK "2.23.133.8.1"

/* A CA in the chain, or another of its leaves, is not the certificate of an AK or EK. */
static void test_a_certificate_for_another_purpose_does_not_count(void)
{
    static const struct {
        ForgeCertificate leaf;
        bool ak, ek; /* does it count as one? */
    } cases[] = {
        { { 0 }, true, true },
        { { .is_ca = true }, false, false },
        { { .is_ca = true, .key_usage = "digitalSignature,keyEncipherment" }, false, false },
        { { .key_usage = "digitalSignature,keyCertSign" }, false, false },
        { { .key_usage = "keyEncipherment,keyCertSign" }, false, false },
        { { .key_usage = "digitalSignature" }, true, false },
        { { .key_usage = "keyEncipherment" }, false, true },
        { { .key_usage = "keyAgreement" }, false, true },
        { { .key_usage = "cRLSign" }, false, false },
        { { .extended_usage = EKU_AK }, true, false },
        { { .extended_usage = EKU_EK }, false, true },
        { { .extended_usage = "serverAuth" }, false, false },
        { { .extended_usage = "serverAuth," EKU_AK }, true, false },
        { { .key_usage = "digitalSignature", .extended_usage = EKU_AK }, true, false },
        { { .key_usage = "keyEncipherment", .extended_usage = EKU_EK }, false, true },
        { { .key_usage = "digitalSignature", .extended_usage = EKU_EK },
          true,
          false }, /* Google's */
        { { .key_usage = "keyEncipherment", .extended_usage = EKU_AK }, false, false },
        { { .key_usage = "digitalSignature", .extended_usage = "clientAuth" }, false, false },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_findings_ Findings ak = { 0 }, ek = { 0 };
        _cleanup_(vtpm_done) Vtpm v;
        vtpm_new(&v);
        v.evidence.ak_certificate = certify_as(&v, v.ak_key, &cases[i].leaf);
        check_int(derive(&v, v.root, none, none, FORGE_2030, &ak),
                  cases[i].ak ? VTPM_ROOT_CERTIFICATE : VTPM_ROOT_HOST);
        bytes_done(&v.evidence.ak_certificate);
        v.evidence.ek_certificate = certify_as(&v, v.ek_key, &cases[i].leaf);
        check_int(derive(&v, v.root, secret, secret, FORGE_2030, &ek),
                  cases[i].ek ? VTPM_ROOT_CERTIFICATE : VTPM_ROOT_HOST);
        check_int(ak.n_items, !cases[i].ak);
        check_int(ek.n_items, !cases[i].ek);
        if (!cases[i].ak)
            lab_check_warning(&ak, "tpm-certificate-unfit");
        if (!cases[i].ek)
            lab_check_warning(&ek, "tpm-certificate-unfit");
    }
}

/* The roots of EKs may be a maker's, who never said that a key is an AK. */
static void test_roots_of_one_kind_serve_that_kind_alone(void)
{
    _cleanup_certificates_ CertificateList roots = { 0 }, middles = { 0 };
    _cleanup_(vtpm_done) Vtpm v;

    vtpm_new(&v);
    check_int(certificate_list_add(&roots, v.root), 0);
    check_int(certificate_list_add(&middles, v.middle), 0);
    for (int is_ek = 0; is_ek < 2; is_ek++)
        for (int list = 0; list < 3; list++) {
            _cleanup_findings_ Findings findings = { 0 };
            VtpmRoot root;
            bytes_done(&v.evidence.ak_certificate);
            bytes_done(&v.evidence.ek_certificate);
            *(is_ek ? &v.evidence.ek_certificate : &v.evidence.ak_certificate) =
                certify(&v, is_ek ? v.ek_key : v.ak_key, "leaf");
            const VtpmRootInput input = {
                .vtpm = &v.evidence,
                .tpm = &v.tpm,
                .anchors = list == 0 ? &roots : NULL,
                .ak_anchors = list == 1 ? &roots : NULL,
                .ek_anchors = list == 2 ? &roots : NULL,
                .intermediates = &middles,
                .now_sec = FORGE_2030,
                .credential_wanted = secret,
                .credential_shown = secret,
            };
            check_int(vtpm_root_derive(&input, &findings, &root), 0);
            check_int(root,
                      list == 0 || is_ek == list - 1 ? VTPM_ROOT_CERTIFICATE : VTPM_ROOT_HOST);
        }
}

/* Each genuine certificate is fit for what it is, and for nothing else. */
static void test_real_certificates_are_fit(void)
{
    static const struct {
        const char *path;
        bool ak, ek;
    } leaves[] = {
        { "azure-tdx/tdx-akchain/ak-cert.der", true, false },
        { "azure-tdx/tdx-akchain/ak-intermediate-0.der", false, false },
        { "tpm-certs/gce-ak-ecc-pca/cert.der", true, false },
        { "tpm-certs/gce-ak-rsa-pca/cert.der", true, false },
        { "tpm-certs/gce-ak-rsa-uca/cert.der", true, false },
        { "tpm-certs/gce-ek-ecc-uca/cert.der", false, true },
        { "tpm-certs/gce-ek-rsa-pca/cert.der", false, true },
        { "tpm-certs/gce-ek-rsa-uca/cert.der", false, true },
        { "tpm-certs/gce-tpm-ek-intermediate-3/ca.der", false, false },
        { "tpm-certs/gcp-ek-ak-ca-intermediate-v3/ca.der", false, false },
        { "tpm-quote/azure-trusted-launch-a/other-ak-cert.der", true, false },
        { "tpm-quote/azure-trusted-launch-b/ak-cert.der", true, false },
        { "tpm-quote/gce-cos-85-no-nonce/ak-cert.der", true, false },
    };

    for (size_t i = 0; i < ELEMENTSOF(leaves); i++) {
        _cleanup_findings_ Findings as_ak = { 0 }, as_ek = { 0 };
        _cleanup_bytes_ Bytes der = test_vector(leaves[i].path);
        _cleanup_(certificate_freep) Certificate *leaf = NULL;
        _cleanup_certificates_ CertificateList itself = { 0 };
        Evidence ak = { 0 }, ek = { 0 };
        GenuineTpm tpm = { 0 };
        VtpmRoot root;
        check_int(certificate_parse(certificate_trim(VIEW(der)), &leaf), CERTIFICATE_OK);
        check_int(certificate_list_add(&itself, leaf), 0);
        tpm.ak = key_ref(certificate_key(leaf));
        check_int(bytes_copy(VIEW(der), &ak.vtpm.ak_certificate), 0);
        check_int(bytes_copy(VIEW(der), &ek.vtpm.ek_certificate), 0);
        ek.vtpm.ek_public = lab_tpm_public(tpm.ak, LAB_EK_ATTRIBUTES);
        VtpmRootInput input = {
            .vtpm = &ak.vtpm,
            .tpm = &tpm,
            .anchors = &itself, /* a path of one: this is not about the chain */
            .now_sec = certificate_not_before_sec(leaf) + 3600,
            .credential_wanted = secret,
            .credential_shown = secret,
        };
        (void)printf("  %s\n", leaves[i].path);
        check_int(vtpm_root_derive(&input, &as_ak, &root), 0);
        check_int(root, leaves[i].ak ? VTPM_ROOT_CERTIFICATE : VTPM_ROOT_HOST);
        input.vtpm = &ek.vtpm;
        check_int(vtpm_root_derive(&input, &as_ek, &root), 0);
        check_int(root, leaves[i].ek ? VTPM_ROOT_CERTIFICATE : VTPM_ROOT_HOST);
        evidence_done(&ak);
        evidence_done(&ek);
        genuine_tpm_done(&tpm);
    }
}

/* An Azure quote, its AK certificate, and a genuine certificate for another key. */
static void test_real_ak_certificates(void)
{
    _cleanup_findings_ Findings findings = { 0 }, other = { 0 };
    _cleanup_bytes_ Bytes root_der =
        test_vector("azure-vtpm-roots/azure-virtual-tpm-root-2023/root.der");
    _cleanup_certificates_ CertificateList anchors = { 0 }, middles = { 0 };
    _cleanup_(certificate_freep) Certificate *root = NULL, *leaf = NULL;
    GenuineTpm tpm = { 0 };
    Evidence evidence = { .vtpm.ak_certificate =
                              test_vector("tpm-quote/azure-trusted-launch-b/ak-cert.der") };
    VtpmRoot derived;

    check_int(certificate_from_der(VIEW(root_der), &root), CERTIFICATE_OK);
    check_int(certificate_list_add(&anchors, root), 0);
    for (int i = 0; i < 2; i++) {
        _cleanup_(certificate_freep) Certificate *middle = NULL;
        char path[64];
        (void)snprintf(path, sizeof(path),
                       "tpm-quote/azure-trusted-launch-b/ak-intermediate-%d.der", i);
        _cleanup_bytes_ Bytes der = test_vector(path);
        check_int(certificate_from_der(VIEW(der), &middle), CERTIFICATE_OK);
        check_int(certificate_list_add(&middles, middle), 0);
    }
    check_int(certificate_parse(certificate_trim(VIEW(evidence.vtpm.ak_certificate)), &leaf),
              CERTIFICATE_OK);
    tpm.ak = key_ref(certificate_key(leaf));
    VtpmRootInput input = { .vtpm = &evidence.vtpm,
                            .tpm = &tpm,
                            .anchors = &anchors,
                            .intermediates = &middles,
                            .now_sec = certificate_not_before_sec(leaf) + 3600 };
    check_int(vtpm_root_derive(&input, &findings, &derived), 0);
    check_int(findings.n_items, 0);
    check_int(derived, VTPM_ROOT_CERTIFICATE);
    bytes_done(&evidence.vtpm.ak_certificate);
    evidence.vtpm.ak_certificate =
        test_vector("tpm-quote/azure-trusted-launch-a/other-ak-cert.der");
    check_int(vtpm_root_derive(&input, &other, &derived), 0);
    lab_check_failure(&other, "tpm-certificate-other-key");
    check_int(derived, VTPM_ROOT_HOST);
    evidence_done(&evidence);
    genuine_tpm_done(&tpm);
}

static const Test tests[] = {
    { "without a certificate it is the host's", test_without_a_certificate_it_is_the_hosts },
    { "an AK certificate to a configured root counts",
      test_an_ak_certificate_to_a_configured_root_counts },
    { "a certificate for another key is refused", test_a_certificate_for_another_key_is_refused },
    { "padding behind a certificate is cut", test_padding_behind_a_certificate_is_cut },
    { "an EK certificate counts with an activated credential",
      test_an_ek_certificate_counts_with_an_activated_credential },
    { "an activated credential alone proves nothing",
      test_an_activated_credential_alone_proves_nothing },
    { "an EK that does not fit is refused", test_an_ek_that_does_not_fit_is_refused },
    { "a certificate for another purpose does not count",
      test_a_certificate_for_another_purpose_does_not_count },
    { "roots of one kind serve that kind alone", test_roots_of_one_kind_serve_that_kind_alone },
    { "real AK certificates", test_real_ak_certificates },
    { "real certificates are fit", test_real_certificates_are_fit },
};

TEST_MAIN(tests)
