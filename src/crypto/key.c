/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: judged at the door, then asked what they are. Encodings are in key-encode.c.
 */
#include "crypto/openssl.h"

#include <errno.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

struct Key {
    EVP_PKEY *pkey;
    KeyType type;
    bool is_private;
};

#define RSA_EXPONENT_BITS_MAX 64 /* OpenSSL's own limit for moduli above 3072 bits */
#define ED25519_SIZE          32

DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free);
DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free);

const char *key_reason(int reason)
{
    switch (reason) {
    case KEY_OK:
        return "ok";
    case KEY_E_SYNTAX:
        return "not a key in this encoding";
    case KEY_E_UNSUPPORTED:
        return "a key type or curve that is not supported";
    case KEY_E_WEAK:
        return "an RSA key outside 2048 to 8192 bits, or a bad exponent";
    case KEY_E_INVALID:
        return "not a point of its curve";
    case KEY_E_PUBLIC_ONLY:
        return "has no private half";
    }
    return "unknown";
}

const char *key_type_name(KeyType type)
{
    switch (type) {
    case KEY_RSA:
        return "RSA";
    case KEY_P256:
        return "P-256";
    case KEY_P384:
        return "P-384";
    case KEY_P521:
        return "P-521";
    case KEY_ED25519:
        return "Ed25519";
    }
    return "unknown";
}

/* KEY_OK or KEY_E_UNSUPPORTED. A curve spelled out in parameters is none of ours (CVE-2020-0601).
 */
static int curve_of(EVP_PKEY *pkey, KeyType *ret)
{
    char group[64];
    int is_explicit = 0;

    if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                               &is_explicit) == 1 &&
        is_explicit != 0)
        return KEY_E_UNSUPPORTED;
    if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       NULL) != 1)
        return openssl_refusal(KEY_E_UNSUPPORTED);

    int nid = OBJ_txt2nid(group);
    if (nid == NID_undef)
        nid = EC_curve_nist2nid(group);
    switch (nid) {
    case NID_X9_62_prime256v1:
        *ret = KEY_P256;
        return KEY_OK;
    case NID_secp384r1:
        *ret = KEY_P384;
        return KEY_OK;
    case NID_secp521r1:
        *ret = KEY_P521;
        return KEY_OK;
    default: /* OpenSSL's numbers, not an enum of ours */
        return KEY_E_UNSUPPORTED;
    }
}

/* On the curve, coordinates in range. The order needs no check: all three cofactors are 1. */
static int judge_point(EVP_PKEY *pkey)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);

    if (!context)
        return openssl_failure();
    return EVP_PKEY_public_check_quick(context) == 1 ? KEY_OK : openssl_refusal(KEY_E_INVALID);
}

static int judge_rsa(EVP_PKEY *pkey)
{
    _cleanup_(BN_freep) BIGNUM *n = NULL;
    _cleanup_(BN_freep) BIGNUM *e = NULL;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
        return openssl_failure();
    if (BN_num_bits(n) < KEY_RSA_BITS_MIN || BN_num_bits(n) > KEY_RSA_BITS_MAX || !BN_is_odd(n))
        return KEY_E_WEAK;
    if (BN_num_bits(e) <= 16 || BN_num_bits(e) > RSA_EXPONENT_BITS_MAX || !BN_is_odd(e))
        return KEY_E_WEAK;
    return KEY_OK;
}

static int judge(EVP_PKEY *pkey, KeyType *ret)
{
    KeyType type = KEY_RSA;
    int r;

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        r = judge_rsa(pkey);
    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        r = curve_of(pkey, &type);
        if (r == KEY_OK)
            r = judge_point(pkey);
    } else if (EVP_PKEY_is_a(pkey, "ED25519")) {
        type = KEY_ED25519;
        r = KEY_OK;
    } else {
        r = KEY_E_UNSUPPORTED;
    }
    if (r == KEY_OK)
        *ret = type;
    return r;
}

int key_from_pkey(EVP_PKEY *pkey, bool is_private, Key **ret)
{
    KeyType type;

    int r = judge(pkey, &type);
    openssl_forget();
    if (r)
        return r;

    Key *key = malloc(sizeof(*key));
    if (!key)
        return -ENOMEM;
    if (EVP_PKEY_up_ref(pkey) != 1) {
        free(key);
        return openssl_failure();
    }
    *key = (Key){ .pkey = pkey, .type = type, .is_private = is_private };
    *ret = key;
    return KEY_OK;
}

