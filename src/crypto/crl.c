/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation lists.
 */
#include "crypto/crl.h"

#include "crypto/openssl.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

DEFINE_CLEANUP(ASN1_INTEGER *, ASN1_INTEGER_free);

struct Crl {
    X509_CRL *x509;
    int64_t this_update_sec;
    int64_t next_update_sec; /* 0: absent */
};

const char *crl_reason(int reason)
{
    switch (reason) {
    case CRL_OK:
        return "ok";
    case CRL_E_SYNTAX:
        return "not a readable revocation list";
    case CRL_E_ISSUER:
        return "a list by another issuer, or by one that may not sign lists";
    case CRL_E_SIGNATURE:
        return "the list's signature does not verify";
    case CRL_E_NOT_YET:
        return "a list from the future";
    case CRL_E_EXPIRED:
        return "a list that is out of date";
    case CRL_E_REVOKED:
        return "the certificate is revoked";
    }
    return "unknown";
}

static X509_CRL *decode(ByteView bytes)
{
    const uint8_t *at = bytes.data;

    if (bytes.size > 0 && bytes.data[0] == 0x30) {
        X509_CRL *x509 = d2i_X509_CRL(NULL, &at, (long)bytes.size);
        if (x509 && at == bytes.data + bytes.size)
            return x509;
        X509_CRL_free(x509);
        return NULL;
    }

    _cleanup_(BIO_free_allp) BIO *reader = openssl_reader(bytes);
    return reader ? PEM_read_bio_X509_CRL(reader, NULL, NULL, NULL) : NULL;
}

/* A critical extension may say that this is not the whole list; none is understood here. */
static bool has_critical_extension(const X509_CRL *x509)
{
    for (int i = 0; i < X509_CRL_get_ext_count(x509); i++)
        if (X509_EXTENSION_get_critical(X509_CRL_get_ext(x509, i)))
            return true;
    return false;
}

static int read_times(Crl *crl)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl->x509);

    if (certificate_time_sec(X509_CRL_get0_lastUpdate(crl->x509), &crl->this_update_sec))
        return CRL_E_SYNTAX;
    if (next && certificate_time_sec(next, &crl->next_update_sec))
        return CRL_E_SYNTAX;
    return CRL_OK;
}

int crl_parse(ByteView bytes, Crl **ret)
{
    if (bytes.size == 0 || bytes.size > CRL_SIZE_MAX)
        return CRL_E_SYNTAX;

    _cleanup_(crl_freep) Crl *crl = calloc(1, sizeof(*crl));
    if (!crl)
        return -ENOMEM;
    crl->x509 = decode(bytes);
    if (!crl->x509)
        return openssl_refusal(CRL_E_SYNTAX);
    openssl_forget();
    if (has_critical_extension(crl->x509))
        return CRL_E_SYNTAX;
    int r = read_times(crl);
    openssl_forget();
    if (r)
        return r;
    *ret = TAKE_PTR(crl);
    return CRL_OK;
}

Crl *crl_free(Crl *crl)
{
    if (!crl)
        return NULL;
    X509_CRL_free(crl->x509);
    free(crl);
    return NULL;
}

static int verify(const Crl *crl, const Key *key, int64_t at_sec)
{
    const X509_ALGOR *algorithm;
    CertificateSignature signature;

    X509_CRL_get0_signature(crl->x509, NULL, &algorithm);
    if (certificate_signature_of(algorithm, &signature) != CERTIFICATE_OK)
        return CRL_E_SIGNATURE;
    if (X509_CRL_verify(crl->x509, key_pkey(key)) != 1) {
        int r = openssl_failure();
        return r == -ENOMEM ? r : CRL_E_SIGNATURE;
    }
    if (at_sec == CERTIFICATE_TIME_ANY)
        return CRL_OK;
    if (at_sec < crl->this_update_sec)
        return CRL_E_NOT_YET;
    if (crl->next_update_sec == 0 || at_sec >= crl->next_update_sec)
        return CRL_E_EXPIRED;
    return CRL_OK;
}

int crl_verify(const Crl *crl, const Certificate *issuer, int64_t at_sec)
{
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl->x509),
                      X509_get_subject_name(certificate_x509(issuer))) != 0 ||
        (X509_get_key_usage(certificate_x509(issuer)) & KU_CRL_SIGN) == 0)
        return CRL_E_ISSUER;
    return verify(crl, certificate_key(issuer), at_sec);
}

int crl_verify_by_key(const Crl *crl, const char *issuer_cn, const Key *key, int64_t at_sec)
{
    const X509_NAME *issuer = X509_CRL_get_issuer(crl->x509);
    int at = X509_NAME_get_index_by_NID(issuer, NID_commonName, -1);
    const ASN1_STRING *name =
        at >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, at)) : NULL;

    if (!name ||
        !view_equal(view_of_string(issuer_cn),
                    (ByteView){ ASN1_STRING_get0_data(name), (size_t)ASN1_STRING_length(name) }))
        return CRL_E_ISSUER;
    return verify(crl, key, at_sec);
}

int crl_lookup(const Crl *crl, const Certificate *certificate)
{
    X509_REVOKED *entry = NULL;
    X509 *x509 = certificate_x509(certificate);

    if (X509_NAME_cmp(X509_CRL_get_issuer(crl->x509), X509_get_issuer_name(x509)) != 0)
        return CRL_E_ISSUER;
    /* Any entry counts; 2 means "removed", which only delta lists have. */
    int found = X509_CRL_get0_by_cert(crl->x509, &entry, x509);
    openssl_forget();
    return found == 0 ? CRL_OK : CRL_E_REVOKED;
}

int crl_lookup_serial(const Crl *crl, uint32_t serial)
{
    _cleanup_(ASN1_INTEGER_freep) ASN1_INTEGER *number = ASN1_INTEGER_new();
    X509_REVOKED *entry = NULL;

    if (!number || ASN1_INTEGER_set_uint64(number, serial) != 1) {
        openssl_forget();
        return -ENOMEM;
    }
    int found = X509_CRL_get0_by_serial(crl->x509, &entry, number);
    openssl_forget();
    return found == 0 ? CRL_OK : CRL_E_REVOKED;
}

int64_t crl_this_update_sec(const Crl *crl)
{
    return crl->this_update_sec;
}

int64_t crl_next_update_sec(const Crl *crl)
{
    return crl->next_update_sec;
}
