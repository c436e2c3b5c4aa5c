/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWS: rules 1 to 8 of spec/endpoints 7.1, each broken on its own.
 */
#include "token/jws.h"

#include "base/encode.h"
#include "mint.h"
#include "testing.h"

#define HEADER  "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define PAYLOAD "{\"sub\":\"me\"}"

static const char *const es256[] = { "ES256", NULL };

/* A key and the set that pins it. */
typedef struct Pinned {
    Key *key;
    Jwks jwks;
} Pinned;

static void pinned_done(Pinned *pinned)
{
    key_free(pinned->key);
    jwks_done(&pinned->jwks);
}
#define _cleanup_pinned_ _cleanup_(pinned_done)

static Pinned pin(const char *kind, const char *algorithm)
{
    Pinned pinned = { .key = forge_key(kind) };

    check_int(jwks_add(&pinned.jwks, pinned.key, "k1", algorithm ? jwa_find(algorithm) : NULL),
              JWKS_OK);
    return pinned;
}

static int verify_text(const Pinned *pinned, ByteView text, const char *const *allowed,
                       const char *type)
{
    JwsExpectation expected = { .keys = &pinned->jwks, .algorithms = allowed, .type = type };
    Jws jws = { 0 };
    int r = jws_verify(text, &expected, &jws);

    check((r == JWS_OK) == (jws.header != NULL));
    jws_done(&jws);
    return r;
}

static int verify(const Pinned *pinned, const char *text)
{
    return verify_text(pinned, view_of_string(text), es256, NULL);
}

/* A token with this header, signed with the pinned ES256 key. */
static int verify_header(const char *header)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *text = mint(header, PAYLOAD, pinned.key, "ES256");

    return verify(&pinned, text);
}

static void a_good_token_is_opened(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", "ES256");
    _cleanup_free_ char *text = mint(HEADER, PAYLOAD, pinned.key, "ES256");
    JwsExpectation expected = { .keys = &pinned.jwks, .algorithms = es256 };
    _cleanup_jws_ Jws jws = { 0 };

    check_int(jws_verify(view_of_string(text), &expected, &jws), JWS_OK);
    check_str((char *)jws.payload.data, PAYLOAD);
    check_str(jws.algorithm->name, "ES256");
    check_str(jws.key->kid, "k1");
}

static void what_jws_sign_makes_verifies(void)
{
    static const char *const kinds[] = { "P-256", "P-384", "P-521", "ED25519" };
    static const char *const all[] = { "ES256", "ES384", "ES512", "EdDSA", NULL };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_pinned_ Pinned pinned = pin(kinds[i], all[i]);
        _cleanup_free_ char *text = NULL;
        check_int(jws_sign(pinned.key, "k1", "JWT", view_of_string(PAYLOAD), &text), 0);
        check_int(verify_text(&pinned, view_of_string(text), all, NULL), JWS_OK);
    }
}

static void jws_sign_refuses_keys_that_cannot(void)
{
    _cleanup_(key_freep) Key *rsa = forge_key("RSA-2048");
    char *text = NULL;

    check_int(jws_sign(rsa, "k1", "JWT", view_of_string(PAYLOAD), &text), -22);
    check(text == NULL);
}

static void every_algorithm_is_good_or_tampered(void)
{
    static const struct {
        const char *kind;
        const char *name;
    } rows[] = { { "P-256", "ES256" },    { "P-384", "ES384" },    { "P-521", "ES512" },
                 { "RSA-2048", "RS256" }, { "RSA-2048", "RS384" }, { "RSA-2048", "RS512" },
                 { "RSA-2048", "PS256" }, { "RSA-2048", "PS384" }, { "RSA-2048", "PS512" },
                 { "ED25519", "EdDSA" } };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        _cleanup_pinned_ Pinned pinned = pin(rows[i].kind, rows[i].name);
        const char *const allowed[] = { rows[i].name, NULL };
        char header[64];
        (void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"k1\"}", rows[i].name);
        _cleanup_free_ char *text = mint(header, PAYLOAD, pinned.key, rows[i].name);
        check_int(verify_text(&pinned, view_of_string(text), allowed, NULL), JWS_OK);

        char *signature = strrchr(text, '.') + 1;
        for (size_t k = 0; k < strlen(signature); k += 9) {
            char kept = signature[k];
            mint_flip(signature, k);
            check_int(verify_text(&pinned, view_of_string(text), allowed, NULL), JWS_E_SIGNATURE);
            signature[k] = kept;
        }
        char *payload = strchr(text, '.') + 1;
        mint_flip(payload, 2);
        check_int(verify_text(&pinned, view_of_string(text), allowed, NULL), JWS_E_SIGNATURE);
    }
}

