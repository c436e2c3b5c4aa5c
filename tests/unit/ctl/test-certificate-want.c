/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/certificate-want.h"

#include "testing.h"

#define ZEROS "0000000000000000"
#define CHIP  "ab00000000000001" ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS "000000000000ffff"
#define SHORT "ab00000000000001" ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS
#define TCB                                                                                        \
    "\"reported_tcb\": {\"raw\": \"04000000000018db\", \"bootloader\": 4, \"tee\": 0,"             \
    " \"snp\": 24, \"microcode\": 219}"
#define FMC "\"reported_tcb\": {\"raw\": \"0104000000000018\", \"fmc\": 1, \"bootloader\": 4}"

static json_t *report(const char *members)
{
    _cleanup_free_ char *text = NULL;

    check(asprintf(&text, "{%s}", members) > 0);
    json_t *json = json_loads(text, 0, NULL);
    check(json != NULL);
    return json;
}

static void check_paths(const char *members, const char *first, const char *second)
{
    json_auto_t *json = report(members);
    CertificateWant wants[CERTIFICATE_WANTS_MAX];
    size_t n = 0;

    check_int(certificate_want_vcek(json, wants, &n), CERTIFICATE_WANT_OK);
    check_int(n, second ? 2 : 1);
    _cleanup_free_ char *path = certificate_want_path(&wants[0]);
    check_str(path, first);
    if (!second)
        return;
    _cleanup_free_ char *other = certificate_want_path(&wants[1]);
    check_str(other, second);
}

static void test_a_vcek_is_called_by_product_chip_and_tcb(void)
{
    check_paths("\"signing_key\": \"VCEK\", \"product_from_cpuid\": \"Genoa\", " TCB
                ", \"chip_id\": \"" CHIP "\"",
                "vcek/Genoa-" CHIP "-04000000000018db.der", NULL);
    check_paths("\"signing_key\": \"VCEK\", \"product_from_cpuid\": \"Turin\", " FMC
                ", \"chip_id\": \"" SHORT "\"",
                "vcek/Turin-ab00000000000001-0104000000000018.der", NULL);
}

static void test_without_a_product_there_are_two_or_the_one_with_an_fmc(void)
{
    check_paths("\"signing_key\": \"VCEK\", " TCB ", \"chip_id\": \"" CHIP "\"",
                "vcek/Milan-" CHIP "-04000000000018db.der",
                "vcek/Genoa-" CHIP "-04000000000018db.der");
    check_paths("\"signing_key\": \"VCEK\", " FMC ", \"chip_id\": \"" SHORT "\"",
                "vcek/Turin-ab00000000000001-0104000000000018.der", NULL);
}

typedef struct Refused {
    const char *members;
    int reason;
} Refused;

static const Refused refused[] = {
    { "", CERTIFICATE_WANT_E_VLEK },
    { "\"signing_key\": \"VLEK\", " TCB, CERTIFICATE_WANT_E_VLEK },
    { "\"signing_key\": \"VCEK\", \"product_from_cpuid\": \"Venice\", " TCB ", \"chip_id\": \"" CHIP
      "\"",
      CERTIFICATE_WANT_E_PRODUCT },
    { "\"signing_key\": \"VCEK\", " TCB, CERTIFICATE_WANT_E_CHIP },
    { "\"signing_key\": \"VCEK\", " TCB
      ", \"chip_id\": \"" ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS "\"",
      CERTIFICATE_WANT_E_CHIP },
    { "\"signing_key\": \"VCEK\", " TCB ", \"chip_id\": \"../../x\"", CERTIFICATE_WANT_E_CHIP },
    { "\"signing_key\": \"VCEK\", \"reported_tcb\": {\"raw\": \"../x\"}, \"chip_id\": \"" CHIP "\"",
      CERTIFICATE_WANT_E_CHIP },
};

static void test_what_has_no_certificate_is_named(void)
{
    for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
        json_auto_t *json = report(refused[i].members);
        CertificateWant wants[CERTIFICATE_WANTS_MAX];
        size_t n = 7;
        (void)printf("  %s\n", refused[i].members);
        check_int(certificate_want_vcek(json, wants, &n), refused[i].reason);
        check_int(n, 7);
    }
}

static void test_a_chain_is_called_by_product_and_key(void)
{
    json_auto_t *vcek = report("\"signing_key\": \"VCEK\", " TCB);
    json_auto_t *vlek = report("\"signing_key\": \"VLEK\", \"product_from_cpuid\": \"Turin\"");
    CertificateWant wants[CERTIFICATE_WANTS_MAX];
    size_t n = 0;

    check_int(certificate_want_chain(vcek, wants, &n), CERTIFICATE_WANT_OK);
    check_int(n, 2);
    _cleanup_free_ char *genoa = certificate_want_path(&wants[1]);
    check_str(genoa, "vcek-chain/Genoa.pem");
    check_int(certificate_want_chain(vlek, wants, &n), CERTIFICATE_WANT_OK);
    check_int(n, 1);
    _cleanup_free_ char *turin = certificate_want_path(&wants[0]);
    check_str(turin, "vlek-chain/Turin.pem");
}

static void test_noise_is_not_what_is_wanted(void)
{
    CertificateWant want = { .item = WANT_VCEK, .product = "Milan", .chip = "ab" };

    check(!certificate_want_is(&want, view_of_string("")));
    check(!certificate_want_is(&want, view_of_string("noise")));
    check(!certificate_want_is(&want, view_of_string("{\"keys\": []}")));
}

static const Test tests[] = {
    { "a VCEK is called by product, chip and TCB", test_a_vcek_is_called_by_product_chip_and_tcb },
    { "without a product there are two, or the one with an FMC",
      test_without_a_product_there_are_two_or_the_one_with_an_fmc },
    { "what has no certificate is named", test_what_has_no_certificate_is_named },
    { "a chain is called by product and key", test_a_chain_is_called_by_product_and_key },
    { "noise is not what is wanted", test_noise_is_not_what_is_wanted },
};

TEST_MAIN(tests)
