/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real quotes, and twins of them with one thing changed.
 */
#include "verify/genuine-tpm.h"

#include "crypto/signature.h"
#include "format/tpm-attest.h"
#include "verify/vtpm-root.h"

#include "lab.h"

static EvidencePcrs pcrs_of_json(const char *path, const char *bank, uint32_t mask)
{
    _cleanup_bytes_ Bytes text = test_vector(path);
    EvidencePcrs pcrs = { .bank = tpm_alg_hash_by_name(bank) };
    json_auto_t *json = NULL;

    pcrs.digest_size = tpm_alg_digest_size(pcrs.bank);
    check_int(json_parse(VIEW(text), 1 << 20, &json), JSON_OK);
    json_t *values = json_object_get(json, bank);
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "%u", pcr);
        json_t *value =
            json_is_array(values) ? json_array_get(values, pcr) : json_object_get(values, name);
        if (!(mask & 1U << pcr) || !value)
            continue;
        _cleanup_bytes_ Bytes bytes = lab_hex(json_string_value(value));
        check(evidence_pcrs_set(&pcrs, pcr, VIEW(bytes)));
    }
    return pcrs;
}

/* The values that expected/ lists, for quotes whose PCRs come in another format. */
static EvidencePcrs pcrs_of_expected(const char *name)
{
    json_auto_t *expected = lab_expected("tpm-quote", name);
    json_t *values = json_object_get(json_object_get(expected, "pcr_values"), "sha256");
    EvidencePcrs pcrs = { .bank = TPM_ALG_SHA256, .digest_size = 32 };
    const char *pcr;
    json_t *value;

    json_object_foreach (values, pcr, value) {
        _cleanup_bytes_ Bytes bytes = lab_hex(json_string_value(value));
        check(evidence_pcrs_set(&pcrs, (unsigned)atoi(pcr), VIEW(bytes)));
    }
    return pcrs;
}

static Bytes public_of_pem(const char *path)
{
    _cleanup_bytes_ Bytes pem = test_vector(path);
    _cleanup_(key_freep) Key *key = NULL;

    check_int(key_from_pem(VIEW(pem), &key), KEY_OK);
    return lab_tpm_public(key, LAB_AK_ATTRIBUTES);
}

static Bytes wrapped(const char *path)
{
    _cleanup_bytes_ Bytes raw = test_vector(path);

    return lab_wrap_rsassa(VIEW(raw));
}

/* The AK of an Azure vTPM is in the HCL claims, as a JWK named HCLAkPub. */
static Bytes public_of_hcl(const char *path)
{
    _cleanup_bytes_ Bytes hcl = test_vector(path);
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_bytes_ Bytes n = { 0 };
    json_auto_t *claims = NULL;
    uint32_t size;

    memcpy(&size, hcl.data + 1232, sizeof(size));
    check_int(json_parse((ByteView){ hcl.data + 1236, size }, 1 << 16, &claims), JSON_OK);
    json_t *jwk = json_array_get(json_object_get(claims, "keys"), 0);
    check_str(json_string_value(json_object_get(jwk, "kid")), "HCLAkPub");
    check_int(json_get_base64url(jwk, "n", 1024, &n), JSON_OK);
    check_int(key_from_rsa(VIEW(n), (ByteView){ (const uint8_t *)"\1\0\1", 3 }, &key), KEY_OK);
    return lab_tpm_public(key, LAB_AK_ATTRIBUTES);
}

static void vtpm_done(EvidenceVtpm *vtpm)
{
    Evidence evidence = { .vtpm = *vtpm };

    evidence_done(&evidence);
}

static int run(const EvidenceVtpm *vtpm, ByteView qualifying_data, Findings *findings)
{
    _cleanup_genuine_tpm_ GenuineTpm tpm = { 0 };

    int r = genuine_tpm_verify(vtpm, qualifying_data, findings, &tpm);
    check(r >= 0);
    check_int(r, findings_first_failure(findings) ? GENUINE_TPM_E_REFUSED : GENUINE_TPM_OK);
    return r;
}

static EvidenceVtpm azure_cvm(const char *name)
{
    char path[96];
    EvidenceVtpm vtpm = { 0 };

    (void)snprintf(path, sizeof(path), "azure-snp/%s/quote.msg", name);
    vtpm.attest = test_vector(path);
    (void)snprintf(path, sizeof(path), "azure-snp/%s/quote.sig", name);
    vtpm.signature = wrapped(path);
    (void)snprintf(path, sizeof(path), "azure-snp/%s/hcl_report.bin", name);
    vtpm.ak_public = public_of_hcl(path);
    (void)snprintf(path, sizeof(path), "azure-snp/%s/pcrs.json", name);
    vtpm.pcrs = pcrs_of_json(path, "sha256", 0xffffff);
    return vtpm;
}

