/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD's keys as compiled in.
 */
#include "crypto/certificate.h"
#include "verify/amd-roots.h"

#include "lab.h"

static const SnpProduct products[] = { SNP_PRODUCT_MILAN, SNP_PRODUCT_GENOA, SNP_PRODUCT_TURIN };
static const char *const directories[] = { "milan", "genoa", "turin" };
static const char *const files[] = { "ark", "ask", "asvk" };

static void test_keys_are_those_of_the_certificates(void)
{
    for (size_t p = 0; p < ELEMENTSOF(products); p++) {
        for (AmdRole role = AMD_ARK; role < AMD_ROLE_COUNT; role++) {
            _cleanup_(certificate_freep) Certificate *certificate = NULL;
            _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
            char path[64], subject[32];
            Digest digest;
            (void)snprintf(path, sizeof(path), "amd-roots/%s/%s.der", directories[p], files[role]);
            _cleanup_bytes_ Bytes der = test_vector(path);
            check_int(certificate_from_der(VIEW(der), &certificate), CERTIFICATE_OK);
            check_int(certificate_spki_sha384(certificate, &digest), 0);
            check(memcmp(digest.data, amd_key(products[p], role)->digest.bytes, 48) == 0);
            check_int(strtoul(certificate_serial(certificate), NULL, 16),
                      amd_key(products[p], role)->serial);
            check_int(amd_roots_new(&roots), 0);
            check(key_equal(certificate_key(certificate), amd_roots_key(roots, products[p], role)));
            amd_subject(products[p], role, subject);
            check_str(certificate_subject_cn(certificate), subject);
        }
    }
}

static void test_digests_are_those_of_the_keys(void)
{
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;

    check_int(amd_roots_new(&roots), 0);
    check_int(amd_n_keys, 9);
    for (size_t i = 0; i < amd_n_keys; i++) {
        Digest digest;
        check_int(
            key_spki_sha384(amd_roots_key(roots, amd_keys[i].product, amd_keys[i].role), &digest),
            0);
        check(memcmp(digest.data, amd_keys[i].digest.bytes, 48) == 0);
    }
    check(!amd_roots_key(roots, SNP_PRODUCT_UNKNOWN, AMD_ARK));
    check(!amd_key(SNP_PRODUCT_UNKNOWN, AMD_ARK));
}

static void test_only_a_root_is_a_pinned_root(void)
{
    check(amd_root_is_pinned(SNP_PRODUCT_MILAN, &amd_key(SNP_PRODUCT_MILAN, AMD_ARK)->digest));
    check(!amd_root_is_pinned(SNP_PRODUCT_GENOA, &amd_key(SNP_PRODUCT_MILAN, AMD_ARK)->digest));
    check(!amd_root_is_pinned(SNP_PRODUCT_MILAN, &amd_key(SNP_PRODUCT_MILAN, AMD_ASK)->digest));
    check(!amd_root_is_pinned(SNP_PRODUCT_UNKNOWN, &amd_key(SNP_PRODUCT_MILAN, AMD_ARK)->digest));
}

static Certificate *load(const char *product, const char *role)
{
    char path[64];
    Certificate *certificate = NULL;

    (void)snprintf(path, sizeof(path), "amd-roots/%s/%s.der", product, role);
    _cleanup_bytes_ Bytes der = test_vector(path);
    check_int(certificate_from_der(VIEW(der), &certificate), CERTIFICATE_OK);
    return certificate;
}

static int from(const char *const (*wanted)[2], size_t n, AmdRoots **ret)
{
    _cleanup_certificates_ CertificateList list = { 0 };

    for (size_t i = 0; i < n; i++) {
        _cleanup_(certificate_freep) Certificate *certificate = load(wanted[i][0], wanted[i][1]);
        check_int(certificate_list_add(&list, certificate), 0);
    }
    return amd_roots_from(&list, ret);
}