static void the_example_of_rfc_7515_verifies(void)
{
    static const char text[] =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx"
        "lLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8I"
        "SlSApmWQxfKTUJqPP3-Kg6NU1Q";
    static const char set[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                              "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                              "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
    _cleanup_pinned_ Pinned pinned = { 0 };

    check_int(jwks_parse(view_of_string(set), &pinned.jwks), JWKS_OK);
    check_int(verify(&pinned, text), JWS_OK);
}

static void rule_1_only_three_parts_none_empty(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *text = mint(HEADER, PAYLOAD, pinned.key, "ES256");
    _cleanup_free_ char *four = NULL;
    static const char *const bad[] = { "", ".", "..", "a", "a.b", ".a.b", "a..b", "a.b.", "..a" };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check_int(verify(&pinned, bad[i]), JWS_E_FORM);
    check(asprintf(&four, "%s.AAAA", text) > 0);
    check_int(verify(&pinned, four), JWS_E_FORM);
    *strrchr(text, '.') = 0;
    check_int(verify(&pinned, text), JWS_E_FORM);
}

static void rule_1_every_truncation_is_refused(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *text = mint(HEADER, PAYLOAD, pinned.key, "ES256");

    for (size_t size = 0; size < strlen(text); size++)
        check(verify_text(&pinned, (ByteView){ (uint8_t *)text, size }, es256, NULL) > 0);
}

static void rule_1_nothing_above_64_kib(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_bytes_ Bytes text = { 0 };

    check_int(bytes_new(JWS_SIZE_MAX + 1, &text), 0);
    memset(text.data, 'A', text.size);
    check_int(verify_text(&pinned, VIEW(text), es256, NULL), JWS_E_SIZE);
}

static void rule_1_no_header_above_8_kib(void)
{
    char header[JWS_HEADER_MAX + 64];
    char padding[JWS_HEADER_MAX];

    memset(padding, 'a', sizeof(padding) - 1);
    padding[sizeof(padding) - 1] = 0;
    (void)snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"x\":\"%s\"}", padding);
    check_int(verify_header(header), JWS_E_SIZE);
}

static void rule_1_strict_base64url(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *text = mint(HEADER, PAYLOAD, pinned.key, "ES256");
    _cleanup_free_ char *padded = NULL;
    char *end = text + strlen(text) - 1;
    char last = *end;

    check(asprintf(&padded, "%s==", text) > 0);
    check_int(verify(&pinned, padded), JWS_E_FORM);
    /* 64 bytes leave four bits over in the last of 86 characters: they must be zero. */
    *end = (char)(last == 'A' ? 'B' : last + 1);
    check_int(verify(&pinned, text), JWS_E_FORM);
    *end = '+';
    check_int(verify(&pinned, text), JWS_E_FORM);
    *end = '\n';
    check_int(verify(&pinned, text), JWS_E_FORM);
    *end = last;
    *(strchr(text, '.') + 1) = ' ';
    check_int(verify(&pinned, text), JWS_E_FORM);
}

static void rule_1_the_header_is_one_json_object(void)
{
    static const char *const bad[] = { "[]",   "\"ES256\"",          "{",      "{}x",
                                       "null", "{\"alg\":\"ES256\"", "{alg:1}" };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check_int(verify_header(bad[i]), JWS_E_HEADER);
    check_int(verify_header("{\"alg\":1}"), JWS_E_HEADER);
    check_int(verify_header("{\"alg\":\"ES256\",\"kid\":7}"), JWS_E_HEADER);
    check_int(verify_header("{\"alg\":\"ES256\",\"typ\":[]}"), JWS_E_HEADER);
}

static void rule_1_duplicate_header_members_are_refused(void)
{
    check_int(verify_header("{\"alg\":\"ES256\",\"alg\":\"ES256\"}"), JWS_E_DUPLICATE);
    check_int(verify_header("{\"alg\":\"ES256\",\"x\":{\"a\":1,\"a\":1}}"), JWS_E_DUPLICATE);
}

static void rule_2_an_algorithm_must_be_on_the_list(void)
{
    static const char *const es384_only[] = { "ES384", NULL };
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *text = mint(HEADER, PAYLOAD, pinned.key, "ES256");

    check_int(verify_text(&pinned, view_of_string(text), es384_only, NULL), JWS_E_ALGORITHM);
    check_int(verify_header("{\"kid\":\"k1\"}"), JWS_E_ALGORITHM);
    check_int(verify_header("{\"alg\":\"es256\"}"), JWS_E_ALGORITHM);
    check_int(verify_header("{\"alg\":\"ES256 \"}"), JWS_E_ALGORITHM);
}

