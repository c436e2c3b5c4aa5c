/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures. Every form is checked before OpenSSL sees it, so that what OpenSSL calls an error is
 * one, and never a yes.
 */
#include "crypto/signature.h"

#include "crypto/openssl.h"

#include <errno.h>
#include <openssl/rsa.h>
#include <string.h>

#define ED25519_SIGNATURE_SIZE 64

static bool scheme_suits(SignatureScheme scheme, DigestAlgorithm digest, const Key *key)
{
    if (digest == DIGEST_SHA1)
        return false;
    switch (scheme) {
    case SIGNATURE_ECDSA_RAW:
    case SIGNATURE_ECDSA_DER:
        return key_coordinate_size(key) > 0;
    case SIGNATURE_RSASSA:
    case SIGNATURE_RSAPSS:
    case SIGNATURE_RSAPSS_AUTO:
        return key_type(key) == KEY_RSA;
    case SIGNATURE_ED25519:
        return key_type(key) == KEY_ED25519;
    }
    return false;
}

static int set_padding(EVP_PKEY_CTX *context, SignatureScheme scheme, bool is_verifying)
{
    int padding = scheme == SIGNATURE_RSASSA ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING;

    if (EVP_PKEY_CTX_set_rsa_padding(context, padding) != 1)
        return openssl_failure();
    if (scheme == SIGNATURE_RSASSA)
        return 0;

    int salt = scheme == SIGNATURE_RSAPSS_AUTO && is_verifying ? RSA_PSS_SALTLEN_AUTO
                                                               : RSA_PSS_SALTLEN_DIGEST;
    if (EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) != 1)
        return openssl_failure();
    return 0;
}

/* MGF1 follows the digest by default. */
static int set_scheme(EVP_PKEY_CTX *context, SignatureScheme scheme, bool is_verifying)
{
    switch (scheme) {
    case SIGNATURE_RSASSA:
    case SIGNATURE_RSAPSS:
    case SIGNATURE_RSAPSS_AUTO:
        return set_padding(context, scheme, is_verifying);
    case SIGNATURE_ECDSA_RAW:
    case SIGNATURE_ECDSA_DER:
    case SIGNATURE_ED25519:
        return 0;
    }
    return -EINVAL;
}

static const char *hash_of(SignatureScheme scheme, DigestAlgorithm digest)
{
    return scheme == SIGNATURE_ED25519 ? NULL : openssl_digest_name(digest);
}

/* SIGNATURE is in OpenSSL's own form. */
static int verify(const Key *key, SignatureScheme scheme, DigestAlgorithm digest, ByteView message,
                  ByteView signature)
{
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context;

    if (!context || EVP_DigestVerifyInit_ex(context, &key_context, hash_of(scheme, digest), NULL,
                                            NULL, key_pkey(key), NULL) != 1)
        return openssl_failure();
    int r = set_scheme(key_context, scheme, true);
    if (r < 0)
        return r;

    r = EVP_DigestVerify(context, signature.data, signature.size, message.data, message.size);
    if (r == 1)
        return SIGNATURE_OK;
    if (r < 0)
        return openssl_failure();
    openssl_forget();
    return SIGNATURE_E_BAD;
}

/* r and s, big-endian, to the DER that OpenSSL takes. */
static int der_of(ByteView r_bytes, ByteView s_bytes, Bytes *ret)
{
    _cleanup_(ECDSA_SIG_freep) ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(r_bytes.data, (int)r_bytes.size, NULL);
    BIGNUM *s = BN_bin2bn(s_bytes.data, (int)s_bytes.size, NULL);
    uint8_t *der = NULL;

    if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return openssl_failure();
    }
    int size = i2d_ECDSA_SIG(pair, &der);
    if (size < 0)
        return openssl_failure();
    int result = bytes_copy((ByteView){ der, (size_t)size }, ret);
    OPENSSL_free(der);
    return result;
}

static ByteView without_leading_zeros(ByteView number)
{
    while (number.size > 0 && number.data[0] == 0) {
        number.data++;
        number.size--;
    }
    return number;
}

int signature_verify_ecdsa(const Key *key, DigestAlgorithm digest, ByteView message, ByteView r,
                           ByteView s)
{
    _cleanup_bytes_ Bytes der = { 0 };

    if (!scheme_suits(SIGNATURE_ECDSA_DER, digest, key))
        return SIGNATURE_E_KEY;
    r = without_leading_zeros(r);
    s = without_leading_zeros(s);
    if (r.size == 0 || s.size == 0 || r.size > key_coordinate_size(key) ||
        s.size > key_coordinate_size(key))
        return SIGNATURE_E_BAD;

    int result = der_of(r, s, &der);
    if (result < 0)
        return result;
    return verify(key, SIGNATURE_ECDSA_DER, digest, message, VIEW(der));
}

/* The SNP report's 72 bytes are the longest there are. */
#define LITTLE_ENDIAN_MAX 72

