/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures. Every form is checked before OpenSSL sees it, so that what OpenSSL calls an error is
 * one, and never a yes.
 */
#include "crypto/signature.h"

#include "crypto/ecdsa-p384.h"
#include "crypto/openssl.h"

#include <errno.h>
#include <openssl/rsa.h>
#include <string.h>

#define ED25519_SIGNATURE_SIZE 64

static bool scheme_suits(SignatureScheme scheme, const Key *key)
{
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

    return openssl_verdict(
        EVP_DigestVerify(context, signature.data, signature.size, message.data, message.size));
}

static ByteView without_leading_zeros(ByteView number)
{
    while (number.size > 0 && number.data[0] == 0) {
        number.data++;
        number.size--;
    }
    return number;
}

static int verify_pair(const Key *key, DigestAlgorithm digest, ByteView message, ByteView r,
                       ByteView s)
{
    _cleanup_bytes_ Bytes der = { 0 };
    Digest hash;

    r = without_leading_zeros(r);
    s = without_leading_zeros(s);
    if (r.size == 0 || s.size == 0 || r.size > key_coordinate_size(key) ||
        s.size > key_coordinate_size(key))
        return SIGNATURE_E_BAD;
    if (key_type(key) == KEY_P384) {
        int result = digest_of(digest, message, &hash);
        return result < 0 ? result : ecdsa_p384_verify(key, digest_view(&hash), r, s);
    }

    int result = ecdsa_der(r, s, &der);
    if (result < 0)
        return result;
    return verify(key, SIGNATURE_ECDSA_DER, digest, message, VIEW(der));
}

int signature_verify_ecdsa(const Key *key, DigestAlgorithm digest, ByteView message, ByteView r,
                           ByteView s)
{
    if (digest == DIGEST_SHA1 || key_coordinate_size(key) == 0)
        return SIGNATURE_E_KEY;
    return verify_pair(key, digest, message, r, s);
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

/*
 * DER to r and s in full length. What OpenSSL would not write itself is refused: one signature, one
 * spelling.
 */
static int pair_of_der(ByteView signature, size_t half, uint8_t out[static 2 * KEY_COORDINATE_MAX])
{
    const uint8_t *at = signature.data;
    uint8_t *der = NULL;

    if (signature.size == 0 || signature.size > 2 * KEY_COORDINATE_MAX + 16)
        return SIGNATURE_E_BAD;
    _cleanup_(ECDSA_SIG_freep) ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)signature.size);
    int size = pair ? i2d_ECDSA_SIG(pair, &der) : -1;
    bool strict = size >= 0 && view_equal((ByteView){ der, (size_t)size }, signature) &&
                  !BN_is_negative(ECDSA_SIG_get0_r(pair)) &&
                  !BN_is_negative(ECDSA_SIG_get0_s(pair)) &&
                  BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, (int)half) >= 0 &&
                  BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + half, (int)half) >= 0;
    OPENSSL_free(der);
    openssl_forget();
    return strict ? SIGNATURE_OK : SIGNATURE_E_BAD;
}

/* Of any digest. */
static int verify_form(const Key *key, SignatureScheme scheme, DigestAlgorithm digest,
                       ByteView message, ByteView signature)
{
    size_t half = key_coordinate_size(key);
    uint8_t pair[2 * KEY_COORDINATE_MAX];

    if (!scheme_suits(scheme, key))
        return SIGNATURE_E_KEY;

    switch (scheme) {
    case SIGNATURE_ECDSA_RAW:
        if (signature.size != 2 * half)
            return SIGNATURE_E_BAD;
        return verify_pair(key, digest, message, (ByteView){ signature.data, half },
                           (ByteView){ signature.data + half, half });
    case SIGNATURE_ECDSA_DER:
        if (pair_of_der(signature, half, pair) != SIGNATURE_OK)
            return SIGNATURE_E_BAD;
        return verify_pair(key, digest, message, (ByteView){ pair, half },
                           (ByteView){ pair + half, half });
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

int signature_verify(const Key *key, SignatureScheme scheme, DigestAlgorithm digest,
                     ByteView message, ByteView signature)
{
    if (digest == DIGEST_SHA1)
        return SIGNATURE_E_KEY;
    return verify_form(key, scheme, digest, message, signature);
}

int signature_verify_sha1(const Key *key, SignatureScheme scheme, ByteView message,
                          ByteView signature)
{
    if (scheme == SIGNATURE_ED25519)
        return SIGNATURE_E_KEY;
    return verify_form(key, scheme, DIGEST_SHA1, message, signature);
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

    if (digest == DIGEST_SHA1 || !scheme_suits(scheme, key) || !key_is_private(key))
        return SIGNATURE_E_KEY;
    if (scheme != SIGNATURE_ECDSA_RAW)
        return sign(key, scheme, digest, message, ret);

    int r = sign(key, SIGNATURE_ECDSA_DER, digest, message, &der);
    if (r)
        return r;
    return raw_of(VIEW(der), key_coordinate_size(key), ret);
}
