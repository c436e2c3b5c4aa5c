/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/key-release-answer.h"

#include "base/encode.h"
#include "base/json.h"
#include "forge.h"
#include "testing.h"

#define URL "https://lab.vault.azure.net/keys/disk"

/* A vault, and the answer it would give: each test changes one thing before it is signed. */
typedef struct Lab {
    EVP_PKEY *authority;
    EVP_PKEY *pkey;
    Key *signer;
    Certificate *root;
    ForgeCertificate leaf;
    json_t *header;
    json_t *payload;
    json_t *wrapped; /* key_hsm */
    CertificateList anchors;
    VaultKey key;
} Lab;

static const ForgeCertificate ROOT = { .subject = "root", .issuer = "root", .is_ca = true };

static json_t *json_of(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

    check(json);
    return json;
}

static Lab lab_new(const char *kind)
{
    Lab lab = { .authority = forge_pkey("P-256"), .pkey = forge_pkey(kind) };
    ForgeCertificate root = ROOT;

    lab.signer = forge_key_of(lab.pkey);
    root.key = root.issuer_key = lab.authority;
    lab.root = forge_read(&root);
    check_int(certificate_list_add(&lab.anchors, lab.root), 0);
    lab.leaf = (ForgeCertificate){ .subject = "vault",
                                   .issuer = "root",
                                   .serial = 2,
                                   .key = lab.pkey,
                                   .issuer_key = lab.authority,
                                   .other_names = "DNS:*.vault.azure.net,IP:127.0.0.1" };
    lab.header = json_of("{\"typ\":\"JWT\"}");
    check(json_object_set_new(lab.header, "alg",
                              json_string(strcmp(kind, "P-256") == 0 ? "ES256" : "RS256")) == 0);
    lab.payload = json_of(
        "{\"request\":{\"kid\":\"" URL "\",\"nonce\":\"bm9uY2U\",\"enc\":\"CKM_RSA_AES_KEY_WRAP\"},"
        "\"response\":{\"key\":{\"key\":{\"kid\":\"" URL
        "/0123456789abcdef0123456789abcdef\",\"kty\":\"EC-HSM\"},\"attributes\":{}}}}");
    lab.wrapped = json_of("{\"schema_version\":\"1.0\",\"header\":{\"kid\":\"k\",\"alg\":\"dir\","
                          "\"enc\":\"CKM_RSA_AES_KEY_WRAP\"}}");
    uint8_t ciphertext[KEY_RELEASE_RSA_SIZE + 152] = { 1 };
    check_int(json_set_base64url(lab.wrapped, "ciphertext", VIEW_OF_ARRAY(ciphertext)), 0);
    check(vault_key_parse(URL, &lab.key));
    return lab;
}

static void lab_done(Lab *lab)
{
    certificate_list_done(&lab->anchors);
    (void)certificate_free(lab->root);
    (void)key_free(lab->signer);
    EVP_PKEY_free(lab->pkey);
    EVP_PKEY_free(lab->authority);
    json_decref(lab->header);
    json_decref(lab->payload);
    json_decref(lab->wrapped);
}
#define _cleanup_lab_ _cleanup_(lab_done)

static void lab_close(Lab *lab)
{
    _cleanup_free_ char *text = json_text(lab->wrapped);
    json_t *bundle = json_object_get(json_object_get(lab->payload, "response"), "key");
    json_t *key = json_object_get(bundle, "key");

    if (key && !json_object_get(key, "key_hsm"))
        check_int(json_set_base64url(key, "key_hsm", view_of_string(text)), 0);
    if (!json_object_get(lab->header, "x5c")) {
        _cleanup_bytes_ Bytes der = forge_certificate(&lab->leaf);
        _cleanup_free_ char *leaf = base64_encode(VIEW(der));
        check(json_object_set_new(lab->header, "x5c", json_pack("[s]", leaf)) == 0);
    }
}

static char *part(const json_t *json)
{
    _cleanup_free_ char *text = json_text(json);

    return base64url_encode(view_of_string(text));
}

/* {"value":JWS}, owned. */
static char *lab_answer(Lab *lab)
{
    _cleanup_bytes_ Bytes signature = { 0 };
    char *text, *body;

    lab_close(lab);
    _cleanup_free_ char *header = part(lab->header), *payload = part(lab->payload);
    check(asprintf(&text, "%s.%s", header, payload) > 0);
    SignatureScheme scheme =
        key_type(lab->signer) == KEY_RSA ? SIGNATURE_RSASSA : SIGNATURE_ECDSA_RAW;
    check_int(signature_sign(lab->signer, scheme, DIGEST_SHA256, view_of_string(text), &signature),
              SIGNATURE_OK);
    _cleanup_free_ char *last = base64url_encode(VIEW(signature));
    check(asprintf(&body, "{\"value\":\"%s.%s\"}", text, last) > 0);
    free(text);
    return body;
}

