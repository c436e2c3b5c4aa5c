/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures: each scheme good and tampered with, and real hardware reports.
 */
#include "crypto/signature.h"

#include "crypto/certificate.h"
#include "forge.h"
#include "testing.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

typedef struct Scheme {
    const char *kind;
    SignatureScheme scheme;
    DigestAlgorithm digest;
    size_t size;
} Scheme;

static const Scheme schemes[] = {
    { "P-256", SIGNATURE_ECDSA_RAW, DIGEST_SHA256, 64 },
    { "P-384", SIGNATURE_ECDSA_RAW, DIGEST_SHA384, 96 },
    { "P-521", SIGNATURE_ECDSA_RAW, DIGEST_SHA512, 132 },
    { "P-256", SIGNATURE_ECDSA_DER, DIGEST_SHA256, 0 },
    { "RSA-2048", SIGNATURE_RSASSA, DIGEST_SHA256, 256 },
    { "RSA-2048", SIGNATURE_RSASSA, DIGEST_SHA512, 256 },
    { "RSA-2048", SIGNATURE_RSAPSS, DIGEST_SHA256, 256 },
    { "RSA-2048", SIGNATURE_RSAPSS, DIGEST_SHA384, 256 },
    { "RSA-2048", SIGNATURE_RSAPSS_AUTO, DIGEST_SHA256, 256 },
    { "ED25519", SIGNATURE_ED25519, DIGEST_SHA512, 64 },
};

static Bytes sign(const Key *key, const Scheme *scheme, const char *message)
{
    Bytes signature = { 0 };

    check_int(
        signature_sign(key, scheme->scheme, scheme->digest, view_of_string(message), &signature),
        SIGNATURE_OK);
    return signature;
}

static int verify(const Key *key, const Scheme *scheme, const char *message, ByteView signature)
{
    return signature_verify(key, scheme->scheme, scheme->digest, view_of_string(message),
                            signature);
}

static void every_scheme_verifies_what_it_signed(void)
{
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        _cleanup_(key_freep) Key *key = forge_key(schemes[i].kind);
        _cleanup_bytes_ Bytes signature = sign(key, &schemes[i], "message");
        check(schemes[i].size == 0 || signature.size == schemes[i].size);
        check_int(verify(key, &schemes[i], "message", VIEW(signature)), SIGNATURE_OK);
    }
}

static void every_scheme_refuses_another_message(void)
{
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        _cleanup_(key_freep) Key *key = forge_key(schemes[i].kind);
        _cleanup_bytes_ Bytes signature = sign(key, &schemes[i], "message");
        check_int(verify(key, &schemes[i], "massage", VIEW(signature)), SIGNATURE_E_BAD);
        check_int(verify(key, &schemes[i], "", VIEW(signature)), SIGNATURE_E_BAD);
    }
}

static void every_scheme_refuses_every_flipped_bit(void)
{
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        _cleanup_(key_freep) Key *key = forge_key(schemes[i].kind);
        _cleanup_bytes_ Bytes signature = sign(key, &schemes[i], "message");
        for (size_t k = 0; k < signature.size; k++) {
            signature.data[k] ^= (uint8_t)(1 << k % 8);
            check_int(verify(key, &schemes[i], "message", VIEW(signature)), SIGNATURE_E_BAD);
            signature.data[k] ^= (uint8_t)(1 << k % 8);
        }
    }
}

static void every_scheme_refuses_another_size(void)
{
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        _cleanup_(key_freep) Key *key = forge_key(schemes[i].kind);
        _cleanup_bytes_ Bytes signature = sign(key, &schemes[i], "message");
        for (size_t size = 0; size < signature.size; size++)
            check_int(verify(key, &schemes[i], "message", (ByteView){ signature.data, size }),
                      SIGNATURE_E_BAD);
        check_int(bytes_append_u8(&signature, 0), 0);
        check_int(verify(key, &schemes[i], "message", VIEW(signature)), SIGNATURE_E_BAD);
    }
}

