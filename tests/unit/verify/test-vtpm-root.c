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
    { "real AK certificates", test_real_ak_certificates },
};

TEST_MAIN(tests)
