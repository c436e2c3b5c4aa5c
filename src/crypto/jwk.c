/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Keys, read. Written they are in jwk-emit.c.
 */
#include "crypto/jwk.h"

#include "base/encode.h"
#include "crypto/certificate.h"

#include <errno.h>
#include <string.h>

#define KID_SIZE_MAX 256 /* bytes */

const char *jwk_reason(int reason)
{
    switch (reason) {
    case JWK_OK:
        return "ok";
    case JWK_E_SYNTAX:
        return "a member is missing, of the wrong type or not strict base64url";
    case JWK_E_PRIVATE:
        return "holds a private or symmetric key";
    case JWK_E_UNSUPPORTED:
        return "a key type or curve that is not supported";
    case JWK_E_WEAK:
        return "an RSA key outside 2048 to 8192 bits, or a bad exponent";
    case JWK_E_INVALID:
        return "not a point of its curve in full length";
    case JWK_E_ALGORITHM:
        return "an algorithm that is not supported or does not suit the key";
    case JWK_E_USE:
        return "not meant for verifying signatures";
    case JWK_E_CERTIFICATE:
        return "x5c that cannot be read or holds another key";
    }
    return "unknown";
}

void jwk_done(Jwk *jwk)
{
    key_free(jwk->key);
    free(jwk->kid);
    *jwk = (Jwk){ 0 };
}

static int reason_of_key(int reason)
{
    switch (reason) {
    case KEY_OK:
        return JWK_OK;
    case KEY_E_UNSUPPORTED:
        return JWK_E_UNSUPPORTED;
    case KEY_E_WEAK:
        return JWK_E_WEAK;
    case KEY_E_INVALID:
        return JWK_E_INVALID;
    default: /* not from the functions used here */
        return JWK_E_SYNTAX;
    }
}

static bool has_private_member(const json_t *object)
{
    static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (json_object_get(object, names[i]))
            return true;
    return false;
}

/* JWK_OK, JWK_E_SYNTAX or -ENOMEM. */
static int get_number(const json_t *object, const char *name, size_t limit, Bytes *ret)
{
    int r = json_get_base64url(object, name, limit, ret);

    return r <= 0 ? r : JWK_E_SYNTAX;
}

static int parse_rsa(const json_t *object, Key **ret)
{
    _cleanup_bytes_ Bytes n = { 0 };
    _cleanup_bytes_ Bytes e = { 0 };

    int r = get_number(object, "n", 2 * KEY_RSA_BITS_MAX / 8, &n);
    if (r)
        return r;
    r = get_number(object, "e", 64, &e);
    if (r)
        return r;
    r = key_from_rsa(VIEW(n), VIEW(e), ret);
    return r < 0 ? r : reason_of_key(r);
}

static int parse_ec(const json_t *object, KeyType type, size_t size, Key **ret)
{
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };

    int r = get_number(object, "x", 2 * KEY_COORDINATE_MAX, &x);
    if (r)
        return r;
    r = get_number(object, "y", 2 * KEY_COORDINATE_MAX, &y);
    if (r)
        return r;
    /* Full length, leading zeros and all: RFC 7518 6.2.1.2. */
    if (x.size != size || y.size != size)
        return JWK_E_INVALID;
    r = key_from_ec(type, VIEW(x), VIEW(y), ret);
    return r < 0 ? r : reason_of_key(r);
}

static int parse_ed25519(const json_t *object, Key **ret)
{
    _cleanup_bytes_ Bytes x = { 0 };

    int r = get_number(object, "x", 2 * KEY_COORDINATE_MAX, &x);
    if (r)
        return r;
    r = key_from_ed25519(VIEW(x), ret);
    return r < 0 ? r : reason_of_key(r);
}

typedef struct Curve {
    const char *kty;
    const char *crv;
    KeyType type;
    size_t size; /* bytes of a coordinate */
} Curve;

static const Curve curves[] = {
    { "EC", "P-256", KEY_P256, 32 },
    { "EC", "P-384", KEY_P384, 48 },
    { "EC", "P-521", KEY_P521, 66 },
    { "OKP", "Ed25519", KEY_ED25519, 32 },
};

static int parse_curve(const json_t *object, const char *kty, Key **ret)
{
    const char *crv;

    if (json_get_string(object, "crv", &crv) != JSON_OK)
        return JWK_E_SYNTAX;
    for (size_t i = 0; i < ELEMENTSOF(curves); i++) {
        if (strcmp(curves[i].kty, kty) != 0 || strcmp(curves[i].crv, crv) != 0)
            continue;
        return curves[i].type == KEY_ED25519
                   ? parse_ed25519(object, ret)
                   : parse_ec(object, curves[i].type, curves[i].size, ret);
    }
    return JWK_E_UNSUPPORTED;
}

/* JWK_OK with kty, or why it is none of ours. */
static int parse_kty(const json_t *object, const char **ret)
{
    const char *kty;

    if (!json_is_object(object) || json_get_string(object, "kty", &kty) != JSON_OK)
        return JWK_E_SYNTAX;
    if (has_private_member(object))
        return JWK_E_PRIVATE;
    if (strcmp(kty, "RSA") != 0 && strcmp(kty, "EC") != 0 && strcmp(kty, "OKP") != 0)
        return JWK_E_UNSUPPORTED;
    *ret = kty;
    return JWK_OK;
}

