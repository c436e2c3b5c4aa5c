/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a round is asked to have opened: gates, and the wrapped data keys behind them.
 */
#include "worker/request.h"

#include "round-changes.h"

#include <errno.h>

/* RFC 7517 appendix A.1, RFC 8037 appendix A.2 */
#define GATE_KEY                                                                                   \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","     \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"use\":\"sig\",\"kid\":\"1\"}"
#define GATE_KEY_PRIVATE                                                                           \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","     \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\","                                       \
    "\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\"}"
#define GATE_KEY_ED25519                                                                           \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define GATE_KEY_OFF_CURVE                                                                         \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","     \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyI\"}"
#define GATE_WEB "{\"name\":\"web\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY "}"
#define GATE_DB  "{\"name\":\"db\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY "}"

static void check_gates_refused(const char *gates, const char *path, int reason)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();
    const char *member = NULL;

    change(json, "gates", gates);
    int r = parse_round(json, &no_fds, &request, &member);
    if (r != reason || strcmp(member, path) != 0)
        (void)printf("  gates = %s: %s at %s\n", gates, request_reason(r), member);
    check_int(r, reason);
    check_str(member, path);
}

static void test_gates_arrive_with_their_keys(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();

    change(json, "gates",
           "[" GATE_DB ",{\"name\":\"web\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY
           ",\"next_release_key\":" GATE_KEY "}]");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->n_gates, 2);
    check_str(request->gates[0].name, "db");
    check(request->gates[0].release_key && !request->gates[0].next_release_key);
    check_str(request->gates[1].name, "web");
    check(key_equal(request->gates[1].next_release_key, request->gates[0].release_key));
    check(!key_is_private(request->gates[0].release_key));
    check_str(request->collect_socket, "/run/attestd/collect.sock");
}

static void test_gates_are_read_strictly(void)
{
    static const char *const keys[] = {
        "{}",
        "null",
        "\"k\"",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        GATE_KEY_ED25519,
        GATE_KEY_PRIVATE,
    };
    char gates[1024];

    check_gates_refused("[{}]", "gates.name", REQUEST_E_MEMBER);
    check_gates_refused("[{\"release_key\":" GATE_KEY "}]", "gates.name", REQUEST_E_MEMBER);
    check_gates_refused("[{\"name\":\"DB\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY "}]",
                        "gates.name", REQUEST_E_MEMBER);
    check_gates_refused("[{\"name\":\"db\",\"kind\":\"verifier\"}]", "gates.release_key",
                        REQUEST_E_MEMBER);
    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        (void)snprintf(gates, sizeof(gates),
                       "[{\"name\":\"db\",\"kind\":\"verifier\",\"release_key\":%s}]", keys[i]);
        check_gates_refused(gates, "gates.release_key", REQUEST_E_MEMBER);
        (void)snprintf(gates, sizeof(gates),
                       "[{\"name\":\"db\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY
                       ",\"next_release_key\":%s}]",
                       keys[i]);
        check_gates_refused(gates, "gates.next_release_key", REQUEST_E_MEMBER);
    }
    check_gates_refused("[{\"name\":\"db\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY
                        ",\"policy_ref\":\"AA\"}]",
                        "gates", REQUEST_E_UNKNOWN);
    check_gates_refused("[" GATE_DB "," GATE_DB "]", "gates.name", REQUEST_E_MEMBER);
}

/* One gate's damaged key is that gate's trouble. */
static void test_a_key_off_the_curve_does_not_end_the_round(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();

    change(json, "gates",
           "[{\"name\":\"db\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY_OFF_CURVE
           "}," GATE_WEB "]");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->n_gates, 2);
    check(!request->gates[0].release_key && request->gates[1].release_key);
}

