/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distinguished names as text, for people and for those who compare with other tools, and names of
 * keys. How long a name can get is bounded by CERTIFICATE_SIZE_MAX.
 */
#include "crypto/openssl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* UTF-8 stays what it is. Names that are not, OpenSSL refused when the certificate was read. */
static int write_name(const X509_NAME *name, char **ret)
{
    _cleanup_(BIO_free_allp) BIO *text = BIO_new(BIO_s_mem());
    const unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    char *data = NULL;

    if (!text || X509_NAME_print_ex(text, name, 0, flags) < 0)
        return openssl_failure();
    long size = BIO_get_mem_data(text, &data);
    if (size < 0)
        return -EIO;
    char *copy = strndup(size > 0 ? data : "", (size_t)size);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

int certificate_subject_name(const Certificate *certificate, char **ret)
{
    return write_name(X509_get_subject_name(certificate_x509(certificate)), ret);
}

int certificate_issuer_name(const Certificate *certificate, char **ret)
{
    return write_name(X509_get_issuer_name(certificate_x509(certificate)), ret);
}

void certificate_key_name(const Certificate *certificate,
                          char out[static CERTIFICATE_KEY_NAME_SIZE])
{
    const Key *key = certificate_key(certificate);
    const EVP_PKEY *pkey = X509_get0_pubkey(certificate_x509(certificate));
    const char *name = pkey ? EVP_PKEY_get0_type_name(pkey) : NULL;

    if (key && key_type(key) == KEY_RSA)
        (void)snprintf(out, CERTIFICATE_KEY_NAME_SIZE, "RSA-%u", key_bits(key));
    else if (key)
        (void)snprintf(out, CERTIFICATE_KEY_NAME_SIZE, "%s", key_type_name(key_type(key)));
    else if (name)
        (void)snprintf(out, CERTIFICATE_KEY_NAME_SIZE, "%.16s-%d", name, EVP_PKEY_get_bits(pkey));
    else
        (void)snprintf(out, CERTIFICATE_KEY_NAME_SIZE, "unknown");
    openssl_forget();
}