static void rule_2_none_is_refused_even_when_listed(void)
{
    static const char *const lax[] = { "none", "HS256", "ES256", NULL };
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *signed_text =
        mint("{\"alg\":\"none\",\"kid\":\"k1\"}", PAYLOAD, pinned.key, "ES256");
    _cleanup_free_ char *empty =
        mint_parts(view_of_string("{\"alg\":\"none\"}"), view_of_string(PAYLOAD), (ByteView){ 0 });

    check_int(verify_text(&pinned, view_of_string(signed_text), lax, NULL), JWS_E_ALGORITHM);
    check_int(verify_text(&pinned, view_of_string(empty), lax, NULL), JWS_E_FORM);
}

/* The classic: the public key, known to all, used as the key of a MAC. */
static void rule_2_a_mac_by_the_public_key_is_refused(void)
{
    static const char *const lax[] = { "HS256", "RS256", NULL };
    _cleanup_pinned_ Pinned pinned = pin("RSA-2048", NULL);
    _cleanup_bytes_ Bytes pem = { 0 };
    ByteView header = view_of_string("{\"alg\":\"HS256\",\"kid\":\"k1\"}");
    Digest mac;

    check_int(key_to_public_pem(pinned.key, &pem), 0);
    _cleanup_free_ char *unsigned_text =
        mint_parts(header, view_of_string(PAYLOAD), (ByteView){ 0 });
    ByteView signed_text = { (uint8_t *)unsigned_text, strlen(unsigned_text) - 1 };
    check_int(digest_hmac(DIGEST_SHA256, VIEW(pem), &signed_text, 1, &mac), 0);
    _cleanup_free_ char *text = mint_parts(header, view_of_string(PAYLOAD), digest_view(&mac));
    check_int(verify_text(&pinned, view_of_string(text), lax, NULL), JWS_E_ALGORITHM);
}

static void rule_3_a_key_pinned_to_another_algorithm_is_unfit(void)
{
    static const char *const both[] = { "RS256", "PS256", NULL };
    _cleanup_pinned_ Pinned pinned = pin("RSA-2048", "PS256");
    _cleanup_free_ char *text =
        mint("{\"alg\":\"RS256\",\"kid\":\"k1\"}", PAYLOAD, pinned.key, "RS256");

    check_int(verify_text(&pinned, view_of_string(text), both, NULL), JWS_E_KEY_UNFIT);
}

static void rule_3_a_key_of_another_type_is_unfit(void)
{
    static const char *const all[] = { "ES256", "ES384", "RS256", NULL };
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_(key_freep) Key *p384 = forge_key("P-384");
    _cleanup_free_ char *es384 = mint("{\"alg\":\"ES384\",\"kid\":\"k1\"}", PAYLOAD, p384, "ES384");
    _cleanup_free_ char *rs256 =
        mint("{\"alg\":\"RS256\",\"kid\":\"k1\"}", PAYLOAD, pinned.key, "ES256");

    check_int(verify_text(&pinned, view_of_string(es384), all, NULL), JWS_E_KEY_UNFIT);
    check_int(verify_text(&pinned, view_of_string(rs256), all, NULL), JWS_E_KEY_UNFIT);
}

static void rule_4_kid_selects_by_exact_bytes(void)
{
    static const char *const others[] = { "K1", "k1 ", "k", "k11", "" };
    char header[64];

    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        (void)snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", others[i]);
        check_int(verify_header(header), JWS_E_KEY_UNKNOWN);
    }
}

static void rule_4_no_kid_needs_a_set_of_one(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_(key_freep) Key *second = forge_key("P-256");
    _cleanup_free_ char *text = mint("{\"alg\":\"ES256\"}", PAYLOAD, pinned.key, "ES256");

    check_int(verify(&pinned, text), JWS_OK);
    check_int(jwks_add(&pinned.jwks, second, "k2", NULL), JWKS_OK);
    check_int(verify(&pinned, text), JWS_E_KEY_UNKNOWN);
}

static void rule_4_a_key_by_another_name_does_not_verify(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_(key_freep) Key *second = forge_key("P-256");
    _cleanup_free_ char *text =
        mint("{\"alg\":\"ES256\",\"kid\":\"k2\"}", PAYLOAD, pinned.key, "ES256");

    check_int(jwks_add(&pinned.jwks, second, "k2", NULL), JWKS_OK);
    check_int(verify(&pinned, text), JWS_E_SIGNATURE);
}