static void test_gates_are_bounded(void)
{
    json_auto_t *gates = json_array();
    char name[16];

    for (int i = 0; i <= REQUEST_GATES_MAX; i++) {
        json_t *gate = json_loads(GATE_DB, 0, NULL);
        (void)snprintf(name, sizeof(name), "g%d", i);
        check(gate && json_object_set_new(gate, "name", json_string(name)) == 0);
        check(json_array_append_new(gates, gate) == 0);
    }
    _cleanup_free_ char *text = json_text(gates);
    check_gates_refused(text, "gates", REQUEST_E_MEMBER);
}

/* What a caller asks for opens nothing. */
static void test_a_caller_asks_for_no_gate(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();
    const char *member = NULL;

    change(json, "purpose", "\"caller\"");
    change(json, "nonce", "\"AAAAAAAAAAA\"");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    change(json, "gates", "[" GATE_DB "]");
    _cleanup_(round_request_freep) RoundRequest *refused = NULL;
    check_int(parse_round(json, &no_fds, &refused, &member), REQUEST_E_MEMBER);
    check_str(member, "gates");
}

#define JWE   "eyJhIjoxfQ.QUFBQQ.QUFB.QUFB.QUFB"
#define OTHER "eyJhIjoyfQ.QUFBQQ.QUFB.QUFB.QUFB"
#define ID    "AAAAAAAAAAAAAAAAAAAAAA"
#define ID_1  "AAAAAAAAAAAAAAAAAAAAAQ"

#define GATE_VAULT "{\"name\":\"vault\",\"kind\":\"rewrap\"}"

static json_t *sample_wrapped(const char *id, const char *jwe)
{
    json_t *wrapped = json_pack("{ss ss si ss ss}", "name", "db-password", "id", id, "version", 3,
                                "gate", "vault", "jwe", jwe);

    check(wrapped);
    return wrapped;
}

/* A round with the gates "db" and "vault", and these. Takes WRAPPED. */
static json_t *round_with(json_t *wrapped)
{
    json_t *json = sample_round();

    change(json, "gates", "[" GATE_DB "," GATE_VAULT "]");
    check(json_object_set_new(json, "wrapped", wrapped) == 0);
    return json;
}

static void test_kinds_of_gates_have_members_of_their_own(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();

    change(json, "gates",
           "[{\"name\":\"db\",\"kind\":\"verifier\",\"release_key\":" GATE_KEY
           ",\"ticket\":false,\"cap_pcr\":13}," GATE_VAULT "," GATE_WEB "]");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->gates[0].kind, GATE_KIND_VERIFIER);
    check(request->gates[0].without_ticket);
    check_int(request->gates[0].cap_pcr, 13);
    check_int(request->gates[1].kind, GATE_KIND_REWRAP);
    check(!request->gates[1].release_key);
    check(!request->gates[2].without_ticket && request->gates[2].cap_pcr == 0);
}

static void test_what_goes_with_another_kind_is_refused(void)
{
    static const struct {
        const char *more, *path;
        int reason;
    } cases[] = {
        { "\"kind\":\"rewrap\",\"release_key\":" GATE_KEY, "gates", REQUEST_E_UNKNOWN },
        { "\"kind\":\"rewrap\",\"ticket\":false", "gates", REQUEST_E_UNKNOWN },
        { "\"kind\":\"rewrap\",\"cap_pcr\":13", "gates", REQUEST_E_UNKNOWN },
        { "\"kind\":\"pcr\"", "gates.kind", REQUEST_E_MEMBER },
        { "\"kind\":\"moon\"", "gates.kind", REQUEST_E_MEMBER },
        { "\"kind\":1", "gates.kind", REQUEST_E_MEMBER },
        { "\"release_key\":" GATE_KEY, "gates.kind", REQUEST_E_MEMBER },
        { "\"kind\":\"verifier\",\"release_key\":" GATE_KEY ",\"ticket\":true", "gates.ticket",
          REQUEST_E_MEMBER },
        { "\"kind\":\"verifier\",\"release_key\":" GATE_KEY ",\"ticket\":0", "gates.ticket",
          REQUEST_E_MEMBER },
        { "\"kind\":\"verifier\",\"release_key\":" GATE_KEY ",\"cap_pcr\":7", "gates.cap_pcr",
          REQUEST_E_MEMBER },
        { "\"kind\":\"verifier\",\"release_key\":" GATE_KEY ",\"cap_pcr\":16", "gates.cap_pcr",
          REQUEST_E_MEMBER },
        { "\"kind\":\"verifier\",\"release_key\":" GATE_KEY ",\"cap_pcr\":\"13\"", "gates.cap_pcr",
          REQUEST_E_MEMBER },
    };
    char gates[1024];

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        (void)snprintf(gates, sizeof(gates), "[{\"name\":\"db\",%s}]", cases[i].more);
        check_gates_refused(gates, cases[i].path, cases[i].reason);
    }
}

