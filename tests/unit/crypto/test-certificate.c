/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates made to order: what they say, and what is turned away.
 */
#include "crypto/certificate.h"

#include "forge.h"
#include "testing.h"

#include <openssl/pem.h>

#define OID_BL_SPL "1.3.6.1.4.1.3704.1.3.1"

static ForgeCertificate self_signed(EVP_PKEY *pkey)
{
    return (ForgeCertificate){ .subject = "Root",
                               .issuer = "Root",
                               .key = pkey,
                               .issuer_key = pkey,
                               .serial = 0x1ab,
                               .is_ca = true,
                               .key_usage = "critical,keyCertSign,cRLSign",
                               .extension_oid = OID_BL_SPL };
}

static int parse(ByteView der)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    return certificate_from_der(der, &certificate);
}

static void a_certificate_says_what_was_written(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);
    ForgeCertificate wanted = self_signed(pkey);
    wanted.extended_usage = "2.23.133.8.3";
    _cleanup_(certificate_freep) Certificate *certificate = forge_read(&wanted);
    _cleanup_bytes_ Bytes spki = { 0 };

    check_str(certificate_subject_cn(certificate), "Root");
    check_str(certificate_issuer_cn(certificate), "Root");
    check_str(certificate_serial(certificate), "1ab");
    check_int(certificate_not_before_sec(certificate), FORGE_2025);
    check_int(certificate_not_after_sec(certificate), FORGE_2035);
    check(certificate_is_valid_at(certificate, FORGE_2030));
    check(!certificate_is_valid_at(certificate, FORGE_2025 - 1));
    check(!certificate_is_valid_at(certificate, FORGE_2035 + 1));
    check(certificate_is_ca(certificate) && certificate_is_self_issued(certificate));
    check(certificate_has_extended_usage(certificate, "2.23.133.8.3"));
    check(!certificate_has_extended_usage(certificate, "2.23.133.8.1"));
    check(key_equal(certificate_key(certificate), key));
    check_int(key_to_spki(key, &spki), 0);
    check(view_equal(certificate_spki(certificate), VIEW(spki)));
}

static void what_ends_soon_is_told_by_its_life(void)
{
    const int64_t day = 86400;

    /* Ten years: the last 30 days. */
    check(!validity_ends_soon(0, 3650 * day, 3620 * day));
    check(validity_ends_soon(0, 3650 * day, 3620 * day + 1));
    /* 90 days, renewed at 30: the last quarter. */
    check(!validity_ends_soon(0, 90 * day, 60 * day));
    check(validity_ends_soon(0, 90 * day, 70 * day));
    /* Behind its end, and where nothing is valid at all. */
    check(validity_ends_soon(0, 90 * day, 100 * day));
    check(validity_ends_soon(90 * day, 0, 1 * day));
}

static void an_extension_is_found_by_number(void)
{
    static const uint8_t seven[] = { 0x02, 0x01, 0x07 };
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    _cleanup_(certificate_freep) Certificate *certificate = forge_read(&wanted);
    ByteView value;
    char oid[64];
    size_t n = 0;

    check_int(certificate_extension(certificate, OID_BL_SPL, &value), CERTIFICATE_OK);
    check(view_equal(value, VIEW_OF_ARRAY(seven)));
    check_int(certificate_extension(certificate, "1.3.6.1.4.1.3704.1.3.2", &value),
              CERTIFICATE_E_ABSENT);
    check_int(certificate_extension(certificate, "not an oid", &value), CERTIFICATE_E_ABSENT);
    while (certificate_extension_at(certificate, n, oid, sizeof(oid)))
        n++;
    check_int(n, 3);
    check(certificate_extension_at(certificate, 2, oid, sizeof(oid)));
    check_str(oid, OID_BL_SPL);
}

static void an_extension_twice_is_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    wanted.extension_twice = true;
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);

    check_int(parse(VIEW(der)), CERTIFICATE_E_DUPLICATE);
}

static void bytes_behind_are_refused_and_can_be_trimmed(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);
    size_t size = der.size;

    for (int i = 0; i < 16; i++)
        check_int(bytes_append_u8(&der, 0xff), 0);
    check_int(parse(VIEW(der)), CERTIFICATE_E_TRAILING);
    check_int(certificate_trim(VIEW(der)).size, size);
    check_int(parse(certificate_trim(VIEW(der))), CERTIFICATE_OK);
    check_int(certificate_trim((ByteView){ der.data, 3 }).size, 3);
    check_int(certificate_trim((ByteView){ der.data, size - 1 }).size, size - 1);
}

