/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys as JSON Web Keys, and their thumbprints.
 */
#include "crypto/jwk.h"

#include "base/encode.h"

#include <errno.h>

/* The members RFC 7638 3.2 names, and no others. */
static int set_material(json_t *object, const Key *key)
{
    _cleanup_bytes_ Bytes first = { 0 };
    _cleanup_bytes_ Bytes second = { 0 };
    const char *names[] = { "x", "y" };
    const char *kty = "EC";
    int r;

    if (key_type(key) == KEY_RSA) {
        kty = "RSA";
        names[0] = "n";
        names[1] = "e";
        r = key_rsa_numbers(key, &first, &second);
    } else if (key_type(key) == KEY_ED25519) {
        kty = "OKP";
        r = key_ed25519_raw(key, &first);
    } else {
        r = key_ec_point(key, &first, &second);
    }
    if (r)
        return r < 0 ? r : -EINVAL;

    if (json_object_set_new(object, "kty", json_string(kty)) < 0)
        return -ENOMEM;
    if (key_type(key) != KEY_RSA &&
        json_object_set_new(object, "crv", json_string(key_type_name(key_type(key)))) < 0)
        return -ENOMEM;
    r = json_set_base64url(object, names[0], VIEW(first));
    if (r < 0 || second.size == 0)
        return r;
    return json_set_base64url(object, names[1], VIEW(second));
}

static int set_text(json_t *object, const char *name, const char *text)
{
    if (text && json_object_set_new(object, name, json_string(text)) < 0)
        return -ENOMEM;
    return 0;
}

int jwk_emit(const Key *key, const char *kid, const char *use, const char *alg, json_t **ret)
{
    json_t *object = json_object();

    int r = object ? set_material(object, key) : -ENOMEM;
    if (r == 0)
        r = set_text(object, "kid", kid);
    if (r == 0)
        r = set_text(object, "use", use);
    if (r == 0)
        r = set_text(object, "alg", alg);
    if (r < 0) {
        json_decref(object);
        return r;
    }
    *ret = object;
    return 0;
}

int jwk_thumbprint(const Key *key, Digest *ret)
{
    json_t *object;

    int r = jwk_emit(key, NULL, NULL, NULL, &object);
    if (r < 0)
        return r;
    /* Only required members, sorted, no white space: RFC 7638 3. */
    _cleanup_free_ char *text = json_text_sorted(object);
    json_decref(object);
    if (!text)
        return -ENOMEM;
    return digest_of(DIGEST_SHA256, view_of_string(text), ret);
}

int jwk_thumbprint_text(const Key *key, char **ret)
{
    Digest digest;

    int r = jwk_thumbprint(key, &digest);
    if (r < 0)
        return r;
    char *text = base64url_encode(digest_view(&digest));
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}
