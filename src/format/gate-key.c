/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public keys in gate files, by their shape, and the paravisors: nothing private gets in, and
 * nothing but what makes the key.
 */
#include "format/gate-file.h"

#include "base/encode.h"

#include <errno.h>
#include <string.h>

#define KID_MAX         128 /* characters */
#define RSA_SIZE_MIN    256 /* bytes of a modulus: 2048 bits, what vaults have at least */
#define RSA_SIZE_MAX    512 /* 4096 bits, what they have at most */
#define EXPONENT_MAX    8   /* bytes */
#define PARAVISOR_BYTES 48  /* of a measurement, and of each of the digests */

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

static bool is_private(const json_t *jwk)
{
    static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

    for (size_t i = 0; i < ELEMENTSOF(members); i++)
        if (json_object_get(jwk, members[i]))
            return true;
    return false;
}

/* One of the first N_CURVES; NULL: another. */
static const Curve *find_curve(const json_t *jwk, size_t n_curves)
{
    const char *crv;

    if (json_get_string(jwk, "crv", &crv))
        return NULL;
    for (size_t i = 0; i < n_curves; i++)
        if (strcmp(curves[i].name, crv) == 0)
            return &curves[i];
    return NULL;
}

/* crv, x and y of JWK on one of the first N_CURVES. REASON for any other; -ENOMEM. */
static int take_point(const json_t *jwk, size_t n_curves, int reason, json_t **ret)
{
    const Curve *curve = is_private(jwk) ? NULL : find_curve(jwk, n_curves);

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

/* A public elliptic key: kty as well. */
static int take_key(const json_t *jwk, size_t n_curves, int reason, json_t **ret)
{
    const char *kty;

    if (json_get_string(jwk, "kty", &kty) || strcmp(kty, "EC") != 0)
        return reason;
    return take_point(jwk, n_curves, reason, ret);
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

/* A number of LEAST to MOST bytes without leading zeros: one spelling. */
static int check_number(const json_t *jwk, const char *name, size_t least, size_t most)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(jwk, name, most, &bytes);
    if (r)
        return r < 0 ? r : GATE_FILE_E_KEY;
    return bytes.size < least || bytes.data[0] == 0 ? GATE_FILE_E_KEY : GATE_FILE_OK;
}

static int take_rsa(const json_t *jwk, json_t **ret)
{
    if (is_private(jwk))
        return GATE_FILE_E_KEY;
    int r = check_number(jwk, "n", RSA_SIZE_MIN, RSA_SIZE_MAX);
    if (r == GATE_FILE_OK)
        r = check_number(jwk, "e", 1, EXPONENT_MAX);
    if (r != GATE_FILE_OK)
        return r;
    *ret = json_pack("{ss sO sO}", "kty", "RSA", "n", json_object_get(jwk, "n"), "e",
                     json_object_get(jwk, "e"));
    return *ret ? GATE_FILE_OK : -ENOMEM;
}

int gate_vault_key(const json_t *jwk, json_t **ret)
{
    const char *kty;

    if (json_get_string(jwk, "kty", &kty))
        return GATE_FILE_E_KEY;
    if (strcmp(kty, "EC") == 0 || strcmp(kty, "EC-HSM") == 0)
        return take_point(jwk, ELEMENTSOF(curves), GATE_FILE_E_KEY, ret);
    if (strcmp(kty, "RSA") == 0 || strcmp(kty, "RSA-HSM") == 0)
        return take_rsa(jwk, ret);
    return strcmp(kty, "oct") == 0 || strcmp(kty, "oct-HSM") == 0 ? GATE_FILE_E_KEY_OCT
                                                                  : GATE_FILE_E_KEY;
}

/* What a paravisor is known by; one member or more. */
static const char *const paravisor_members[] = { "id_key_digest", "measurement", "mrtd", NULL };

static int check_digest(const json_t *item, const char *name)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    const char *text;

    int r = json_get_string(item, name, &text);
    if (r == JSON_E_MISSING)
        return GATE_FILE_OK;
    r = r == JSON_OK ? hex_decode(text, &bytes) : GATE_FILE_E_PARAVISORS;
    if (r < 0)
        return r;
    return r > 0 || bytes.size != PARAVISOR_BYTES ? GATE_FILE_E_PARAVISORS : GATE_FILE_OK;
}

static int check_paravisor(json_t *item)
{
    int r = GATE_FILE_OK;

    if (!json_is_object(item) || json_object_size(item) == 0 ||
        json_unknown_member(item, paravisor_members))
        return GATE_FILE_E_PARAVISORS;
    for (size_t i = 0; r == GATE_FILE_OK && paravisor_members[i]; i++)
        r = check_digest(item, paravisor_members[i]);
    return r;
}

int gate_paravisors(const json_t *list, json_t **ret)
{
    size_t n = json_array_size(list);
    int r = n > 0 && n <= GATE_PARAVISORS_MAX ? GATE_FILE_OK : GATE_FILE_E_PARAVISORS;

    for (size_t i = 0; r == GATE_FILE_OK && i < n; i++)
        r = check_paravisor(json_array_get(list, i));
    if (r != GATE_FILE_OK)
        return r;
    *ret = json_deep_copy(list);
    return *ret ? GATE_FILE_OK : -ENOMEM;
}
