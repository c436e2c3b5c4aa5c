/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, certificates and revocation lists to order.
 */
#include "forge.h"

#include "testing.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static EVP_PKEY *make_rsa(const char *type, unsigned long bits)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    check(context && EVP_PKEY_keygen_init(context) == 1);
    check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) == 1);
    check(EVP_PKEY_keygen(context, &pkey) == 1);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

/* RSA keys take a while to make, so two of each size are handed out in turn. */
static EVP_PKEY *forge_rsa(unsigned long bits)
{
    static struct {
        unsigned long bits;
        unsigned n_asked;
        EVP_PKEY *pkeys[2];
    } made[4];

    for (size_t i = 0; i < ELEMENTSOF(made); i++) {
        if (made[i].bits != bits && made[i].bits != 0)
            continue;
        made[i].bits = bits;
        EVP_PKEY **slot = &made[i].pkeys[made[i].n_asked++ % 2];
        if (!*slot)
            *slot = make_rsa("RSA", bits);
        check(EVP_PKEY_up_ref(*slot) == 1);
        return *slot;
    }
    (void)fprintf(stderr, "no room for another size\n");
    abort();
}

EVP_PKEY *forge_pkey(const char *kind)
{
    EVP_PKEY *pkey;

    if (strncmp(kind, "RSA-PSS-", 8) == 0)
        return make_rsa("RSA-PSS", strtoul(kind + 8, NULL, 10));
    if (strncmp(kind, "RSA-", 4) == 0)
        return forge_rsa(strtoul(kind + 4, NULL, 10));
    if (strchr(kind, '-') || strncmp(kind, "secp", 4) == 0)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    else
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    check(pkey != NULL);
    return pkey;
}

Key *forge_key_of(EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    Key *key = NULL;

    check(bio && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1);
    long size = BIO_get_mem_data(bio, &text);
    check_int(key_from_pem((ByteView){ (const uint8_t *)text, (size_t)size }, &key), KEY_OK);
    BIO_free(bio);
    return key;
}

Key *forge_key(const char *kind)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey(kind);

    return forge_key_of(pkey);
}

static X509_NAME *name_of(const char *cn)
{
    X509_NAME *name = X509_NAME_new();

    check(name != NULL);
    if (cn)
        check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)cn, -1, -1,
                                         0) == 1);
    return name;
}

static EVP_MD_CTX *signer(EVP_PKEY *key, const char *digest, const ForgePss *pss)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context;
    const char *name = EVP_PKEY_is_a(key, "ED25519") ? NULL : digest ? digest : "SHA256";

    check(context &&
          EVP_DigestSignInit_ex(context, &key_context, name, NULL, NULL, key, NULL) == 1);
    if (pss->salt > 0) {
        check(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
        check(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, pss->salt) == 1);
        if (pss->mgf1)
            check(EVP_PKEY_CTX_set_rsa_mgf1_md_name(key_context, pss->mgf1, NULL) == 1);
    }
    return context;
}

static void add_text_extension(X509 *x509, int nid, const char *text)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, text);

    check(extension && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509_EXTENSION *own_extension(const char *oid, bool critical)
{
    static const uint8_t seven[] = { 0x02, 0x01, 0x07 };
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

    check(object && value && ASN1_OCTET_STRING_set(value, seven, sizeof(seven)) == 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value);
    check(extension != NULL);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
    return extension;
}

static void add_extensions(X509 *x509, const ForgeCertificate *wanted)
{
    if (wanted->is_ca)
        add_text_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    if (wanted->key_usage)
        add_text_extension(x509, NID_key_usage, wanted->key_usage);
    if (wanted->extended_usage)
        add_text_extension(x509, NID_ext_key_usage, wanted->extended_usage);
    if (wanted->other_names)
        add_text_extension(x509, NID_subject_alt_name, wanted->other_names);
    for (int i = 0; wanted->extension_oid && i < (wanted->extension_twice ? 2 : 1); i++) {
        X509_EXTENSION *extension =
            own_extension(wanted->extension_oid, wanted->extension_critical);
        check(X509_add_ext(x509, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
}

Bytes forge_certificate(const ForgeCertificate *wanted)
{
    X509 *x509 = X509_new();
    X509_NAME *subject = name_of(wanted->subject);
    X509_NAME *issuer = name_of(wanted->issuer);
    uint8_t *der = NULL;
    Bytes bytes = { 0 };

    check(x509 && X509_set_version(x509, 2) == 1);
    check(ASN1_INTEGER_set(X509_get_serialNumber(x509), wanted->serial) == 1);
    check(X509_set_subject_name(x509, subject) == 1 && X509_set_issuer_name(x509, issuer) == 1);
    check(ASN1_TIME_set(X509_getm_notBefore(x509),
                        wanted->not_before_sec ? wanted->not_before_sec : FORGE_2025));
    check(ASN1_TIME_set(X509_getm_notAfter(x509),
                        wanted->not_after_sec ? wanted->not_after_sec : FORGE_2035));
    check(X509_set_pubkey(x509, wanted->key) == 1);
    add_extensions(x509, wanted);

    EVP_MD_CTX *context = signer(wanted->issuer_key, wanted->digest, &wanted->pss);
    check(X509_sign_ctx(x509, context) > 0);
    int size = i2d_X509(x509, &der);
    check(size > 0 && bytes_copy((ByteView){ der, (size_t)size }, &bytes) == 0);

    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    X509_free(x509);
    return bytes;
}

Certificate *forge_read(const ForgeCertificate *wanted)
{
    _cleanup_bytes_ Bytes der = forge_certificate(wanted);
    Certificate *certificate = NULL;

    check_int(certificate_from_der(VIEW(der), &certificate), CERTIFICATE_OK);
    return certificate;
}

static void add_revoked(X509_CRL *crl, long serial, const ASN1_TIME *when)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();

    check(entry && number && ASN1_INTEGER_set(number, serial) == 1);
    check(X509_REVOKED_set_serialNumber(entry, number) == 1);
    check(X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)when) == 1);
    check(X509_CRL_add0_revoked(crl, entry) == 1);
    ASN1_INTEGER_free(number);
}

Bytes forge_crl(const ForgeCrl *wanted)
{
    static const ForgePss no_pss = { 0 };
    X509_CRL *crl = X509_CRL_new();
    X509_NAME *issuer = name_of(wanted->issuer);
    ASN1_TIME *this_update = ASN1_TIME_set(NULL, wanted->this_update_sec);
    ASN1_TIME *next_update = ASN1_TIME_set(NULL, wanted->next_update_sec);
    uint8_t *der = NULL;
    Bytes bytes = { 0 };

    check(crl && X509_CRL_set_version(crl, 1) == 1 && X509_CRL_set_issuer_name(crl, issuer) == 1);
    check(X509_CRL_set1_lastUpdate(crl, this_update) == 1);
    if (wanted->next_update_sec)
        check(X509_CRL_set1_nextUpdate(crl, next_update) == 1);
    if (wanted->revoked)
        add_revoked(crl, wanted->revoked, this_update);
    if (wanted->critical_extension) {
        X509_EXTENSION *extension = own_extension("2.5.29.28", true);
        check(X509_CRL_add_ext(crl, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    EVP_MD_CTX *context = signer(wanted->issuer_key, wanted->digest, &no_pss);
    check(X509_CRL_sign_ctx(crl, context) > 0);
    int size = i2d_X509_CRL(crl, &der);
    check(size > 0 && bytes_copy((ByteView){ der, (size_t)size }, &bytes) == 0);

    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    X509_NAME_free(issuer);
    X509_CRL_free(crl);
    return bytes;
}
