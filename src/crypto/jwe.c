/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing and opening compact JWE. jwe-parse.c reads them, jwe-key.c has the keys.
 */
#include "crypto/jwe.h"

#include "base/encode.h"
#include "crypto/aead.h"
#include "crypto/jwe-key.h"
#include "crypto/jwe-member.h"
#include "crypto/jwk.h"
#include "crypto/random.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What KEY opens, and is sealed to; false: nothing. */
static bool algorithm_of(const Key *key, JweAlgorithm *ret)
{
    bool is_rsa = key_type(key) == KEY_RSA;

    if (is_rsa ? key_bits(key) > JWE_RSA_BITS_MAX || key_bits(key) % 8 != 0
               : key_type(key) != KEY_P256 && key_type(key) != KEY_P384)
        return false;
    *ret = is_rsa ? JWE_RSA_OAEP_256 : JWE_ECDH_ES_A256KW;
    return true;
}

static bool is_own_member(const char *name)
{
    static const char *const names[] = { JWE_ALG, JWE_ENC,  JWE_EPK, JWE_APU,
                                         JWE_APV, JWE_CRIT, JWE_ZIP };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Those of the caller. -EINVAL: one that is ours; -ENOMEM. */
static int set_members(json_t *header, json_t *members)
{
    const char *name;
    json_t *value;

    json_object_foreach (members, name, value) {
        if (is_own_member(name))
            return -EINVAL;
        if (json_object_set(header, name, value) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* EPHEMERAL NULL: to an RSA key. */
static int set_own(json_t *header, const Key *ephemeral, ByteView apv)
{
    const char *algorithm = ephemeral ? JWE_ECDH_NAME : JWE_RSA_NAME;
    json_t *epk = NULL;

    int r = ephemeral ? jwk_emit(ephemeral, NULL, NULL, NULL, &epk) : 0;
    if (r < 0)
        return r;
    if ((epk && json_object_set_new(header, JWE_EPK, epk) < 0) ||
        json_object_set_new(header, JWE_ALG, json_string(algorithm)) < 0 ||
        json_object_set_new(header, JWE_ENC, json_string(JWE_ENC_NAME)) < 0)
        return -ENOMEM;
    return apv.size > 0 ? json_set_base64url(header, JWE_APV, apv) : 0;
}

/* The protected header in base64url. */
static int emit_header(const Key *ephemeral, const json_t *members, ByteView apv, char **ret)
{
    json_auto_t *header = json_object();
    json_auto_t *copy = members ? json_deep_copy(members) : json_object();

    if (!header || !copy)
        return -ENOMEM;
    int r = set_own(header, ephemeral, apv);
    if (r == 0)
        r = set_members(header, copy);
    if (r < 0)
        return r;
    _cleanup_free_ char *text = json_text(header);
    *ret = text ? base64url_encode(view_of_string(text)) : NULL;
    return *ret ? 0 : -ENOMEM;
}

/* CONTENT leaves wrapped by the key of EPHEMERAL and RECIPIENT. */
static int wrap(const Key *ephemeral, const Key *recipient, ByteView apv, const JweKey *content,
                Bytes *ret)
{
    const JweContext context = { .algorithm = JWE_ECDH_NAME, .apv = apv };
    _cleanup_jwe_key_ JweKey wrapping = { 0 };

    int r = jwe_agree(ephemeral, recipient, &context, &wrapping);
    if (r > 0)
        return -EIO;
    if (r == 0)
        r = bytes_new(JWE_WRAPPED_KEY_SIZE, ret);
    return r < 0 ? r : jwe_wrap_key(&wrapping, content, ret->data);
}

/* Encrypts with a content key of its own, which leaves for RECIPIENT alone. */
static int encrypt(const Key *ephemeral, const Key *recipient, ByteView apv, ByteView plaintext,
                   JweParts *parts)
{
    _cleanup_jwe_key_ JweKey content = { 0 };

    int r = bytes_new(AEAD_NONCE_SIZE, &parts->nonce);
    if (r == 0)
        r = random_fill(content.data, sizeof(content.data));
    if (r == 0)
        r = random_fill(parts->nonce.data, parts->nonce.size);
    if (r == 0)
        r = ephemeral ? wrap(ephemeral, recipient, apv, &content, &parts->encrypted_key)
                      : jwe_encrypt_key(recipient, &content, &parts->encrypted_key);
    if (r < 0)
        return r;
    const Aead aead = { VIEW_OF_ARRAY(content.data), VIEW(parts->nonce), VIEW(parts->associated) };
    return aead_encrypt(&aead, plaintext, &parts->ciphertext);
}

static int join(const JweParts *parts, char **ret)
{
    size_t size = parts->ciphertext.size - AEAD_TAG_SIZE;
    _cleanup_free_ char *key = base64url_encode(VIEW(parts->encrypted_key));
    _cleanup_free_ char *nonce = base64url_encode(VIEW(parts->nonce));
    _cleanup_free_ char *text = base64url_encode((ByteView){ parts->ciphertext.data, size });
    _cleanup_free_ char *tag =
        base64url_encode((ByteView){ parts->ciphertext.data + size, AEAD_TAG_SIZE });
    char *compact;

    if (!key || !nonce || !text || !tag ||
        asprintf(&compact, "%s.%s.%s.%s.%s", (const char *)parts->associated.data, key, nonce, text,
                 tag) < 0)
        return -ENOMEM;
    if (strlen(compact) > JWE_TEXT_MAX) {
        free(compact);
        return -E2BIG;
    }
    *ret = compact;
    return 0;
}

int jwe_seal(const Key *recipient, const json_t *members, ByteView apv, ByteView plaintext,
             char **ret)
{
    _cleanup_(key_freep) Key *ephemeral = NULL;
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    _cleanup_free_ char *header = NULL;
    int r = 0;

    if (!algorithm_of(recipient, &parts.algorithm))
        return JWE_E_KEY;
    bool is_rsa = parts.algorithm == JWE_RSA_OAEP_256;
    if (plaintext.size == 0 || apv.size > (is_rsa ? 0 : JWE_PARTY_INFO_MAX))
        return -EINVAL;
    if (plaintext.size > JWE_TEXT_MAX)
        return -E2BIG;
    if (!is_rsa)
        r = key_generate(key_type(recipient), &ephemeral);
    if (r)
        return r < 0 ? r : -EIO;
    r = emit_header(ephemeral, members, apv, &header);
    if (r == 0)
        r = bytes_copy(view_of_string(header), &parts.associated);
    if (r == 0)
        r = encrypt(ephemeral, recipient, apv, plaintext, &parts);
    return r < 0 ? r : join(&parts, ret);
}

/* JWE_OK with the content key, JWE_E_OPEN; -ENOMEM, -EIO. */
static int unwrap(const Key *key, const JweParts *parts, JweKey *ret)
{
    const JweContext context = { JWE_ECDH_NAME, VIEW(parts->apu), VIEW(parts->apv) };
    _cleanup_(key_freep) Key *ephemeral = NULL;
    _cleanup_jwe_key_ JweKey wrapping = { 0 };

    int r = jwk_parse_key(json_object_get(parts->header, JWE_EPK), &ephemeral);
    if (r == JWK_OK)
        r = jwe_agree(key, ephemeral, &context, &wrapping);
    if (r == KEY_OK)
        r = jwe_unwrap_key(&wrapping, VIEW(parts->encrypted_key), ret);
    return r <= 0 ? r : JWE_E_OPEN;
}

int jwe_open(const Key *key, const JweParts *parts, ByteView expected_apv, Secret **ret)
{
    _cleanup_wiped_bytes_ Bytes plaintext = { 0 };
    _cleanup_jwe_key_ JweKey content = { 0 };
    JweAlgorithm algorithm;

    if (!algorithm_of(key, &algorithm) || !key_is_private(key))
        return JWE_E_KEY;
    if (algorithm != parts->algorithm || !equal_constant_time(VIEW(parts->apv), expected_apv))
        return JWE_E_OPEN;
    int r = algorithm == JWE_RSA_OAEP_256
                ? jwe_decrypt_key(key, VIEW(parts->encrypted_key), &content)
                : unwrap(key, parts, &content);
    if (r)
        return r;
    const Aead aead = { VIEW_OF_ARRAY(content.data), VIEW(parts->nonce), VIEW(parts->associated) };
    r = aead_decrypt(&aead, VIEW(parts->ciphertext), &plaintext);
    if (r)
        return r < 0 ? r : JWE_E_OPEN;
    return secret_new(VIEW(plaintext), ret);
}