static int lab_parse(Lab *lab, KeyReleaseAnswer *ret)
{
    _cleanup_free_ char *body = lab_answer(lab);

    return key_release_parse(view_of_string(body), ret);
}

static int lab_verify_with(Lab *lab, const char *nonce, int64_t now_sec)
{
    _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };
    const KeyReleaseExpectation expected = { &lab->key, nonce, &lab->anchors, now_sec };
    const char *text = NULL;

    check_int(lab_parse(lab, &answer), KEY_RELEASE_OK);
    int r = key_release_verify(&answer, &expected, &text);
    check((r == KEY_RELEASE_E_CHAIN) == (text != NULL));
    return r;
}

static int lab_verify(Lab *lab)
{
    return lab_verify_with(lab, "bm9uY2U", FORGE_2030);
}

static void test_a_released_key_is_read_and_verified(void)
{
    static const char *const kinds[] = { "RSA-2048", "P-256" };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_lab_ Lab lab = lab_new(kinds[i]);
        _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };
        check_int(lab_parse(&lab, &answer), KEY_RELEASE_OK);
        check_int(answer.encrypted_key.size, KEY_RELEASE_RSA_SIZE);
        check_int(answer.encrypted_key.data[0], 1);
        check_int(answer.wrapped.size, 152);
        check_str(answer.nonce, "bm9uY2U");
        check_str(answer.key.version, "0123456789abcdef0123456789abcdef");
        check_int(lab_verify(&lab), KEY_RELEASE_OK);
    }
}

static void test_a_vault_need_not_repeat_the_question(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256");

    check(json_object_del(lab.payload, "request") == 0);
    check_int(lab_verify(&lab), KEY_RELEASE_OK);
}

static void test_the_version_counts_where_it_was_named(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256");

    check(vault_key_parse(URL "/0123456789abcdef0123456789abcdef", &lab.key));
    check_int(lab_verify(&lab), KEY_RELEASE_OK);
    check(vault_key_parse(URL "/fedcba9876543210fedcba9876543210", &lab.key));
    check_int(lab_verify(&lab), KEY_RELEASE_E_KEY);
}

static void test_another_key_or_question_is_named(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256");

    check_int(lab_verify_with(&lab, "YW5vdGhlcg", FORGE_2030), KEY_RELEASE_E_NONCE);
    check(vault_key_parse("https://lab.vault.azure.net/keys/other", &lab.key));
    check_int(lab_verify(&lab), KEY_RELEASE_E_KEY);
    check(vault_key_parse("https://evil.vault.azure.net/keys/disk", &lab.key));
    check_int(lab_verify(&lab), KEY_RELEASE_E_KEY);
}

static void test_a_vault_that_was_asked_for_another_key_is_named(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256");
    json_t *request = json_object_get(lab.payload, "request");

    check(json_object_set_new(request, "kid",
                              json_string("https://lab.vault.azure.net/keys/other")) == 0);
    check_int(lab_verify(&lab), KEY_RELEASE_E_KEY);
}

static void test_the_signer_is_certified_for_the_host(void)
{
    static const struct {
        const char *names;
        int wanted;
    } cases[] = {
        { "DNS:lab.vault.azure.net", KEY_RELEASE_OK },
        { "DNS:*.vault.azure.net", KEY_RELEASE_OK },
        { "DNS:other.vault.azure.net", KEY_RELEASE_E_HOST },
        { "DNS:*.azure.net", KEY_RELEASE_E_HOST },
        { "DNS:l*b.vault.azure.net", KEY_RELEASE_E_HOST },
        { "IP:127.0.0.1", KEY_RELEASE_E_HOST },
        { NULL, KEY_RELEASE_E_HOST },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_lab_ Lab lab = lab_new("P-256");
        lab.leaf.other_names = cases[i].names;
        lab.leaf.subject = "lab.vault.azure.net"; /* which nobody looks at */
        check_int(lab_verify(&lab), cases[i].wanted);
    }
}

