/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that can fail, wrapped by the linker (wrapped.txt): each asks the dice first. Memory of
 * jansson, which is a library of its own, fails through its own hooks.
 */
#include "wrap.h"

#include "dice.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NAME(PARAMETERS) of type TYPE, which gives FAILURE when the dice says so. */
#define WRAP(type, name, parameters, arguments, failure)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return dice_says_fail() ? (failure) : __real_##name arguments;                             \
    }

/* The same of libcrypto, which says why: as it does when it runs out of memory. */
#define WRAP_CRYPTO(type, name, parameters, arguments, failure)                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (!dice_says_fail())                                                                     \
            return __real_##name arguments;                                                        \
        ERR_raise(ERR_LIB_CRYPTO, ERR_R_MALLOC_FAILURE);                                           \
        return failure;                                                                            \
    }

/* Memory. */
WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *p, size_t size), (p, size), NULL)
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size), NULL)
WRAP(char *, strdup, (const char *text), (text), NULL)
WRAP(char *, strndup, (const char *text, size_t n), (text, n), NULL)

int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret, const char *format, ...)
{
    va_list arguments;

    if (dice_says_fail())
        return -1;
    va_start(arguments, format);
    int n = vasprintf(ret, format, arguments);
    va_end(arguments);
    return n;
}

/* Hashes. */
WRAP_CRYPTO(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
WRAP_CRYPTO(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * ctx, const char *name, const char *properties),
            (ctx, name, properties), NULL)
WRAP_CRYPTO(int, EVP_DigestInit_ex2, (EVP_MD_CTX * ctx, const EVP_MD *md, const OSSL_PARAM *params),
            (ctx, md, params), 0)
WRAP_CRYPTO(int, EVP_DigestUpdate, (EVP_MD_CTX * ctx, const void *data, size_t size),
            (ctx, data, size), 0)
WRAP_CRYPTO(int, EVP_DigestFinal_ex, (EVP_MD_CTX * ctx, unsigned char *out, unsigned *size),
            (ctx, out, size), 0)

/* Keys and signatures. A verification that fails is an error (-1), or a no (0), by turns. */
static int verify_failure(void)
{
    if (dice_n_calls() % 2 == 0)
        return -1;
    ERR_clear_error();
    return 0;
}

WRAP_CRYPTO(int, EVP_DigestVerifyInit_ex,
            (EVP_MD_CTX * ctx, EVP_PKEY_CTX **pctx, const char *md, OSSL_LIB_CTX *libctx,
             const char *properties, EVP_PKEY *key, const OSSL_PARAM *params),
            (ctx, pctx, md, libctx, properties, key, params), 0)
WRAP_CRYPTO(int, EVP_DigestVerify,
            (EVP_MD_CTX * ctx, const unsigned char *sig, size_t sig_size, const unsigned char *data,
             size_t size),
            (ctx, sig, sig_size, data, size), verify_failure())
WRAP_CRYPTO(int, EVP_PKEY_verify_init, (EVP_PKEY_CTX * ctx), (ctx), 0)
WRAP_CRYPTO(int, EVP_PKEY_verify,
            (EVP_PKEY_CTX * ctx, const unsigned char *sig, size_t sig_size,
             const unsigned char *data, size_t size),
            (ctx, sig, sig_size, data, size), verify_failure())
WRAP_CRYPTO(EVP_PKEY_CTX *, EVP_PKEY_CTX_new, (EVP_PKEY * key, ENGINE *engine), (key, engine), NULL)
WRAP_CRYPTO(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name,
            (OSSL_LIB_CTX * ctx, const char *name, const char *properties), (ctx, name, properties),
            NULL)
WRAP_CRYPTO(int, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX * ctx, int padding), (ctx, padding), 0)
WRAP_CRYPTO(int, EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX * ctx, int size), (ctx, size), 0)
WRAP_CRYPTO(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX * ctx), (ctx), 0)
WRAP_CRYPTO(int, EVP_PKEY_fromdata,
            (EVP_PKEY_CTX * ctx, EVP_PKEY **key, int selection, OSSL_PARAM params[]),
            (ctx, key, selection, params), 0)
