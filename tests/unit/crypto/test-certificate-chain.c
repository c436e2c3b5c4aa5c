/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains to configured anchors at a given time: root, intermediate, AK.
 */
#include "crypto/certificate.h"

#include "forge.h"
#include "testing.h"

typedef struct Family {
    EVP_PKEY *root_key;
    EVP_PKEY *middle_key;
    EVP_PKEY *leaf_key;
    ForgeCertificate root;
    ForgeCertificate middle;
    ForgeCertificate leaf;
} Family;

static void family_done(Family *family)
{
    EVP_PKEY_free(family->root_key);
    EVP_PKEY_free(family->middle_key);
    EVP_PKEY_free(family->leaf_key);
}

static Family family_new(void)
{
    Family f = { .root_key = forge_pkey("P-384"),
                 .middle_key = forge_pkey("P-256"),
                 .leaf_key = forge_pkey("P-256") };

    f.root = (ForgeCertificate){ .subject = "Root",
                                 .issuer = "Root",
                                 .key = f.root_key,
                                 .issuer_key = f.root_key,
                                 .serial = 1,
                                 .is_ca = true,
                                 .key_usage = "keyCertSign" };
    f.middle = (ForgeCertificate){ .subject = "Middle",
                                   .issuer = "Root",
                                   .key = f.middle_key,
                                   .issuer_key = f.root_key,
                                   .serial = 2,
                                   .is_ca = true,
                                   .key_usage = "keyCertSign" };
    f.leaf = (ForgeCertificate){ .subject = "AK",
                                 .issuer = "Middle",
                                 .key = f.leaf_key,
                                 .issuer_key = f.middle_key,
                                 .serial = 3 };
    return f;
}

static int verify_at(const Family *family, bool with_middle, int64_t at_sec)
{
    _cleanup_(certificate_freep) Certificate *root = forge_read(&family->root);
    _cleanup_(certificate_freep) Certificate *middle = forge_read(&family->middle);
    _cleanup_(certificate_freep) Certificate *leaf = forge_read(&family->leaf);
    _cleanup_certificates_ CertificateList anchors = { 0 };
    _cleanup_certificates_ CertificateList intermediates = { 0 };
    const char *text = NULL;

    check_int(certificate_list_add(&anchors, root), 0);
    if (with_middle)
        check_int(certificate_list_add(&intermediates, middle), 0);
    int r = certificate_verify_chain(leaf, &intermediates, &anchors, at_sec, &text);
    check((r == CERTIFICATE_OK) == (text == NULL));
    return r;
}

#define _cleanup_family_ _cleanup_(family_done)

static void a_whole_chain_verifies(void)
{
    _cleanup_family_ Family family = family_new();

    check_int(verify_at(&family, true, FORGE_2030), CERTIFICATE_OK);
}

static void a_missing_intermediate_is_untrusted(void)
{
    _cleanup_family_ Family family = family_new();

    check_int(verify_at(&family, false, FORGE_2030), CERTIFICATE_E_UNTRUSTED);
}

static void dates_are_those_of_the_given_time(void)
{
    _cleanup_family_ Family family = family_new();

    check_int(verify_at(&family, true, FORGE_2025 - 10), CERTIFICATE_E_NOT_YET);
    check_int(verify_at(&family, true, FORGE_2035 + 10), CERTIFICATE_E_EXPIRED);
}

static void an_expired_intermediate_breaks_the_chain(void)
{
    _cleanup_family_ Family family = family_new();

    family.middle.not_after_sec = FORGE_2030 - 1;
    check_int(verify_at(&family, true, FORGE_2030 + 1), CERTIFICATE_E_EXPIRED);
}

static void a_signature_by_another_key_breaks_the_chain(void)
{
    _cleanup_family_ Family family = family_new();
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *other = forge_pkey("P-256");

    family.leaf.issuer_key = other;
    check_int(verify_at(&family, true, FORGE_2030), CERTIFICATE_E_SIGNATURE);
}