static int reverse(ByteView little, uint8_t big[static LITTLE_ENDIAN_MAX])
{
    if (little.size > LITTLE_ENDIAN_MAX)
        return SIGNATURE_E_BAD;
    for (size_t i = 0; i < little.size; i++)
        big[i] = little.data[little.size - 1 - i];
    return SIGNATURE_OK;
}

int signature_verify_ecdsa_le(const Key *key, DigestAlgorithm digest, ByteView message, ByteView r,
                              ByteView s)
{
    uint8_t big_r[LITTLE_ENDIAN_MAX] = { 0 };
    uint8_t big_s[LITTLE_ENDIAN_MAX] = { 0 };

    if (reverse(r, big_r) != SIGNATURE_OK || reverse(s, big_s) != SIGNATURE_OK)
        return SIGNATURE_E_BAD;
    return signature_verify_ecdsa(key, digest, message, (ByteView){ big_r, r.size },
                                  (ByteView){ big_s, s.size });
}

/* DER that OpenSSL would not write itself is refused: one signature, one spelling. */
static bool is_strict_der(ByteView signature)
{
    const uint8_t *at = signature.data;
    uint8_t *der = NULL;

    if (signature.size == 0 || signature.size > 2 * KEY_COORDINATE_MAX + 16)
        return false;
    _cleanup_(ECDSA_SIG_freep) ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)signature.size);
    int size = pair ? i2d_ECDSA_SIG(pair, &der) : -1;
    bool strict = size >= 0 && view_equal((ByteView){ der, (size_t)size }, signature);
    OPENSSL_free(der);
    openssl_forget();
    return strict;
}

int signature_verify(const Key *key, SignatureScheme scheme, DigestAlgorithm digest,
                     ByteView message, ByteView signature)
{
    size_t half = key_coordinate_size(key);

    if (!scheme_suits(scheme, digest, key))
        return SIGNATURE_E_KEY;

    switch (scheme) {
    case SIGNATURE_ECDSA_RAW:
        if (signature.size != 2 * half)
            return SIGNATURE_E_BAD;
        return signature_verify_ecdsa(key, digest, message, (ByteView){ signature.data, half },
                                      (ByteView){ signature.data + half, half });
    case SIGNATURE_ECDSA_DER:
        if (!is_strict_der(signature))
            return SIGNATURE_E_BAD;
        break;
    case SIGNATURE_RSASSA:
    case SIGNATURE_RSAPSS:
    case SIGNATURE_RSAPSS_AUTO:
        if (signature.size != (key_bits(key) + 7) / 8)
            return SIGNATURE_E_BAD;
        break;
    case SIGNATURE_ED25519:
        if (signature.size != ED25519_SIGNATURE_SIZE)
            return SIGNATURE_E_BAD;
        break;
    }
    return verify(key, scheme, digest, message, signature);
}

static int sign(const Key *key, SignatureScheme scheme, DigestAlgorithm digest, ByteView message,
                Bytes *ret)
{
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    _cleanup_bytes_ Bytes signature = { 0 };
    EVP_PKEY_CTX *key_context;
    size_t size = 0;

    if (!context || EVP_DigestSignInit_ex(context, &key_context, hash_of(scheme, digest), NULL,
                                          NULL, key_pkey(key), NULL) != 1)
        return openssl_failure();
    int r = set_scheme(key_context, scheme, false);
    if (r < 0)
        return r;
    if (EVP_DigestSign(context, NULL, &size, message.data, message.size) != 1)
        return openssl_failure();
    r = bytes_new(size, &signature);
    if (r < 0)
        return r;
    if (EVP_DigestSign(context, signature.data, &size, message.data, message.size) != 1)
        return openssl_failure();
    signature.size = size;
    *ret = TAKE_STRUCT(signature);
    return SIGNATURE_OK;
}

/* DER to r ‖ s, each of HALF bytes. */
static int raw_of(ByteView der, size_t half, Bytes *ret)
{
    const uint8_t *at = der.data;
    _cleanup_bytes_ Bytes raw = { 0 };

    _cleanup_(ECDSA_SIG_freep) ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
    if (!pair)
        return openssl_failure();
    int r = bytes_new(2 * half, &raw);
    if (r < 0)
        return r;
    if (BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw.data, (int)half) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw.data + half, (int)half) < 0)
        return openssl_failure();
    *ret = TAKE_STRUCT(raw);
    return SIGNATURE_OK;
}

int signature_sign(const Key *key, SignatureScheme scheme, DigestAlgorithm digest, ByteView message,
                   Bytes *ret)
{
    _cleanup_bytes_ Bytes der = { 0 };

    if (!scheme_suits(scheme, digest, key) || !key_is_private(key))
        return SIGNATURE_E_KEY;
    if (scheme != SIGNATURE_ECDSA_RAW)
        return sign(key, scheme, digest, message, ret);

    int r = sign(key, SIGNATURE_ECDSA_DER, digest, message, &der);
    if (r)
        return r;
    return raw_of(VIEW(der), key_coordinate_size(key), ret);
}