WRAP_CRYPTO(int, EVP_PKEY_up_ref, (EVP_PKEY * key), (key), 0)
WRAP_CRYPTO(int, EVP_PKEY_public_check_quick, (EVP_PKEY_CTX * ctx), (ctx), 0)
WRAP_CRYPTO(int, EVP_PKEY_get_bn_param, (const EVP_PKEY *key, const char *name, BIGNUM **bn),
            (key, name, bn), 0)
WRAP_CRYPTO(int, EVP_PKEY_get_utf8_string_param,
            (const EVP_PKEY *key, const char *name, char *text, size_t size, size_t *out),
            (key, name, text, size, out), 0)
WRAP_CRYPTO(EVP_PKEY *, EVP_PKEY_new_raw_public_key_ex,
            (OSSL_LIB_CTX * ctx, const char *type, const char *properties, const unsigned char *key,
             size_t size),
            (ctx, type, properties, key, size), NULL)

/* Ciphers and agreement. The end of a decryption allocates nothing: its no is always an answer. */
WRAP_CRYPTO(EVP_CIPHER *, EVP_CIPHER_fetch,
            (OSSL_LIB_CTX * ctx, const char *name, const char *properties), (ctx, name, properties),
            NULL)
WRAP_CRYPTO(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL)
WRAP_CRYPTO(int, EVP_CipherInit_ex2,
            (EVP_CIPHER_CTX * ctx, const EVP_CIPHER *cipher, const unsigned char *key,
             const unsigned char *iv, int encrypts, const OSSL_PARAM *params),
            (ctx, cipher, key, iv, encrypts, params), 0)
WRAP_CRYPTO(int, EVP_CipherUpdate,
            (EVP_CIPHER_CTX * ctx, unsigned char *out, int *out_size, const unsigned char *data,
             int size),
            (ctx, out, out_size, data, size), 0)
WRAP_CRYPTO(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * ctx, int type, int number, void *data),
            (ctx, type, number, data), 0)
WRAP_CRYPTO(int, EVP_PKEY_derive_init, (EVP_PKEY_CTX * ctx), (ctx), 0)
WRAP_CRYPTO(int, EVP_PKEY_derive_set_peer, (EVP_PKEY_CTX * ctx, EVP_PKEY *peer), (ctx, peer), 0)
WRAP_CRYPTO(int, EVP_PKEY_derive, (EVP_PKEY_CTX * ctx, unsigned char *out, size_t *size),
            (ctx, out, size), 0)

/* Parameters and numbers. */
WRAP_CRYPTO(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_new, (void), (), NULL)
WRAP_CRYPTO(int, OSSL_PARAM_BLD_push_BN, (OSSL_PARAM_BLD * bld, const char *name, const BIGNUM *bn),
            (bld, name, bn), 0)
WRAP_CRYPTO(int, OSSL_PARAM_BLD_push_utf8_string,
            (OSSL_PARAM_BLD * bld, const char *name, const char *text, size_t size),
            (bld, name, text, size), 0)
WRAP_CRYPTO(int, OSSL_PARAM_BLD_push_octet_string,
            (OSSL_PARAM_BLD * bld, const char *name, const void *data, size_t size),
            (bld, name, data, size), 0)
WRAP_CRYPTO(OSSL_PARAM *, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD * bld), (bld), NULL)
WRAP_CRYPTO(BIGNUM *, BN_bin2bn, (const unsigned char *data, int size, BIGNUM *bn),
            (data, size, bn), NULL)
WRAP_CRYPTO(int, BN_bn2binpad, (const BIGNUM *bn, unsigned char *out, int size), (bn, out, size),
            -1)
WRAP_CRYPTO(char *, BN_bn2hex, (const BIGNUM *bn), (bn), NULL)
WRAP_CRYPTO(BIGNUM *, ASN1_INTEGER_to_BN, (const ASN1_INTEGER *number, BIGNUM *bn), (number, bn),
            NULL)