static void an_issuer_that_is_no_ca_breaks_the_chain(void)
{
    _cleanup_family_ Family family = family_new();

    family.middle.is_ca = false;
    check(verify_at(&family, true, FORGE_2030) > 0);
    family.middle.is_ca = true;
    family.middle.key_usage = "digitalSignature";
    check(verify_at(&family, true, FORGE_2030) > 0);
}

static void an_unknown_critical_extension_breaks_the_chain(void)
{
    _cleanup_family_ Family family = family_new();

    family.leaf.extension_oid = "1.3.6.1.4.1.99999.1";
    check_int(verify_at(&family, true, FORGE_2030), CERTIFICATE_OK);
    family.leaf.extension_critical = true;
    check_int(verify_at(&family, true, FORGE_2030), CERTIFICATE_E_CHAIN);
}

static void a_sha1_link_breaks_the_chain(void)
{
    _cleanup_family_ Family family = family_new();

    family.middle.digest = "SHA1";
    check_int(verify_at(&family, true, FORGE_2030), CERTIFICATE_E_CHAIN);
}

static void a_stranger_with_the_same_name_is_no_anchor(void)
{
    _cleanup_family_ Family family = family_new();
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *other = forge_pkey("P-384");

    family.root.key = other;
    family.root.issuer_key = other;
    check(verify_at(&family, true, FORGE_2030) > 0);
}

/* The list of intermediates comes from the machine that is judged. */
static void a_root_among_the_intermediates_is_no_anchor(void)
{
    _cleanup_family_ Family family = family_new();
    _cleanup_(certificate_freep) Certificate *root = forge_read(&family.root);
    _cleanup_(certificate_freep) Certificate *middle = forge_read(&family.middle);
    _cleanup_(certificate_freep) Certificate *leaf = forge_read(&family.leaf);
    _cleanup_certificates_ CertificateList all = { 0 };
    CertificateList nobody = { 0 };

    check_int(certificate_list_add(&all, root), 0);
    check_int(certificate_list_add(&all, middle), 0);
    check_int(certificate_verify_chain(leaf, &all, &nobody, FORGE_2030, NULL),
              CERTIFICATE_E_UNTRUSTED);
    check_int(certificate_verify_chain(root, NULL, &nobody, FORGE_2030, NULL),
              CERTIFICATE_E_UNTRUSTED);
    check_int(certificate_verify_chain(leaf, NULL, NULL, FORGE_2030, NULL),
              CERTIFICATE_E_UNTRUSTED);
}

static void a_pinned_intermediate_is_anchor_enough(void)
{
    _cleanup_family_ Family family = family_new();
    _cleanup_(certificate_freep) Certificate *middle = forge_read(&family.middle);
    _cleanup_(certificate_freep) Certificate *leaf = forge_read(&family.leaf);
    _cleanup_certificates_ CertificateList anchors = { 0 };

    check_int(certificate_list_add(&anchors, middle), 0);
    check_int(certificate_verify_chain(leaf, NULL, &anchors, FORGE_2030, NULL), CERTIFICATE_OK);
}

static const Test tests[] = {
    { "a whole chain verifies", a_whole_chain_verifies },
    { "a missing intermediate is untrusted", a_missing_intermediate_is_untrusted },
    { "dates are those of the given time", dates_are_those_of_the_given_time },
    { "an expired intermediate breaks the chain", an_expired_intermediate_breaks_the_chain },
    { "a signature by another key breaks the chain", a_signature_by_another_key_breaks_the_chain },
    { "an issuer that is no CA breaks the chain", an_issuer_that_is_no_ca_breaks_the_chain },
    { "an unknown critical extension breaks the chain",
      an_unknown_critical_extension_breaks_the_chain },
    { "a SHA-1 link breaks the chain", a_sha1_link_breaks_the_chain },
    { "a stranger with the same name is no anchor", a_stranger_with_the_same_name_is_no_anchor },
    { "a root among the intermediates is no anchor", a_root_among_the_intermediates_is_no_anchor },
    { "a pinned intermediate is anchor enough", a_pinned_intermediate_is_anchor_enough },
};

TEST_MAIN(tests)
