/* SPDX-License-Identifier: Apache-2.0 */
#include "format/gate-file.h"

#include "testing.h"

/* The base point of P-256 (SEC 2, 2.4.2): a public key that anyone can check. */
#define X "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"
#define Y "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"

#define KEY  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}"
#define HEAD "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"verifier\",\"verifier\":\"urn:v\""
#define GOOD HEAD ",\"release_key\":" KEY

#define KEY_384                                                                                    \
    "{\"kty\":\"EC\",\"crv\":\"P-384\","                                                           \
    "\"x\":\"Byi14s381NWPArfGpJS4ePLBYVQbqk_ZzJ_iWrZRIGmppoHRU16273L5puJQTVjq\","                  \
    "\"y\":\"GYZA5SGclql5NEur2l_Bis8RJd5iEEq2Q2nS4vXJXhShv-iqIlHhlvxsSo0GVeJU\"}"

#define KEY_WITH_KID                                                                               \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"kid\":\"r1\"}"
#define REWRAP      "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"rewrap\",\"verifier\":\"urn:v\""
#define GOOD_REWRAP REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":[\"ak-name\"]"
#define PCR         "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"pcr\""
#define GOOD_PCR    PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[4]"

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
        check(!gate.name && !gate.verifier && !gate.release_key && !gate.rewrap_key);
    }
}

static void test_what_is_no_gate_file_is_refused_by_name(void)
{
    static const Refusal bad[] = {
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
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":\"trustee\"}", GATE_FILE_E_KIND },
        { "{\"attestd_gate\":1,\"name\":\"db\",\"kind\":1}", GATE_FILE_E_KIND },
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

    check_refused(bad, ELEMENTSOF(bad));
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

static void test_a_gate_may_keep_nothing_and_shut_for_good(void)
{
    _cleanup_gate_file_ GateFile gate = { 0 }, plain = { 0 };

    read_and_write(GOOD ",\"ticket\":false,\"cap_pcr\":13,\"recovery_key\":" KEY_384 "}", &gate);
    check_int(gate.kind, GATE_KIND_VERIFIER);
    check(gate.no_ticket && gate.cap_pcr == 13 && gate.recovery_key);
    read_and_write(GOOD "}", &plain);
    check(!plain.no_ticket && plain.cap_pcr == 0 && !plain.recovery_key);
}

static void test_a_rewrap_gate_is_read_and_written(void)
{
    _cleanup_gate_file_ GateFile gate = { 0 }, fleet = { 0 };

    read_and_write(REWRAP ",\"rewrap_key\":" KEY_WITH_KID
                          ",\"bind\":[\"ak-name\",\"chip-id\",\"host-data\",\"id-key\",\"vm-id\"],"
                          "\"recovery_key\":" KEY ",\"vtpm_root\":\"host\"}",
                   &gate);
    check_int(gate.kind, GATE_KIND_REWRAP);
    check_int(gate.binds, BIND_REAL_KINDS);
    check_str(gate.verifier, "urn:v");
    read_and_write(REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":[\"fleet\"]}", &fleet);
    check_int(fleet.binds, BIND_BIT(BIND_KIND_FLEET));
}

static void test_a_pcr_gate_is_read_and_written(void)
{
    _cleanup_gate_file_ GateFile gate = { 0 }, all = { 0 };

    read_and_write(PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[4,7,9],\"vtpm_root\":\"svsm\"}", &gate);
    check_int(gate.kind, GATE_KIND_PCR);
    check_int(gate.pcr_bank, 0x000b);
    check_int(gate.pcrs, 1 << 4 | 1 << 7 | 1 << 9);
    check(!gate.verifier);
    read_and_write(PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}",
                   &all);
    check_int(all.pcrs, GATE_PCRS_ALL);
}

