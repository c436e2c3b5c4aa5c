/* SPDX-License-Identifier: Apache-2.0 */
#include "format/gate-file.h"

#include "testing.h"

/* The base point of P-256 (SEC 2, 2.4.2): a public key that anyone can check. */
#define X "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"
#define Y "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"

#define KEY  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}"
#define HEAD "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"verifier\",\"verifier\":\"urn:v\""
#define GOOD HEAD ",\"release_key\":" KEY

static int parse(const char *text, GateFile *ret)
{
    return gate_file_parse(view_of_string(text), "db", ret);
}

static void test_what_was_written_is_read(void)
{
    _cleanup_gate_file_ GateFile gate = { 0 }, again = { 0 };

    check_int(parse(GOOD
                    ",\"next_release_key\":" KEY
                    ",\"vtpm_root\":\"svsm\",\"vtpm_ca_pem\":\"-----BEGIN CERTIFICATE-----\\n\"}",
                    &gate),
              GATE_FILE_OK);
    check_str(gate.name, "db");
    check_str(gate.verifier, "urn:v");
    check_str(gate.vtpm_root, "svsm");
    check_str(gate.vtpm_ca_pem, "-----BEGIN CERTIFICATE-----\n");
    check(json_equal(gate.release_key, gate.next_release_key));

    _cleanup_free_ char *text = gate_file_text(&gate);
    check(text && text[strlen(text) - 1] == '\n');
    check_int(parse(text, &again), GATE_FILE_OK);
    json_auto_t *one = gate_file_to_json(&gate), *other = gate_file_to_json(&again);
    check(json_equal(one, other));
}

static void test_what_may_be_absent(void)
{
    _cleanup_gate_file_ GateFile gate = { 0 };

    check_int(parse(GOOD "}", &gate), GATE_FILE_OK);
    check(!gate.vtpm_root && !gate.next_release_key);
    json_auto_t *object = gate_file_to_json(&gate);
    check_int(json_object_size(object), 5);
}

static void test_of_a_key_only_the_key_is_taken(void)
{
    _cleanup_gate_file_ GateFile gate = { 0 };

    check_int(parse(HEAD ",\"release_key\":{\"kid\":\"1\",\"kty\":\"EC\",\"crv\":\"P-256\","
                         "\"use\":\"sig\",\"x\":\"" X "\",\"y\":\"" Y "\"}}",
                    &gate),
              GATE_FILE_OK);
    check_int(json_object_size(gate.release_key), 4);
}

static void test_what_is_no_gate_file_is_refused_by_name(void)
{
    static const struct {
        const char *text;
        int reason;
    } bad[] = {
        { "", GATE_FILE_E_JSON },
        { "[]", GATE_FILE_E_JSON },
        { "{", GATE_FILE_E_JSON },
        { "{\"attestd_gate\":1,\"attestd_gate\":1}", GATE_FILE_E_JSON },
        { "{}", GATE_FILE_E_FORMAT },
        { "{\"attestd_gate\":2}", GATE_FILE_E_FORMAT },
        { "{\"attestd_gate\":\"1\"}", GATE_FILE_E_FORMAT },
        { GOOD ",\"more\":1}", GATE_FILE_E_UNKNOWN },
        { "{\"attestd_gate\":1}", GATE_FILE_E_NAME },
        { "{\"attestd_gate\":1,\"name\":\"dc\"}", GATE_FILE_E_NAME },
        { "{\"attestd_gate\":1,\"name\":\"db\"}", GATE_FILE_E_KIND },
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"pcr\"}", GATE_FILE_E_KIND },
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"verifier\"}", GATE_FILE_E_VERIFIER },
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"verifier\",\"verifier\":\"\"}",
          GATE_FILE_E_VERIFIER },
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"verifier\",\"verifier\":\"\\n\"}",
          GATE_FILE_E_VERIFIER },
        { HEAD "}", GATE_FILE_E_RELEASE_KEY },
        { HEAD ",\"release_key\":7}", GATE_FILE_E_RELEASE_KEY },
        { GOOD ",\"next_release_key\":{}}", GATE_FILE_E_RELEASE_KEY },
        { GOOD ",\"next_release_key\":null}", GATE_FILE_E_RELEASE_KEY },
        { GOOD ",\"vtpm_root\":\"moon\"}", GATE_FILE_E_VTPM_ROOT },
        { GOOD ",\"vtpm_root\":1}", GATE_FILE_E_VTPM_ROOT },
        { GOOD ",\"vtpm_ca_pem\":1}", GATE_FILE_E_VTPM_CA },
        { GOOD ",\"vtpm_ca_pem\":\"\"}", GATE_FILE_E_VTPM_CA },
        { GOOD ",\"vtpm_ca_pem\":\"-----BEGIN CERTIFICATE-----\\u0001\"}", GATE_FILE_E_VTPM_CA },
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        GateFile gate = { 0 };
        check_int(parse(bad[i].text, &gate), bad[i].reason);
        check(!gate.name && !gate.release_key);
        check(*gate_file_reason(bad[i].reason) && *gate_file_wanted(bad[i].reason));
    }
}

static void test_a_file_under_a_name_of_no_gate_is_refused(void)
{
    GateFile gate = { 0 };

    check_int(
        gate_file_parse(view_of_string("{\"attestd_gate\":1,\"name\":\"../x\"}"), "../x", &gate),
        GATE_FILE_E_NAME);
}

static void test_a_large_file_is_refused(void)
{
    _cleanup_free_ char *text = malloc(GATE_FILE_MAX + 2);
    GateFile gate = { 0 };

    memset(text, ' ', GATE_FILE_MAX + 1);
    text[GATE_FILE_MAX + 1] = 0;
    memcpy(text, GOOD "}", strlen(GOOD "}"));
    check_int(parse(text, &gate), GATE_FILE_E_JSON);
}

static int key(const char *text, json_t **ret)
{
    json_auto_t *jwk = NULL;

    check_int(json_parse(view_of_string(text), 1024, &jwk), JSON_OK);
    return gate_release_key(jwk, ret);
}

static void test_what_is_no_release_key(void)
{
    static const char *const bad[] = {
        "{}",
        "{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"" Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "AA\",\"y\":\"" Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "=\",\"y\":\"" Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"d\":\"" X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"k\":1}",
    };
    json_auto_t *ret = NULL;

    check_int(gate_release_key(NULL, &ret), GATE_FILE_E_RELEASE_KEY);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check_int(key(bad[i], &ret), GATE_FILE_E_RELEASE_KEY);
    check(!ret);
    check_int(key(KEY, &ret), GATE_FILE_OK);
}

static void test_what_may_stand_behind_a_vtpm(void)
{
    check(gate_vtpm_root_is_valid("host") && gate_vtpm_root_is_valid("certificate") &&
          gate_vtpm_root_is_valid("svsm") && gate_vtpm_root_is_valid("paravisor"));
    check(!gate_vtpm_root_is_valid("") && !gate_vtpm_root_is_valid("Host"));
}

static const Test tests[] = {
    { "what was written is read", test_what_was_written_is_read },
    { "what may be absent", test_what_may_be_absent },
    { "of a key only the key is taken", test_of_a_key_only_the_key_is_taken },
    { "what is no gate file is refused by name", test_what_is_no_gate_file_is_refused_by_name },
    { "a file under a name of no gate is refused", test_a_file_under_a_name_of_no_gate_is_refused },
    { "a large file is refused", test_a_large_file_is_refused },
    { "what is no release key", test_what_is_no_release_key },
    { "what may stand behind a vTPM", test_what_may_stand_behind_a_vtpm },
};

TEST_MAIN(tests)
