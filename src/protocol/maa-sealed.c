/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"EncryptedInnerKey","EncryptionParams":{"BlockMode","Cipher","Iv","KeySizeInBits",…},
 * "AuthenticationData","Jwt"}: bytes in base64 with padding, the tag apart.
 */
#include "protocol/maa-sealed.h"

#include "base/encode.h"
#include "base/json.h"

#include <string.h>

#define SEALED_SIZE_MAX (192 * 1024) /* bytes of JSON */
#define KEY_SIZE        256          /* bytes, RSA-2048 */
#define NONCE_SIZE      12
#define TAG_SIZE        16

const char *maa_sealed_reason(int reason)
{
    switch (reason) {
    case MAA_SEALED_OK:
        return "ok";
    case MAA_SEALED_E_JSON:
        return "not an encrypted token";
    case MAA_SEALED_E_CIPHER:
        return "encrypted by another method than AES-256-GCM";
    case MAA_SEALED_E_SIZE:
        return "key, nonce, tag or token of another size";
    }
    return "unknown";
}

void sealed_token_done(SealedToken *sealed)
{
    bytes_done(&sealed->key);
    bytes_done(&sealed->nonce);
    bytes_done(&sealed->ciphertext);
}

/* MAA_SEALED_OK or a named no; SIZE 0: any but none. */
static int get(const json_t *object, const char *name, size_t size, Bytes *ret)
{
    const char *text = NULL;

    if (json_get_string(object, name, &text) != JSON_OK)
        return MAA_SEALED_E_JSON;
    int r = base64_decode(view_of_string(text), ret);
    if (r)
        return r < 0 ? r : MAA_SEALED_E_JSON;
    return ret->size > 0 && (size == 0 || ret->size == size) ? MAA_SEALED_OK : MAA_SEALED_E_SIZE;
}

static bool is_text(const json_t *object, const char *name, const char *wanted)
{
    const char *text = NULL;

    return json_get_string(object, name, &text) == JSON_OK && strcmp(text, wanted) == 0;
}

static int read_members(const json_t *object, SealedToken *sealed)
{
    const json_t *params = json_object_get(object, "EncryptionParams");
    _cleanup_bytes_ Bytes tag = { 0 };
    uint64_t bits = 0;

    if (!json_is_object(params))
        return MAA_SEALED_E_JSON;
    if (!is_text(params, "Cipher", "AES") || !is_text(params, "BlockMode", "ChainingModeGCM") ||
        json_get_u64(params, "KeySizeInBits", &bits) != JSON_OK || bits != 256)
        return MAA_SEALED_E_CIPHER;
    int r = get(object, "EncryptedInnerKey", KEY_SIZE, &sealed->key);
    if (r == MAA_SEALED_OK)
        r = get(params, "Iv", NONCE_SIZE, &sealed->nonce);
    if (r == MAA_SEALED_OK)
        r = get(object, "AuthenticationData", TAG_SIZE, &tag);
    if (r == MAA_SEALED_OK)
        r = get(object, "Jwt", 0, &sealed->ciphertext);
    return r == MAA_SEALED_OK ? bytes_append(&sealed->ciphertext, VIEW(tag)) : r;
}

int maa_sealed_parse(const char *text, SealedToken *ret)
{
    _cleanup_sealed_token_ SealedToken sealed = { 0 };
    _cleanup_bytes_ Bytes decoded = { 0 };
    json_auto_t *object = NULL;

    int r = base64url_decode(view_of_string(text), &decoded);
    if (r == 0)
        r = json_parse(VIEW(decoded), SEALED_SIZE_MAX, &object);
    if (r)
        return r < 0 ? r : MAA_SEALED_E_JSON;
    r = read_members(object, &sealed);
    if (r == MAA_SEALED_OK)
        *ret = TAKE_STRUCT(sealed);
    return r;
}