WRAP_CRYPTO(ECDSA_SIG *, ECDSA_SIG_new, (void), (), NULL)
WRAP_CRYPTO(int, ECDSA_SIG_set0, (ECDSA_SIG * sig, BIGNUM *r, BIGNUM *s), (sig, r, s), 0)

/* Decoders and encoders. */
WRAP_CRYPTO(X509 *, d2i_X509, (X509 * *x509, const unsigned char **at, long size), (x509, at, size),
            NULL)
WRAP_CRYPTO(X509_CRL *, d2i_X509_CRL, (X509_CRL * *crl, const unsigned char **at, long size),
            (crl, at, size), NULL)
WRAP_CRYPTO(EVP_PKEY *, d2i_PUBKEY, (EVP_PKEY * *key, const unsigned char **at, long size),
            (key, at, size), NULL)
WRAP_CRYPTO(ECDSA_SIG *, d2i_ECDSA_SIG, (ECDSA_SIG * *sig, const unsigned char **at, long size),
            (sig, at, size), NULL)
WRAP_CRYPTO(int, i2d_ECDSA_SIG, (const ECDSA_SIG *sig, unsigned char **out), (sig, out), -1)
WRAP_CRYPTO(int, i2d_PUBKEY, (const EVP_PKEY *key, unsigned char **out), (key, out), -1)
WRAP_CRYPTO(int, i2d_X509_PUBKEY, (const X509_PUBKEY *key, unsigned char **out), (key, out), -1)
WRAP_CRYPTO(BIO *, BIO_new, (const BIO_METHOD *method), (method), NULL)
WRAP_CRYPTO(BIO *, BIO_new_mem_buf, (const void *data, int size), (data, size), NULL)
WRAP_CRYPTO(int, PEM_read_bio,
            (BIO * bio, char **name, char **header, unsigned char **data, long *size),
            (bio, name, header, data, size), 0)
WRAP_CRYPTO(int, X509_NAME_print_ex,
            (BIO * bio, const X509_NAME *name, int indent, unsigned long flags),
            (bio, name, indent, flags), -1)
WRAP_CRYPTO(int, ASN1_STRING_to_UTF8, (unsigned char **out, const ASN1_STRING *text), (out, text),
            -1)
WRAP_CRYPTO(ASN1_OBJECT *, OBJ_txt2obj, (const char *text, int no_name), (text, no_name), NULL)

/* Certificates. */
WRAP_CRYPTO(EVP_PKEY *, X509_get0_pubkey, (const X509 *x509), (x509), NULL)
WRAP_CRYPTO(int, X509_verify, (X509 * x509, EVP_PKEY *key), (x509, key), verify_failure())
WRAP_CRYPTO(int, X509_CRL_verify, (X509_CRL * crl, EVP_PKEY *key), (crl, key), verify_failure())
WRAP_CRYPTO(X509_STORE_CTX *, X509_STORE_CTX_new, (void), (), NULL)
WRAP_CRYPTO(int, X509_STORE_CTX_init,
            (X509_STORE_CTX * ctx, X509_STORE *store, X509 *leaf, STACK_OF(X509) * chain),
            (ctx, store, leaf, chain), 0)
WRAP_CRYPTO(int, X509_verify_cert, (X509_STORE_CTX * ctx), (ctx), verify_failure())

static bool json_is_loading;

static void *json_memory(size_t size)
{
    return !json_is_loading && dice_says_fail() ? NULL : __real_malloc(size);
}

/*
 * Parsing fails as a whole: the lexer of jansson 2.14 does not survive a failure in the middle of a
 * string (an assertion in lex_scan_string()), which is nothing that its callers can help.
 */
json_t *__real_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error)
{
    if (dice_says_fail()) {
        *error = (json_error_t){ .line = -1 };
        error->text[JSON_ERROR_TEXT_LENGTH - 1] = json_error_out_of_memory;
        return NULL;
    }
    json_is_loading = true;
    json_t *json = __real_json_loadb(text, size, flags, error);
    json_is_loading = false;
    return json;
}

void wrap_jansson(void)
{
    json_set_alloc_funcs(json_memory, free);
}
