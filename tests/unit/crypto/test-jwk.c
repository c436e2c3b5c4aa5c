/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Keys: the rules of spec/endpoints 7.1 item 3, one broken at a time.
 */
#include "crypto/jwk.h"

#include "base/encode.h"
#include "forge.h"
#include "testing.h"

static const char *const kinds[] = { "P-256", "P-384", "P-521", "ED25519", "RSA-2048" };

static json_t *emit(const Key *key)
{
    json_t *object = NULL;

    check_int(jwk_emit(key, "k1", "sig", NULL, &object), 0);
    return object;
}

static int parse(const json_t *object)
{
    Jwk jwk = { 0 };
    int r = jwk_parse(object, &jwk);

    check((r == JWK_OK) == (jwk.key != NULL));
    jwk_done(&jwk);
    return r;
}

/* Parses the JWK of a fresh key in which MEMBER is set to VALUE (stolen; NULL: removed). */
static int parse_with(const char *kind, const char *member, json_t *value)
{
    _cleanup_(key_freep) Key *key = forge_key(kind);
    json_t *object = emit(key);

    if (value)
        check(json_object_set_new(object, member, value) == 0);
    else
        check(json_object_del(object, member) == 0);
    int r = parse(object);
    json_decref(object);
    return r;
}

static void every_kind_survives_jwk(void)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        json_t *object = emit(key);
        Jwk jwk = { 0 };
        check_int(jwk_parse(object, &jwk), JWK_OK);
        check(key_equal(key, jwk.key) && !key_is_private(jwk.key));
        check_str(jwk.kid, "k1");
        check(jwk.algorithm == NULL);
        check(json_object_get(object, "d") == NULL);
        jwk_done(&jwk);
        json_decref(object);
    }
}

static void the_thumbprint_of_rfc_7638_comes_out(void)
{
    static const char text[] =
        "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z"
        "wu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5"
        "w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpb"
        "ISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
        "apJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}";
    _cleanup_free_ char *thumbprint = NULL;
    json_t *object;
    Jwk jwk = { 0 };

    check_int(json_parse(view_of_string(text), sizeof(text), &object), JSON_OK);
    check_int(jwk_parse(object, &jwk), JWK_OK);
    check_int(jwk_thumbprint_text(jwk.key, &thumbprint), 0);
    check_str(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    check_str(jwk.algorithm->name, "RS256");
    jwk_done(&jwk);
    json_decref(object);
}

static void the_thumbprint_of_rfc_8037_comes_out(void)
{
    static const char text[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
                               "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
    _cleanup_free_ char *thumbprint = NULL;
    _cleanup_(key_freep) Key *key = NULL;
    json_t *object;

    check_int(json_parse(view_of_string(text), sizeof(text), &object), JSON_OK);
    check_int(jwk_parse_key(object, &key), JWK_OK);
    check_int(jwk_thumbprint_text(key, &thumbprint), 0);
    check_str(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    json_decref(object);
}

static void a_thumbprint_ignores_labels(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_(key_freep) Key *other = forge_key("P-256");
    Digest a;
    Digest b;
    Digest c;
    Jwk jwk = { 0 };
    json_t *object = emit(key);

    check_int(jwk_parse(object, &jwk), JWK_OK);
    check_int(jwk_thumbprint(key, &a), 0);
    check_int(jwk_thumbprint(jwk.key, &b), 0);
    check_int(jwk_thumbprint(other, &c), 0);
    check(digest_equal(&a, &b) && !digest_equal(&a, &c));
    jwk_done(&jwk);
    json_decref(object);
}

static void private_members_are_refused(void)
{
    static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        check_int(parse_with("P-256", names[i], json_string("AAAA")), JWK_E_PRIVATE);
        check_int(parse_with("RSA-2048", names[i], json_null()), JWK_E_PRIVATE);
    }
    json_t *oct = json_pack("{s:s, s:s}", "kty", "oct", "k", "AAAA");
    check_int(parse(oct), JWK_E_PRIVATE);
    json_decref(oct);
}

static void unknown_types_and_curves_are_named(void)
{
    check_int(parse_with("P-256", "kty", json_string("oct")), JWK_E_UNSUPPORTED);
    check_int(parse_with("P-256", "kty", json_string("AKP")), JWK_E_UNSUPPORTED);
    check_int(parse_with("P-256", "crv", json_string("secp256k1")), JWK_E_UNSUPPORTED);
    check_int(parse_with("ED25519", "crv", json_string("X25519")), JWK_E_UNSUPPORTED);
    check_int(parse_with("P-256", "kty", json_string("OKP")), JWK_E_UNSUPPORTED);
    check_int(parse_with("ED25519", "kty", json_string("EC")), JWK_E_UNSUPPORTED);
}

static void missing_members_are_refused(void)
{
    check_int(parse_with("P-256", "kty", NULL), JWK_E_SYNTAX);
    check_int(parse_with("P-256", "crv", NULL), JWK_E_SYNTAX);
    check_int(parse_with("P-256", "x", NULL), JWK_E_SYNTAX);
    check_int(parse_with("P-256", "y", NULL), JWK_E_SYNTAX);
    check_int(parse_with("RSA-2048", "n", NULL), JWK_E_SYNTAX);
    check_int(parse_with("RSA-2048", "e", NULL), JWK_E_SYNTAX);
    check_int(parse_with("ED25519", "x", NULL), JWK_E_SYNTAX);
}

static void numbers_in_other_encodings_are_refused(void)
{
    check_int(parse_with("P-256", "x", json_integer(5)), JWK_E_SYNTAX);
    check_int(parse_with("P-256", "x", json_string("+/+/")), JWK_E_SYNTAX);
    check_int(parse_with("RSA-2048", "e", json_string("AQAB==")), JWK_E_SYNTAX);
    check_int(parse_with("RSA-2048", "e", json_string("AQA B")), JWK_E_SYNTAX);
}

static void coordinates_of_another_length_are_refused(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };
    _cleanup_bytes_ Bytes longer = { 0 };
    json_t *object = emit(key);

    check_int(key_ec_point(key, &x, &y), KEY_OK);
    check_int(bytes_append_u8(&longer, 0), 0);
    check_int(bytes_append(&longer, VIEW(x)), 0);
    check_int(json_set_base64url(object, "x", VIEW(longer)), 0);
    check_int(parse(object), JWK_E_INVALID);
    check_int(json_set_base64url(object, "x", (ByteView){ x.data, 31 }), 0);
    check_int(parse(object), JWK_E_INVALID);
    check_int(json_set_base64url(object, "x", (ByteView){ 0 }), 0);
    check_int(parse(object), JWK_E_INVALID);
    json_decref(object);
}

static void a_point_off_the_curve_is_refused(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-384");
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };
    json_t *object = emit(key);

    check_int(key_ec_point(key, &x, &y), KEY_OK);
    y.data[0] ^= 0x80;
    check_int(json_set_base64url(object, "y", VIEW(y)), 0);
    check_int(parse(object), JWK_E_INVALID);
    json_decref(object);
}

