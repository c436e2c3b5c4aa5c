/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates: read once, then only asked. PEM and lists are in certificate-list.c, who
 * signed them in certificate-verify.c.
 */
#include "crypto/openssl.h"

#include "base/encode.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

struct Certificate {
    unsigned n_references;
    X509 *x509;
    Key *key;
    Bytes der;
    Bytes spki;
    char *subject_cn;
    char *issuer_cn;
    char *serial;
    int64_t not_before_sec;
    int64_t not_after_sec;
};

#define EXTENSIONS_MAX 64 /* real certificates have under 20 */
#define CN_SIZE_MAX    256
#define OID_SIZE_MAX   64 /* bytes of DER; AMD's have 11 */

const char *certificate_reason(int reason)
{
    switch (reason) {
    case CERTIFICATE_OK:
        return "ok";
    case CERTIFICATE_E_SYNTAX:
        return "not a readable certificate";
    case CERTIFICATE_E_TRAILING:
        return "bytes behind the certificate";
    case CERTIFICATE_E_KEY:
        return "a key that is weak, invalid or not supported";
    case CERTIFICATE_E_DUPLICATE:
        return "an extension occurs twice";
    case CERTIFICATE_E_ABSENT:
        return "no such extension";
    case CERTIFICATE_E_ISSUER:
        return "issued by somebody else";
    case CERTIFICATE_E_SIGNATURE:
        return "the issuer's signature does not verify";
    case CERTIFICATE_E_NOT_YET:
        return "not valid yet";
    case CERTIFICATE_E_EXPIRED:
        return "no longer valid";
    case CERTIFICATE_E_UNTRUSTED:
        return "no path to a configured anchor";
    case CERTIFICATE_E_CHAIN:
        return "a chain that breaks the rules";
    }
    return "unknown";
}

int certificate_time_sec(const ASN1_TIME *time, int64_t *ret)
{
    struct tm tm;

    if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
        return CERTIFICATE_E_SYNTAX;
    *ret = timegm(&tm);
    return CERTIFICATE_OK;
}

/* The last CN as UTF-8; "" when there is none. A NUL inside would hide the rest from C readers. */
static int common_name(const X509_NAME *name, char **ret)
{
    int last = -1;
    uint8_t *text = NULL;

    for (int i; (i = X509_NAME_get_index_by_NID(name, NID_commonName, last)) >= 0;)
        last = i;
    if (last < 0) {
        *ret = strdup("");
        return *ret ? CERTIFICATE_OK : -ENOMEM;
    }

    int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
    if (size < 0)
        return openssl_refusal(CERTIFICATE_E_SYNTAX);
    if (size > CN_SIZE_MAX || memchr(text, 0, (size_t)size)) {
        OPENSSL_free(text);
        return CERTIFICATE_E_SYNTAX;
    }
    *ret = strndup((const char *)text, (size_t)size);
    OPENSSL_free(text);
    return *ret ? CERTIFICATE_OK : -ENOMEM;
}

static int read_serial(const X509 *x509, char **ret)
{
    _cleanup_(BN_freep) BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    if (!number)
        return openssl_refusal(CERTIFICATE_E_SYNTAX);

    char *hex = BN_bn2hex(number);
    if (!hex)
        return -ENOMEM;
    const char *start = hex;
    while (start[0] == '0' && start[1] != 0)
        start++;
    char *serial = strdup(start);
    OPENSSL_free(hex);
    if (!serial)
        return -ENOMEM;
    for (char *c = serial; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *ret = serial;
    return CERTIFICATE_OK;
}

static int judge_extensions(const X509 *x509)
{
    int n = X509_get_ext_count(x509);

    if (n > EXTENSIONS_MAX)
        return CERTIFICATE_E_SYNTAX;
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n; k++)
            if (OBJ_cmp(X509_EXTENSION_get_object(X509_get_ext(x509, i)),
                        X509_EXTENSION_get_object(X509_get_ext(x509, k))) == 0)
                return CERTIFICATE_E_DUPLICATE;
    return CERTIFICATE_OK;
}

static int read_spki(Certificate *certificate)
{
    uint8_t *der = NULL;

    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate->x509), &der);
    if (size < 0)
        return openssl_failure();
    int r = bytes_copy((ByteView){ der, (size_t)size }, &certificate->spki);
    OPENSSL_free(der);
    return r;
}

