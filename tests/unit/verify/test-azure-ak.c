/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes of real Azure VMs by the key that their HCL report names, and by any other.
 */
#include "azure-vector.h"

#include <errno.h>

static const ByteView by_template;
static const ByteView not_asked;

static GenuineAzure genuine(const AzureVector *vector)
{
    _cleanup_findings_ Findings findings = { 0 };
    GenuineAzure azure = { 0 };

    check_int(azure_vector_judge(vector, not_asked, &findings, &azure), GENUINE_AZURE_OK);
    return azure;
}

static size_t n_quotes;

static void check_quote(const Vector *v)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector(v->path);
    _cleanup_findings_ Findings findings = { 0 };

    if (vector.quote.attest.size == 0)
        return;
    _cleanup_genuine_azure_ GenuineAzure azure = genuine(&vector);
    azure_vector_quote(&vector, &azure, by_template, AZURE_AK_SENT, &findings);
    lab_check_no_failure(&findings);
    check_int(findings.n_items, 0);
    n_quotes++;
}

/* The key's template is right for all of them: the TPM signs under the Name that it gives. */
static void test_each_real_quote_is_by_the_key_that_the_claims_name(void)
{
    vectors_each("azure-snp", 8, check_quote);
    vectors_each("azure-tdx", 3, check_quote);
    check(n_quotes >= 8);
}

static void test_the_quote_of_another_vm_is_refused(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/milan-v3-a");
    _cleanup_azure_vector_ AzureVector other = azure_vector("azure-snp/milan-v2-a");
    _cleanup_genuine_azure_ GenuineAzure azure = genuine(&vector);
    _cleanup_genuine_azure_ GenuineAzure others = genuine(&other);
    _cleanup_findings_ Findings by_ours = { 0 }, by_theirs = { 0 };
    _cleanup_bytes_ Bytes their_ak = { 0 };

    azure_vector_quote(&other, &azure, by_template, AZURE_AK_TEMPLATE, &by_ours);
    lab_check_failure(&by_ours, "tpm-signature-invalid");
    /* Their own key, as it is: a good quote, of a TPM that this report does not know. */
    check_int(azure_ak_public(&others.claims.ak, &their_ak), 0);
    azure_vector_quote(&other, &azure, VIEW(their_ak), AZURE_AK_SENT, &by_theirs);
    lab_check_failure(&by_theirs, "hcl-ak-mismatch");
    check_int(by_theirs.n_items, 1);
}

static void test_registers_of_another_boot_are_refused(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/genoa-v3-a");
    _cleanup_genuine_azure_ GenuineAzure azure = genuine(&vector);
    _cleanup_findings_ Findings findings = { 0 };

    vector.quote.pcrs.values[7][0] ^= 1;
    azure_vector_quote(&vector, &azure, by_template, AZURE_AK_TEMPLATE, &findings);
    lab_check_failure(&findings, "tpm-pcr-digest-mismatch");
}

#define PUBLIC_POLICY 8 /* offset of the size of authPolicy */

/* The genuine key under attributes or a policy that are not its own, as its owner may claim. */
static void test_a_public_area_that_is_not_the_tpms_is_refused(void)
{
    static const struct {
        uint32_t flip;
        const char *finding;
    } cases[] = {
        { TPM_OBJECT_NO_DA, "hcl-ak-name-mismatch" },
        { TPM_OBJECT_ADMIN_WITH_POLICY, "hcl-ak-name-mismatch" },
        { TPM_OBJECT_X509_SIGN, "hcl-ak-unfit" },
        { TPM_OBJECT_ST_CLEAR, "hcl-ak-unfit" },
        { TPM_OBJECT_ENCRYPTED_DUPLICATION, "hcl-ak-unfit" },
        { TPM_OBJECT_RESTRICTED, "tpm-ak-unrestricted" },
        { TPM_OBJECT_FIXED_TPM, "tpm-ak-not-bound-to-tpm" },
    };
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/genoa-v3-a");
    _cleanup_genuine_azure_ GenuineAzure azure = genuine(&vector);

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        _cleanup_bytes_ Bytes area = { 0 };
        check_int(azure_ak_public(&azure.claims.ak, &area), 0);
        for (size_t k = 0; k < 4; k++)
            area.data[4 + k] ^= (uint8_t)(cases[i].flip >> 8 * (3 - k));
        azure_vector_quote(&vector, &azure, VIEW(area), AZURE_AK_SENT, &findings);
        lab_check_failure(&findings, cases[i].finding);
    }
}

