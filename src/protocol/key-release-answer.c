/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"value":JWS}: header {"alg","x5c":[…],…}, payload {"request":{"kid","nonce",…},
 * "response":{"key":{"key":{"kid","kty","key_hsm",…},…}}}, and in key_hsm, base64url,
 * {"header":{"enc",…},"ciphertext"}.
 */
#include "protocol/key-release-answer.h"

#include "base/encode.h"
#include "base/json.h"
#include "protocol/key-release.h"

#include <errno.h>
#include <string.h>

#define CERTIFICATES_MAX 8
#define BLOCK_SIZE       8  /* bytes of AES key wrap */
#define WRAPPED_MIN      48 /* bytes: no PKCS #8 is shorter */

const char *key_release_reason(int reason)
{
    static const char *const reasons[] = {
        [KEY_RELEASE_OK] = "ok",
        [KEY_RELEASE_E_JSON] = "not an object with a value",
        [KEY_RELEASE_E_JWS] = "not a signed object",
        [KEY_RELEASE_E_ALGORITHM] = "signed with an algorithm that does not fit its certificate",
        [KEY_RELEASE_E_CERTIFICATES] = "without the signer's certificates",
        [KEY_RELEASE_E_PAYLOAD] = "signed, and about no released key",
        [KEY_RELEASE_E_OCT] = "a symmetric key",
        [KEY_RELEASE_E_ENC] = "wrapped in another way than was asked for",
        [KEY_RELEASE_E_WRAPPED] = "wrapped for a key of another size",
        [KEY_RELEASE_E_CHAIN] = "the signer's certificate is not trusted",
        [KEY_RELEASE_E_HOST] = "the signer is certified for another host",
        [KEY_RELEASE_E_SIGNATURE] = "the signature does not verify",
        [KEY_RELEASE_E_KEY] = "another key",
        [KEY_RELEASE_E_NONCE] = "the answer to another question",
    };

    if (reason < 0 || (size_t)reason >= ELEMENTSOF(reasons))
        return "unknown";
    return reasons[reason];
}

void key_release_answer_done(KeyReleaseAnswer *answer)
{
    certificate_list_done(&answer->certificates);
    bytes_done(&answer->signed_text);
    bytes_done(&answer->signature);
    free(answer->nonce);
    bytes_done(&answer->encrypted_key);
    bytes_done(&answer->wrapped);
    *answer = (KeyReleaseAnswer){ 0 };
}

/* One certificate of x5c: base64 of its DER, RFC 7515 4.1.6. */
static int add_certificate(const json_t *item, CertificateList *list)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    _cleanup_bytes_ Bytes der = { 0 };
    const char *text = json_string_value(item);

    if (!text)
        return KEY_RELEASE_E_CERTIFICATES;
    int r = base64_decode(view_of_string(text), &der);
    if (r == 0)
        r = certificate_from_der(VIEW(der), &certificate);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_CERTIFICATES;
    return certificate_list_add(list, certificate);
}

static int read_certificates(const json_t *header, CertificateList *list)
{
    const json_t *array = json_object_get(header, "x5c");
    size_t n = json_array_size(array);
    int r = KEY_RELEASE_OK;

    if (n == 0 || n > CERTIFICATES_MAX)
        return KEY_RELEASE_E_CERTIFICATES;
    for (size_t i = 0; i < n && r == KEY_RELEASE_OK; i++)
        r = add_certificate(json_array_get(array, i), list);
    return r;
}

static int read_header(ByteView text, KeyReleaseAnswer *answer)
{
    _cleanup_bytes_ Bytes json = { 0 };
    json_auto_t *header = NULL;
    const char *name = NULL;

    int r = base64url_decode(text, &json);
    if (r == 0)
        r = json_parse(VIEW(json), KEY_RELEASE_REPLY_MAX, &header);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_JWS;
    if (json_object_get(header, "crit") || json_object_get(header, "b64"))
        return KEY_RELEASE_E_JWS;
    r = read_certificates(header, &answer->certificates);
    if (r)
        return r;
    answer->algorithm = json_get_string(header, "alg", &name) == JSON_OK ? jwa_find(name) : NULL;
    return answer->algorithm &&
                   jwa_suits(answer->algorithm, certificate_key(answer->certificates.items[0]))
               ? KEY_RELEASE_OK
               : KEY_RELEASE_E_ALGORITHM;
}

/* The key behind RSA, then the key behind that. */
static int split_ciphertext(ByteView all, KeyReleaseAnswer *answer)
{
    const size_t rsa = KEY_RELEASE_RSA_SIZE;

    if (all.size < rsa + WRAPPED_MIN || (all.size - rsa) % BLOCK_SIZE != 0)
        return KEY_RELEASE_E_WRAPPED;
    int r = bytes_copy((ByteView){ all.data, rsa }, &answer->encrypted_key);
    return r < 0 ? r : bytes_copy((ByteView){ all.data + rsa, all.size - rsa }, &answer->wrapped);
}

static int read_wrapped(const json_t *key, KeyReleaseAnswer *answer)
{
    _cleanup_bytes_ Bytes text = { 0 }, ciphertext = { 0 };
    json_auto_t *object = NULL;
    json_t *header = NULL;
    const char *enc = NULL;

    int r = json_get_base64url(key, "key_hsm", KEY_RELEASE_REPLY_MAX, &text);
    if (r == 0)
        r = json_parse(VIEW(text), KEY_RELEASE_REPLY_MAX, &object);
    if (r == 0)
        r = json_get_object(object, "header", &header);
    if (r == 0)
        r = json_get_string(header, "enc", &enc);
    if (r == 0)
        r = json_get_base64url(object, "ciphertext", KEY_RELEASE_REPLY_MAX, &ciphertext);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_PAYLOAD;
    return strcmp(enc, KEY_RELEASE_ENC) == 0 ? split_ciphertext(VIEW(ciphertext), answer)
                                             : KEY_RELEASE_E_ENC;
}