int jwk_parse_key(const json_t *object, Key **ret)
{
    const char *kty;

    int r = parse_kty(object, &kty);
    if (r)
        return r;
    return strcmp(kty, "RSA") == 0 ? parse_rsa(object, ret) : parse_curve(object, kty, ret);
}

/* Standard base64 in which an issuer may have put line breaks (spec/endpoints 7.1 rule 5). */
static int decode_broken_base64(const char *text, Bytes *ret)
{
    size_t n = 0;
    size_t length = strlen(text);

    if (length > 2 * CERTIFICATE_SIZE_MAX)
        return JWK_E_CERTIFICATE;
    _cleanup_free_ char *joined = malloc(length + 1);
    if (!joined)
        return -ENOMEM;
    for (size_t i = 0; i < length; i++)
        if (!strchr("\r\n", text[i]))
            joined[n++] = text[i];

    int r = base64_decode((ByteView){ (const uint8_t *)joined, n }, ret);
    return r <= 0 ? r : JWK_E_CERTIFICATE;
}

/* The key of the first certificate, which is the one that signs (RFC 7517 4.7). */
static int parse_x5c(const json_t *x5c, Key **ret)
{
    const json_t *leaf = json_array_get(x5c, 0);
    _cleanup_bytes_ Bytes der = { 0 };
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    if (!json_is_string(leaf) || json_array_size(x5c) > CERTIFICATE_LIST_MAX ||
        strlen(json_string_value(leaf)) != json_string_length(leaf))
        return JWK_E_CERTIFICATE;
    int r = decode_broken_base64(json_string_value(leaf), &der);
    if (r)
        return r;
    r = certificate_from_der(VIEW(der), &certificate);
    if (r == CERTIFICATE_E_KEY)
        return JWK_E_UNSUPPORTED;
    if (r)
        return r < 0 ? r : JWK_E_CERTIFICATE;
    *ret = key_ref(certificate_key(certificate));
    return *ret ? JWK_OK : -ENOMEM;
}

/* Key members, x5c, or both in agreement. */
static int parse_material(const json_t *object, Key **ret)
{
    const json_t *x5c = json_object_get(object, "x5c");
    const char *kty;
    _cleanup_(key_freep) Key *certified = NULL;
    _cleanup_(key_freep) Key *plain = NULL;

    int r = parse_kty(object, &kty);
    if (r)
        return r;
    if (x5c) {
        r = parse_x5c(x5c, &certified);
        if (r)
            return r;
        if ((strcmp(kty, "RSA") == 0) != (key_type(certified) == KEY_RSA))
            return JWK_E_CERTIFICATE;
    }
    if (!x5c || json_object_get(object, "n") || json_object_get(object, "x")) {
        r = jwk_parse_key(object, &plain);
        if (r)
            return r;
    }
    if (certified && plain && !key_equal(certified, plain))
        return JWK_E_CERTIFICATE;
    *ret = plain ? TAKE_PTR(plain) : TAKE_PTR(certified);
    return JWK_OK;
}

/* use absent or "sig"; key_ops absent or with "verify" (RFC 7517 4.2, 4.3). */
static int judge_use(const json_t *object)
{
    const json_t *use = json_object_get(object, "use");
    const json_t *operations = json_object_get(object, "key_ops");
    const json_t *operation;
    size_t i;

    if (use && !json_is_string(use))
        return JWK_E_SYNTAX;
    if (use && strcmp(json_string_value(use), "sig") != 0)
        return JWK_E_USE;
    if (!operations)
        return JWK_OK;
    if (!json_is_array(operations))
        return JWK_E_SYNTAX;
    json_array_foreach (operations, i, operation) {
        if (!json_is_string(operation))
            return JWK_E_SYNTAX;
        if (strcmp(json_string_value(operation), "verify") == 0)
            return JWK_OK;
    }
    return JWK_E_USE;
}

static int parse_algorithm(const json_t *object, const Key *key, const Jwa **ret)
{
    const char *name;

    int r = json_get_string(object, "alg", &name);
    if (r == JSON_E_MISSING) {
        *ret = NULL;
        return JWK_OK;
    }
    if (r)
        return JWK_E_SYNTAX;
    const Jwa *algorithm = jwa_find(name);
    if (!algorithm || !jwa_suits(algorithm, key))
        return JWK_E_ALGORITHM;
    *ret = algorithm;
    return JWK_OK;
}

static int parse_kid(const json_t *object, char **ret)
{
    const char *kid;

    int r = json_get_string(object, "kid", &kid);
    if (r == JSON_E_MISSING)
        return JWK_OK;
    if (r || strlen(kid) > KID_SIZE_MAX)
        return JWK_E_SYNTAX;
    *ret = strdup(kid);
    return *ret ? JWK_OK : -ENOMEM;
}

int jwk_parse(const json_t *object, Jwk *ret)
{
    _cleanup_(jwk_done) Jwk jwk = { 0 };

    int r = parse_material(object, &jwk.key);
    if (r)
        return r;
    r = judge_use(object);
    if (r)
        return r;
    r = parse_algorithm(object, jwk.key, &jwk.algorithm);
    if (r)
        return r;
    r = parse_kid(object, &jwk.kid);
    if (r)
        return r;
    *ret = TAKE_STRUCT(jwk);
    return JWK_OK;
}
