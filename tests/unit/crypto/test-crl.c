/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation lists made to order.
 */
#include "crypto/crl.h"

#include "forge.h"
#include "testing.h"

#include <openssl/pem.h>

#define DAY INT64_C(86400)

typedef struct Lab {
    EVP_PKEY *root_key;
    EVP_PKEY *leaf_key;
    ForgeCertificate root;
    ForgeCertificate leaf;
    ForgeCrl crl;
} Lab;

static void lab_done(Lab *lab)
{
    EVP_PKEY_free(lab->root_key);
    EVP_PKEY_free(lab->leaf_key);
}
#define _cleanup_lab_ _cleanup_(lab_done)

static Lab lab_new(void)
{
    Lab lab = { .root_key = forge_pkey("P-384"), .leaf_key = forge_pkey("P-256") };

    lab.root = (ForgeCertificate){ .subject = "ARK",
                                   .issuer = "ARK",
                                   .key = lab.root_key,
                                   .issuer_key = lab.root_key,
                                   .serial = 1,
                                   .is_ca = true,
                                   .key_usage = "keyCertSign,cRLSign" };
    lab.leaf = (ForgeCertificate){ .subject = "ASK",
                                   .issuer = "ARK",
                                   .key = lab.leaf_key,
                                   .issuer_key = lab.root_key,
                                   .serial = 7 };
    lab.crl = (ForgeCrl){ .issuer = "ARK",
                          .issuer_key = lab.root_key,
                          .this_update_sec = FORGE_2030,
                          .next_update_sec = FORGE_2030 + 30 * DAY };
    return lab;
}

static int verify_at(const Lab *lab, int64_t at_sec)
{
    _cleanup_bytes_ Bytes der = forge_crl(&lab->crl);
    _cleanup_(certificate_freep) Certificate *root = forge_read(&lab->root);
    _cleanup_(crl_freep) Crl *crl = NULL;

    int r = crl_parse(VIEW(der), &crl);
    return r ? r : crl_verify(crl, root, at_sec);
}

static int lookup(const Lab *lab)
{
    _cleanup_bytes_ Bytes der = forge_crl(&lab->crl);
    _cleanup_(certificate_freep) Certificate *leaf = forge_read(&lab->leaf);
    _cleanup_(crl_freep) Crl *crl = NULL;

    check_int(crl_parse(VIEW(der), &crl), CRL_OK);
    check_int(crl_this_update_sec(crl), lab->crl.this_update_sec);
    check_int(crl_next_update_sec(crl), lab->crl.next_update_sec);
    return crl_lookup(crl, leaf);
}

static void a_current_list_verifies(void)
{
    _cleanup_lab_ Lab lab = lab_new();

    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_OK);
    check_int(lookup(&lab), CRL_OK);
}

static void a_listed_serial_is_revoked(void)
{
    _cleanup_lab_ Lab lab = lab_new();

    lab.crl.revoked = 7;
    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_OK);
    check_int(lookup(&lab), CRL_E_REVOKED);
    lab.crl.revoked = 8;
    check_int(lookup(&lab), CRL_OK);
}

static void a_serial_alone_is_found_too(void)
{
    _cleanup_lab_ Lab lab = lab_new();
    _cleanup_(crl_freep) Crl *crl = NULL;

    lab.crl.revoked = 0x10001;
    _cleanup_bytes_ Bytes der = forge_crl(&lab.crl);
    check_int(crl_parse(VIEW(der), &crl), CRL_OK);
    check_int(crl_lookup_serial(crl, 0x10001), CRL_E_REVOKED);
    check_int(crl_lookup_serial(crl, 0x10002), CRL_OK);
    check_int(crl_lookup_serial(crl, 0), CRL_OK);
}

static void a_list_by_another_key_is_refused(void)
{
    _cleanup_lab_ Lab lab = lab_new();
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *other = forge_pkey("P-384");

    lab.crl.issuer_key = other;
    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_E_SIGNATURE);
}

static void a_list_signed_with_sha1_is_refused(void)
{
    _cleanup_lab_ Lab lab = lab_new();

    lab.crl.digest = "SHA1";
    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_E_SIGNATURE);
}

static void a_list_by_another_name_is_refused(void)
{
    _cleanup_lab_ Lab lab = lab_new();

    lab.crl.issuer = "KRA";
    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_E_ISSUER);
    check_int(lookup(&lab), CRL_E_ISSUER);
}

static void an_issuer_without_the_right_to_sign_lists_is_refused(void)
{
    _cleanup_lab_ Lab lab = lab_new();

    lab.root.key_usage = "keyCertSign";
    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_E_ISSUER);
}

