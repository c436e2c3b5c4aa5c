/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM or JWK to JWK. Every way in of crypto refuses points that are not on their curve.
 */
#include "ctl/public-key.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/wipe.h"
#include "crypto/gate.h"
#include "crypto/jwe.h"
#include "crypto/jwk.h"
#include "ctl/complain.h"
#include "format/catalog.h"
#include "format/gate-file.h"

#include <errno.h>
#include <string.h>

#define REMEDY_PUBLIC "openssl pkey -in KEY -pubout writes the public half of a key"
#define REMEDY_VAULT                                                                               \
    "az keyvault key download --vault-name VAULT --name KEY --encoding PEM --file FILE writes it"

#define SPACES "\t\n\r "

/* What is said of a key that USE cannot take. */
typedef struct Wish {
    const char *source; /* where such a key comes from */
    const char *wanted;
} Wish;

static const Wish wishes[] = {
    [PUBLIC_KEY_RELEASE] = { REMEDY_PUBLIC, "give the verifier's P-256 key" },
    [PUBLIC_KEY_RECOVERY] = { REMEDY_PUBLIC, "make one of P-256 or P-384" },
    [PUBLIC_KEY_VAULT] = { REMEDY_VAULT,
                           "have the vault make one of P-256, P-384, or RSA of at most 4096 bits" },
};

static bool fits(PublicKeyUse use, const Key *key)
{
    switch (key_type(key)) {
    case KEY_P256:
        return true;
    case KEY_P384:
        return use != PUBLIC_KEY_RELEASE;
    case KEY_RSA:
        return use == PUBLIC_KEY_VAULT && key_bits(key) <= JWE_RSA_BITS_MAX;
    case KEY_P521:
    case KEY_ED25519:
        break;
    }
    return false;
}

/* KEY, which OPTION gave as PATH. 0, else an exit class. */
static int judge(const char *path, const char *option, PublicKeyUse use, const Key *key)
{
    if (key_is_private(key))
        return complain_of_usage(REMEDY_PUBLIC "; keep the private one off this machine",
                                 "%s is a private key, which --%s does not want", path, option);
    if (!fits(use, key))
        return complain_of_usage(wishes[use].wanted,
                                 "%s is a key of type %s and %u bits, which --%s does not take",
                                 path, key_type_name(key_type(key)), key_bits(key), option);
    return 0;
}

/* 0, else an exit class. */
static int read_pem(const char *path, const char *option, PublicKeyUse use, ByteView pem, Key **ret)
{
    _cleanup_(key_freep) Key *key = NULL;

    int r = key_from_pem(pem, &key);
    if (r < 0)
        return complain_of_errno(r, path);
    if (r != KEY_OK)
        return complain_of_usage(wishes[use].source, "%s is no public key for --%s: %s", path,
                                 option, key_reason(r));
    r = judge(path, option, use, key);
    if (r == 0)
        *ret = TAKE_PTR(key);
    return r;
}

/* A vault's JWK, or its answer, which has it as "key". 0, else an exit class. */
static int read_jwk(const char *path, const char *option, ByteView text, Key **ret)
{
    _cleanup_(key_freep) Key *key = NULL;
    json_auto_t *object = NULL, *plain = NULL;

    int r = json_parse(text, KEY_FILE_SIZE_MAX, &object);
    const json_t *jwk = json_object_get(object, "key");
    if (r == JSON_OK)
        r = gate_vault_key(jwk ? jwk : object, &plain);
    else if (r > 0)
        r = GATE_FILE_E_KEY;
    if (r > 0)
        return complain_of_usage(r == GATE_FILE_E_KEY_OCT ? gate_file_wanted(r) : REMEDY_VAULT,
                                 "%s is no public key for --%s: %s", path, option,
                                 gate_file_reason(r));
    if (r == 0)
        r = jwk_parse_key(plain, &key);
    if (r > 0)
        return complain_of_usage(REMEDY_VAULT, "%s is no public key for --%s: %s", path, option,
                                 jwk_reason(r));
    if (r < 0)
        return complain_of_errno(r, path);
    *ret = TAKE_PTR(key);
    return 0;
}

/* 0, else an exit class. */
static int read_key(const char *path, const char *option, PublicKeyUse use, Key **ret)
{
    _cleanup_wiped_bytes_ Bytes text = { 0 };
    size_t start = 0;

    int r = file_read(path, KEY_FILE_SIZE_MAX, &text);
    if (r < 0)
        return complain_of_usage(wishes[use].source, "%s cannot be read: %s", path, strerror(-r));
    while (start < text.size && text.data[start] && strchr(SPACES, text.data[start]))
        start++;
    bool is_json = start < text.size && text.data[start] == '{';
    return is_json && use == PUBLIC_KEY_VAULT ? read_jwk(path, option, VIEW(text), ret)
                                              : read_pem(path, option, use, VIEW(text), ret);
}

int public_key_read(const char *path, const char *option, PublicKeyUse use, json_t **ret)
{
    static int (*const take[])(const json_t *jwk, json_t **ret) = {
        [PUBLIC_KEY_RELEASE] = gate_release_key,
        [PUBLIC_KEY_RECOVERY] = gate_recovery_key,
        [PUBLIC_KEY_VAULT] = gate_vault_key,
    };
    _cleanup_(key_freep) Key *key = NULL;
    json_auto_t *jwk = NULL;

    int r = read_key(path, option, use, &key);
    if (r != 0)
        return r;
    r = jwk_emit(key, NULL, NULL, NULL, &jwk);
    if (r == 0)
        r = take[use](jwk, ret);
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