static int read_key(Certificate *certificate)
{
    EVP_PKEY *pkey = X509_get0_pubkey(certificate->x509);

    if (!pkey)
        return openssl_refusal(CERTIFICATE_E_KEY);
    openssl_forget();
    int r = key_from_pkey(pkey, false, &certificate->key);
    return r > 0 ? CERTIFICATE_E_KEY : r;
}

static int read_fields(Certificate *certificate, bool any_key)
{
    X509 *x509 = certificate->x509;

    int r = judge_extensions(x509);
    if (r)
        return r;
    r = read_key(certificate);
    if (r < 0 || (r > 0 && !any_key))
        return r;
    r = read_spki(certificate);
    if (r)
        return r;
    r = common_name(X509_get_subject_name(x509), &certificate->subject_cn);
    if (r)
        return r;
    r = common_name(X509_get_issuer_name(x509), &certificate->issuer_cn);
    if (r)
        return r;
    r = read_serial(x509, &certificate->serial);
    if (r)
        return r;
    r = certificate_time_sec(X509_get0_notBefore(x509), &certificate->not_before_sec);
    if (r)
        return r;
    r = certificate_time_sec(X509_get0_notAfter(x509), &certificate->not_after_sec);
    if (r)
        return r;
    /* Asked for the first time, OpenSSL decodes the extensions it knows. */
    bool is_broken = (X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0;
    return openssl_refusal(is_broken ? CERTIFICATE_E_SYNTAX : CERTIFICATE_OK);
}

static int from_der(ByteView der, bool any_key, Certificate **ret)
{
    const uint8_t *at = der.data;

    if (der.size == 0 || der.size > CERTIFICATE_SIZE_MAX)
        return CERTIFICATE_E_SYNTAX;

    _cleanup_(certificate_freep) Certificate *certificate = calloc(1, sizeof(*certificate));
    if (!certificate)
        return -ENOMEM;
    certificate->n_references = 1;
    certificate->x509 = d2i_X509(NULL, &at, (long)der.size);
    if (!certificate->x509)
        return openssl_refusal(CERTIFICATE_E_SYNTAX);
    openssl_forget();
    if (at != der.data + der.size)
        return CERTIFICATE_E_TRAILING;
    int r = bytes_copy(der, &certificate->der);
    if (r < 0)
        return r;
    r = read_fields(certificate, any_key);
    if (r)
        return r;
    *ret = TAKE_PTR(certificate);
    return CERTIFICATE_OK;
}

int certificate_from_der(ByteView der, Certificate **ret)
{
    return from_der(der, false, ret);
}

int certificate_from_der_to_show(ByteView der, Certificate **ret)
{
    return from_der(der, true, ret);
}

Certificate *certificate_ref(Certificate *certificate)
{
    certificate->n_references++;
    return certificate;
}

Certificate *certificate_free(Certificate *certificate)
{
    if (!certificate || --certificate->n_references > 0)
        return NULL;
    X509_free(certificate->x509);
    key_free(certificate->key);
    bytes_done(&certificate->der);
    bytes_done(&certificate->spki);
    free(certificate->subject_cn);
    free(certificate->issuer_cn);
    free(certificate->serial);
    free(certificate);
    return NULL;
}

ByteView certificate_der(const Certificate *certificate)
{
    return VIEW(certificate->der);
}

ByteView certificate_spki(const Certificate *certificate)
{
    return VIEW(certificate->spki);
}

const Key *certificate_key(const Certificate *certificate)
{
    return certificate->key;
}

const char *certificate_subject_cn(const Certificate *certificate)
{
    return certificate->subject_cn;
}

const char *certificate_issuer_cn(const Certificate *certificate)
{
    return certificate->issuer_cn;
}

const char *certificate_serial(const Certificate *certificate)
{
    return certificate->serial;
}

int64_t certificate_not_before_sec(const Certificate *certificate)
{
    return certificate->not_before_sec;
}

int64_t certificate_not_after_sec(const Certificate *certificate)
{
    return certificate->not_after_sec;
}

bool certificate_is_valid_at(const Certificate *certificate, int64_t at_sec)
{
    return at_sec == CERTIFICATE_TIME_ANY ||
           (certificate->not_before_sec <= at_sec && at_sec <= certificate->not_after_sec);
}

bool validity_ends_soon(int64_t from_sec, int64_t until_sec, int64_t now_sec)
{
    const int64_t most_sec = INT64_C(30) * 24 * 60 * 60;

    return now_sec > until_sec || until_sec - now_sec < MIN(most_sec, (until_sec - from_sec) / 4);
}

bool certificate_is_ca(const Certificate *certificate)
{
    uint32_t flags = X509_get_extension_flags(certificate->x509);

    /* Without keyUsage OpenSSL reports every usage. */
    return (flags & EXFLAG_BCONS) != 0 && (flags & EXFLAG_CA) != 0 &&
           (X509_get_key_usage(certificate->x509) & KU_KEY_CERT_SIGN) != 0;
}

bool certificate_is_self_issued(const Certificate *certificate)
{
    return (X509_get_extension_flags(certificate->x509) & EXFLAG_SI) != 0;
}

int certificate_spki_sha384(const Certificate *certificate, Digest *ret)
{
    return digest_of(DIGEST_SHA384, VIEW(certificate->spki), ret);
}

int certificate_extension(const Certificate *certificate, const char *oid, ByteView *ret)
{
    uint8_t wanted[OID_SIZE_MAX];
    int size = a2d_ASN1_OBJECT(wanted, sizeof(wanted), oid, -1);

    openssl_forget();
    /* Without an allocation: an extension that is there must not look absent for want of memory. */
    for (int i = 0; size > 0 && i < X509_get_ext_count(certificate->x509); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate->x509, i);
        const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
        if (OBJ_length(object) != (size_t)size ||
            memcmp(OBJ_get0_data(object), wanted, (size_t)size) != 0)
            continue;
        *ret = (ByteView){ ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value) };
        return CERTIFICATE_OK;
    }
    return CERTIFICATE_E_ABSENT;
}