static void every_scheme_refuses_another_key(void)
{
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        _cleanup_(key_freep) Key *key = forge_key(schemes[i].kind);
        _cleanup_(key_freep) Key *other = forge_key(schemes[i].kind);
        _cleanup_bytes_ Bytes signature = sign(key, &schemes[i], "message");
        check_int(verify(other, &schemes[i], "message", VIEW(signature)), SIGNATURE_E_BAD);
    }
}

static void a_key_of_another_type_is_named(void)
{
    static const char *const kinds[] = { "P-256", "RSA-2048", "ED25519" };
    uint8_t signature[256] = { 1 };
    Bytes none = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        bool is_ec = key_coordinate_size(key) > 0;
        bool is_rsa = key_type(key) == KEY_RSA;
        for (int scheme = SIGNATURE_ECDSA_RAW; scheme <= SIGNATURE_ED25519; scheme++) {
            bool suits = scheme <= SIGNATURE_ECDSA_DER     ? is_ec
                         : scheme <= SIGNATURE_RSAPSS_AUTO ? is_rsa
                                                           : !is_ec && !is_rsa;
            if (suits)
                continue;
            check_int(signature_verify(key, (SignatureScheme)scheme, DIGEST_SHA256,
                                       view_of_string("m"), VIEW_OF_ARRAY(signature)),
                      SIGNATURE_E_KEY);
            check_int(signature_sign(key, (SignatureScheme)scheme, DIGEST_SHA256,
                                     view_of_string("m"), &none),
                      SIGNATURE_E_KEY);
        }
    }
}

static void sha1_is_refused(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    Bytes none = { 0 };

    check_int(signature_sign(key, SIGNATURE_ECDSA_RAW, DIGEST_SHA1, view_of_string("m"), &none),
              SIGNATURE_E_KEY);
}

static void a_public_key_does_not_sign(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_(key_freep) Key *half = NULL;
    _cleanup_bytes_ Bytes spki = { 0 };
    Bytes none = { 0 };

    check_int(key_to_spki(key, &spki), 0);
    check_int(key_from_spki(VIEW(spki), &half), KEY_OK);
    check_int(signature_sign(half, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, view_of_string("m"), &none),
              SIGNATURE_E_KEY);
}

static void the_wrong_digest_is_refused(void)
{
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        Scheme other = schemes[i];
        if (other.scheme == SIGNATURE_ED25519)
            continue;
        _cleanup_(key_freep) Key *key = forge_key(schemes[i].kind);
        _cleanup_bytes_ Bytes signature = sign(key, &schemes[i], "message");
        other.digest = other.digest == DIGEST_SHA256 ? DIGEST_SHA384 : DIGEST_SHA256;
        check_int(verify(key, &other, "message", VIEW(signature)), SIGNATURE_E_BAD);
    }
}

static void der_is_no_raw_signature_and_raw_no_der(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_bytes_ Bytes raw = sign(key, &schemes[0], "message");
    _cleanup_bytes_ Bytes der = sign(key, &schemes[3], "message");

    check_int(verify(key, &schemes[0], "message", VIEW(der)), SIGNATURE_E_BAD);
    check_int(verify(key, &schemes[3], "message", VIEW(raw)), SIGNATURE_E_BAD);
}

/* Non-minimal DER that lenient decoders take. */
static void padded_der_is_refused(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    uint8_t long_form[80] = { 0x30, 0x81 };

    for (;;) {
        _cleanup_bytes_ Bytes der = sign(key, &schemes[3], "message");
        if (der.size > 75)
            continue;
        long_form[2] = der.data[1];
        memcpy(long_form + 3, der.data + 2, der.size - 2);
        check_int(verify(key, &schemes[3], "message", (ByteView){ long_form, der.size + 1 }),
                  SIGNATURE_E_BAD);
        return;
    }
}