/* A stranger signs and brings his own key along in every way there is. */
static void rule_5_keys_in_the_header_are_never_used(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *stranger_pkey = forge_pkey("P-256");
    _cleanup_(key_freep) Key *stranger = forge_key_of(stranger_pkey);
    ForgeCertificate wanted = {
        .subject = "x", .issuer = "x", .key = stranger_pkey, .issuer_key = stranger_pkey
    };
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);
    _cleanup_free_ char *x5c = base64_encode(VIEW(der));
    json_t *jwk = NULL;

    check_int(jwk_emit(stranger, "k1", "sig", "ES256", &jwk), 0);
    json_t *header = json_pack("{s:s, s:s, s:o, s:s, s:s, s:[s]}", "alg", "ES256", "kid", "k1",
                               "jwk", jwk, "jku", "https://evil.example/jwks", "x5u",
                               "https://evil.example/x5u", "x5c", x5c);
    _cleanup_free_ char *header_text = json_text(header);
    _cleanup_free_ char *forged = mint(header_text, PAYLOAD, stranger, "ES256");
    _cleanup_free_ char *genuine = mint(header_text, PAYLOAD, pinned.key, "ES256");
    json_decref(header);

    check_int(verify(&pinned, forged), JWS_E_SIGNATURE);
    check_int(verify(&pinned, genuine), JWS_OK);
}

static void rule_6_crit_is_refused(void)
{
    check_int(verify_header("{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}"), JWS_E_CRITICAL);
    check_int(verify_header("{\"alg\":\"ES256\",\"crit\":[]}"), JWS_E_CRITICAL);
    check_int(verify_header("{\"alg\":\"ES256\",\"crit\":null}"), JWS_E_CRITICAL);
}

static void rule_6_an_unencoded_payload_is_refused(void)
{
    check_int(verify_header("{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}"),
              JWS_E_CRITICAL);
    check_int(verify_header("{\"alg\":\"ES256\",\"b64\":false}"), JWS_E_CRITICAL);
}

static void rule_7_typ_is_jwt_or_absent(void)
{
    check_int(verify_header("{\"alg\":\"ES256\"}"), JWS_OK);
    check_int(verify_header("{\"alg\":\"ES256\",\"typ\":\"jwt\"}"), JWS_OK);
    check_int(verify_header("{\"alg\":\"ES256\",\"typ\":\"Application/JWT\"}"), JWS_OK);
    check_int(verify_header("{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}"), JWS_E_TYPE);
    check_int(verify_header("{\"alg\":\"ES256\",\"typ\":\"\"}"), JWS_E_TYPE);
}

static void rule_7_a_wanted_typ_must_be_there(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *jwt = mint(HEADER, PAYLOAD, pinned.key, "ES256");
    _cleanup_free_ char *none = mint("{\"alg\":\"ES256\"}", PAYLOAD, pinned.key, "ES256");
    _cleanup_free_ char *eat =
        mint("{\"alg\":\"ES256\",\"typ\":\"application/EAT+jwt\"}", PAYLOAD, pinned.key, "ES256");

    check_int(verify_text(&pinned, view_of_string(eat), es256, "eat+jwt"), JWS_OK);
    check_int(verify_text(&pinned, view_of_string(jwt), es256, "eat+jwt"), JWS_E_TYPE);
    check_int(verify_text(&pinned, view_of_string(none), es256, "eat+jwt"), JWS_E_TYPE);
}

static void rule_7_a_nested_token_is_refused(void)
{
    check_int(verify_header("{\"alg\":\"ES256\",\"cty\":\"JWT\"}"), JWS_E_NESTED);
    check_int(verify_header("{\"alg\":\"ES256\",\"cty\":\"application/jwt\"}"), JWS_E_NESTED);
    check_int(verify_header("{\"alg\":\"ES256\",\"cty\":\"json\"}"), JWS_OK);
}

static void rule_8_a_der_signature_is_refused(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *unsigned_text =
        mint_parts(view_of_string(HEADER), view_of_string(PAYLOAD), (ByteView){ 0 });
    ByteView signed_text = { (uint8_t *)unsigned_text, strlen(unsigned_text) - 1 };
    _cleanup_bytes_ Bytes der = { 0 };

    check_int(signature_sign(pinned.key, SIGNATURE_ECDSA_DER, DIGEST_SHA256, signed_text, &der),
              SIGNATURE_OK);
    _cleanup_free_ char *text =
        mint_parts(view_of_string(HEADER), view_of_string(PAYLOAD), VIEW(der));
    check_int(verify(&pinned, text), JWS_E_SIGNATURE);
}