static void test_an_address_is_a_host_too(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256");
    json_t *payload = json_of("{\"response\":{\"key\":{\"key\":{\"kid\":"
                              "\"https://127.0.0.1:8443/keys/disk\",\"kty\":\"RSA-HSM\"}}}}");

    json_decref(lab.payload);
    lab.payload = payload;
    check(vault_key_parse("https://127.0.0.1:8443/keys/disk", &lab.key));
    check_int(lab_verify(&lab), KEY_RELEASE_OK);
    lab.leaf.other_names = "DNS:127.0.0.1";
    check(json_object_del(lab.header, "x5c") == 0);
    check_int(lab_verify(&lab), KEY_RELEASE_E_HOST);
}

static void test_the_chain_ends_in_an_anchor_in_its_time(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256"), other = lab_new("P-256");

    check_int(lab_verify_with(&lab, "bm9uY2U", FORGE_2025 - 1), KEY_RELEASE_E_CHAIN);
    check_int(lab_verify_with(&lab, "bm9uY2U", FORGE_2035 + 1), KEY_RELEASE_E_CHAIN);
    CertificateList ours = lab.anchors;
    lab.anchors = other.anchors;
    check_int(lab_verify(&lab), KEY_RELEASE_E_CHAIN);
    lab.anchors = ours;
}

static void test_the_systems_authorities_do_not_know_the_lab(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256");
    _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };
    const KeyReleaseExpectation expected = { &lab.key, "bm9uY2U", NULL, FORGE_2030 };
    const char *text = NULL;

    check_int(lab_parse(&lab, &answer), KEY_RELEASE_OK);
    check_int(key_release_verify(&answer, &expected, &text), KEY_RELEASE_E_CHAIN);
    check(text);
}

static void test_what_was_changed_on_its_way_is_not_signed(void)
{
    _cleanup_lab_ Lab lab = lab_new("P-256"), other = lab_new("P-256");
    _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };
    const KeyReleaseExpectation expected = { &lab.key, "bm9uY2U", &lab.anchors, FORGE_2030 };
    const char *text = NULL;

    check_int(lab_parse(&lab, &answer), KEY_RELEASE_OK);
    answer.signed_text.data[answer.signed_text.size - 1] ^= 1;
    check_int(key_release_verify(&answer, &expected, &text), KEY_RELEASE_E_SIGNATURE);
    Key *ours = lab.signer;
    lab.signer = other.signer;
    check_int(lab_verify(&lab), KEY_RELEASE_E_SIGNATURE);
    lab.signer = ours;
}

/* VALUE is JSON text; "": the member goes away. */
static void set(json_t *object, const char *member, const char *value)
{
    check(object);
    if (*value)
        check(json_object_set_new(object, member, json_of(value)) == 0);
    else
        check(json_object_del(object, member) == 0);
}

static void check_parse(Lab *lab, int wanted)
{
    KeyReleaseAnswer answer = { 0 };

    check_int(lab_parse(lab, &answer), wanted);
    check(!answer.nonce && !answer.wrapped.data && answer.certificates.n_items == 0);
}

static void test_headers_that_cannot_be_are_refused(void)
{
    static const struct {
        const char *member, *value;
        int wanted;
    } cases[] = {
        { "alg", "", KEY_RELEASE_E_ALGORITHM },
        { "alg", "\"none\"", KEY_RELEASE_E_ALGORITHM },
        { "alg", "\"HS256\"", KEY_RELEASE_E_ALGORITHM },
        { "alg", "\"RS256\"", KEY_RELEASE_E_ALGORITHM },
        { "alg", "\"ES384\"", KEY_RELEASE_E_ALGORITHM },
        { "crit", "[\"exp\"]", KEY_RELEASE_E_JWS },
        { "b64", "false", KEY_RELEASE_E_JWS },
        { "x5c", "[]", KEY_RELEASE_E_CERTIFICATES },
        { "x5c", "\"AAAA\"", KEY_RELEASE_E_CERTIFICATES },
        { "x5c", "[1]", KEY_RELEASE_E_CERTIFICATES },
        { "x5c", "[\"AAAA\"]", KEY_RELEASE_E_CERTIFICATES },
        { "x5c", "[\"not base64\"]", KEY_RELEASE_E_CERTIFICATES },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_lab_ Lab lab = lab_new("P-256");
        set(lab.header, cases[i].member, cases[i].value);
        check_parse(&lab, cases[i].wanted);
    }
}

