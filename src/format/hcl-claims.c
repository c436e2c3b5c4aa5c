/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime claims of an HCL report: JSON to fields. Keys are found by their names, never by their
 * place.
 */
#include "format/hcl-claims.h"

#include "base/encode.h"

#include <ctype.h>
#include <string.h>

#define AK_NAME   "HCLAkPub"
#define EK_NAME   "HCLEkPub"
#define GUID_SIZE (HCL_VM_ID_SIZE - 1)

const char *hcl_claims_reason(int reason)
{
    switch (reason) {
    case HCL_CLAIMS_OK:
        return "ok";
    case HCL_CLAIMS_E_SIZE:
        return "too large, or too many keys";
    case HCL_CLAIMS_E_DEPTH:
        return "nested too deeply";
    case HCL_CLAIMS_E_DUPLICATE:
        return "a name occurs twice";
    case HCL_CLAIMS_E_SYNTAX:
        return "not a JSON object";
    case HCL_CLAIMS_E_MISSING:
        return "no " AK_NAME ", or not all of a key";
    case HCL_CLAIMS_E_TYPE:
        return "a member of the wrong JSON type";
    case HCL_CLAIMS_E_ENCODING:
        return "not strict base64url or hex";
    case HCL_CLAIMS_E_KEY:
        return AK_NAME " is no RSA key, or all zero";
    case HCL_CLAIMS_E_USER_DATA:
        return "user-data is not 64 bytes";
    }
    return "unknown";
}

void hcl_claims_done(HclClaims *claims)
{
    json_decref(claims->json);
    *claims = (HclClaims){ 0 };
}

static int reason_of_json(int reason)
{
    switch (reason) {
    case JSON_OK:
        return HCL_CLAIMS_OK;
    case JSON_E_SIZE:
    case JSON_E_VALUES:
        return HCL_CLAIMS_E_SIZE;
    case JSON_E_DEPTH:
        return HCL_CLAIMS_E_DEPTH;
    case JSON_E_DUPLICATE:
        return HCL_CLAIMS_E_DUPLICATE;
    case JSON_E_MISSING:
        return HCL_CLAIMS_E_MISSING;
    case JSON_E_TYPE:
        return HCL_CLAIMS_E_TYPE;
    case JSON_E_ENCODING:
        return HCL_CLAIMS_E_ENCODING;
    }
    return HCL_CLAIMS_E_SYNTAX;
}

/* A big-endian number without its leading zeros; size 0 when it is zero. */
static int read_number(const json_t *key, const char *name, uint8_t *out, size_t size_max,
                       size_t *ret_size)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(key, name, size_max, &bytes);
    if (r)
        return r < 0 ? r : reason_of_json(r);
    size_t zeros = 0;
    while (zeros < bytes.size && bytes.data[zeros] == 0)
        zeros++;
    *ret_size = bytes.size - zeros;
    if (*ret_size > 0)
        memcpy(out, bytes.data + zeros, *ret_size);
    return HCL_CLAIMS_OK;
}

/* OUT stays empty when it is no RSA key, or one of zeros. */
static int read_key(const json_t *object, HclKey *out)
{
    HclKey key = { 0 };
    const char *kty;

    int r = json_get_string(object, "kty", &kty);
    if (r)
        return reason_of_json(r);
    if (strcmp(kty, "RSA") != 0)
        return HCL_CLAIMS_OK;
    r = read_number(object, "n", key.modulus, sizeof(key.modulus), &key.modulus_size);
    if (r == HCL_CLAIMS_OK)
        r = read_number(object, "e", key.exponent, sizeof(key.exponent), &key.exponent_size);
    if (r)
        return r;
    if (key.modulus_size > 0 && key.exponent_size > 0)
        *out = key;
    return HCL_CLAIMS_OK;
}

/* Has a key before the one at INDEX the same name? */
static bool is_repeated(const json_t *keys, size_t index, const char *name)
{
    const char *earlier;

    for (size_t i = 0; i < index; i++)
        if (json_get_string(json_array_get(keys, i), "kid", &earlier) == JSON_OK &&
            strcmp(earlier, name) == 0)
            return true;
    return false;
}

static int read_keys(HclClaims *claims)
{
    json_t *keys, *key;
    const char *name;
    size_t i;

    int r = json_get_array(claims->json, "keys", &keys);
    if (r)
        return reason_of_json(r);
    if (json_array_size(keys) > HCL_KEYS_MAX)
        return HCL_CLAIMS_E_SIZE;
    bool has_ak = false;
    json_array_foreach (keys, i, key) {
        r = json_get_string(key, "kid", &name);
        if (r)
            return reason_of_json(r);
        if (is_repeated(keys, i, name))
            return HCL_CLAIMS_E_DUPLICATE;
        bool is_ak = strcmp(name, AK_NAME) == 0;
        has_ak = has_ak || is_ak;
        if (is_ak || strcmp(name, EK_NAME) == 0)
            r = read_key(key, is_ak ? &claims->ak : &claims->ek);
        if (r)
            return r;
    }
    if (!has_ak)
        return HCL_CLAIMS_E_MISSING;
    return claims->ak.modulus_size > 0 ? HCL_CLAIMS_OK : HCL_CLAIMS_E_KEY;
}

static int read_user_data(HclClaims *claims)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    const char *text;

    int r = json_get_string(claims->json, "user-data", &text);
    if (r)
        return r == JSON_E_MISSING ? HCL_CLAIMS_OK : reason_of_json(r);
    if (strlen(text) != (size_t)2 * HCL_USER_DATA_SIZE)
        return HCL_CLAIMS_E_USER_DATA;
    r = hex_decode(text, &bytes);
    if (r)
        return r < 0 ? r : HCL_CLAIMS_E_ENCODING;
    memcpy(claims->user_data, bytes.data, sizeof(claims->user_data));
    claims->has_user_data = true;
    return HCL_CLAIMS_OK;
}

static bool is_guid(const char *text)
{
    if (strlen(text) != GUID_SIZE)
        return false;
    for (size_t i = 0; i < GUID_SIZE; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}

static int read_vm_configuration(HclClaims *claims)
{
    json_t *configuration;
    const char *text;

    int r = json_get_object(claims->json, "vm-configuration", &configuration);
    if (r)
        return r == JSON_E_MISSING ? HCL_CLAIMS_OK : reason_of_json(r);
    if (json_get_string(configuration, "vmUniqueId", &text) != JSON_OK || !is_guid(text))
        return HCL_CLAIMS_OK;
    for (size_t i = 0; i < GUID_SIZE; i++)
        claims->vm_id[i] = (char)tolower((unsigned char)text[i]);
    return HCL_CLAIMS_OK;
}

int hcl_claims_parse(ByteView json, HclClaims *ret)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };

    int r = json_parse(json, HCL_CLAIMS_SIZE_MAX, &claims.json);
    if (r)
        return r < 0 ? r : reason_of_json(r);
    if (!json_is_object(claims.json))
        return HCL_CLAIMS_E_SYNTAX;
    r = read_keys(&claims);
    if (r == HCL_CLAIMS_OK)
        r = read_user_data(&claims);
    if (r == HCL_CLAIMS_OK)
        r = read_vm_configuration(&claims);
    if (r)
        return r;
    *ret = TAKE_STRUCT(claims);
    return HCL_CLAIMS_OK;
}

json_t *hcl_claims_keys(const HclClaims *claims)
{
    return json_object_get(claims->json, "keys");
}

json_t *hcl_claims_vm_configuration(const HclClaims *claims)
{
    return json_object_get(claims->json, "vm-configuration");
}