bool certificate_extension_at(const Certificate *certificate, size_t i, char *oid, size_t oid_size)
{
    if (i >= (size_t)X509_get_ext_count(certificate->x509) || oid_size > 1024)
        return false;
    return OBJ_obj2txt(oid, (int)oid_size,
                       X509_EXTENSION_get_object(X509_get_ext(certificate->x509, (int)i)),
                       /* no_name= */ 1) > 0;
}

bool certificate_has_extended_usage(const Certificate *certificate, const char *oid)
{
    bool is_there = false;
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate->x509, NID_ext_key_usage, NULL, NULL);

    for (int i = 0; !is_there && i < sk_ASN1_OBJECT_num(usages); i++) {
        char text[128];
        is_there = OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(usages, i), 1) > 0 &&
                   strcmp(text, oid) == 0;
    }
    sk_ASN1_OBJECT_pop_free(usages, ASN1_OBJECT_free);
    openssl_forget();
    return is_there;
}

bool certificate_key_usage(const Certificate *certificate, unsigned *ret)
{
    uint32_t usage = X509_get_key_usage(certificate->x509);

    if ((X509_get_extension_flags(certificate->x509) & EXFLAG_KUSAGE) == 0)
        return false;
    *ret = ((usage & KU_DIGITAL_SIGNATURE) ? CERTIFICATE_USAGE_SIGN : 0) |
           ((usage & KU_KEY_ENCIPHERMENT) ? CERTIFICATE_USAGE_ENCIPHER : 0) |
           ((usage & KU_KEY_AGREEMENT) ? CERTIFICATE_USAGE_AGREE : 0) |
           ((usage & KU_KEY_CERT_SIGN) ? CERTIFICATE_USAGE_SIGN_CERT : 0);
    return true;
}

bool certificate_claims_ca(const Certificate *certificate)
{
    unsigned usage = 0;

    (void)certificate_key_usage(certificate, &usage);
    return (X509_get_extension_flags(certificate->x509) & EXFLAG_CA) != 0 ||
           (usage & CERTIFICATE_USAGE_SIGN_CERT) != 0;
}

X509 *certificate_x509(const Certificate *certificate)
{
    return certificate->x509;
}