static void r_and_s_out_of_range_are_refused_and_no_error(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    uint8_t zeros[64] = { 0 };
    uint8_t ones[64];
    uint8_t one[32] = { [31] = 1 };

    memset(ones, 0xff, sizeof(ones));
    check_int(verify(key, &schemes[0], "m", VIEW_OF_ARRAY(zeros)), SIGNATURE_E_BAD);
    check_int(verify(key, &schemes[0], "m", VIEW_OF_ARRAY(ones)), SIGNATURE_E_BAD);
    check_int(signature_verify_ecdsa(key, DIGEST_SHA256, view_of_string("m"), VIEW_OF_ARRAY(one),
                                     VIEW_OF_ARRAY(zeros)),
              SIGNATURE_E_BAD);
    check_int(signature_verify_ecdsa(key, DIGEST_SHA256, view_of_string("m"), (ByteView){ 0 },
                                     VIEW_OF_ARRAY(one)),
              SIGNATURE_E_BAD);
}

static void an_rsa_value_above_the_modulus_is_refused_and_no_error(void)
{
    _cleanup_(key_freep) Key *key = forge_key("RSA-2048");
    uint8_t ones[256];

    memset(ones, 0xff, sizeof(ones));
    check_int(verify(key, &schemes[4], "m", VIEW_OF_ARRAY(ones)), SIGNATURE_E_BAD);
    check_int(verify(key, &schemes[6], "m", VIEW_OF_ARRAY(ones)), SIGNATURE_E_BAD);
    memset(ones, 0, sizeof(ones));
    check_int(verify(key, &schemes[4], "m", VIEW_OF_ARRAY(ones)), SIGNATURE_E_BAD);
    check_int(verify(key, &schemes[6], "m", VIEW_OF_ARRAY(ones)), SIGNATURE_E_BAD);
}

static Bytes sign_pss(EVP_PKEY *pkey, const char *message, int salt)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context;
    Bytes signature = { 0 };
    size_t size = 256;

    check(EVP_DigestSignInit_ex(context, &key_context, "SHA256", NULL, NULL, pkey, NULL) == 1);
    check(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
    check(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, salt) == 1);
    check_int(bytes_new(size, &signature), 0);
    check(EVP_DigestSign(context, signature.data, &size, (const uint8_t *)message,
                         strlen(message)) == 1);
    EVP_MD_CTX_free(context);
    return signature;
}

static void only_the_tpm_scheme_takes_other_salts(void)
{
    static const int salts[] = { 0, 20, 222 /* the longest in 2048 bits with SHA-256 */ };
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = forge_pkey("RSA-2048");
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);

    for (size_t i = 0; i < ELEMENTSOF(salts); i++) {
        _cleanup_bytes_ Bytes signature = sign_pss(pkey, "message", salts[i]);
        check_int(verify(key, &schemes[6], "message", VIEW(signature)), SIGNATURE_E_BAD);
        check_int(verify(key, &schemes[8], "message", VIEW(signature)), SIGNATURE_OK);
    }
}

static void short_numbers_are_padded(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");

    for (;;) {
        _cleanup_bytes_ Bytes raw = sign(key, &schemes[0], "message");
        if (raw.data[0] != 0)
            continue;
        check_int(signature_verify_ecdsa(key, DIGEST_SHA256, view_of_string("message"),
                                         (ByteView){ raw.data + 1, 31 },
                                         (ByteView){ raw.data + 32, 32 }),
                  SIGNATURE_OK);
        return;
    }
}

/* SEV-SNP ABI: the signed part, and r and s in 72 little-endian bytes each. */
#define REPORT_SIGNED 0x2a0
#define REPORT_S      0x2e8
#define REPORT_REST   0x330

static int verify_report(const Key *key, ByteView report)
{
    return signature_verify_ecdsa_le(
        key, DIGEST_SHA384, (ByteView){ report.data, REPORT_SIGNED },
        (ByteView){ report.data + REPORT_SIGNED, REPORT_S - REPORT_SIGNED },
        (ByteView){ report.data + REPORT_S, REPORT_REST - REPORT_S });
}

