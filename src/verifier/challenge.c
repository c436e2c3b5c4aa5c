/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret of a credential = HMAC-SHA-256(nonce key, "attestd credential 1" ‖ 00 ‖ nonce ‖ u16 BE
 * size ‖ AK Name ‖ u16 BE size ‖ EK Name).
 */
#include "verifier/challenge.h"

#include "base/clock.h"
#include "base/json.h"
#include "crypto/credential.h"
#include "format/bundle.h"
#include "format/tpm-public.h"
#include "verify/genuine-tpm.h"

#include <errno.h>
#include <string.h>

static const char label[] = "attestd credential 1"; /* its NUL counts */

static const char *const body_members[] = { "ak_public", "ek_public", "ek_certificate", NULL };

/* Name = nameAlg ‖ H(TPMT_PUBLIC) (TPM 2.0 Part 1, 16). */
static int name_of(const TpmPublic *public, Bytes *ret)
{
    DigestAlgorithm algorithm;
    Digest digest;

    int r = digest_from_tpm_id(public->name_alg, &algorithm);
    if (r)
        return CHALLENGE_E_KEYS;
    r = digest_of(algorithm, public->raw, &digest);
    if (r == 0)
        r = bytes_append_be16(ret, public->name_alg);
    if (r == 0)
        r = bytes_append(ret, digest_view(&digest));
    return r;
}

static int append_sized(Bytes *bytes, ByteView part)
{
    int r = bytes_append_be16(bytes, (uint16_t)part.size); /* a Name has at most 66 bytes */

    return r < 0 ? r : bytes_append(bytes, part);
}

static int secret_of(const Secret *key, ByteView nonce, ByteView ak_name, ByteView ek_name,
                     Digest *ret)
{
    _cleanup_bytes_ Bytes names = { 0 };

    int r = append_sized(&names, ak_name);
    if (r == 0)
        r = append_sized(&names, ek_name);
    if (r < 0)
        return r;

    const ByteView parts[] = {
        { .data = (const uint8_t *)label, .size = sizeof(label) },
        nonce,
        VIEW(names),
    };
    return digest_hmac(DIGEST_SHA256, secret_view(key), parts, ELEMENTSOF(parts), ret);
}

/* Both public areas, read, with their Names. */
typedef struct TpmKeys {
    TpmPublic ak, ek; /* borrow */
    Bytes ak_name, ek_name;
} TpmKeys;

static void tpm_keys_done(TpmKeys *keys)
{
    bytes_done(&keys->ak_name);
    bytes_done(&keys->ek_name);
}

static int tpm_keys_read(ByteView ak_public, ByteView ek_public, const char **reterr_cause,
                         TpmKeys *ret)
{
    _cleanup_(tpm_keys_done) TpmKeys keys = { 0 };

    *reterr_cause = "ak_public is no TPMT_PUBLIC of a known kind";
    if (tpm_public_parse(ak_public, &keys.ak) != TPM_PUBLIC_OK)
        return CHALLENGE_E_KEYS;
    *reterr_cause = "ek_public is no TPMT_PUBLIC of a known kind";
    if (tpm_public_parse(ek_public, &keys.ek) != TPM_PUBLIC_OK)
        return CHALLENGE_E_KEYS;
    *reterr_cause = "ek_public is not a restricted decryption key";
    if (!tpm_public_is_restricted_decrypting(&keys.ek))
        return CHALLENGE_E_KEYS;

    *reterr_cause = "nameAlg is not supported";
    int r = name_of(&keys.ak, &keys.ak_name);
    if (r == 0)
        r = name_of(&keys.ek, &keys.ek_name);
    if (r)
        return r;
    *ret = TAKE_STRUCT(keys);
    return CHALLENGE_OK;
}

int challenge_secret(const NonceFacts *facts, ByteView nonce, ByteView ak_public,
                     ByteView ek_public, const char **reterr_cause, Digest *ret)
{
    _cleanup_(tpm_keys_done) TpmKeys keys = { 0 };

    int r = tpm_keys_read(ak_public, ek_public, reterr_cause, &keys);
    if (r)
        return r;
    return secret_of(facts->key, nonce, VIEW(keys.ak_name), VIEW(keys.ek_name), ret);
}

