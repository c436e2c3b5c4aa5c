/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files of kind key-release, and the list of paravisors.
 */
#include "format/gate-file.h"

#include "testing.h"

/* The base point of P-256 (SEC 2, 2.4.2). */
#define X "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"
#define Y "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"

#define POINT "\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\""
#define KEY   "{\"kty\":\"EC\"," POINT "}"
#define HOST  "https://v.vault.azure.net"
#define NO_KEY                                                                                     \
    "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"key-release\",\"verifier\":\"https://maa\""
#define NO_URL  NO_KEY ",\"key\":" KEY
#define GOOD    NO_URL ",\"key_url\":\"" HOST "/keys/k\""
#define UNKNOWN NO_URL ",\"key_url\":\"https://localhost:8443/keys/k\""
#define CA      "-----BEGIN CERTIFICATE-----\\n"
#define ID      "11111111-2222-3333-4444-555555555555"

#define DIGEST                                                                                     \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d" \
    "2e2f"

static int parse(const char *text, GateFile *ret)
{
    return gate_file_parse(view_of_string(text), "db", ret);
}

/* Reads TEXT, writes it, reads it again and compares. */
static void read_and_write(const char *text, GateFile *ret)
{
    _cleanup_gate_file_ GateFile again = { 0 };

    check_int(parse(text, ret), GATE_FILE_OK);
    _cleanup_free_ char *written = gate_file_text(ret);
    check_int(parse(written, &again), GATE_FILE_OK);
    json_auto_t *one = gate_file_to_json(ret), *other = gate_file_to_json(&again);
    json_auto_t *first = json_loads(text, 0, NULL);
    check(one && json_equal(one, other) && json_equal(one, first));
}

static void test_a_gate_of_a_vault_is_read_and_written(void)
{
    _cleanup_gate_file_ GateFile least = { 0 }, most = { 0 };

    read_and_write(GOOD "}", &least);
    check_int(least.kind, GATE_KIND_KEY_RELEASE);
    check_str(least.verifier, "https://maa");
    check_str(least.key_url, HOST "/keys/k");
    check(least.key && !least.client_id && !least.resource && !least.vault_ca_pem &&
          !least.api_version);
    read_and_write(UNKNOWN ",\"client_id\":\"" ID "\",\"resource\":\"https://vault.example\","
                           "\"vault_ca_pem\":\"" CA "\",\"api_version\":\"7.5\","
                           "\"recovery_key\":" KEY ",\"vtpm_root\":\"paravisor\"}",
                   &most);
    check_str(most.client_id, ID);
    check_str(most.resource, "https://vault.example");
    check_str(most.vault_ca_pem, "-----BEGIN CERTIFICATE-----\n");
    check_str(most.api_version, "7.5");
}

typedef struct Refusal {
    const char *text;
    int reason;
} Refusal;

static void check_refused(const Refusal *refusals, size_t n_refusals)
{
    for (size_t i = 0; i < n_refusals; i++) {
        GateFile gate = { 0 };
        int r = parse(refusals[i].text, &gate);
        if (r != refusals[i].reason)
            (void)printf("  %s\n", refusals[i].text);
        check_int(r, refusals[i].reason);
        check(!gate.name && !gate.verifier && !gate.key && !gate.key_url && !gate.paravisors);
    }
}

static void test_what_is_no_gate_of_a_vault_is_refused_by_name(void)
{
    static const Refusal bad[] = {
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"key-release\"}", GATE_FILE_E_VERIFIER },
        { NO_URL "}", GATE_FILE_E_KEY_URL },
        { NO_URL ",\"key_url\":7}", GATE_FILE_E_KEY_URL },
        { NO_URL ",\"key_url\":\"http://v.vault.azure.net/keys/k\"}", GATE_FILE_E_KEY_URL },
        { NO_KEY ",\"key_url\":\"" HOST "/keys/k\"}", GATE_FILE_E_KEY },
        { NO_KEY ",\"key_url\":\"" HOST "/keys/k\",\"key\":{\"kty\":\"oct-HSM\"}}",
          GATE_FILE_E_KEY_OCT },
        { GOOD ",\"client_id\":\"me\"}", GATE_FILE_E_CLIENT_ID },
        { GOOD ",\"client_id\":null}", GATE_FILE_E_CLIENT_ID },
        { UNKNOWN "}", GATE_FILE_E_RESOURCE },
        { GOOD ",\"resource\":\"vault\"}", GATE_FILE_E_RESOURCE },
        { GOOD ",\"resource\":\"\"}", GATE_FILE_E_RESOURCE },
        { GOOD ",\"vault_ca_pem\":\"\"}", GATE_FILE_E_VAULT_CA },
        { GOOD ",\"api_version\":\"7.4&\"}", GATE_FILE_E_API_VERSION },
        { GOOD ",\"release_key\":" KEY "}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"rewrap_key\":" KEY "}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"bind\":[\"fleet\"]}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"ticket\":false}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"cap_pcr\":13}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"pcrs\":[4]}", GATE_FILE_E_OTHER_KIND },
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"rewrap\",\"key\":" KEY "}",
          GATE_FILE_E_OTHER_KIND },
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"verifier\",\"key_url\":\"" HOST
          "/keys/k\"}",
          GATE_FILE_E_OTHER_KIND },
    };

    check_refused(bad, ELEMENTSOF(bad));
}