static void check_good(EvidenceVtpm *vtpm, const char *extra_data)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_findings_ Findings stale = { 0 };
    _cleanup_bytes_ Bytes extra = lab_hex(extra_data);

    (void)run(vtpm, (ByteView){ extra.data, extra.size }, &findings);
    lab_check_no_failure(&findings);
    check_int(findings.n_items, 0);
    (void)run(vtpm, (ByteView){ (const uint8_t *)"another", 7 }, &stale);
    lab_check_failure(&stale, "tpm-qualifying-data-mismatch");
    vtpm_done(vtpm);
}

static void test_real_quotes_verify(void)
{
    static const char *const azure[] = { "genoa-v3-a", "milan-v2-a", "milan-v3-a",
                                         "milan-v3-b", "milan-v3-c", "milan-v3-e" };

    for (size_t i = 0; i < ELEMENTSOF(azure); i++) {
        json_auto_t *expected = lab_expected("azure-snp", azure[i]);
        EvidenceVtpm vtpm = azure_cvm(azure[i]);
        (void)printf("  %s\n", azure[i]);
        check_good(&vtpm, lab_text(expected, "quote.extra_data"));
    }

    EvidenceVtpm cvm = {
        .attest = test_vector("tpm-quote/azure-cvm-challenge/quote.msg"),
        .signature = wrapped("tpm-quote/azure-cvm-challenge/quote.sig"),
        .ak_public = public_of_pem("tpm-quote/azure-cvm-challenge/ak.pem"),
        .pcrs = pcrs_of_json("tpm-quote/azure-cvm-challenge/pcrs.json", "sha256", 0xffffff),
    };
    check_good(&cvm, "6368616c6c656e6765");
    EvidenceVtpm launch = {
        .attest = test_vector("tpm-quote/azure-trusted-launch-a/quote.msg"),
        .signature = wrapped("tpm-quote/azure-trusted-launch-a/quote.sig"),
        .ak_public = public_of_pem("tpm-quote/azure-trusted-launch-a/ak.pem"),
        .pcrs = pcrs_of_expected("azure-trusted-launch-a"),
    };
    check_good(&launch, "0efb4d54837cedf4f66dd77ffcb32a4d4bd315dffd6cbfa5977e4c018c1f372a");
    EvidenceVtpm keylime = {
        .attest = test_vector("tpm-quote/keylime-a/quote.msg"),
        .signature = test_vector("tpm-quote/keylime-a/quote.sig"),
        .ak_public = test_vector("tpm-quote/keylime-a/ak.tpm2b"),
        .pcrs = pcrs_of_expected("keylime-a"),
    };
    memmove(keylime.ak_public.data, keylime.ak_public.data + 2, keylime.ak_public.size -= 2);
    check_good(&keylime, "db1db298db6d60e6385b7231743e9c3056a18003");
}

static EvidenceVtpm gce(const char *bank)
{
    char path[96];
    EvidenceVtpm vtpm = { .ak_public =
                              test_vector("tpm-quote/gce-cos-85-no-nonce/ak.tpmt_public") };

    (void)snprintf(path, sizeof(path), "tpm-quote/gce-cos-85-no-nonce/quote-%s.msg", bank);
    vtpm.attest = test_vector(path);
    (void)snprintf(path, sizeof(path), "tpm-quote/gce-cos-85-no-nonce/quote-%s.sig", bank);
    vtpm.signature = test_vector(path);
    (void)snprintf(path, sizeof(path), "tpm-quote/gce-cos-85-no-nonce/pcrs-%s.json", bank);
    vtpm.pcrs = pcrs_of_json(path, bank, 0xffffff);
    return vtpm;
}

static void test_pcr_digest_goes_by_the_signing_hash_in_every_bank(void)
{
    static const char *const banks[] = { "sha1", "sha256", "sha384" };

    for (size_t i = 0; i < ELEMENTSOF(banks); i++) {
        EvidenceVtpm vtpm = gce(banks[i]);
        check_good(&vtpm, "");
    }
}