static void test_what_a_kind_has_of_its_own_is_checked(void)
{
    static const Refusal bad[] = {
        { GOOD ",\"ticket\":true}", GATE_FILE_E_TICKET },
        { GOOD ",\"ticket\":0}", GATE_FILE_E_TICKET },
        { GOOD ",\"ticket\":null}", GATE_FILE_E_TICKET },
        { GOOD ",\"cap_pcr\":7}", GATE_FILE_E_CAP_PCR },
        { GOOD ",\"cap_pcr\":16}", GATE_FILE_E_CAP_PCR },
        { GOOD ",\"cap_pcr\":-1}", GATE_FILE_E_CAP_PCR },
        { GOOD ",\"cap_pcr\":0}", GATE_FILE_E_CAP_PCR },
        { GOOD ",\"cap_pcr\":\"13\"}", GATE_FILE_E_CAP_PCR },
        { GOOD ",\"cap_pcr\":null}", GATE_FILE_E_CAP_PCR },
        { GOOD ",\"recovery_key\":null}", GATE_FILE_E_RECOVERY },
        { GOOD ",\"recovery_key\":{\"kty\":\"EC\",\"crv\":\"P-521\"}}", GATE_FILE_E_RECOVERY },
        { GOOD ",\"recovery_key\":{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y
               "\"}}",
          GATE_FILE_E_RECOVERY },
        { REWRAP ",\"bind\":[\"ak-name\"]}", GATE_FILE_E_REWRAP_KEY },
        { REWRAP ",\"rewrap_key\":" KEY ",\"bind\":[\"ak-name\"]}", GATE_FILE_E_REWRAP_KEY },
        { REWRAP ",\"rewrap_key\":{\"kid\":\"r1\"},\"bind\":[\"ak-name\"]}",
          GATE_FILE_E_REWRAP_KEY },
        { REWRAP ",\"rewrap_key\":" KEY_WITH_KID "}", GATE_FILE_E_BIND },
        { REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":[]}", GATE_FILE_E_BIND },
        { REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":\"ak-name\"}", GATE_FILE_E_BIND },
        { REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":[7]}", GATE_FILE_E_BIND },
        { REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":[\"moon\"]}", GATE_FILE_E_BIND },
        { REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":[\"vm-id\",\"vm-id\"]}",
          GATE_FILE_E_BIND },
        { REWRAP ",\"rewrap_key\":" KEY_WITH_KID ",\"bind\":[\"fleet\",\"vm-id\"]}",
          GATE_FILE_E_BIND },
        { PCR "}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\"}", GATE_FILE_E_PCRS },
        { PCR ",\"pcrs\":[4]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha1\",\"pcrs\":[4]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha384\",\"pcrs\":[4]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[4,4]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[16]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[23]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[-1]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[\"4\"]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[4.0]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":[4294967300]}", GATE_FILE_E_PCRS },
        { PCR ",\"pcr_bank\":\"sha256\",\"pcrs\":{}}", GATE_FILE_E_PCRS },
    };

    check_refused(bad, ELEMENTSOF(bad));
}

static void test_a_member_of_another_kind_is_refused(void)
{
    static const Refusal bad[] = {
        { GOOD ",\"bind\":[\"ak-name\"]}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"rewrap_key\":" KEY_WITH_KID "}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"pcr_bank\":\"sha256\"}", GATE_FILE_E_OTHER_KIND },
        { GOOD ",\"pcrs\":[4]}", GATE_FILE_E_OTHER_KIND },
        { GOOD_REWRAP ",\"release_key\":" KEY "}", GATE_FILE_E_OTHER_KIND },
        { GOOD_REWRAP ",\"next_release_key\":" KEY "}", GATE_FILE_E_OTHER_KIND },
        { GOOD_REWRAP ",\"ticket\":false}", GATE_FILE_E_OTHER_KIND },
        { GOOD_REWRAP ",\"cap_pcr\":13}", GATE_FILE_E_OTHER_KIND },
        { GOOD_REWRAP ",\"pcrs\":[4]}", GATE_FILE_E_OTHER_KIND },
        { GOOD_PCR ",\"verifier\":\"urn:v\"}", GATE_FILE_E_OTHER_KIND },
        { GOOD_PCR ",\"release_key\":" KEY "}", GATE_FILE_E_OTHER_KIND },
        { GOOD_PCR ",\"cap_pcr\":13}", GATE_FILE_E_OTHER_KIND },
        { GOOD_PCR ",\"bind\":[\"ak-name\"]}", GATE_FILE_E_OTHER_KIND },
    };

    check_refused(bad, ELEMENTSOF(bad));
}

static void test_a_rewrap_key_has_a_name_that_can_be_printed(void)
{
    static const char *const bad[] = { "1", "\"\"", "\"a b\"", "\"a\\n\"", "\"\\u00e9\"" };
    char text[512];

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        json_auto_t *jwk = NULL, *ret = NULL;
        (void)snprintf(text, sizeof(text),
                       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y
                       "\",\"kid\":%s}",
                       bad[i]);
        check_int(json_parse(view_of_string(text), sizeof(text), &jwk), JSON_OK);
        check_int(gate_rewrap_key(jwk, &ret), GATE_FILE_E_REWRAP_KEY);
        check(!ret);
    }
}

static void test_every_refusal_has_its_words(void)
{
    for (int reason = GATE_FILE_OK; reason <= GATE_FILE_E_PARAVISORS; reason++)
        check(strcmp(gate_file_reason(reason), "unknown") != 0 && *gate_file_wanted(reason));
    check_str(gate_file_reason(GATE_FILE_E_PARAVISORS + 1), "unknown");
    check_str(gate_file_reason(-1), "unknown");
    check(*gate_file_wanted(-1));
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
    { "a gate may keep nothing, and shut for good",
      test_a_gate_may_keep_nothing_and_shut_for_good },
    { "a rewrap gate is read and written", test_a_rewrap_gate_is_read_and_written },
    { "a pcr gate is read and written", test_a_pcr_gate_is_read_and_written },
    { "what a kind has of its own is checked", test_what_a_kind_has_of_its_own_is_checked },
    { "a member of another kind is refused", test_a_member_of_another_kind_is_refused },
    { "a rewrap key has a name that can be printed",
      test_a_rewrap_key_has_a_name_that_can_be_printed },
    { "every refusal has its words", test_every_refusal_has_its_words },
    { "what may stand behind a vTPM", test_what_may_stand_behind_a_vtpm },
};

TEST_MAIN(tests)