static void every_truncation_is_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);

    for (size_t size = 0; size < der.size; size++)
        check_int(parse((ByteView){ der.data, size }), CERTIFICATE_E_SYNTAX);
}

static void a_weak_key_is_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("RSA-1024");
    ForgeCertificate wanted = self_signed(pkey);
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);

    check_int(parse(VIEW(der)), CERTIFICATE_E_KEY);
}

static void a_certificate_with_a_refused_key_can_be_shown(void)
{
    static const struct {
        const char *kind, *name;
        bool is_accepted;
    } rows[] = {
        { "RSA-1024", "RSA-1024", false },
        { "RSA-2048", "RSA-2048", true },
        { "P-384", "P-384", true },
        { "ED25519", "Ed25519", true },
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey(rows[i].kind);
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        ForgeCertificate wanted = self_signed(pkey);
        wanted.digest = rows[i].kind[0] == 'E' ? "" : NULL;
        _cleanup_bytes_ Bytes der = forge_certificate(&wanted);
        char name[CERTIFICATE_KEY_NAME_SIZE];

        check_int(certificate_from_der_to_show(VIEW(der), &certificate), CERTIFICATE_OK);
        check_int(certificate_key(certificate) != NULL, rows[i].is_accepted);
        check(certificate_spki(certificate).size > 0);
        certificate_key_name(certificate, name);
        check_str(name, rows[i].name);
    }
}

static void a_name_may_be_empty(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    wanted.subject = NULL;
    _cleanup_(certificate_freep) Certificate *certificate = forge_read(&wanted);

    check_str(certificate_subject_cn(certificate), "");
}

/* "Root" becomes "Ro\0t": what follows the NUL would be invisible. */
static void a_nul_in_a_name_is_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);
    uint8_t *at = memmem(der.data, der.size, "Root", 4);

    check(at != NULL);
    at[2] = 0;
    check_int(parse(VIEW(der)), CERTIFICATE_E_SYNTAX);
}

static void a_ca_needs_both_flags(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    wanted.key_usage = "digitalSignature";
    _cleanup_(certificate_freep) Certificate *no_usage = forge_read(&wanted);
    wanted = self_signed(pkey);
    wanted.is_ca = false;
    _cleanup_(certificate_freep) Certificate *no_constraint = forge_read(&wanted);
    wanted = self_signed(pkey);
    wanted.key_usage = NULL;
    _cleanup_(certificate_freep) Certificate *any_usage = forge_read(&wanted);

    check(!certificate_is_ca(no_usage));
    check(!certificate_is_ca(no_constraint));
    check(certificate_is_ca(any_usage));
}

static void the_purposes_of_a_key_are_told(void)
{
    static const struct {
        const char *key_usage;
        bool is_ca, there, claims_ca;
        unsigned usage;
    } cases[] = {
        { NULL, false, false, false, 0 },
        { NULL, true, false, true, 0 },
        { "digitalSignature", false, true, false, CERTIFICATE_USAGE_SIGN },
        { "digitalSignature", true, true, true, CERTIFICATE_USAGE_SIGN },
        { "keyEncipherment,keyAgreement", false, true, false,
          CERTIFICATE_USAGE_ENCIPHER | CERTIFICATE_USAGE_AGREE },
        { "keyCertSign", false, true, true, CERTIFICATE_USAGE_SIGN_CERT },
        { "cRLSign", false, true, false, 0 },
    };
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        ForgeCertificate wanted = self_signed(pkey);
        unsigned usage = 0;
        wanted.is_ca = cases[i].is_ca;
        wanted.key_usage = cases[i].key_usage;
        _cleanup_(certificate_freep) Certificate *certificate = forge_read(&wanted);
        check_int(certificate_key_usage(certificate, &usage), cases[i].there);
        check_int(usage, cases[i].usage);
        check_int(certificate_claims_ca(certificate), cases[i].claims_ca);
    }
}

static Bytes pem_of(const Bytes *ders, size_t n)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    Bytes pem = { 0 };

    check(BIO_puts(bio, "a note above\n") > 0);
    for (size_t i = 0; i < n; i++)
        check(PEM_write_bio(bio, "CERTIFICATE", "", ders[i].data, (long)ders[i].size) > 0);
    check(BIO_puts(bio, "\n") > 0);
    long size = BIO_get_mem_data(bio, &text);
    check_int(bytes_copy((ByteView){ (const uint8_t *)text, (size_t)size }, &pem), 0);
    BIO_free(bio);
    return pem;
}