#define VAULT_URL "https://v.vault.azure.net/keys/disk/0123456789abcdef0123456789abcdef"
#define RELEASE   "\"name\":\"cloud\",\"kind\":\"key-release\",\"key_url\":\"" VAULT_URL "\""
#define CA        "-----BEGIN CERTIFICATE-----"

static void test_a_gate_of_a_vault_arrives_whole(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();

    change(json, "gates",
           "[{" RELEASE ",\"key\":" GATE_KEY "},{\"name\":\"own\",\"kind\":\"key-release\","
           "\"key_url\":\"https://localhost:8443/keys/k\",\"key\":" GATE_KEY
           ",\"client_id\":\"11111111-2222-3333-4444-555555555555\","
           "\"resource\":\"https://vault.example\",\"vault_ca_pem\":\"" CA "\","
           "\"api_version\":\"7.5\"}]");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->n_gates, 2);
    const RequestGate *cloud = &request->gates[0], *own = &request->gates[1];
    check_int(cloud->kind, GATE_KIND_KEY_RELEASE);
    check_str(cloud->key_url, VAULT_URL);
    check_str(cloud->resource, "https://vault.azure.net");
    check_str(cloud->api_version, "7.4");
    check(cloud->key && !cloud->client_id && !cloud->vault_ca_pem && !cloud->release_key);
    check_str(own->client_id, "11111111-2222-3333-4444-555555555555");
    check_str(own->resource, "https://vault.example");
    check_str(own->vault_ca_pem, CA);
    check_str(own->api_version, "7.5");
    check(key_equal(own->key, cloud->key));
}

static void test_a_gate_of_a_vault_is_read_strictly(void)
{
    static const struct {
        const char *more, *path;
        int reason;
    } cases[] = {
        { RELEASE, "gates.key", REQUEST_E_MEMBER },
        { RELEASE ",\"key\":{\"kty\":\"oct-HSM\"}", "gates.key", REQUEST_E_MEMBER },
        { RELEASE ",\"key\":" GATE_KEY_ED25519, "gates.key", REQUEST_E_MEMBER },
        { RELEASE ",\"key\":" GATE_KEY_PRIVATE, "gates.key", REQUEST_E_MEMBER },
        { "\"name\":\"cloud\",\"kind\":\"key-release\",\"key\":" GATE_KEY, "gates.key_url",
          REQUEST_E_MEMBER },
        { "\"name\":\"cloud\",\"kind\":\"key-release\",\"key\":" GATE_KEY
          ",\"key_url\":\"https://localhost/keys/k\"",
          "gates.resource", REQUEST_E_MEMBER },
        { RELEASE ",\"key\":" GATE_KEY ",\"resource\":\"vault\"", "gates.resource",
          REQUEST_E_MEMBER },
        { RELEASE ",\"key\":" GATE_KEY ",\"client_id\":\"x\"", "gates.client_id",
          REQUEST_E_MEMBER },
        { RELEASE ",\"key\":" GATE_KEY ",\"vault_ca_pem\":\"x\"", "gates.vault_ca_pem",
          REQUEST_E_MEMBER },
        { RELEASE ",\"key\":" GATE_KEY ",\"api_version\":\"a b\"", "gates.api_version",
          REQUEST_E_MEMBER },
        { RELEASE ",\"key\":" GATE_KEY ",\"cap_pcr\":13", "gates", REQUEST_E_UNKNOWN },
        { "\"name\":\"vault\",\"kind\":\"rewrap\",\"key\":" GATE_KEY, "gates", REQUEST_E_UNKNOWN },
    };
    char gates[1024];

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        (void)snprintf(gates, sizeof(gates), "[{%s}]", cases[i].more);
        check_gates_refused(gates, cases[i].path, cases[i].reason);
    }
}