static void rule_8_pkcs1_and_pss_are_not_exchangeable(void)
{
    static const char *const both[] = { "RS256", "PS256", NULL };
    _cleanup_pinned_ Pinned pinned = pin("RSA-2048", NULL);
    _cleanup_free_ char *a =
        mint("{\"alg\":\"RS256\",\"kid\":\"k1\"}", PAYLOAD, pinned.key, "PS256");
    _cleanup_free_ char *b =
        mint("{\"alg\":\"PS256\",\"kid\":\"k1\"}", PAYLOAD, pinned.key, "RS256");

    check_int(verify_text(&pinned, view_of_string(a), both, NULL), JWS_E_SIGNATURE);
    check_int(verify_text(&pinned, view_of_string(b), both, NULL), JWS_E_SIGNATURE);
}

static void rule_8_parts_of_two_tokens_do_not_join(void)
{
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    _cleanup_free_ char *a = mint(HEADER, "{\"sub\":\"ab\"}", pinned.key, "ES256");
    _cleanup_free_ char *b = mint(HEADER, "{\"sub\":\"cd\"}", pinned.key, "ES256");

    memcpy(strrchr(a, '.'), strrchr(b, '.'), strlen(strrchr(b, '.')));
    check_int(verify(&pinned, a), JWS_E_SIGNATURE);
}

static void an_expectation_without_keys_or_algorithms_is_an_error(void)
{
    static const char *const nothing[] = { NULL };
    _cleanup_pinned_ Pinned pinned = pin("P-256", NULL);
    Pinned empty = { 0 };
    _cleanup_free_ char *text = mint(HEADER, PAYLOAD, pinned.key, "ES256");

    check_int(verify(&empty, text), -22);
    check_int(verify_text(&pinned, view_of_string(text), nothing, NULL), -22);
    check_int(verify_text(&pinned, view_of_string(text), NULL, NULL), -22);
}

static const Test tests[] = {
    { "a good token is opened", a_good_token_is_opened },
    { "what jws_sign makes verifies", what_jws_sign_makes_verifies },
    { "jws_sign refuses keys that cannot", jws_sign_refuses_keys_that_cannot },
    { "every algorithm is good or tampered", every_algorithm_is_good_or_tampered },
    { "the example of RFC 7515 verifies", the_example_of_rfc_7515_verifies },
    { "rule 1: only three parts, none empty", rule_1_only_three_parts_none_empty },
    { "rule 1: every truncation is refused", rule_1_every_truncation_is_refused },
    { "rule 1: nothing above 64 KiB", rule_1_nothing_above_64_kib },
    { "rule 1: no header above 8 KiB", rule_1_no_header_above_8_kib },
    { "rule 1: strict base64url", rule_1_strict_base64url },
    { "rule 1: the header is one JSON object", rule_1_the_header_is_one_json_object },
    { "rule 1: duplicate header members are refused", rule_1_duplicate_header_members_are_refused },
    { "rule 2: an algorithm must be on the list", rule_2_an_algorithm_must_be_on_the_list },
    { "rule 2: none is refused even when listed", rule_2_none_is_refused_even_when_listed },
    { "rule 2: a MAC by the public key is refused", rule_2_a_mac_by_the_public_key_is_refused },
    { "rule 3: a key pinned to another algorithm is unfit",
      rule_3_a_key_pinned_to_another_algorithm_is_unfit },
    { "rule 3: a key of another type is unfit", rule_3_a_key_of_another_type_is_unfit },
    { "rule 4: kid selects by exact bytes", rule_4_kid_selects_by_exact_bytes },
    { "rule 4: no kid needs a set of one", rule_4_no_kid_needs_a_set_of_one },
    { "rule 4: a key by another name does not verify",
      rule_4_a_key_by_another_name_does_not_verify },
    { "rule 5: keys in the header are never used", rule_5_keys_in_the_header_are_never_used },
    { "rule 6: crit is refused", rule_6_crit_is_refused },
    { "rule 6: an unencoded payload is refused", rule_6_an_unencoded_payload_is_refused },
    { "rule 7: typ is JWT or absent", rule_7_typ_is_jwt_or_absent },
    { "rule 7: a wanted typ must be there", rule_7_a_wanted_typ_must_be_there },
    { "rule 7: a nested token is refused", rule_7_a_nested_token_is_refused },
    { "rule 8: a DER signature is refused", rule_8_a_der_signature_is_refused },
    { "rule 8: PKCS #1 and PSS are not exchangeable", rule_8_pkcs1_and_pss_are_not_exchangeable },
    { "rule 8: parts of two tokens do not join", rule_8_parts_of_two_tokens_do_not_join },
    { "an expectation without keys or algorithms is an error",
      an_expectation_without_keys_or_algorithms_is_an_error },
};

TEST_MAIN(tests)