static void pem_and_der_are_told_apart(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);
    _cleanup_bytes_ Bytes pem = pem_of(&der, 1);
    _cleanup_(certificate_freep) Certificate *from_der = NULL;
    _cleanup_(certificate_freep) Certificate *from_pem = NULL;
    Certificate *none = NULL;

    check_int(certificate_parse(VIEW(der), &from_der), CERTIFICATE_OK);
    check_int(certificate_parse(VIEW(pem), &from_pem), CERTIFICATE_OK);
    check(view_equal(certificate_der(from_der), certificate_der(from_pem)));
    check_int(certificate_parse(view_of_string("hello"), &none), CERTIFICATE_E_SYNTAX);
    check_int(certificate_parse((ByteView){ 0 }, &none), CERTIFICATE_E_SYNTAX);
}

static void a_list_reads_every_certificate(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    Bytes ders[3];
    _cleanup_certificates_ CertificateList list = { 0 };
    _cleanup_certificates_ CertificateList none = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(ders); i++) {
        wanted.serial = (long)i;
        ders[i] = forge_certificate(&wanted);
    }
    _cleanup_bytes_ Bytes pem = pem_of(ders, ELEMENTSOF(ders));
    check_int(certificate_list_add_pem(&list, VIEW(pem)), CERTIFICATE_OK);
    check_int(list.n_items, 3);
    check_str(certificate_serial(list.items[0]), "0");
    check_str(certificate_serial(list.items[2]), "2");
    check_int(certificate_list_add_pem(&none, view_of_string("nothing")), CERTIFICATE_E_SYNTAX);
    check_int(none.n_items, 0);

    /* A block cut short is no end of the list. */
    check(certificate_list_add_pem(&none, (ByteView){ pem.data, pem.size - 60 }) > 0);
    for (size_t i = 0; i < ELEMENTSOF(ders); i++)
        bytes_done(&ders[i]);
}

static void a_list_is_bounded(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    ForgeCertificate wanted = self_signed(pkey);
    _cleanup_(certificate_freep) Certificate *certificate = forge_read(&wanted);
    _cleanup_certificates_ CertificateList list = { 0 };

    for (int i = 0; i < CERTIFICATE_LIST_MAX; i++)
        check_int(certificate_list_add(&list, certificate), 0);
    check_int(certificate_list_add(&list, certificate), -7);
}

static int signed_by(const ForgeCertificate *leaf, const ForgeCertificate *issuer)
{
    _cleanup_(certificate_freep) Certificate *a = forge_read(leaf);
    _cleanup_(certificate_freep) Certificate *b = forge_read(issuer);

    return certificate_verify_signed_by(a, b);
}

static void a_signature_is_by_the_named_key_only(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *root = forge_pkey("RSA-2048");
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *other = forge_pkey("RSA-2048");
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *leaf = forge_pkey("P-384");
    ForgeCertificate issuer = self_signed(root);
    ForgeCertificate wanted = {
        .subject = "Leaf", .issuer = "Root", .key = leaf, .issuer_key = root
    };

    check_int(signed_by(&wanted, &issuer), CERTIFICATE_OK);
    wanted.pss = (ForgePss){ .salt = 48, .mgf1 = "SHA384" };
    wanted.digest = "SHA384";
    check_int(signed_by(&wanted, &issuer), CERTIFICATE_OK);
    wanted.issuer = "Root 2";
    check_int(signed_by(&wanted, &issuer), CERTIFICATE_E_ISSUER);
    wanted.issuer = "Root";
    wanted.issuer_key = other;
    check_int(signed_by(&wanted, &issuer), CERTIFICATE_E_SIGNATURE);
}

static void a_sha1_signature_is_refused(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *root = forge_pkey("RSA-2048");
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *leaf = forge_pkey("P-384");
    ForgeCertificate issuer = self_signed(root);
    ForgeCertificate wanted = {
        .subject = "Leaf", .issuer = "Root", .key = leaf, .issuer_key = root, .digest = "SHA1"
    };

    check_int(signed_by(&wanted, &issuer), CERTIFICATE_E_SIGNATURE);
    wanted.digest = "SHA256";
    wanted.pss = (ForgePss){ .salt = 32, .mgf1 = "SHA1" };
    check_int(signed_by(&wanted, &issuer), CERTIFICATE_E_SIGNATURE);
}

static CertificateSignature signature_of(const ForgeCertificate *wanted)
{
    _cleanup_(certificate_freep) Certificate *certificate = forge_read(wanted);
    CertificateSignature signature = { 0 };

    check_int(certificate_signature(certificate, &signature), CERTIFICATE_OK);
    return signature;
}