static int read_response(const json_t *payload, KeyReleaseAnswer *answer)
{
    json_t *response = NULL, *bundle = NULL, *key = NULL;
    const char *kty = NULL;

    if (json_get_object(payload, "response", &response) != JSON_OK ||
        json_get_object(response, "key", &bundle) != JSON_OK ||
        json_get_object(bundle, "key", &key) != JSON_OK ||
        json_get_string(key, "kty", &kty) != JSON_OK ||
        !vault_key_parse(json_string_value(json_object_get(key, "kid")), &answer->key))
        return KEY_RELEASE_E_PAYLOAD;
    if (strcmp(kty, "oct") == 0 || strcmp(kty, "oct-HSM") == 0)
        return KEY_RELEASE_E_OCT;
    return read_wrapped(key, answer);
}

/* What the vault repeats of the question: not every one does. */
static int read_request(const json_t *payload, KeyReleaseAnswer *answer)
{
    const json_t *request = json_object_get(payload, "request");
    const json_t *kid = json_object_get(request, "kid");
    const char *nonce = json_string_value(json_object_get(request, "nonce"));

    if (kid && !vault_key_parse(json_string_value(kid), &answer->asked))
        return KEY_RELEASE_E_PAYLOAD;
    if (!nonce)
        return KEY_RELEASE_OK;
    answer->nonce = strdup(nonce);
    return answer->nonce ? KEY_RELEASE_OK : -ENOMEM;
}

static int read_payload(ByteView text, KeyReleaseAnswer *answer)
{
    _cleanup_bytes_ Bytes json = { 0 };
    json_auto_t *payload = NULL;

    int r = base64url_decode(text, &json);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_JWS;
    r = json_parse(VIEW(json), KEY_RELEASE_REPLY_MAX, &payload);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_PAYLOAD;
    r = read_request(payload, answer);
    return r == KEY_RELEASE_OK ? read_response(payload, answer) : r;
}

/* Header, payload, signature; and what the last is over. */
static int read_jws(const char *text, KeyReleaseAnswer *answer)
{
    const char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;

    if (!second)
        return KEY_RELEASE_E_JWS;
    const uint8_t *start = (const uint8_t *)text;
    const ByteView header = { start, (size_t)(first - text) };
    const ByteView payload = { start + header.size + 1, (size_t)(second - first - 1) };
    const ByteView signed_text = { start, (size_t)(second - text) };

    int r = base64url_decode(view_of_string(second + 1), &answer->signature);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_JWS;
    r = bytes_copy(signed_text, &answer->signed_text);
    if (r == 0)
        r = read_header(header, answer);
    return r == 0 ? read_payload(payload, answer) : r;
}

int key_release_parse(ByteView body, KeyReleaseAnswer *ret)
{
    _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };
    json_auto_t *object = NULL;
    const char *text = NULL;

    int r = json_parse(body, KEY_RELEASE_REPLY_MAX, &object);
    if (r == JSON_OK)
        r = json_get_string(object, "value", &text);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_JSON;
    r = read_jws(text, &answer);
    if (r == KEY_RELEASE_OK)
        *ret = TAKE_STRUCT(answer);
    return r;
}

/* Each certificate behind the leaf may be on the way. */
static int judge_chain(const KeyReleaseAnswer *answer, const KeyReleaseExpectation *expected,
                       const char **reterr_text)
{
    const CertificateList *all = &answer->certificates;
    const CertificateList rest = { all->items + 1, all->n_items - 1 };
    const Certificate *leaf = all->items[0];

    int r = expected->anchors
                ? certificate_verify_chain(leaf, &rest, expected->anchors, expected->now_sec,
                                           reterr_text)
                : certificate_verify_by_system(leaf, &rest, expected->now_sec, reterr_text);
    if (r)
        return r < 0 ? r : KEY_RELEASE_E_CHAIN;
    return certificate_is_for_host(leaf, expected->key->host) ? KEY_RELEASE_OK : KEY_RELEASE_E_HOST;
}

static int judge_signature(const KeyReleaseAnswer *answer)
{
    int r = signature_verify(certificate_key(answer->certificates.items[0]),
                             answer->algorithm->scheme, answer->algorithm->digest,
                             VIEW(answer->signed_text), VIEW(answer->signature));

    return r <= 0 ? r : KEY_RELEASE_E_SIGNATURE;
}

static int judge_payload(const KeyReleaseAnswer *answer, const KeyReleaseExpectation *expected)
{
    VaultKey any_version = *expected->key;

    any_version.version[0] = 0;
    if (!vault_key_is(expected->key, &answer->key) ||
        (answer->asked.host[0] && !vault_key_is(&any_version, &answer->asked)))
        return KEY_RELEASE_E_KEY;
    return answer->nonce && strcmp(answer->nonce, expected->nonce) != 0 ? KEY_RELEASE_E_NONCE
                                                                        : KEY_RELEASE_OK;
}

int key_release_verify(const KeyReleaseAnswer *answer, const KeyReleaseExpectation *expected,
                       const char **reterr_text)
{
    int r = judge_chain(answer, expected, reterr_text);

    if (r == KEY_RELEASE_OK)
        r = judge_signature(answer);
    return r == KEY_RELEASE_OK ? judge_payload(answer, expected) : r;
}
