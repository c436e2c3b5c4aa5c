/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which key attests, on a real swtpm: order, attributes, names of every refusal, nothing left
 * loaded.
 */
#include "format/tpm-public.h"
#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"

#include <tss2/tss2_mu.h>

#define AK_ATTRIBUTES 0x00050472u /* spec of a restricted signing key without policy */

/* A signing key that attests, to be spoiled by the tests. */
static TPMT_PUBLIC good_template(void)
{
    return (TPMT_PUBLIC){
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = AK_ATTRIBUTES,
        .parameters.eccDetail = {
            .symmetric = { .algorithm = TPM2_ALG_NULL },
            .scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
            .curveID = TPM2_ECC_NIST_P256,
            .kdf = { .scheme = TPM2_ALG_NULL },
        },
        .unique.ecc = { .x = { .size = 32, .buffer = "vendor" }, .y = { .size = 32 } },
    };
}

static void define_template(TpmContext *tpm, uint32_t index, const TPMT_PUBLIC *template)
{
    uint8_t buffer[sizeof(*template)];
    size_t size = 0;

    check_int(Tss2_MU_TPMT_PUBLIC_Marshal(template, buffer, sizeof(buffer), &size), 0);
    swtpm_define_nv(tpm, index, (ByteView){ .data = buffer, .size = size });
}

static TpmKey *find(TpmContext *tpm, const char *choice)
{
    TpmKey *key = NULL;

    check_int(tpm_attestation_key_find(tpm, choice, &key), TPM_ATTESTATION_KEY_OK);
    return key;
}

static Bytes public_of(TpmContext *tpm, const char *choice)
{
    _cleanup_(tpm_key_freep) TpmKey *key = find(tpm, choice);
    Bytes copy;

    check_int(bytes_copy(VIEW(key->public_area), &copy), 0);
    return copy;
}