static void signature_algorithms_are_read(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *rsa = forge_pkey("RSA-2048");
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *ec = forge_pkey("P-384");
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *ed25519 = forge_pkey("ED25519");
    ForgeCertificate wanted = self_signed(rsa);

    check_int(signature_of(&wanted).scheme, SIGNATURE_RSASSA);
    wanted.pss.salt = 32;
    CertificateSignature pss = signature_of(&wanted);
    check_int(pss.scheme, SIGNATURE_RSAPSS);
    check_int(pss.digest, DIGEST_SHA256);
    check_int(pss.mgf1_digest, DIGEST_SHA256);
    check_int(pss.salt_size, 32);
    wanted = self_signed(ec);
    wanted.digest = "SHA384";
    check_int(signature_of(&wanted).scheme, SIGNATURE_ECDSA_DER);
    check_int(signature_of(&wanted).digest, DIGEST_SHA384);
    wanted = self_signed(ed25519);
    check_int(signature_of(&wanted).scheme, SIGNATURE_ED25519);
}

static bool is_amd(EVP_PKEY *pkey, const char *digest, const char *mgf1, int salt)
{
    ForgeCertificate wanted = self_signed(pkey);
    wanted.digest = digest;
    wanted.pss = (ForgePss){ .salt = salt, .mgf1 = mgf1 };
    _cleanup_(certificate_freep) Certificate *certificate = forge_read(&wanted);

    return certificate_is_amd_signed(certificate);
}

static void only_amds_parameters_are_amds(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *rsa = forge_pkey("RSA-2048");

    check(is_amd(rsa, "SHA384", "SHA384", 48));
    check(!is_amd(rsa, "SHA384", "SHA384", 32));
    check(!is_amd(rsa, "SHA256", "SHA384", 48));
    check(!is_amd(rsa, "SHA384", "SHA256", 48));
    check(!is_amd(rsa, "SHA384", NULL, 0));
}

static void whole_names_are_written_as_rfc_4514_has_them(void)
{
    static const struct {
        const char *subject, *text;
    } names[] = {
        { "SEV-VCEK", "CN=SEV-VCEK" },
        { "a,b+c\"d", "CN=a\\,b\\+c\\\"d" },
        { " padded ", "CN=\\ padded\\ " },
        { "Gr\xc3\xbc\xc3\x9f", "CN=Gr\xc3\xbc\xc3\x9f" },
        { NULL, "" },
    };
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = forge_pkey("P-256");

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        const ForgeCertificate wanted = {
            .subject = names[i].subject, .issuer = "Root", .key = key, .issuer_key = key
        };
        _cleanup_(certificate_freep) Certificate *certificate = forge_read(&wanted);
        _cleanup_free_ char *subject = NULL, *issuer = NULL;
        check_int(certificate_subject_name(certificate, &subject), 0);
        check_int(certificate_issuer_name(certificate, &issuer), 0);
        check_str(subject, names[i].text);
        check_str(issuer, "CN=Root");
    }
}

static const Test tests[] = {
    { "whole names are written as RFC 4514 has them",
      whole_names_are_written_as_rfc_4514_has_them },
    { "a certificate says what was written", a_certificate_says_what_was_written },
    { "what ends soon is told by its life", what_ends_soon_is_told_by_its_life },
    { "an extension is found by number", an_extension_is_found_by_number },
    { "an extension twice is refused", an_extension_twice_is_refused },
    { "bytes behind are refused and can be trimmed", bytes_behind_are_refused_and_can_be_trimmed },
    { "every truncation is refused", every_truncation_is_refused },
    { "a weak key is refused", a_weak_key_is_refused },
    { "a certificate with a refused key can be shown",
      a_certificate_with_a_refused_key_can_be_shown },
    { "a name may be empty", a_name_may_be_empty },
    { "a NUL in a name is refused", a_nul_in_a_name_is_refused },
    { "a CA needs both flags", a_ca_needs_both_flags },
    { "the purposes of a key are told", the_purposes_of_a_key_are_told },
    { "PEM and DER are told apart", pem_and_der_are_told_apart },
    { "a list reads every certificate", a_list_reads_every_certificate },
    { "a list is bounded", a_list_is_bounded },
    { "a signature is by the named key only", a_signature_is_by_the_named_key_only },
    { "a SHA-1 signature is refused", a_sha1_signature_is_refused },
    { "signature algorithms are read", signature_algorithms_are_read },
    { "only AMD's parameters are AMD's", only_amds_parameters_are_amds },
};

TEST_MAIN(tests)
