/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two X.509 certificates by OpenSSL, RFC 5280 section 4.2 extensions only.
 */
#include "verifier/identity.h"

#include "base/wipe.h"
#include "crypto/random.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define BACKDATE_SEC 3600 /* clocks of agents that have just booted */
#define SERIAL_SIZE  16   /* bytes; RFC 5280 4.1.2.2 allows 20 */

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(X509 *, X509_free);
DEFINE_CLEANUP(X509_EXTENSION *, X509_EXTENSION_free);
DEFINE_CLEANUP(BIO *, BIO_free);
DEFINE_CLEANUP(BIGNUM *, BN_free);

/* One certificate to be. ISSUER NULL: self-signed. */
typedef struct Draft {
    const char *common_name;
    EVP_PKEY *key;
    X509 *issuer;
    EVP_PKEY *issuer_key;
    uint64_t now_sec;
    const char *alternative_names; /* NULL: a CA */
} Draft;

void identity_done(Identity *identity)
{
    bytes_done(&identity->ca_certificate);
    bytes_wipe_done(&identity->ca_key);
    bytes_done(&identity->certificate);
    bytes_wipe_done(&identity->key);
}

static int set_serial(X509 *certificate)
{
    uint8_t serial[SERIAL_SIZE];

    int r = random_fill(serial, sizeof(serial));
    if (r < 0)
        return r;
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and of full length */
    _cleanup_(BN_freep) BIGNUM *number = BN_bin2bn(serial, sizeof(serial), NULL);
    if (!number || !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)))
        return -ENOMEM;
    return 0;
}

static int set_name(X509_NAME *name, const char *common_name)
{
    /* 64 is the upper bound of a common name (RFC 5280, ub-common-name). */
    int size = (int)MIN(strlen(common_name), (size_t)64);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                      size, -1, 0)
               ? 0
               : -EINVAL;
}

static int add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer ? issuer : certificate, certificate, NULL, NULL, 0);
    _cleanup_(X509_EXTENSION_freep) X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension)
        return -EINVAL;
    return X509_add_ext(certificate, extension, -1) ? 0 : -ENOMEM;
}

static int add_extensions(X509 *certificate, const Draft *draft)
{
    bool ca = !draft->alternative_names;
    const struct {
        int nid;
        const char *value;
    } extensions[] = {
        { NID_basic_constraints, ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE" },
        { NID_key_usage, ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature" },
        { NID_subject_key_identifier, "hash" },
        { NID_authority_key_identifier, "keyid" },
        { NID_ext_key_usage, ca ? NULL : "serverAuth" },
        { NID_subject_alt_name, draft->alternative_names },
    };

    for (size_t i = 0; i < ELEMENTSOF(extensions); i++) {
        if (!extensions[i].value)
            continue;
        int r = add_extension(certificate, draft->issuer, extensions[i].nid, extensions[i].value);
        if (r < 0)
            return r;
    }
    return 0;
}

static int issue(const Draft *draft, X509 **ret)
{
    _cleanup_(X509_freep) X509 *certificate = X509_new();
    time_t start = (time_t)draft->now_sec - BACKDATE_SEC;

    if (!certificate || !X509_set_version(certificate, X509_VERSION_3) ||
        !X509_set_pubkey(certificate, draft->key) ||
        !X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &start) ||
        !X509_time_adj_ex(X509_getm_notAfter(certificate), IDENTITY_LIFE_DAYS, 0, &start))
        return -ENOMEM;
    int r = set_serial(certificate);
    if (r == 0)
        r = set_name(X509_get_subject_name(certificate), draft->common_name);
    if (r < 0)
        return r;
    const X509_NAME *issuer = X509_get_subject_name(draft->issuer ? draft->issuer : certificate);
    if (!X509_set_issuer_name(certificate, issuer))
        return -ENOMEM;
    r = add_extensions(certificate, draft);
    if (r < 0)
        return r;
    if (!X509_sign(certificate, draft->issuer_key, EVP_sha256()))
        return -EIO;
    *ret = TAKE_PTR(certificate);
    return 0;
}

/* Takes what was written to BIO. */
static int take_text(BIO *bio, Bytes *ret)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);

    if (size <= 0)
        return -EIO;
    return bytes_copy((ByteView){ .data = (const uint8_t *)data, .size = (size_t)size }, ret);
}

static int to_pem(X509 *certificate, EVP_PKEY *key, Bytes *ret_certificate, Bytes *ret_key)
{
    /* Secure memory is wiped when it is freed, where OpenSSL has any; plain otherwise. */
    _cleanup_(BIO_freep) BIO *public = BIO_new(BIO_s_mem());
    _cleanup_(BIO_freep) BIO *private = BIO_new(BIO_s_secmem());

    if (!public || !private)
        return -ENOMEM;
    if (!PEM_write_bio_X509(public, certificate) ||
        !PEM_write_bio_PKCS8PrivateKey(private, key, NULL, NULL, 0, NULL, NULL))
        return -EIO;
    int r = take_text(public, ret_certificate);
    return r < 0 ? r : take_text(private, ret_key);
}

static int alternative_names(const char *host, char **ret)
{
    uint8_t address[sizeof(struct in6_addr)];
    bool numeric =
        inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;

    /* OpenSSL splits this text at commas and colons. */
    if (!numeric && (!*host || strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789.-") != strlen(host)))
        return -EINVAL;
    if (asprintf(ret, "%s:%s,DNS:localhost,IP:127.0.0.1,IP:::1", numeric ? "IP" : "DNS", host) <
        0) {
        *ret = NULL;
        return -ENOMEM;
    }
    return 0;
}

int identity_make(const char *host, uint64_t now_sec, Identity *ret)
{
    _cleanup_identity_ Identity identity = { 0 };
    _cleanup_free_ char *names = NULL, *ca_name = NULL;
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    _cleanup_(X509_freep) X509 *ca = NULL;
    _cleanup_(X509_freep) X509 *leaf = NULL;

    if (!ca_key || !key)
        return -ENOMEM;
    int r = alternative_names(host, &names);
    if (r == 0 && asprintf(&ca_name, "attest-verifier CA for %s", host) < 0) {
        ca_name = NULL;
        r = -ENOMEM;
    }
    if (r == 0)
        r = issue(&(Draft){ ca_name, ca_key, NULL, ca_key, now_sec, NULL }, &ca);
    if (r == 0)
        r = issue(&(Draft){ host, key, ca, ca_key, now_sec, names }, &leaf);
    if (r == 0)
        r = to_pem(ca, ca_key, &identity.ca_certificate, &identity.ca_key);
    if (r == 0)
        r = to_pem(leaf, key, &identity.certificate, &identity.key);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(identity);
    return 0;
}
