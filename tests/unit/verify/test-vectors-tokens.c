/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every token and key set of Azure: header, claims, signature, certificates, and that the claims of
 * the SEV-SNP token are those of the report it was issued for.
 */
#include "vectors.h"

#include "format/snp-report.h"
#include "token/jws.h"

/* The certificates of one key, as its x5c has them. */
static void check_certificates(const json_t *chain, const json_t *wanted)
{
    const json_t *item;
    size_t i;

    check_int(json_array_size(chain), json_array_size(wanted));
    json_array_foreach (chain, i, item) {
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        _cleanup_bytes_ Bytes der = { 0 };
        check_int(base64_decode(view_of_string(json_string_value(item)), &der), ENCODE_OK);
        int r = certificate_from_der(VIEW(der), &certificate);
        if (r == CERTIFICATE_E_KEY) { /* one of 1024 bits */
            (void)printf("    passed over, with a weak key: %s\n",
                         lab_text(json_array_get(wanted, i), "subject"));
            continue;
        }
        check_int(r, CERTIFICATE_OK);
        vector_check_certificate(certificate, json_array_get(wanted, i));
    }
}

static void check_set(const Vector *vector, Jwks *ret)
{
    _cleanup_bytes_ Bytes text = vector_read(vector, "jwks.json");
    const json_t *wanted = vector_at(vector->expected, "jwks");
    json_auto_t *json = NULL;
    size_t n_weak = 0;

    check_int(json_parse(VIEW(text), text.size, &json), JSON_OK);
    const json_t *keys = json_object_get(json, "keys");
    check_int(jwks_parse(VIEW(text), ret), JWKS_OK);
    check_int(json_array_size(keys), json_array_size(wanted));
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const json_t *key = json_array_get(keys, i), *row = json_array_get(wanted, i);
        check_str(lab_text(key, "kid"), lab_text(row, "kid"));
        check_certificates(json_object_get(key, "x5c"), json_object_get(row, "certs"));
        n_weak += jwks_find(ret, lab_text(row, "kid")) == NULL;
    }
    check_int(ret->n_keys + n_weak, json_array_size(wanted));
    check_int(ret->n_ignored, n_weak);
}

/* One of the three parts of a token, decoded. */
static json_t *part_of(const Bytes *token, size_t index)
{
    _cleanup_free_ char *copy = strndup((char *)token->data, token->size);
    _cleanup_bytes_ Bytes bytes = { 0 };
    char *rest = copy, *part = NULL;
    json_t *json = NULL;

    for (size_t i = 0; i <= index; i++)
        part = strsep(&rest, ".");
    check(part != NULL);
    check_int(base64url_decode(view_of_string(part), &bytes), ENCODE_OK);
    check_int(json_parse(VIEW(bytes), bytes.size, &json), JSON_OK);
    return json;
}

/* Every member that is expected; long texts of the claims may be cut in the expectation's source.
 */
static void check_members(const json_t *found, const json_t *wanted)
{
    json_t *copy = json_deep_copy(wanted), *value;
    const char *name;

    json_object_foreach (copy, name, value) {
        if (!json_equal(json_object_get(found, name), value))
            (void)fprintf(stderr, "%s\n", name);
        check(json_equal(json_object_get(found, name), value));
    }
    json_decref(copy);
}

static void check_signature(const Vector *vector, const Bytes *token, const Jwks *keys)
{
    static const char *const algorithms[] = { "RS256", NULL };
    const JwsExpectation expected = { .keys = keys, .algorithms = algorithms };
    const json_t *valid = vector_at(vector->expected, "signature_valid");
    _cleanup_jws_ Jws jws = { 0 };

    int r = jws_verify(VIEW(*token), &expected, &jws);
    check(r >= 0);
    check_int(r == JWS_OK, json_is_true(valid));
    if (!json_is_boolean(valid))
        check_int(r, JWS_E_KEY_UNKNOWN);
}

