/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM to JWK. Every way in of crypto refuses points that are not on their curve.
 */
#include "ctl/public-key.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/wipe.h"
#include "crypto/gate.h"
#include "crypto/jwk.h"
#include "ctl/complain.h"
#include "format/catalog.h"
#include "format/gate-file.h"

#include <errno.h>
#include <string.h>

#define REMEDY_PUBLIC "openssl pkey -in KEY -pubout writes the public half of a key"

static bool fits(PublicKeyUse use, KeyType type)
{
    return type == KEY_P256 || (use == PUBLIC_KEY_RECOVERY && type == KEY_P384);
}

/* 0, else an exit class. */
static int read_key(const char *path, const char *option, PublicKeyUse use, Key **ret)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_wiped_bytes_ Bytes pem = { 0 };

    int r = file_read(path, KEY_FILE_SIZE_MAX, &pem);
    if (r < 0)
        return complain_of_usage(REMEDY_PUBLIC, "%s cannot be read: %s", path, strerror(-r));
    r = key_from_pem(VIEW(pem), &key);
    if (r < 0)
        return complain_of_errno(r, path);
    if (r != KEY_OK)
        return complain_of_usage(REMEDY_PUBLIC, "%s is no public key for --%s: %s", path, option,
                                 key_reason(r));
    if (key_is_private(key))
        return complain_of_usage(REMEDY_PUBLIC "; keep the private one off this machine",
                                 "%s is a private key, which --%s does not want", path, option);
    if (!fits(use, key_type(key)))
        return complain_of_usage(use == PUBLIC_KEY_RECOVERY ? "make one of P-256 or P-384"
                                                            : "give the verifier's P-256 key",
                                 "%s is a key of type %s, which --%s does not take", path,
                                 key_type_name(key_type(key)), option);
    *ret = TAKE_PTR(key);
    return 0;
}

int public_key_read(const char *path, const char *option, PublicKeyUse use, json_t **ret)
{
    _cleanup_(key_freep) Key *key = NULL;
    json_auto_t *jwk = NULL;

    int r = read_key(path, option, use, &key);
    if (r != 0)
        return r;
    r = jwk_emit(key, NULL, NULL, NULL, &jwk);
    if (r == 0)
        r = use == PUBLIC_KEY_RECOVERY ? gate_recovery_key(jwk, ret) : gate_release_key(jwk, ret);
    return r == 0 ? 0 : complain_of_errno(r < 0 ? r : -EINVAL, path);
}

char *public_key_thumbprint(const json_t *jwk)
{
    _cleanup_(key_freep) Key *key = NULL;
    char *text = NULL;

    if (!jwk || jwk_parse_key(jwk, &key) != JWK_OK || jwk_thumbprint_text(key, &text) < 0)
        return NULL;
    return text;
}

char *public_key_tpm_name(const json_t *jwk)
{
    _cleanup_(key_freep) Key *key = NULL;
    TpmName name;

    if (!jwk || jwk_parse_key(jwk, &key) != JWK_OK || gate_key_name(key, &name) != GATE_OK)
        return NULL;
    return hex_encode(tpm_name_view(&name));
}