/* attestd cannot see that it makes no key; the gate stays shut, and the round goes on. */
static void test_a_vault_s_key_off_the_curve_does_not_end_the_round(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();

    change(json, "gates", "[{" RELEASE ",\"key\":" GATE_KEY_OFF_CURVE "}," GATE_WEB "]");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check(!request->gates[0].key && request->gates[1].release_key);
}

static void test_wrapped_keys_for_a_vault_arrive(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = round_with(json_pack("[o]", sample_wrapped(ID, JWE)));

    change(json, "gates",
           "[{\"name\":\"vault\",\"kind\":\"key-release\",\"key_url\":\"" VAULT_URL
           "\",\"key\":" GATE_KEY "}]");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->n_wrapped, 1);
    check_str(request->wrapped[0].gate, "vault");
}

static void test_wrapped_keys_arrive(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json =
        round_with(json_pack("[oo]", sample_wrapped(ID, JWE), sample_wrapped(ID_1, OTHER)));

    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->n_wrapped, 2);
    check_str(request->wrapped[0].name, "db-password");
    check_int(request->wrapped[0].id[15], 0);
    check_int(request->wrapped[1].id[15], 1);
    check_int(request->wrapped[0].version, 3);
    check_str(request->wrapped[0].gate, "vault");
    check_str(request->wrapped[1].jwe, OTHER);
}

static void check_wrapped_refused(json_t *wrapped, const char *path, int reason)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = round_with(wrapped);
    const char *member = NULL;

    int r = parse_round(json, &no_fds, &request, &member);
    if (r != reason || strcmp(member, path) != 0)
        (void)printf("  %s: %s at %s\n", path, request_reason(r), member);
    check_int(r, reason);
    check_str(member, path);
}

