/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWE to its parts. What is refused here is refused for its form, before any key is
 * touched: that tells nobody anything that they did not write themselves.
 */
#include "crypto/jwe.h"

#include "base/encode.h"
#include "crypto/aead.h"
#include "crypto/jwe-key.h"
#include "crypto/jwe-member.h"

#include <errno.h>
#include <string.h>

#define PARTS 5 /* header, encrypted key, nonce, ciphertext, tag: RFC 7516 7.1 */

const char *jwe_reason(int reason)
{
    switch (reason) {
    case JWE_OK:
        return "ok";
    case JWE_E_MALFORMED:
        return "not a compact JWE as it is made here";
    case JWE_E_ALGORITHM:
        return "another algorithm than ECDH-ES+A256KW or RSA-OAEP-256 with A256GCM, or an "
               "extension";
    case JWE_E_KEY:
        return "not a P-256, P-384 or RSA key of at most 4096 bits, or no private half";
    case JWE_E_OPEN:
        return "cannot be opened";
    }
    return "unknown";
}

void jwe_parts_done(JweParts *parts)
{
    json_decref(parts->header);
    bytes_done(&parts->associated);
    bytes_done(&parts->apu);
    bytes_done(&parts->apv);
    bytes_done(&parts->encrypted_key);
    bytes_done(&parts->nonce);
    bytes_done(&parts->ciphertext);
    *parts = (JweParts){ 0 };
}

/* The parts of a text that jwe_text_is_valid(). */
static void split(const char *text, ByteView ret[static PARTS])
{
    for (size_t i = 0; i < PARTS; i++) {
        size_t size = strcspn(text, ".");
        ret[i] = (ByteView){ (const uint8_t *)text, size };
        text += size + 1;
    }
}

/* SIZE bytes; 0: one or more. */
static int decode(ByteView text, size_t size, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = base64url_decode(text, &bytes);
    if (r)
        return r < 0 ? r : JWE_E_MALFORMED;
    if (bytes.size == 0 || (size > 0 && bytes.size != size))
        return JWE_E_MALFORMED;
    *ret = TAKE_STRUCT(bytes);
    return JWE_OK;
}

static int read_algorithm(const json_t *header, JweAlgorithm *ret)
{
    const char *alg, *enc;

    if (json_get_string(header, JWE_ALG, &alg) != JSON_OK ||
        json_get_string(header, JWE_ENC, &enc) != JSON_OK)
        return JWE_E_MALFORMED;
    bool is_rsa = strcmp(alg, JWE_RSA_NAME) == 0;
    if (strcmp(enc, JWE_ENC_NAME) != 0 || (!is_rsa && strcmp(alg, JWE_ECDH_NAME) != 0) ||
        json_object_get(header, JWE_CRIT) || json_object_get(header, JWE_ZIP))
        return JWE_E_ALGORITHM;
    *ret = is_rsa ? JWE_RSA_OAEP_256 : JWE_ECDH_ES_A256KW;
    return JWE_OK;
}

/* A public key on one of our curves, by its looks: whether it is a point of it is for opening. */
static int judge_epk(const json_t *header)
{
    static const char *const known[] = { "kty", "crv", "x", "y", NULL };
    const char *kty, *crv;
    json_t *epk;

    if (json_get_object(header, JWE_EPK, &epk) != JSON_OK || json_unknown_member(epk, known) ||
        json_get_string(epk, "kty", &kty) != JSON_OK || strcmp(kty, "EC") != 0 ||
        json_get_string(epk, "crv", &crv) != JSON_OK ||
        !json_is_string(json_object_get(epk, "x")) || !json_is_string(json_object_get(epk, "y")))
        return JWE_E_MALFORMED;
    return strcmp(crv, "P-256") == 0 || strcmp(crv, "P-384") == 0 ? JWE_OK : JWE_E_ALGORITHM;
}

/* One that may be absent; never empty, which would be a second spelling of that. */
static int read_party_info(const json_t *header, const char *name, Bytes *ret)
{
    _cleanup_bytes_ Bytes info = { 0 };

    int r = json_get_base64url(header, name, JWE_PARTY_INFO_MAX, &info);
    if (r == JSON_E_MISSING)
        return JWE_OK;
    if (r || info.size == 0)
        return r < 0 ? r : JWE_E_MALFORMED;
    *ret = TAKE_STRUCT(info);
    return JWE_OK;
}

/* What an agreement is made of. */
static int read_agreement(JweParts *parts)
{
    int r = judge_epk(parts->header);

    if (r == JWE_OK)
        r = read_party_info(parts->header, JWE_APU, &parts->apu);
    return r ? r : read_party_info(parts->header, JWE_APV, &parts->apv);
}

/* RSA has none: a second spelling of nothing. */
static int judge_no_agreement(const json_t *header)
{
    bool has_none = !json_object_get(header, JWE_EPK) && !json_object_get(header, JWE_APU) &&
                    !json_object_get(header, JWE_APV);

    return has_none ? JWE_OK : JWE_E_MALFORMED;
}

static int read_header(ByteView text, JweParts *parts)
{
    _cleanup_bytes_ Bytes json = { 0 };

    int r = decode(text, 0, &json);
    if (r)
        return r;
    r = json_parse(VIEW(json), JWE_TEXT_MAX, &parts->header);
    if (r || !json_is_object(parts->header))
        return r < 0 ? r : JWE_E_MALFORMED;
    r = read_algorithm(parts->header, &parts->algorithm);
    if (r == JWE_OK)
        r = parts->algorithm == JWE_RSA_OAEP_256 ? judge_no_agreement(parts->header)
                                                 : read_agreement(parts);
    return r ? r : bytes_copy(text, &parts->associated);
}

/* As long as the modulus, which is whole bytes; or a wrapped key. */
static int read_encrypted_key(ByteView text, JweParts *parts)
{
    if (parts->algorithm == JWE_ECDH_ES_A256KW)
        return decode(text, JWE_WRAPPED_KEY_SIZE, &parts->encrypted_key);
    int r = decode(text, 0, &parts->encrypted_key);
    size_t size = parts->encrypted_key.size;
    if (r == JWE_OK && (size < KEY_RSA_BITS_MIN / 8 || size > JWE_RSA_BITS_MAX / 8))
        r = JWE_E_MALFORMED;
    return r;
}

static int read_ciphertext(ByteView text, ByteView tag_text, Bytes *ret)
{
    _cleanup_bytes_ Bytes ciphertext = { 0 };
    _cleanup_bytes_ Bytes tag = { 0 };

    int r = decode(text, 0, &ciphertext);
    if (r == JWE_OK)
        r = decode(tag_text, AEAD_TAG_SIZE, &tag);
    if (r == JWE_OK)
        r = bytes_append(&ciphertext, VIEW(tag));
    if (r == JWE_OK)
        *ret = TAKE_STRUCT(ciphertext);
    return r;
}

int jwe_parse(const char *compact, JweParts *ret)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    ByteView texts[PARTS];

    if (!jwe_text_is_valid(compact))
        return JWE_E_MALFORMED;
    split(compact, texts);
    int r = read_header(texts[0], &parts);
    if (r == JWE_OK)
        r = read_encrypted_key(texts[1], &parts);
    if (r == JWE_OK)
        r = decode(texts[2], AEAD_NONCE_SIZE, &parts.nonce);
    if (r == JWE_OK)
        r = read_ciphertext(texts[3], texts[4], &parts.ciphertext);
    if (r == JWE_OK)
        *ret = TAKE_STRUCT(parts);
    return r;
}
