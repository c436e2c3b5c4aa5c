/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public keys in gate files, by their shape: nothing private gets in, and nothing but what
 * makes the key.
 */
#include "format/gate-file.h"

#include <errno.h>
#include <string.h>

#define KID_MAX 128 /* characters */

typedef struct Curve {
    const char *name;
    size_t coordinate_size; /* bytes, RFC 7518 6.2.1.2 */
} Curve;

static const Curve curves[] = { { "P-256", 32 }, { "P-384", 48 } };

/* JSON_OK, a named no of json.h, -ENOMEM. */
static int check_coordinate(const json_t *jwk, const char *name, size_t size)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(jwk, name, size, &bytes);
    return r == JSON_OK && bytes.size != size ? JSON_E_SIZE : r;
}

/* The curve of a public elliptic key, if it is one of the first N_CURVES; else NULL. */
static const Curve *curve_of(const json_t *jwk, size_t n_curves)
{
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
    const char *kty, *crv;

    for (size_t i = 0; i < ELEMENTSOF(private_members); i++)
        if (json_object_get(jwk, private_members[i]))
            return NULL;
    if (json_get_string(jwk, "kty", &kty) || strcmp(kty, "EC") != 0 ||
        json_get_string(jwk, "crv", &crv))
        return NULL;
    for (size_t i = 0; i < n_curves; i++)
        if (strcmp(curves[i].name, crv) == 0)
            return &curves[i];
    return NULL;
}

/* kty, crv, x and y of JWK on one of the first N_CURVES. REASON for any other; -ENOMEM. */
static int take_key(const json_t *jwk, size_t n_curves, int reason, json_t **ret)
{
    const Curve *curve = curve_of(jwk, n_curves);

    if (!curve)
        return reason;
    int r = check_coordinate(jwk, "x", curve->coordinate_size);
    if (r == JSON_OK)
        r = check_coordinate(jwk, "y", curve->coordinate_size);
    if (r)
        return r < 0 ? r : reason;

    json_t *key = json_pack("{ss ss sO sO}", "kty", "EC", "crv", curve->name, "x",
                            json_object_get(jwk, "x"), "y", json_object_get(jwk, "y"));
    if (!key)
        return -ENOMEM;
    *ret = key;
    return GATE_FILE_OK;
}

static bool is_kid(const char *kid)
{
    size_t length = strlen(kid);

    for (size_t i = 0; i < length; i++)
        if (kid[i] <= ' ' || kid[i] > '~')
            return false;
    return length > 0 && length <= KID_MAX;
}

int gate_release_key(const json_t *jwk, json_t **ret)
{
    return take_key(jwk, 1, GATE_FILE_E_RELEASE_KEY, ret);
}

int gate_rewrap_key(const json_t *jwk, json_t **ret)
{
    json_auto_t *key = NULL;
    const char *kid;

    int r = take_key(jwk, 1, GATE_FILE_E_REWRAP_KEY, &key);
    if (r)
        return r;
    if (json_get_string(jwk, "kid", &kid) || !is_kid(kid))
        return GATE_FILE_E_REWRAP_KEY;
    if (json_object_set_new(key, "kid", json_string(kid)) < 0)
        return -ENOMEM;
    *ret = TAKE_PTR(key);
    return GATE_FILE_OK;
}

int gate_recovery_key(const json_t *jwk, json_t **ret)
{
    return take_key(jwk, ELEMENTSOF(curves), GATE_FILE_E_RECOVERY, ret);
}