/* gate_vault_key() of TEXT, whose "n", if it has an empty one, is N. */
static int read_key(const char *text, const char *n, json_t **ret)
{
    json_auto_t *jwk = NULL;
    const char *given;

    check_int(json_parse(view_of_string(text), 1024, &jwk), JSON_OK);
    if (json_get_string(jwk, "n", &given) == JSON_OK && !*given)
        check_int(json_object_set_new(jwk, "n", json_string(n)), 0);
    return gate_vault_key(jwk, ret);
}

/* Base64url of N_BYTES bytes, none zero. */
static char *number_of(size_t n_bytes)
{
    static char text[1024];
    size_t length = (n_bytes * 8 + 5) / 6;

    memset(text, 'g', length);
    text[length] = 0;
    return text;
}

static void test_a_key_is_taken_as_the_vault_calls_it(void)
{
    static const size_t sizes[] = { 256, 384, 512 };
    json_auto_t *ec = NULL, *hsm = NULL;

    check_int(read_key("{\"kty\":\"EC\"," POINT "}", "", &ec), GATE_FILE_OK);
    check_int(read_key("{\"kty\":\"EC-HSM\",\"kid\":\"" HOST "/keys/k\",\"key_ops\":[]," POINT "}",
                       "", &hsm),
              GATE_FILE_OK);
    check(json_equal(ec, hsm) && json_object_size(ec) == 4);
    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        json_auto_t *rsa = NULL, *other = NULL;
        const char *n = number_of(sizes[i]);
        check_int(read_key("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\"}", n, &rsa), GATE_FILE_OK);
        check_int(
            read_key("{\"kty\":\"RSA-HSM\",\"use\":\"enc\",\"e\":\"AQAB\",\"n\":\"\"}", n, &other),
            GATE_FILE_OK);
        check(json_equal(rsa, other) && json_object_size(rsa) == 3);
    }
}

static void test_what_nothing_can_be_wrapped_to_is_no_key(void)
{
    static const char *const bad[] = {
        "{}",
        "{\"kty\":\"OKP\"," POINT "}",
        "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
        "{\"kty\":\"EC\",\"d\":\"" X "\"," POINT "}",
        "{\"kty\":\"RSA\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"\"}",
        "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}",
        "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AAEAAQ\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB=\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\",\"d\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\",\"oth\":[]}",
    };
    json_auto_t *ret = NULL;

    check_int(gate_vault_key(NULL, &ret), GATE_FILE_E_KEY);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check_int(read_key(bad[i], number_of(256), &ret), GATE_FILE_E_KEY);
    check_int(read_key("{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", number_of(255), &ret),
              GATE_FILE_E_KEY);
    check_int(read_key("{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", number_of(513), &ret),
              GATE_FILE_E_KEY);
    check_int(read_key("{\"kty\":\"oct\",\"k\":\"AQAB\"}", "", &ret), GATE_FILE_E_KEY_OCT);
    check_int(read_key("{\"kty\":\"oct-HSM\"}", "", &ret), GATE_FILE_E_KEY_OCT);
    check(!ret);
}

#define PARAVISOR GOOD ",\"vtpm_root\":\"paravisor\",\"paravisors\":"

static void test_paravisors_are_listed_for_a_vtpm_of_theirs_alone(void)
{
    static const Refusal bad[] = {
        { GOOD ",\"paravisors\":[{\"measurement\":\"" DIGEST "\"}]}", GATE_FILE_E_PARAVISORS },
        { GOOD ",\"vtpm_root\":\"svsm\",\"paravisors\":[{\"measurement\":\"" DIGEST "\"}]}",
          GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[]}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "{}}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "null}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[{}]}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[7]}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[{\"measurement\":7}]}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[{\"measurement\":\"00\"}]}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[{\"measurement\":\"" DIGEST "00\"}]}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[{\"measurement\":\"g" DIGEST "\"}]}", GATE_FILE_E_PARAVISORS },
        { PARAVISOR "[{\"measurement\":\"" DIGEST "\",\"name\":\"x\"}]}", GATE_FILE_E_PARAVISORS },
    };
    _cleanup_gate_file_ GateFile gate = { 0 };

    read_and_write(PARAVISOR "[{\"measurement\":\"" DIGEST "\"},{\"id_key_digest\":\"" DIGEST
                             "\",\"measurement\":\"" DIGEST "\"},{\"mrtd\":\"" DIGEST "\"}]}",
                   &gate);
    check_int(json_array_size(gate.paravisors), 3);
    check_refused(bad, ELEMENTSOF(bad));
}

static const Test tests[] = {
    { "a gate of a vault is read and written", test_a_gate_of_a_vault_is_read_and_written },
    { "what is no gate of a vault is refused by name",
      test_what_is_no_gate_of_a_vault_is_refused_by_name },
    { "a key is taken as the vault calls it", test_a_key_is_taken_as_the_vault_calls_it },
    { "what nothing can be wrapped to is no key", test_what_nothing_can_be_wrapped_to_is_no_key },
    { "paravisors are listed for a vTPM of theirs alone",
      test_paravisors_are_listed_for_a_vtpm_of_theirs_alone },
};

TEST_MAIN(tests)
