/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who signed a certificate, and whether a chain leads to a configured anchor.
 */
#include "crypto/openssl.h"

#include <errno.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define CHAIN_DEPTH_MAX 8
#define AUTH_LEVEL      2  /* 112 bits: RSA 2048, SHA-256 (X509_VERIFY_PARAM_set_auth_level) */
#define SALT_DEFAULT    20 /* RFC 8017 A.2.3 */

DEFINE_CLEANUP(X509_STORE *, X509_STORE_free);
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free);
DEFINE_CLEANUP(RSA_PSS_PARAMS *, RSA_PSS_PARAMS_free);
DEFINE_CLEANUP(X509_ALGOR *, X509_ALGOR_free);

/* SHA-1 and everything else is refused. */
static int digest_of_nid(int nid, DigestAlgorithm *ret)
{
    switch (nid) {
    case NID_sha256:
        *ret = DIGEST_SHA256;
        return CERTIFICATE_OK;
    case NID_sha384:
        *ret = DIGEST_SHA384;
        return CERTIFICATE_OK;
    case NID_sha512:
        *ret = DIGEST_SHA512;
        return CERTIFICATE_OK;
    default: /* OpenSSL's numbers, not an enum of ours */
        return CERTIFICATE_E_SIGNATURE;
    }
}

static int digest_of_algorithm(const X509_ALGOR *algorithm, DigestAlgorithm *ret)
{
    const ASN1_OBJECT *object;

    if (!algorithm) /* the default is SHA-1 */
        return CERTIFICATE_E_SIGNATURE;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return digest_of_nid(OBJ_obj2nid(object), ret);
}

/* RSASSA-PSS-params: RFC 4055 3.1. */
static int pss_of(const X509_ALGOR *algorithm, CertificateSignature *ret)
{
    const void *value;
    int type;
    CertificateSignature signature = { .scheme = SIGNATURE_RSAPSS, .salt_size = SALT_DEFAULT };

    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE)
        return CERTIFICATE_E_SIGNATURE;
    _cleanup_(RSA_PSS_PARAMS_freep) RSA_PSS_PARAMS *pss =
        ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    if (!pss || digest_of_algorithm(pss->hashAlgorithm, &signature.digest) != CERTIFICATE_OK)
        return CERTIFICATE_E_SIGNATURE;

    const ASN1_OBJECT *object = NULL;
    if (pss->maskGenAlgorithm)
        X509_ALGOR_get0(&object, &type, &value, pss->maskGenAlgorithm);
    if (!object || OBJ_obj2nid(object) != NID_mgf1 || type != V_ASN1_SEQUENCE)
        return CERTIFICATE_E_SIGNATURE;
    _cleanup_(X509_ALGOR_freep) X509_ALGOR *mgf1 =
        ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR));
    if (digest_of_algorithm(mgf1, &signature.mgf1_digest) != CERTIFICATE_OK)
        return CERTIFICATE_E_SIGNATURE;

    if (pss->saltLength) {
        int64_t salt;
        if (ASN1_INTEGER_get_int64(&salt, pss->saltLength) != 1 || salt < 0 || salt > 512)
            return CERTIFICATE_E_SIGNATURE;
        signature.salt_size = (size_t)salt;
    }
    *ret = signature;
    return CERTIFICATE_OK;
}

static int named_of(int nid, CertificateSignature *ret)
{
    int digest;
    int key;
    CertificateSignature signature = { 0 };

    if (OBJ_find_sigid_algs(nid, &digest, &key) != 1)
        return CERTIFICATE_E_SIGNATURE;
    if (key == NID_ED25519) {
        *ret = (CertificateSignature){ .scheme = SIGNATURE_ED25519, .digest = DIGEST_SHA512 };
        return CERTIFICATE_OK;
    }
    if (key == NID_rsaEncryption)
        signature.scheme = SIGNATURE_RSASSA;
    else if (key == NID_X9_62_id_ecPublicKey)
        signature.scheme = SIGNATURE_ECDSA_DER;
    else
        return CERTIFICATE_E_SIGNATURE;
    if (digest_of_nid(digest, &signature.digest) != CERTIFICATE_OK)
        return CERTIFICATE_E_SIGNATURE;
    *ret = signature;
    return CERTIFICATE_OK;
}

int certificate_signature_of(const X509_ALGOR *algorithm, CertificateSignature *ret)
{
    const ASN1_OBJECT *object;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    int nid = OBJ_obj2nid(object);
    int r = nid == NID_rsassaPss ? pss_of(algorithm, ret) : named_of(nid, ret);
    openssl_forget();
    return r;
}

int certificate_signature(const Certificate *certificate, CertificateSignature *ret)
{
    const X509 *x509 = certificate_x509(certificate);
    const X509_ALGOR *algorithm;

    X509_get0_signature(NULL, &algorithm, x509);
    /* The algorithm stands there twice, once of it signed: they must agree (RFC 5280 4.1.1.2). */
    if (X509_ALGOR_cmp(algorithm, X509_get0_tbs_sigalg(x509)) != 0)
        return CERTIFICATE_E_SIGNATURE;
    return certificate_signature_of(algorithm, ret);
}