static void load_report(const char *directory, const char *certificate_name, Bytes *ret,
                        Certificate **ret_certificate)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "snp/%s/report.bin", directory);
    *ret = test_vector(path);
    (void)snprintf(path, sizeof(path), "snp/%s/%s", directory, certificate_name);
    _cleanup_bytes_ Bytes der = test_vector(path);
    check_int(certificate_from_der(VIEW(der), ret_certificate), CERTIFICATE_OK);
}

static void real_snp_reports_verify(void)
{
    static const char *const names[] = {
        "milan-v2-vcek-a",     "milan-v2-vcek-aci", "milan-v2-vcek-b",     "milan-v2-vcek-c",
        "milan-v2-vcek-debug", "milan-v3-vcek",     "milan-v3-vcek-aci-b", "genoa-v3-vcek",
        "genoa-v3-vcek-tsm",   "genoa-v5-vcek",     "turin-v5-vcek",       "milan-v3-vlek"
    };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_bytes_ Bytes report = { 0 };
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        load_report(names[i], strstr(names[i], "vlek") ? "vlek.der" : "vcek.der", &report,
                    &certificate);
        check_int(verify_report(certificate_key(certificate), VIEW(report)), SIGNATURE_OK);
    }
}

/* Every byte of the signed part, of r and s, and of the zeros above them. */
static void forged_twins_of_a_report_are_refused(void)
{
    _cleanup_bytes_ Bytes report = { 0 };
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    load_report("genoa-v3-vcek", "vcek.der", &report, &certificate);
    for (size_t i = 0; i < REPORT_REST; i++) {
        report.data[i] ^= (uint8_t)(1 << i % 8);
        check_int(verify_report(certificate_key(certificate), VIEW(report)), SIGNATURE_E_BAD);
        report.data[i] ^= (uint8_t)(1 << i % 8);
    }
}

static void a_number_longer_than_the_report_has_is_refused(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-384");
    uint8_t r[73] = { 1 };

    check_int(signature_verify_ecdsa_le(key, DIGEST_SHA384, view_of_string("m"), VIEW_OF_ARRAY(r),
                                        VIEW_OF_ARRAY(r)),
              SIGNATURE_E_BAD);
}

/*
 * Whoever chooses the key 7 G can choose r so that u1 G + u2 Q vanishes, over any message: r =
 * -z/7. OpenSSL calls that an error; to us it is a bad signature like any other.
 */
static void check_vanishing(KeyType type, int nid, DigestAlgorithm algorithm)
{
    uint8_t point[1 + 2 * KEY_COORDINATE_MAX], r_bytes[KEY_COORDINATE_MAX], s_bytes[] = { 1 };
    EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
    EC_POINT *q = EC_POINT_new(group);
    BIGNUM *d = BN_new(), *n = BN_new();
    BN_CTX *context = BN_CTX_new();
    ByteView message = view_of_string("message");
    _cleanup_(key_freep) Key *key = NULL;
    Digest digest;

    check_int(BN_set_word(d, 7), 1);
    check_int(EC_GROUP_get_order(group, n, context), 1);
    check_int(EC_POINT_mul(group, q, d, NULL, NULL, context), 1);
    size_t size =
        EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, point, sizeof(point), context);
    size_t half = (size - 1) / 2;
    check_int(key_from_ec(type, (ByteView){ point + 1, half }, (ByteView){ point + 1 + half, half },
                          &key),
              KEY_OK);
    check_int(digest_of(algorithm, message, &digest), 0);
    BIGNUM *r = BN_bin2bn(digest.data, (int)digest.size, NULL);
    check(BN_mod_inverse(d, d, n, context) != NULL);
    check_int(BN_mod_mul(r, r, d, n, context), 1);
    check_int(BN_sub(r, n, r), 1);
    check_int(BN_bn2binpad(r, r_bytes, (int)half), (int)half);
    check_int(signature_verify_ecdsa(key, algorithm, message, (ByteView){ r_bytes, half },
                                     VIEW_OF_ARRAY(s_bytes)),
              SIGNATURE_E_BAD);
    BN_free(d);
    BN_free(n);
    BN_free(r);
    BN_CTX_free(context);
    EC_POINT_free(q);
    EC_GROUP_free(group);
}