static void test_a_sha1_signature_is_refused(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(vtpm_done) EvidenceVtpm vtpm = {
        .attest = test_vector("tpm-quote/windows-gcp-shielded/quote.msg"),
        .signature = test_vector("tpm-quote/windows-gcp-shielded/quote.sig"),
        .ak_public = test_vector("tpm-quote/windows-gcp-shielded/ak.tpmt_public"),
        .pcrs = pcrs_of_json("tpm-quote/windows-gcp-shielded/pcrs.json", "sha1", 0xffffff),
    };

    (void)run(&vtpm, (ByteView){ 0 }, &findings);
    lab_check_failure(&findings, "tpm-signature-scheme");
}

static void check_flips(EvidenceVtpm *vtpm, Bytes *bytes, size_t stride)
{
    for (size_t i = 0; i < bytes->size; i += stride) {
        _cleanup_findings_ Findings findings = { 0 };
        bytes->data[i] ^= (uint8_t)(1U << (i % 8));
        if (run(vtpm, (ByteView){ 0 }, &findings) == GENUINE_TPM_OK) {
            (void)fprintf(stderr, "byte %zu changed and still good\n", i);
            abort();
        }
        bytes->data[i] ^= (uint8_t)(1U << (i % 8));
    }
}

static void test_no_byte_of_a_quote_can_be_changed(void)
{
    _cleanup_(vtpm_done) EvidenceVtpm vtpm = gce("sha256");

    check_flips(&vtpm, &vtpm.attest, 1);
    check_flips(&vtpm, &vtpm.signature, 3);
}

static void test_truncated_parts_are_refused_by_name(void)
{
    _cleanup_findings_ Findings a = { 0 }, b = { 0 }, c = { 0 };
    _cleanup_(vtpm_done) EvidenceVtpm vtpm = gce("sha256");

    vtpm.attest.size--;
    (void)run(&vtpm, (ByteView){ 0 }, &a);
    lab_check_failure(&a, "tpm-attest-malformed");
    lab_check_failure(&a, "tpm-signature-invalid");
    vtpm.attest.size++;
    vtpm.signature.size--;
    (void)run(&vtpm, (ByteView){ 0 }, &b);
    lab_check_failure(&b, "tpm-signature-malformed");
    vtpm.signature.size++;
    vtpm.ak_public.size--;
    (void)run(&vtpm, (ByteView){ 0 }, &c);
    lab_check_failure(&c, "tpm-ak-malformed");
    vtpm.ak_public.size++;
}

static void test_another_key_is_refused(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(vtpm_done) EvidenceVtpm vtpm = gce("sha256");

    bytes_done(&vtpm.ak_public);
    vtpm.ak_public = public_of_pem("tpm-quote/keylime-a/ak.pem");
    (void)run(&vtpm, (ByteView){ 0 }, &findings);
    lab_check_failure(&findings, "tpm-signature-invalid");
}

static void test_other_pcr_values_are_refused(void)
{
    _cleanup_findings_ Findings value = { 0 }, fewer = { 0 }, bank = { 0 }, none = { 0 };
    _cleanup_(vtpm_done) EvidenceVtpm vtpm = gce("sha256");
    EvidencePcrs good = vtpm.pcrs;

    vtpm.pcrs.values[4][0] ^= 1;
    (void)run(&vtpm, (ByteView){ 0 }, &value);
    lab_check_failure(&value, "tpm-pcr-digest-mismatch");
    vtpm.pcrs = good;
    vtpm.pcrs.mask &= ~(1U << 23);
    (void)run(&vtpm, (ByteView){ 0 }, &fewer);
    lab_check_failure(&fewer, "tpm-selection-mismatch");
    vtpm.pcrs = good;
    vtpm.pcrs.bank = TPM_ALG_SHA384;
    (void)run(&vtpm, (ByteView){ 0 }, &bank);
    lab_check_failure(&bank, "tpm-selection-mismatch");
    vtpm.pcrs = (EvidencePcrs){ .bank = TPM_ALG_SHA256, .digest_size = 32 };
    (void)run(&vtpm, (ByteView){ 0 }, &none);
    lab_check_failure(&none, "tpm-selection-mismatch");
}

static const Test vector_tests[] = {
    { "real quotes verify", test_real_quotes_verify },
    { "pcrDigest goes by the signing hash in every bank",
      test_pcr_digest_goes_by_the_signing_hash_in_every_bank },
    { "a SHA-1 signature is refused", test_a_sha1_signature_is_refused },
    { "no byte of a quote can be changed", test_no_byte_of_a_quote_can_be_changed },
    { "truncated parts are refused by name", test_truncated_parts_are_refused_by_name },
    { "another key is refused", test_another_key_is_refused },
    { "other PCR values are refused", test_other_pcr_values_are_refused },
};

TEST_MAIN(vector_tests)