static void check_hex_claim(const json_t *claims, const char *name, ByteView field)
{
    char claim[64];

    (void)snprintf(claim, sizeof(claim), "x-ms-sevsnpvm-%s", name);
    vector_check_hex(claims, claim, field);
}

static void check_number_claim(const json_t *claims, const char *name, long long field)
{
    char claim[64];

    (void)snprintf(claim, sizeof(claim), "x-ms-sevsnpvm-%s", name);
    check_int(vector_number(claims, claim), field);
}

/* The token was issued for snp/milan-v2-vcek-maa-sample. */
static void check_report(const json_t *claims)
{
    _cleanup_bytes_ Bytes bytes = test_vector("snp/milan-v2-vcek-maa-sample/report.bin");
    SnpReport report;

    check_int(snp_report_parse(VIEW(bytes), 0, &report), SNP_REPORT_OK);
    SnpTcb tcb = snp_tcb_decode(report.reported_tcb, SNP_TCB_LAYOUT_LEGACY);
    check_hex_claim(claims, "launchmeasurement", VIEW_OF_ARRAY(report.measurement));
    check_hex_claim(claims, "hostdata", VIEW_OF_ARRAY(report.host_data));
    check_hex_claim(claims, "reportdata", VIEW_OF_ARRAY(report.report_data));
    check_hex_claim(claims, "reportid", VIEW_OF_ARRAY(report.report_id));
    check_hex_claim(claims, "idkeydigest", VIEW_OF_ARRAY(report.id_key_digest));
    check_hex_claim(claims, "authorkeydigest", VIEW_OF_ARRAY(report.author_key_digest));
    check_hex_claim(claims, "familyId", VIEW_OF_ARRAY(report.family_id));
    check_hex_claim(claims, "imageId", VIEW_OF_ARRAY(report.image_id));
    check_number_claim(claims, "guestsvn", report.guest_svn);
    check_number_claim(claims, "vmpl", report.vmpl);
    check_number_claim(claims, "bootloader-svn", tcb.boot_loader);
    check_number_claim(claims, "tee-svn", tcb.tee);
    check_number_claim(claims, "snpfw-svn", tcb.snp);
    check_number_claim(claims, "microcode-svn", tcb.microcode);
    check_number_claim(claims, "is-debuggable", (report.policy & SNP_POLICY_DEBUG) != 0);
    check_number_claim(claims, "migration-allowed", (report.policy & SNP_POLICY_MIGRATE_MA) != 0);
    check_number_claim(claims, "smt-allowed", (report.policy & SNP_POLICY_SMT) != 0);
}

static void run(const Vector *vector)
{
    _cleanup_jwks_ Jwks keys = { 0 };
    bool has_set = vector_has(vector, "jwks.json");

    if (has_set)
        check_set(vector, &keys);
    if (!vector_has(vector, "token.jwt"))
        return;
    if (!has_set) { /* the keys of another service: none of them signed it */
        _cleanup_bytes_ Bytes text = test_vector("maa/jwks-sample/jwks.json");
        check_int(jwks_parse(VIEW(text), &keys), JWKS_OK);
    }
    Bytes token = vector_read(vector, "token.jwt");
    while (token.size > 0 && token.data[token.size - 1] == '\n')
        token.size--;
    json_auto_t *header = part_of(&token, 0), *claims = part_of(&token, 1);
    check_members(header, vector_at(vector->expected, "header"));
    check_members(claims, vector_at(vector->expected, "claims"));
    check_signature(vector, &token, &keys);
    if (vector_at(vector->expected, "claims_equal_report"))
        check_report(claims);
    bytes_done(&token);
}

static void test_every_token_is_what_it_should_be(void)
{
    vectors_each("maa", 3, run);
}

static const Test tests[] = {
    { "every token is what it should be", test_every_token_is_what_it_should_be },
};

TEST_MAIN(tests)