int key_generate(KeyType type, Key **ret)
{
    if (type == KEY_RSA)
        return KEY_E_UNSUPPORTED;

    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey =
        type == KEY_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                            : EVP_PKEY_Q_keygen(NULL, NULL, "EC", key_type_name(type));
    if (!pkey)
        return openssl_failure();
    return key_from_pkey(pkey, true, ret);
}

/* A public key of algorithm NAME from what BUILDER holds. KEY_E_INVALID when OpenSSL declines. */
static int key_build(const char *name, OSSL_PARAM_BLD *builder, Key **ret)
{
    _cleanup_(OSSL_PARAM_freep) OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context =
        EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = NULL;

    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1)
        return openssl_failure();
    if (EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        return openssl_refusal(KEY_E_INVALID);
    return key_from_pkey(pkey, false, ret);
}

int key_from_rsa(ByteView n, ByteView e, Key **ret)
{
    /* Leading zeros are allowed, but not without end. */
    if (n.size > KEY_RSA_BITS_MAX / 8 + 8 || e.size > 16)
        return KEY_E_WEAK;

    _cleanup_(BN_freep) BIGNUM *modulus = BN_bin2bn(n.data, (int)n.size, NULL);
    _cleanup_(BN_freep) BIGNUM *exponent = BN_bin2bn(e.data, (int)e.size, NULL);
    _cleanup_(OSSL_PARAM_BLD_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (!modulus || !exponent || !builder)
        return openssl_failure();
    if (BN_is_zero(modulus) || BN_is_zero(exponent))
        return KEY_E_WEAK;
    if (OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return openssl_failure();
    return key_build("RSA", builder, ret);
}

static size_t coordinate_size(KeyType type)
{
    switch (type) {
    case KEY_P256:
        return 32;
    case KEY_P384:
        return 48;
    case KEY_P521:
        return KEY_COORDINATE_MAX;
    case KEY_RSA:
    case KEY_ED25519:
        return 0;
    }
    return 0;
}

int key_from_ec(KeyType type, ByteView x, ByteView y, Key **ret)
{
    uint8_t point[1 + 2 * KEY_COORDINATE_MAX] = { 0x04 }; /* uncompressed: SEC 1, 2.3.3 */
    size_t size = coordinate_size(type);

    if (size == 0)
        return KEY_E_UNSUPPORTED;
    if (x.size > size || y.size > size || x.size == 0 || y.size == 0)
        return KEY_E_INVALID;
    for (size_t i = 0; i < x.size; i++)
        point[1 + size - x.size + i] = x.data[i];
    for (size_t i = 0; i < y.size; i++)
        point[1 + 2 * size - y.size + i] = y.data[i];

    _cleanup_(OSSL_PARAM_BLD_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, key_type_name(type),
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) !=
            1)
        return openssl_failure();
    return key_build("EC", builder, ret);
}

int key_from_ed25519(ByteView raw, Key **ret)
{
    if (raw.size != ED25519_SIZE)
        return KEY_E_INVALID;

    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, raw.data, raw.size);
    if (!pkey)
        return openssl_failure();
    return key_from_pkey(pkey, false, ret);
}

Key *key_ref(const Key *key)
{
    Key *other = malloc(sizeof(*other));

    if (!other)
        return NULL;
    if (EVP_PKEY_up_ref(key->pkey) != 1) {
        free(other);
        return NULL;
    }
    *other = *key;
    return other;
}

Key *key_free(Key *key)
{
    if (!key)
        return NULL;
    EVP_PKEY_free(key->pkey);
    free(key);
    return NULL;
}

KeyType key_type(const Key *key)
{
    return key->type;
}

unsigned key_bits(const Key *key)
{
    return (unsigned)EVP_PKEY_get_bits(key->pkey);
}

bool key_is_private(const Key *key)
{
    return key->is_private;
}

bool key_equal(const Key *a, const Key *b)
{
    bool equal = a->type == b->type && EVP_PKEY_eq(a->pkey, b->pkey) == 1;

    openssl_forget();
    return equal;
}

size_t key_coordinate_size(const Key *key)
{
    return coordinate_size(key->type);
}

EVP_PKEY *key_pkey(const Key *key)
{
    return key->pkey;
}