static void points_that_cancel_out_are_refused_and_no_error(void)
{
    check_vanishing(KEY_P256, NID_X9_62_prime256v1, DIGEST_SHA256);
    check_vanishing(KEY_P384, NID_secp384r1, DIGEST_SHA384);
    check_vanishing(KEY_P521, NID_secp521r1, DIGEST_SHA512);
}

/* What SHA-1 signs and nothing else takes: made by OpenSSL, since we do not sign so. */
static void check_sha1(const char *kind, SignatureScheme scheme, SignatureScheme other)
{
    EVP_PKEY *pkey = forge_pkey(kind);
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ByteView message = view_of_string("message");
    uint8_t signature[512];
    size_t size = sizeof(signature);

    check_int(EVP_DigestSignInit_ex(context, NULL, "SHA1", NULL, NULL, pkey, NULL), 1);
    check_int(EVP_DigestSign(context, signature, &size, message.data, message.size), 1);
    ByteView view = { signature, size };
    check_int(signature_verify_sha1(key, scheme, message, view), SIGNATURE_OK);
    check_int(signature_verify_sha1(key, other, message, view), SIGNATURE_E_BAD);
    check_int(signature_verify_sha1(key, SIGNATURE_ED25519, message, view), SIGNATURE_E_KEY);
    check_int(signature_verify_sha1(key, scheme, view_of_string("massage"), view), SIGNATURE_E_BAD);
    check_int(signature_verify(key, scheme, DIGEST_SHA1, message, view), SIGNATURE_E_KEY);
    check_int(signature_verify(key, scheme, DIGEST_SHA256, message, view), SIGNATURE_E_BAD);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
}

static void sha1_verifies_only_where_it_is_asked_for(void)
{
    check_sha1("RSA-2048", SIGNATURE_RSASSA, SIGNATURE_RSAPSS);
    check_sha1("P-256", SIGNATURE_ECDSA_DER, SIGNATURE_ECDSA_RAW);
    check_sha1("P-384", SIGNATURE_ECDSA_DER, SIGNATURE_ECDSA_RAW);
}

static const Test tests[] = {
    { "every scheme verifies what it signed", every_scheme_verifies_what_it_signed },
    { "every scheme refuses another message", every_scheme_refuses_another_message },
    { "every scheme refuses every flipped bit", every_scheme_refuses_every_flipped_bit },
    { "every scheme refuses another size", every_scheme_refuses_another_size },
    { "every scheme refuses another key", every_scheme_refuses_another_key },
    { "a key of another type is named", a_key_of_another_type_is_named },
    { "SHA-1 is refused", sha1_is_refused },
    { "a public key does not sign", a_public_key_does_not_sign },
    { "the wrong digest is refused", the_wrong_digest_is_refused },
    { "DER is no raw signature and raw no DER", der_is_no_raw_signature_and_raw_no_der },
    { "padded DER is refused", padded_der_is_refused },
    { "r and s out of range are refused, and no error",
      r_and_s_out_of_range_are_refused_and_no_error },
    { "points that cancel out are refused, and no error",
      points_that_cancel_out_are_refused_and_no_error },
    { "SHA-1 verifies only where it is asked for", sha1_verifies_only_where_it_is_asked_for },
    { "an RSA value above the modulus is refused, and no error",
      an_rsa_value_above_the_modulus_is_refused_and_no_error },
    { "only the TPM scheme takes other salts", only_the_tpm_scheme_takes_other_salts },
    { "short numbers are padded", short_numbers_are_padded },
    { "a number longer than the report has is refused",
      a_number_longer_than_the_report_has_is_refused },
    { "real SNP reports verify", real_snp_reports_verify },
    { "forged twins of a report are refused", forged_twins_of_a_report_are_refused },
};

TEST_MAIN(tests)