static void weak_rsa_keys_are_refused(void)
{
    static const uint8_t small[128] = { 0x80, [127] = 1 };
    _cleanup_free_ char *n = base64url_encode(VIEW_OF_ARRAY(small));

    check_int(parse_with("RSA-2048", "n", json_string(n)), JWK_E_WEAK);
    check_int(parse_with("RSA-2048", "e", json_string("Aw")), JWK_E_WEAK);   /* 3 */
    check_int(parse_with("RSA-2048", "e", json_string("AQAA")), JWK_E_WEAK); /* 65536 */
}

static void an_algorithm_must_suit_the_key(void)
{
    check_int(parse_with("P-256", "alg", json_string("ES256")), JWK_OK);
    check_int(parse_with("P-256", "alg", json_string("ES384")), JWK_E_ALGORITHM);
    check_int(parse_with("P-256", "alg", json_string("RS256")), JWK_E_ALGORITHM);
    check_int(parse_with("RSA-2048", "alg", json_string("PS384")), JWK_OK);
    check_int(parse_with("RSA-2048", "alg", json_string("HS256")), JWK_E_ALGORITHM);
    check_int(parse_with("RSA-2048", "alg", json_string("none")), JWK_E_ALGORITHM);
    check_int(parse_with("RSA-2048", "alg", json_string("RSA-OAEP")), JWK_E_ALGORITHM);
    check_int(parse_with("RSA-2048", "alg", json_integer(1)), JWK_E_SYNTAX);
}

static void a_key_for_another_use_is_refused(void)
{
    check_int(parse_with("P-256", "use", json_string("enc")), JWK_E_USE);
    check_int(parse_with("P-256", "use", json_integer(1)), JWK_E_SYNTAX);
    check_int(parse_with("P-256", "use", NULL), JWK_OK);
    check_int(parse_with("P-256", "key_ops", json_pack("[s]", "encrypt")), JWK_E_USE);
    check_int(parse_with("P-256", "key_ops", json_array()), JWK_E_USE);
    check_int(parse_with("P-256", "key_ops", json_pack("[s,s]", "sign", "verify")), JWK_OK);
    check_int(parse_with("P-256", "key_ops", json_string("verify")), JWK_E_SYNTAX);
}

static void a_kid_that_is_no_text_is_refused(void)
{
    char longest[300];

    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    check_int(parse_with("P-256", "kid", json_integer(1)), JWK_E_SYNTAX);
    check_int(parse_with("P-256", "kid", json_string(longest)), JWK_E_SYNTAX);
    check_int(parse_with("P-256", "kid", NULL), JWK_OK);
}