static void test_wrapped_keys_are_read_strictly(void)
{
    static const struct {
        const char *member, *value, *path; /* value JSON; "": none */
    } cases[] = {
        { "name", "\"../x\"", "wrapped.name" },
        { "name", "", "wrapped.name" },
        { "id", "\"AAAA\"", "wrapped.id" },
        { "id", "\"AAAAAAAAAAAAAAAAAAAAAB\"", "wrapped.id" },
        { "id", "\"AAAAAAAAAAAAAAAAAAAAAA==\"", "wrapped.id" },
        { "id", "7", "wrapped.id" },
        { "version", "0", "wrapped.version" },
        { "version", "9007199254740992", "wrapped.version" },
        { "version", "\"1\"", "wrapped.version" },
        { "gate", "\"db\"", "wrapped.gate" }, /* of kind verifier */
        { "gate", "\"other\"", "wrapped.gate" },
        { "jwe", "\"a.b.c.d\"", "wrapped.jwe" },
        { "jwe", "\"a.b.c.d.e.f\"", "wrapped.jwe" },
        { "jwe", "\"a.b.c.d.=\"", "wrapped.jwe" },
        { "jwe", "null", "wrapped.jwe" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        json_t *one = sample_wrapped(ID, JWE);
        if (*cases[i].value)
            check(json_object_set_new(one, cases[i].member,
                                      json_loads(cases[i].value, JSON_DECODE_ANY, NULL)) == 0);
        else
            check(json_object_del(one, cases[i].member) == 0);
        check_wrapped_refused(json_pack("[o]", one), cases[i].path, REQUEST_E_MEMBER);
    }
    json_t *more = sample_wrapped(ID, JWE);
    check(json_object_set_new(more, "who", json_true()) == 0);
    check_wrapped_refused(json_pack("[o]", more), "wrapped", REQUEST_E_UNKNOWN);
    check_wrapped_refused(json_pack("[i]", 1), "wrapped", REQUEST_E_MEMBER);
    check_wrapped_refused(json_object(), "wrapped", REQUEST_E_MEMBER);
}

/* A key that comes back belongs to one secret. */
static void test_no_wrapped_key_is_there_twice(void)
{
    check_wrapped_refused(json_pack("[oo]", sample_wrapped(ID, JWE), sample_wrapped(ID, OTHER)),
                          "wrapped.id", REQUEST_E_MEMBER);
    check_wrapped_refused(json_pack("[oo]", sample_wrapped(ID, JWE), sample_wrapped(ID_1, JWE)),
                          "wrapped.jwe", REQUEST_E_MEMBER);
}

static json_t *many_wrapped(int n)
{
    json_t *array = json_array();
    char id[32], jwe[64];

    for (int i = 0; i < n; i++) {
        (void)snprintf(id, sizeof(id), "AAAAAAAAAAAAAAAAAA%02dAA", i);
        (void)snprintf(jwe, sizeof(jwe), "a.b.c.d.e%02d", i);
        check(json_array_append_new(array, sample_wrapped(id, jwe)) == 0);
    }
    return array;
}

static void test_wrapped_keys_are_bounded(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = round_with(many_wrapped(REQUEST_WRAPPED_MAX));

    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->n_wrapped, REQUEST_WRAPPED_MAX);
    check_wrapped_refused(many_wrapped(REQUEST_WRAPPED_MAX + 1), "wrapped", REQUEST_E_MEMBER);
}

static void test_a_caller_sends_no_wrapped_key(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();
    const char *member = NULL;

    change(json, "purpose", "\"caller\"");
    change(json, "nonce", "\"AAAAAAAAAAA\"");
    check(json_object_set_new(json, "wrapped", json_pack("[o]", sample_wrapped(ID, JWE))) == 0);
    check_int(parse_round(json, &no_fds, &request, &member), REQUEST_E_MEMBER);
    check_str(member, "wrapped");
}

static const Test tests[] = {
    { "gates arrive with their keys", test_gates_arrive_with_their_keys },
    { "gates are read strictly", test_gates_are_read_strictly },
    { "a key off the curve does not end the round",
      test_a_key_off_the_curve_does_not_end_the_round },
    { "gates are bounded", test_gates_are_bounded },
    { "a caller asks for no gate", test_a_caller_asks_for_no_gate },
    { "kinds of gates have members of their own", test_kinds_of_gates_have_members_of_their_own },
    { "what goes with another kind is refused", test_what_goes_with_another_kind_is_refused },
    { "a gate of a vault arrives whole", test_a_gate_of_a_vault_arrives_whole },
    { "a gate of a vault is read strictly", test_a_gate_of_a_vault_is_read_strictly },
    { "a vault's key off the curve does not end the round",
      test_a_vault_s_key_off_the_curve_does_not_end_the_round },
    { "wrapped keys for a vault arrive", test_wrapped_keys_for_a_vault_arrive },
    { "wrapped keys arrive", test_wrapped_keys_arrive },
    { "wrapped keys are read strictly", test_wrapped_keys_are_read_strictly },
    { "no wrapped key is there twice", test_no_wrapped_key_is_there_twice },
    { "wrapped keys are bounded", test_wrapped_keys_are_bounded },
    { "a caller sends no wrapped key", test_a_caller_sends_no_wrapped_key },
};

TEST_MAIN(tests)