static void test_payloads_that_cannot_be_are_refused(void)
{
    static const struct {
        const char *member, *value; /* of the key */
        int wanted;
    } cases[] = {
        { "kid", "", KEY_RELEASE_E_PAYLOAD },
        { "kid", "\"http://lab.vault.azure.net/keys/disk\"", KEY_RELEASE_E_PAYLOAD },
        { "kid", "7", KEY_RELEASE_E_PAYLOAD },
        { "kty", "", KEY_RELEASE_E_PAYLOAD },
        { "kty", "\"oct-HSM\"", KEY_RELEASE_E_OCT },
        { "kty", "\"oct\"", KEY_RELEASE_E_OCT },
        { "key_hsm", "\"?\"", KEY_RELEASE_E_PAYLOAD },
        { "key_hsm", "\"e30\"", KEY_RELEASE_E_PAYLOAD },
        { "key_hsm", "5", KEY_RELEASE_E_PAYLOAD },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_lab_ Lab lab = lab_new("P-256");
        json_t *bundle = json_object_get(json_object_get(lab.payload, "response"), "key");
        set(json_object_get(bundle, "key"), cases[i].member, cases[i].value);
        check_parse(&lab, cases[i].wanted);
    }
    _cleanup_lab_ Lab lab = lab_new("P-256");
    set(lab.payload, "response", "{\"key\":[]}");
    check_parse(&lab, KEY_RELEASE_E_PAYLOAD);
    set(lab.payload, "response", "");
    check_parse(&lab, KEY_RELEASE_E_PAYLOAD);
}

static void test_wrappings_that_cannot_be_are_refused(void)
{
    static const uint8_t bytes[KEY_RELEASE_RSA_SIZE + 64] = { 0 };
    static const size_t sizes[] = { 1, KEY_RELEASE_RSA_SIZE, KEY_RELEASE_RSA_SIZE + 47,
                                    KEY_RELEASE_RSA_SIZE + 49 };

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        _cleanup_lab_ Lab lab = lab_new("P-256");
        check_int(json_set_base64url(lab.wrapped, "ciphertext", (ByteView){ bytes, sizes[i] }), 0);
        check_parse(&lab, KEY_RELEASE_E_WRAPPED);
    }
    _cleanup_lab_ Lab lab = lab_new("P-256");
    set(lab.wrapped, "header", "{\"enc\":\"RSA_AES_KEY_WRAP_384\"}");
    check_parse(&lab, KEY_RELEASE_E_ENC);
}

static void test_texts_that_are_no_answers_are_refused(void)
{
    static const struct {
        const char *body;
        int wanted;
    } cases[] = {
        { "", KEY_RELEASE_E_JSON },
        { "<html>", KEY_RELEASE_E_JSON },
        { "{}", KEY_RELEASE_E_JSON },
        { "{\"value\":1}", KEY_RELEASE_E_JSON },
        { "{\"value\":\"\"}", KEY_RELEASE_E_JWS },
        { "{\"value\":\"e30.e30\"}", KEY_RELEASE_E_JWS },
        { "{\"value\":\"e30.e30.?\"}", KEY_RELEASE_E_JWS },
        { "{\"value\":\"e30.e30.AA.AA\"}", KEY_RELEASE_E_JWS },
        { "{\"value\":\"e30.e30.AA\"}", KEY_RELEASE_E_CERTIFICATES },
        { "{\"value\":\"W10.e30.AA\"}", KEY_RELEASE_E_CERTIFICATES },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        KeyReleaseAnswer answer = { 0 };
        check_int(key_release_parse(view_of_string(cases[i].body), &answer), cases[i].wanted);
        check(!answer.signature.data);
    }
}

static const Test tests[] = {
    { "a released key is read and verified", test_a_released_key_is_read_and_verified },
    { "a vault need not repeat the question", test_a_vault_need_not_repeat_the_question },
    { "the version counts where it was named", test_the_version_counts_where_it_was_named },
    { "another key or question is named", test_another_key_or_question_is_named },
    { "a vault that was asked for another key is named",
      test_a_vault_that_was_asked_for_another_key_is_named },
    { "the signer is certified for the host", test_the_signer_is_certified_for_the_host },
    { "an address is a host, too", test_an_address_is_a_host_too },
    { "the chain ends in an anchor, in its time", test_the_chain_ends_in_an_anchor_in_its_time },
    { "the system's authorities do not know the lab",
      test_the_systems_authorities_do_not_know_the_lab },
    { "what was changed on its way is not signed", test_what_was_changed_on_its_way_is_not_signed },
    { "headers that cannot be are refused", test_headers_that_cannot_be_are_refused },
    { "payloads that cannot be are refused", test_payloads_that_cannot_be_are_refused },
    { "wrappings that cannot be are refused", test_wrappings_that_cannot_be_are_refused },
    { "texts that are no answers are refused", test_texts_that_are_no_answers_are_refused },
};

TEST_MAIN(tests)
