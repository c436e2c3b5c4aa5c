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
    { "keys are those of the certificates", test_keys_are_those_of_the_certificates },
};

TEST_MAIN(tests)