static void dates_are_those_of_the_given_time(void)
{
    _cleanup_lab_ Lab lab = lab_new();

    check_int(verify_at(&lab, FORGE_2030 - 1), CRL_E_NOT_YET);
    check_int(verify_at(&lab, FORGE_2030), CRL_OK);
    check_int(verify_at(&lab, FORGE_2030 + 30 * DAY), CRL_E_EXPIRED);
    lab.crl.next_update_sec = 0;
    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_E_EXPIRED);
}

static void a_partial_list_is_refused(void)
{
    _cleanup_lab_ Lab lab = lab_new();

    lab.crl.critical_extension = true;
    check_int(verify_at(&lab, FORGE_2030 + DAY), CRL_E_SYNTAX);
}

static void a_flipped_bit_is_refused(void)
{
    _cleanup_lab_ Lab lab = lab_new();
    _cleanup_bytes_ Bytes der = forge_crl(&lab.crl);
    _cleanup_(certificate_freep) Certificate *root = forge_read(&lab.root);

    for (size_t i = 0; i < der.size; i++) {
        _cleanup_(crl_freep) Crl *crl = NULL;
        der.data[i] ^= (uint8_t)(1 << i % 8);
        int r = crl_parse(VIEW(der), &crl);
        check((r ? r : crl_verify(crl, root, FORGE_2030 + DAY)) > 0);
        der.data[i] ^= (uint8_t)(1 << i % 8);
    }
}

static void pem_is_read_and_the_rest_refused(void)
{
    _cleanup_lab_ Lab lab = lab_new();
    _cleanup_bytes_ Bytes der = forge_crl(&lab.crl);
    _cleanup_(crl_freep) Crl *crl = NULL;
    Crl *none = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;

    check(PEM_write_bio(bio, "X509 CRL", "", der.data, (long)der.size) > 0);
    long size = BIO_get_mem_data(bio, &text);
    check_int(crl_parse((ByteView){ (const uint8_t *)text, (size_t)size }, &crl), CRL_OK);
    BIO_free(bio);

    check_int(crl_parse((ByteView){ 0 }, &none), CRL_E_SYNTAX);
    check_int(crl_parse(view_of_string("hello"), &none), CRL_E_SYNTAX);
    check_int(crl_parse((ByteView){ der.data, der.size - 1 }, &none), CRL_E_SYNTAX);
    check_int(bytes_append_u8(&der, 0), 0);
    check_int(crl_parse(VIEW(der), &none), CRL_E_SYNTAX);
}

/* As for AMD's roots, whose keys are known without their certificates. */
static void a_list_verifies_by_key_and_name_alone(void)
{
    _cleanup_lab_ Lab lab = lab_new();
    _cleanup_bytes_ Bytes der = forge_crl(&lab.crl);
    _cleanup_(key_freep) Key *root = forge_key_of(lab.root_key);
    _cleanup_(key_freep) Key *leaf = forge_key_of(lab.leaf_key);
    _cleanup_(crl_freep) Crl *crl = NULL;
    int64_t at = FORGE_2030 + DAY;

    check_int(crl_parse(VIEW(der), &crl), CRL_OK);
    check_int(crl_verify_by_key(crl, "ARK", root, at), CRL_OK);
    check_int(crl_verify_by_key(crl, "ARK", root, FORGE_2030 - 1), CRL_E_NOT_YET);
    check_int(crl_verify_by_key(crl, "ARK", root, FORGE_2030 + 30 * DAY), CRL_E_EXPIRED);
    check_int(crl_verify_by_key(crl, "ARK", root, CERTIFICATE_TIME_ANY), CRL_OK);
    check_int(crl_verify_by_key(crl, "ARK", leaf, at), CRL_E_SIGNATURE);
    check_int(crl_verify_by_key(crl, "AR", root, at), CRL_E_ISSUER);
    check_int(crl_verify_by_key(crl, "ARKS", root, at), CRL_E_ISSUER);
    check_int(verify_at(&lab, CERTIFICATE_TIME_ANY), CRL_OK);
}

static const Test tests[] = {
    { "a current list verifies", a_current_list_verifies },
    { "a listed serial is revoked", a_listed_serial_is_revoked },
    { "a serial alone is found too", a_serial_alone_is_found_too },
    { "a list by another key is refused", a_list_by_another_key_is_refused },
    { "a list signed with SHA-1 is refused", a_list_signed_with_sha1_is_refused },
    { "a list by another name is refused", a_list_by_another_name_is_refused },
    { "an issuer without the right to sign lists is refused",
      an_issuer_without_the_right_to_sign_lists_is_refused },
    { "dates are those of the given time", dates_are_those_of_the_given_time },
    { "a list verifies by key and name alone", a_list_verifies_by_key_and_name_alone },
    { "a partial list is refused", a_partial_list_is_refused },
    { "a flipped bit is refused", a_flipped_bit_is_refused },
    { "PEM is read and the rest refused", pem_is_read_and_the_rest_refused },
};

TEST_MAIN(tests)