static int credential_json(const NonceKeys *keys, ByteView nonce, const TpmKeys *tpm,
                           const char **reterr_cause, json_t *answer)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_bytes_ Bytes blob = { 0 }, encrypted = { 0 };
    CredentialEk ek = { .symmetric_bits = tpm->ek.symmetric_bits };
    Digest secret;

    *reterr_cause = "ek_public is a key that takes no credential";
    int r = tpm_public_key(&tpm->ek, &key);
    if (r)
        return r < 0 ? r : CHALLENGE_E_KEYS;
    if (digest_from_tpm_id(tpm->ek.name_alg, &ek.name_algorithm) != DIGEST_OK)
        return CHALLENGE_E_KEYS;
    ek.key = key;

    r = secret_of(keys->current, nonce, VIEW(tpm->ak_name), VIEW(tpm->ek_name), &secret);
    if (r < 0)
        return r;
    r = credential_make(&ek, VIEW(tpm->ak_name), digest_view(&secret), &blob, &encrypted);
    wipe(&secret, sizeof(secret));
    if (r)
        return r < 0 ? r : CHALLENGE_E_KEYS;

    json_t *credential = json_object();
    if (json_object_set_new(answer, "credential", credential) < 0)
        return -ENOMEM;
    r = json_set_base64url(credential, "credential_blob", VIEW(blob));
    return r < 0 ? r : json_set_base64url(credential, "secret", VIEW(encrypted));
}

/* CHALLENGE_OK without keys leaves RET_AK empty. */
static int read_body(ByteView body, const char **reterr_cause, Bytes *ret_ak, Bytes *ret_ek)
{
    _cleanup_bytes_ Bytes certificate = { 0 };
    json_t *json = NULL;

    *reterr_cause = "not a JSON object";
    int r = json_parse(body, CHALLENGE_BODY_MAX, &json);
    if (r)
        return r < 0 ? r : CHALLENGE_E_MALFORMED;

    r = CHALLENGE_E_MALFORMED;
    if (!json_is_object(json)) {
        /* the cause stands above */
    } else if (json_unknown_member(json, body_members)) {
        *reterr_cause = "unknown member";
    } else if (json_object_size(json) == 0) {
        r = CHALLENGE_OK;
    } else {
        *reterr_cause = "ak_public and ek_public come together, as base64url";
        r = json_get_base64url(json, "ak_public", TPM_PUBLIC_SIZE_MAX, ret_ak);
        if (r == JSON_OK)
            r = json_get_base64url(json, "ek_public", TPM_PUBLIC_SIZE_MAX, ret_ek);
        if (r == JSON_OK && json_object_get(json, "ek_certificate"))
            r = json_get_base64url(json, "ek_certificate", CHALLENGE_CERTIFICATE_MAX, &certificate);
        if (r > 0)
            r = CHALLENGE_E_MALFORMED;
    }
    json_decref(json);
    return r;
}

static int answer_json(Bytes *nonce, uint64_t now_sec, json_t **ret)
{
    char expires[32];

    format_timestamp((now_sec + NONCE_LIFE_SEC) * USEC_PER_SEC, expires);
    json_t *json = json_pack("{s:s, s:[s]}", "expires", expires, "accept", EVIDENCE_MEDIA_TYPE);
    int r = json ? json_set_base64url(json, "nonce", VIEW(*nonce)) : -ENOMEM;
    if (r < 0) {
        json_decref(json);
        return r;
    }
    *ret = json;
    return 0;
}

int challenge_answer(const NonceKeys *keys, const char *verifier_id, uint64_t now_sec,
                     ByteView body, const char **reterr_cause, Bytes *ret)
{
    _cleanup_bytes_ Bytes ak = { 0 }, ek = { 0 }, nonce = { 0 };
    _cleanup_(tpm_keys_done) TpmKeys tpm = { 0 };
    json_t *json = NULL;

    int r = read_body(body, reterr_cause, &ak, &ek);
    if (r == CHALLENGE_OK && ak.size > 0)
        r = tpm_keys_read(VIEW(ak), VIEW(ek), reterr_cause, &tpm);
    if (r == CHALLENGE_OK)
        r = nonce_make(keys, verifier_id, now_sec, &nonce);
    if (r == CHALLENGE_OK)
        r = answer_json(&nonce, now_sec, &json);
    if (r == CHALLENGE_OK && ak.size > 0)
        r = credential_json(keys, VIEW(nonce), &tpm, reterr_cause, json);

    _cleanup_free_ char *text = r == CHALLENGE_OK ? json_text(json) : NULL;
    json_decref(json);
    if (r)
        return r;
    return text ? bytes_copy(view_of_string(text), ret) : -ENOMEM;
}