/* A key with a policy, as some hosts make it: with a guessed public area no more than a warning. */
static void test_another_template_is_noted(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-snp/genoa-v3-a");
    _cleanup_genuine_azure_ GenuineAzure azure = genuine(&vector);
    _cleanup_findings_ Findings guessed = { 0 }, sent = { 0 };
    _cleanup_bytes_ Bytes area = { 0 }, with_policy = { 0 };

    check_int(azure_ak_public(&azure.claims.ak, &area), 0);
    lab_put(&with_policy, area.data, PUBLIC_POLICY);
    lab_put_be(&with_policy, 32, 2);
    for (size_t i = 0; i < 32; i++)
        lab_put_be(&with_policy, i, 1);
    lab_put(&with_policy, area.data + PUBLIC_POLICY + 2, area.size - PUBLIC_POLICY - 2);
    azure_vector_quote(&vector, &azure, VIEW(with_policy), AZURE_AK_TEMPLATE, &guessed);
    lab_check_warning(&guessed, "hcl-ak-template-unknown");
    lab_check_no_failure(&guessed);
    azure_vector_quote(&vector, &azure, VIEW(with_policy), AZURE_AK_SENT, &sent);
    lab_check_failure(&sent, "hcl-ak-name-mismatch");
}

static void test_the_template_is_for_usual_keys_only(void)
{
    HclKey key = { .modulus_size = 256, .exponent = { 1, 0, 1 }, .exponent_size = 3 };
    _cleanup_bytes_ Bytes area = { 0 };

    key.modulus[0] = 0x80;
    key.modulus[255] = 1;
    check_int(azure_ak_public(&key, &area), 0);
    TpmPublic public;
    check_int(tpm_public_parse(VIEW(area), &public), TPM_PUBLIC_OK);
    check_int(public.attributes, 0x00050472);
    check_int(public.rsa_exponent, 65537);
    bytes_done(&area);
    area = (Bytes){ 0 };
    key.modulus_size = 128;
    check_int(azure_ak_public(&key, &area), -EINVAL);
    key.modulus_size = 256;
    key.exponent[2] = 3;
    check_int(azure_ak_public(&key, &area), -EINVAL);
    check(area.data == NULL);
}

/* The certificate that came with one of them is for that key, and leads to Azure's root. */
static void test_the_certificate_of_a_real_ak_is_for_it(void)
{
    _cleanup_azure_vector_ AzureVector vector = azure_vector("azure-tdx/tdx-akchain");
    _cleanup_genuine_azure_ GenuineAzure azure = genuine(&vector);
    _cleanup_bytes_ Bytes leaf = test_vector("azure-tdx/tdx-akchain/ak-cert.der");
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    check_int(certificate_parse(VIEW(leaf), &certificate), CERTIFICATE_OK);
    check(key_equal(certificate_key(certificate), azure.ak));
    check(json_is_true(json_object_get(vector.expected, "ak_cert_key_is_HCLAkPub")));
}

static const Test tests[] = {
    { "each real quote is by the key that the claims name",
      test_each_real_quote_is_by_the_key_that_the_claims_name },
    { "the quote of another VM is refused", test_the_quote_of_another_vm_is_refused },
    { "registers of another boot are refused", test_registers_of_another_boot_are_refused },
    { "a public area that is not the TPM's is refused",
      test_a_public_area_that_is_not_the_tpms_is_refused },
    { "another template is noted", test_another_template_is_noted },
    { "the template is for usual keys only", test_the_template_is_for_usual_keys_only },
    { "the certificate of a real AK is for it", test_the_certificate_of_a_real_ak_is_for_it },
};

TEST_MAIN(tests)