/* A certificate of KEY as one element of x5c, with a line break every 64 characters. */
static json_t *x5c_of(EVP_PKEY *pkey)
{
    ForgeCertificate wanted = { .subject = "x", .issuer = "x", .key = pkey, .issuer_key = pkey };
    _cleanup_bytes_ Bytes der = forge_certificate(&wanted);
    _cleanup_free_ char *text = base64_encode(VIEW(der));
    _cleanup_bytes_ Bytes broken = { 0 };

    for (size_t i = 0; text[i]; i++) {
        if (i % 64 == 63)
            check_int(bytes_append(&broken, view_of_string("\r\n")), 0);
        check_int(bytes_append_u8(&broken, (uint8_t)text[i]), 0);
    }
    check_int(bytes_append_u8(&broken, 0), 0);
    return json_pack("[s]", (const char *)broken.data);
}

static void a_key_may_come_as_certificate_alone(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("RSA-2048");
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);
    json_t *object = json_pack("{s:s, s:s, s:o}", "kty", "RSA", "kid", "c", "x5c", x5c_of(pkey));
    Jwk jwk = { 0 };

    check_int(jwk_parse(object, &jwk), JWK_OK);
    check(key_equal(jwk.key, key));
    jwk_done(&jwk);

    json_object_set_new(object, "kty", json_string("EC"));
    check_int(parse(object), JWK_E_CERTIFICATE);
    json_decref(object);
}

static void a_certificate_must_hold_the_same_key(void)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("P-256");
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);
    json_t *object = emit(key);

    json_object_set_new(object, "x5c", x5c_of(pkey));
    check_int(parse(object), JWK_OK);
    json_decref(object);
    check_int(parse_with("P-256", "x5c", x5c_of(pkey)), JWK_E_CERTIFICATE);
}

static void a_certificate_that_cannot_be_read_is_refused(void)
{
    check_int(parse_with("P-256", "x5c", json_array()), JWK_E_CERTIFICATE);
    check_int(parse_with("P-256", "x5c", json_string("AAAA")), JWK_E_CERTIFICATE);
    check_int(parse_with("P-256", "x5c", json_pack("[i]", 1)), JWK_E_CERTIFICATE);
    check_int(parse_with("P-256", "x5c", json_pack("[s]", "AAAA")), JWK_E_CERTIFICATE);
    check_int(parse_with("P-256", "x5c", json_pack("[s]", "A-_A")), JWK_E_CERTIFICATE);
}

static void what_is_no_object_is_refused(void)
{
    json_t *array = json_array();

    check_int(parse(array), JWK_E_SYNTAX);
    json_decref(array);
}

static void algorithms_go_with_one_kind_of_key(void)
{
    static const char *const none[] = { "none", "HS256", "HS512", "es256", "", "RSA1_5", "ES256K" };
    _cleanup_(key_freep) Key *p256 = forge_key("P-256");
    _cleanup_(key_freep) Key *ed25519 = forge_key("ED25519");
    _cleanup_(key_freep) Key *rsa = forge_key("RSA-2048");

    for (size_t i = 0; i < ELEMENTSOF(none); i++)
        check(jwa_find(none[i]) == NULL);
    check_str(jwa_of_key(p256)->name, "ES256");
    check_str(jwa_of_key(ed25519)->name, "EdDSA");
    check(jwa_of_key(rsa) == NULL);
    check(!jwa_suits(jwa_find("ES384"), p256));
    check(jwa_suits(jwa_find("PS512"), rsa));
}

static const Test tests[] = {
    { "every kind survives JWK", every_kind_survives_jwk },
    { "the thumbprint of RFC 7638 comes out", the_thumbprint_of_rfc_7638_comes_out },
    { "the thumbprint of RFC 8037 comes out", the_thumbprint_of_rfc_8037_comes_out },
    { "a thumbprint ignores labels", a_thumbprint_ignores_labels },
    { "private members are refused", private_members_are_refused },
    { "unknown types and curves are named", unknown_types_and_curves_are_named },
    { "missing members are refused", missing_members_are_refused },
    { "numbers in other encodings are refused", numbers_in_other_encodings_are_refused },
    { "coordinates of another length are refused", coordinates_of_another_length_are_refused },
    { "a point off the curve is refused", a_point_off_the_curve_is_refused },
    { "weak RSA keys are refused", weak_rsa_keys_are_refused },
    { "an algorithm must suit the key", an_algorithm_must_suit_the_key },
    { "a key for another use is refused", a_key_for_another_use_is_refused },
    { "a kid that is no text is refused", a_kid_that_is_no_text_is_refused },
    { "a key may come as certificate alone", a_key_may_come_as_certificate_alone },
    { "a certificate must hold the same key", a_certificate_must_hold_the_same_key },
    { "a certificate that cannot be read is refused",
      a_certificate_that_cannot_be_read_is_refused },
    { "what is no object is refused", what_is_no_object_is_refused },
    { "algorithms go with one kind of key", algorithms_go_with_one_kind_of_key },
};

TEST_MAIN(tests)