static void our_key_is_the_same_each_time(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_bytes_ Bytes first = public_of(tpm, "template");
    tpm_context_free(tpm);

    swtpm_restart(&swtpm);
    tpm = swtpm_open(&swtpm);
    _cleanup_bytes_ Bytes again = public_of(tpm, "auto");
    tpm_context_free(tpm);

    check(view_equal(VIEW(first), VIEW(again)));
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void our_key_has_the_attributes_of_an_attestation_key(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *key = find(tpm, "auto");
    TpmPublic area;

    check_int(tpm_public_parse(VIEW(key->public_area), &area), TPM_PUBLIC_OK);
    check_int(area.attributes, AK_ATTRIBUTES);
    check_int(area.scheme, TPM_ALG_ECDSA);
    check_int(area.scheme_hash, TPM_ALG_SHA256);
    check_int(area.curve, TPM_CURVE_P256);
    check_int(area.auth_policy.size, 0);
    check_int(key->name.size, 34);
    check_int(key->certificate.size, 0);
    check(!key->in_owner_hierarchy);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_vendor_template_comes_first_and_brings_its_certificate(void)
{
    static const uint8_t padded[] = { 0x30, 0x03, 0x02, 0x01, 0x05, 0xff, 0xff, 0xff };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TPMT_PUBLIC template = good_template();

    define_template(tpm, 0x01c10003, &template);
    swtpm_define_nv(tpm, 0x01c10002, VIEW_OF_ARRAY(padded));
    TpmKey *key = find(tpm, "auto");
    check_int(key->certificate.size, 5);
    check_int(key->certificate.data[1], 3);
    _cleanup_bytes_ Bytes own = public_of(tpm, "template");
    check(!view_equal(VIEW(own), VIEW(key->public_area)));
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void an_rsa_template_is_taken_where_there_is_no_elliptic_one(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TPMT_PUBLIC template = {
        .type = TPM2_ALG_RSA,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = AK_ATTRIBUTES,
        .parameters.rsaDetail = {
            .symmetric = { .algorithm = TPM2_ALG_NULL },
            .scheme = { .scheme = TPM2_ALG_RSASSA, .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
            .keyBits = 2048,
        },
        .unique.rsa = { .size = 256 },
    };
    TpmPublic area;

    define_template(tpm, 0x01c10001, &template);
    TpmKey *key = find(tpm, "auto");
    check_int(tpm_public_parse(VIEW(key->public_area), &area), TPM_PUBLIC_OK);
    check_int(area.type, TPM_ALG_RSA);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void the_paravisors_handle_counts_only_beside_its_report(void)
{
    static const uint8_t report[] = "HCLA";
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TPMT_PUBLIC template = good_template();
    TpmKey *vendor = NULL, *key;

    check_int(tpm_key_create(tpm, ESYS_TR_RH_ENDORSEMENT, &template, &vendor), 0);
    swtpm_persist(tpm, vendor->handle, 0x81000003);

    key = find(tpm, "auto");
    check_int(key->persistent, 0);
    tpm_key_free(key);

    swtpm_define_nv(tpm, 0x01400001, VIEW_OF_ARRAY(report));
    key = find(tpm, "auto");
    check_int(key->persistent, 0x81000003);
    check(view_equal(VIEW(key->public_area), VIEW(vendor->public_area)));
    check(view_equal(VIEW(key->name), VIEW(vendor->name)));
    tpm_key_free(key);
    tpm_key_free(vendor);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void a_handle_that_is_empty_or_no_handle_is_named(void)
{
    static const char *const no_handles[] = {
        "", "0x81", "81000003", "0x810000033", "0x01c10003", "0x8100000g", "Auto", "0x81-00001"
    };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *key = NULL;

    check_int(tpm_attestation_key_find(tpm, "0x81000009", &key), TPM_ATTESTATION_KEY_E_ABSENT);
    for (size_t i = 0; i < ELEMENTSOF(no_handles); i++)
        check_int(tpm_attestation_key_find(tpm, no_handles[i], &key), TPM_ATTESTATION_KEY_E_CHOICE);
    check(key == NULL);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

/* Persists a key made from TEMPLATE and expects the choice of its handle to be refused. */
static void check_refused(TpmContext *tpm, uint32_t handle, const TPMT_PUBLIC *template, int no)
{
    TpmKey *bad = NULL, *key = NULL;
    char choice[16];

    check_int(tpm_key_create(tpm, ESYS_TR_RH_OWNER, template, &bad), 0);
    swtpm_persist(tpm, bad->handle, handle);
    tpm_key_free(bad);
    (void)snprintf(choice, sizeof(choice), "0x%08x", handle);
    check_int(tpm_attestation_key_find(tpm, choice, &key), no);
    check(key == NULL);
}

static void a_key_that_cannot_attest_is_refused_by_name(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    TPMT_PUBLIC template = good_template();
    template.objectAttributes &= ~TPMA_OBJECT_RESTRICTED;
    check_refused(tpm, 0x81000011, &template, TPM_ATTESTATION_KEY_E_NOT_RESTRICTED);

    template = good_template();
    template.objectAttributes &= ~(TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT);
    template.objectAttributes |= TPMA_OBJECT_DECRYPT;
    template.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
    check_refused(tpm, 0x81000012, &template, TPM_ATTESTATION_KEY_E_NOT_SIGNING);

    template = good_template();
    template.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECSCHNORR;
    check_refused(tpm, 0x81000013, &template, TPM_ATTESTATION_KEY_E_SCHEME);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void attributes_are_judged_one_by_one(void)
{
    static const struct {
        TPMA_OBJECT attributes;
        int no;
    } cases[] = {
        { AK_ATTRIBUTES, TPM_KEY_OK },
        { AK_ATTRIBUTES & ~TPMA_OBJECT_FIXEDTPM, TPM_KEY_E_NOT_FIXED },
        { AK_ATTRIBUTES & ~TPMA_OBJECT_FIXEDPARENT, TPM_KEY_E_NOT_FIXED },
        { AK_ATTRIBUTES & ~TPMA_OBJECT_SENSITIVEDATAORIGIN, TPM_KEY_E_NOT_FIXED },
        { AK_ATTRIBUTES & ~TPMA_OBJECT_RESTRICTED, TPM_KEY_E_NOT_RESTRICTED },
        { AK_ATTRIBUTES & ~TPMA_OBJECT_SIGN_ENCRYPT, TPM_KEY_E_NOT_SIGNING },
        { AK_ATTRIBUTES | TPMA_OBJECT_DECRYPT, TPM_KEY_E_NOT_SIGNING },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        TPMT_PUBLIC area = good_template();
        uint8_t buffer[sizeof(area)];
        size_t size = 0;
        area.objectAttributes = cases[i].attributes;
        check_int(Tss2_MU_TPMT_PUBLIC_Marshal(&area, buffer, sizeof(buffer), &size), 0);
        check_int(tpm_key_check_attestation((ByteView){ .data = buffer, .size = size }),
                  cases[i].no);
    }
    check_int(tpm_key_check_attestation((ByteView){ 0 }), TPM_KEY_E_SCHEME);
}

static void a_vendor_template_that_cannot_be_read_is_named(void)
{
    static const uint8_t junk[] = { 0x00, 0x23, 0x00, 0x0b, 0x00 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *key = NULL;

    swtpm_define_nv(tpm, 0x01c10003, VIEW_OF_ARRAY(junk));
    check_int(tpm_attestation_key_find(tpm, "auto", &key), TPM_ATTESTATION_KEY_E_TEMPLATE);
    check_int(tpm_attestation_key_find(tpm, "template", &key), TPM_ATTESTATION_KEY_OK);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void lock_hierarchy(TpmContext *tpm, ESYS_TR hierarchy)
{
    const TPM2B_AUTH value = { .size = 4, .buffer = "abcd" };

    check_int(Esys_HierarchyChangeAuth(tpm->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &value),
              TSS2_RC_SUCCESS);
}

static void a_locked_endorsement_hierarchy_leads_to_the_owners(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *key = NULL;

    lock_hierarchy(tpm, ESYS_TR_RH_ENDORSEMENT);
    tpm_context_free(tpm);

    tpm = swtpm_open(&swtpm);
    key = find(tpm, "auto");
    check(key->in_owner_hierarchy);
    key = tpm_key_free(key);
    lock_hierarchy(tpm, ESYS_TR_RH_OWNER);
    tpm_context_free(tpm);

    tpm = swtpm_open(&swtpm);
    check_int(tpm_attestation_key_find(tpm, "auto", &key), -EACCES);
    check_str(tpm->failure.finding, "tpm-authorization-needed");
    check(key == NULL);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "our key is the same each time, also after a reset", our_key_is_the_same_each_time },
    { "our key has the attributes of an attestation key",
      our_key_has_the_attributes_of_an_attestation_key },
    { "a vendor template comes first and brings its certificate without padding",
      a_vendor_template_comes_first_and_brings_its_certificate },
    { "an RSA template is taken where there is no elliptic one",
      an_rsa_template_is_taken_where_there_is_no_elliptic_one },
    { "the paravisor's handle counts only beside its report",
      the_paravisors_handle_counts_only_beside_its_report },
    { "a handle that is empty, or no handle, is named",
      a_handle_that_is_empty_or_no_handle_is_named },
    { "a key that cannot attest is refused by name", a_key_that_cannot_attest_is_refused_by_name },
    { "attributes are judged one by one", attributes_are_judged_one_by_one },
    { "a vendor template that cannot be read is named",
      a_vendor_template_that_cannot_be_read_is_named },
    { "a locked endorsement hierarchy leads to the owner's, and two locked ones to a name",
      a_locked_endorsement_hierarchy_leads_to_the_owners },
};

TEST_MAIN(tests)