bool certificate_is_amd_signed(const Certificate *certificate)
{
    CertificateSignature signature;

    return certificate_signature(certificate, &signature) == CERTIFICATE_OK &&
           signature.scheme == SIGNATURE_RSAPSS && signature.digest == DIGEST_SHA384 &&
           signature.mgf1_digest == DIGEST_SHA384 && signature.salt_size == 48;
}

int certificate_verify_signed_by(const Certificate *certificate, const Certificate *issuer)
{
    CertificateSignature signature;
    X509 *x509 = certificate_x509(certificate);

    if (X509_NAME_cmp(X509_get_issuer_name(x509),
                      X509_get_subject_name(certificate_x509(issuer))) != 0)
        return CERTIFICATE_E_ISSUER;
    int r = certificate_signature(certificate, &signature);
    if (r)
        return r;

    if (X509_verify(x509, key_pkey(certificate_key(issuer))) == 1)
        return CERTIFICATE_OK;
    /* OpenSSL says -1 for hostile algorithm identifiers too; both are a no. */
    r = openssl_failure();
    return r == -ENOMEM ? r : CERTIFICATE_E_SIGNATURE;
}

static int reason_of(int error)
{
    switch (error) {
    case X509_V_ERR_OUT_OF_MEM:
        return -ENOMEM;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return CERTIFICATE_E_NOT_YET;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return CERTIFICATE_E_EXPIRED;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return CERTIFICATE_E_SIGNATURE;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        return CERTIFICATE_E_UNTRUSTED;
    default: /* OpenSSL's numbers, not an enum of ours */
        return CERTIFICATE_E_CHAIN;
    }
}

/* Borrowed certificates in a stack of our own; release with sk_X509_free(). NULL: no memory. */
static STACK_OF(X509) * stack_of(const CertificateList *list)
{
    STACK_OF(X509) *stack = sk_X509_new_null();

    for (size_t i = 0; stack && list && i < list->n_items; i++)
        if (sk_X509_push(stack, certificate_x509(list->items[i])) <= 0) {
            sk_X509_free(stack);
            return NULL;
        }
    return stack;
}

/* Anchors are those of TRUSTED or, where that is NULL, of STORE. */
static int verify_with(const Certificate *leaf, STACK_OF(X509) * untrusted,
                       STACK_OF(X509) * trusted, X509_STORE *store, int64_t at_sec,
                       const char **reterr_text)
{
    _cleanup_(X509_STORE_CTX_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();

    if (!context || X509_STORE_CTX_init(context, store, certificate_x509(leaf), untrusted) != 1)
        return openssl_failure();
    if (trusted)
        X509_STORE_CTX_set0_trusted_stack(context, trusted);

    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_depth(parameters, CHAIN_DEPTH_MAX);
    X509_VERIFY_PARAM_set_auth_level(parameters, AUTH_LEVEL);
    if (X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN) != 1)
        return openssl_failure();
    if (at_sec != CERTIFICATE_TIME_ANY)
        X509_VERIFY_PARAM_set_time(parameters, (time_t)at_sec);
    else if (X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME) != 1)
        return openssl_failure();

    int r = X509_verify_cert(context);
    int error = X509_STORE_CTX_get_error(context);
    openssl_forget();
    if (r == 1 && error == X509_V_OK)
        return CERTIFICATE_OK;
    if (reterr_text)
        *reterr_text = X509_verify_cert_error_string(error);
    return reason_of(error);
}

/* Of file and directory either may be missing. */
static X509_STORE *system_store(void)
{
    X509_STORE *store = X509_STORE_new();

    if (store) {
        (void)X509_STORE_load_file(store, X509_get_default_cert_file());
        (void)X509_STORE_load_path(store, X509_get_default_cert_dir());
    }
    openssl_forget();
    return store;
}

int certificate_verify_by_system(const Certificate *leaf, const CertificateList *intermediates,
                                 int64_t at_sec, const char **reterr_text)
{
    _cleanup_(X509_STORE_freep) X509_STORE *store = system_store();
    STACK_OF(X509) *untrusted = stack_of(intermediates);

    int r = untrusted && store ? verify_with(leaf, untrusted, NULL, store, at_sec, reterr_text)
                               : -ENOMEM;
    sk_X509_free(untrusted);
    return r;
}

bool certificate_is_for_host(const Certificate *certificate, const char *host)
{
    const unsigned flags =
        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    X509 *x509 = certificate_x509(certificate);

    int r = X509_check_ip_asc(x509, host, 0);
    if (r == -2) /* no address */
        r = X509_check_host(x509, host, 0, flags, NULL);
    openssl_forget();
    return r == 1;
}

int certificate_verify_chain(const Certificate *leaf, const CertificateList *intermediates,
                             const CertificateList *anchors, int64_t at_sec,
                             const char **reterr_text)
{
    STACK_OF(X509) *untrusted = stack_of(intermediates);
    STACK_OF(X509) *trusted = stack_of(anchors);

    int r = untrusted && trusted ? verify_with(leaf, untrusted, trusted, NULL, at_sec, reterr_text)
                                 : -ENOMEM;
    sk_X509_free(untrusted);
    sk_X509_free(trusted);
    return r;
}