static void test_roots_of_the_caller_take_the_place_of_amds(void)
{
    static const char *const whole[][2] = { { "milan", "asvk" }, { "milan", "ark" } };
    static const char *const no_root[][2] = { { "milan", "ask" } };
    static const char *const other_root[][2] = { { "milan", "ask" }, { "genoa", "ark" } };
    static const char *const twice[][2] = { { "milan", "ark" }, { "milan", "ark" } };
    const SpkiDigest *milan = &amd_key(SNP_PRODUCT_MILAN, AMD_ARK)->digest;
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL, *none = NULL;
    _cleanup_(certificate_freep) Certificate *stranger = NULL;
    _cleanup_certificates_ CertificateList list = { 0 };
    _cleanup_bytes_ Bytes vcek = test_vector("snp/milan-v3-vcek/vcek.der");
    bool known;

    check_int(from(whole, 2, &roots), AMD_ROOTS_OK);
    check(amd_roots_pin(roots, SNP_PRODUCT_MILAN, milan));
    check(!amd_roots_pin(roots, SNP_PRODUCT_GENOA, milan));
    check(amd_roots_key(roots, SNP_PRODUCT_MILAN, AMD_ASVK) != NULL);
    check(amd_roots_key(roots, SNP_PRODUCT_MILAN, AMD_ASK) == NULL);
    check(amd_roots_key(roots, SNP_PRODUCT_GENOA, AMD_ARK) == NULL);
    _cleanup_bytes_ Bytes der = test_vector("amd-roots/milan/ask.der");
    check_int(amd_roots_know(roots, VIEW(der), &known), 0);
    check(!known);

    check_int(from(no_root, 1, &none), AMD_ROOTS_E_CHAIN);
    check_int(from(other_root, 2, &none), AMD_ROOTS_E_CHAIN);
    check_int(from(twice, 2, &none), AMD_ROOTS_E_TWICE);
    check_int(certificate_from_der(VIEW(vcek), &stranger), CERTIFICATE_OK);
    check_int(certificate_list_add(&list, stranger), 0);
    check_int(amd_roots_from(&list, &none), AMD_ROOTS_E_SUBJECT);
    check(none == NULL);
}

static void test_amds_own_certificates_are_known(void)
{
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    _cleanup_bytes_ Bytes vcek = test_vector("snp/milan-v3-vcek/vcek.der");
    bool known;

    check_int(amd_roots_new(&roots), 0);
    for (size_t p = 0; p < ELEMENTSOF(products); p++) {
        check(amd_roots_pin(roots, products[p], &amd_key(products[p], AMD_ARK)->digest));
        for (AmdRole role = AMD_ARK; role < AMD_ROLE_COUNT; role++) {
            char path[64];
            (void)snprintf(path, sizeof(path), "amd-roots/%s/%s.der", directories[p], files[role]);
            _cleanup_bytes_ Bytes der = test_vector(path);
            check_int(amd_roots_know(roots, VIEW(der), &known), 0);
            check(known);
            der.data[der.size - 1] ^= 1;
            check_int(amd_roots_know(roots, VIEW(der), &known), 0);
            check(!known);
        }
    }
    check_int(amd_roots_know(roots, VIEW(vcek), &known), 0);
    check(!known);
}

static void test_a_listed_root_is_found(void)
{
    SpkiDigest list[2] = { { { 1 } }, { { 2 } } };
    SpkiDigest wanted = { { 2 } }, other = { { 3 } };

    check(spki_digest_is_listed(&wanted, list, 2));
    check(!spki_digest_is_listed(&wanted, list, 1));
    check(!spki_digest_is_listed(&other, list, 2));
    check(!spki_digest_is_listed(&wanted, NULL, 0));
}

static void test_subjects_tell_product_and_role(void)
{
    SnpProduct product;
    AmdRole role;

    check(amd_subject_parse("SEV-VLEK-Genoa", &product, &role));
    check(product == SNP_PRODUCT_GENOA && role == AMD_ASVK);
    check(amd_subject_parse("SEV-Turin", &product, &role));
    check(product == SNP_PRODUCT_TURIN && role == AMD_ASK);
    check(amd_subject_parse("ARK-Milan", &product, &role));
    check(product == SNP_PRODUCT_MILAN && role == AMD_ARK);
    check(!amd_subject_parse("SEV-VCEK", &product, &role));
    check(!amd_subject_parse("SEV-milan", &product, &role));
    check(!amd_subject_parse("ARK-", &product, &role));
    check(!amd_subject_parse("ARK-unknown", &product, &role));
    check(!amd_subject_parse("", &product, &role));
}

static const Test tests[] = {
    { "digests are those of the keys", test_digests_are_those_of_the_keys },
    { "only a root is a pinned root", test_only_a_root_is_a_pinned_root },
    { "a listed root is found", test_a_listed_root_is_found },
    { "subjects tell product and role", test_subjects_tell_product_and_role },
    { "roots of the caller take the place of AMD's",
      test_roots_of_the_caller_take_the_place_of_amds },
    { "AMD's own certificates are known", test_amds_own_certificates_are_known },
    { "keys are those of the certificates", test_keys_are_those_of_the_certificates },
};

TEST_MAIN(tests)
