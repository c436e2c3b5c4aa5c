/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL bare.
 */
#include "bare.h"

#include "testing.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

X509 *bare_certificate(ByteView der)
{
    const unsigned char *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.size);

    check(certificate != NULL);
    return certificate;
}

/* r and s in DER, as OpenSSL wants them. */
static void verify_ecdsa(EVP_PKEY *key, const EVP_MD *md, ByteView message, ByteView r, ByteView s)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    unsigned char *der = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    check(ECDSA_SIG_set0(signature, BN_bin2bn(r.data, (int)r.size, NULL),
                         BN_bin2bn(s.data, (int)s.size, NULL)) == 1);
    int size = i2d_ECDSA_SIG(signature, &der);
    check(EVP_DigestVerifyInit(context, NULL, md, NULL, key) == 1);
    check(EVP_DigestVerify(context, der, (size_t)size, message.data, message.size) == 1);
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(signature);
}

void bare_report(const BareSnp *snp, EVP_PKEY *vcek)
{
    verify_ecdsa(vcek, EVP_sha384(), snp->signed_part, snp->r, snp->s);
}

void bare_snp_cold(const BareSnp *snp)
{
    X509 *vcek = bare_certificate(snp->vcek), *ask = bare_certificate(snp->ask),
         *ark = bare_certificate(snp->ark);

    check(X509_verify(vcek, X509_get0_pubkey(ask)) == 1);
    check(X509_verify(ask, X509_get0_pubkey(ark)) == 1);
    check(X509_verify(ark, X509_get0_pubkey(ark)) == 1);
    bare_report(snp, X509_get0_pubkey(vcek));
    X509_free(vcek);
    X509_free(ask);
    X509_free(ark);
}

void bare_snp_prepared(const BareSnp *snp, EVP_PKEY *ask)
{
    X509 *vcek = bare_certificate(snp->vcek);

    check(X509_verify(vcek, ask) == 1);
    bare_report(snp, X509_get0_pubkey(vcek));
    X509_free(vcek);
}

static EVP_PKEY *p256(ByteView x, ByteView y)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    uint8_t point[65] = { 0x04 };
    char group[] = "P-256";

    memcpy(point + 1 + 32 - x.size, x.data, x.size);
    memcpy(point + 33 + 32 - y.size, y.data, y.size);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    check(EVP_PKEY_fromdata_init(context) == 1);
    check(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(context);
    return key;
}

void bare_quote(const BareQuote *quote)
{
    EVP_PKEY *key = p256(quote->x, quote->y);

    verify_ecdsa(key, EVP_sha256(), quote->attest, quote->r, quote->s);
    EVP_PKEY_free(key);
}

void bare_sha256(ByteView bytes)
{
    uint8_t digest[32];

    check(EVP_Digest(bytes.data, bytes.size, digest, NULL, EVP_sha256(), NULL) == 1);
}
