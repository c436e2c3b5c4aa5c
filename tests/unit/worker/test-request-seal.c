/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/request-seal.h"

#include "request-changes.h"

#include "crypto/jwk.h"

#include <errno.h>

#define VALUE "00000000000000000000000000000000000000000000000000000000000000ab"
#define CHIP                                                                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                                 \
    "AAAAAAAAAAAAAAAAAAAAAAAAEA"
#define DATA "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NAME "AAsAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const FdList one_fd = { .fds = { 100 }, .n_fds = 1 };
static const FdList two_fds = { .fds = { 100, 101 }, .n_fds = 2 };

static json_t *sample_jwk(KeyType type)
{
    _cleanup_(key_freep) Key *key = NULL;
    json_t *jwk = NULL;

    check_int(key_generate(type, &key), KEY_OK);
    check_int(jwk_emit(key, NULL, NULL, NULL, &jwk), JWK_OK);
    return jwk;
}

static json_t *sample_seal(void)
{
    json_t *gate = json_pack("{si ss ss ss so so}", "attestd_gate", 1, "name", "db", "kind",
                             "verifier", "verifier", "https://verifier.example", "release_key",
                             sample_jwk(KEY_P256), "next_release_key", sample_jwk(KEY_P256));
    json_t *request =
        json_pack("{ss ss so s[ss] sb sb sb so ss ss s[s]}", "verb", "seal", "name", "db-password",
                  "gate", gate, "who", "unit:db.service", "unit:db@*.service", "rollback_counter",
                  0, "accept_host_tpm", 0, "accept_unchecked_vtpm", 0, "evidence",
                  sample_evidence(), "secrets_directory", "/var/lib/attestd/secrets",
                  "lock_directory", "/run/attestd/lock", "fds", "secret");

    check(request);
    return request;
}

static int parse_seal(const json_t *json, const FdList *given, const char **member)
{
    _cleanup_(seal_request_freep) SealRequest *request = NULL;
    _cleanup_free_ char *text = json_text(json);

    check(text);
    int r = seal_request_parse(view_of_string(text), given, &request, member);
    check((r == REQUEST_OK) == (request != NULL));
    return r;
}

static void test_every_member_of_seal_arrives(void)
{
    _cleanup_(seal_request_freep) SealRequest *request = NULL;
    json_auto_t *json = sample_seal();
    _cleanup_free_ char *text = json_text(json);

    check_int(seal_request_parse(view_of_string(text), &one_fd, &request, NULL), REQUEST_OK);
    check_str(request->name, "db-password");
    check_str(request->gate.file.name, "db");
    check_int(request->gate.file.kind, GATE_KIND_VERIFIER);
    check(!request->gate.file.vtpm_root);
    check(request->gate.release_key && request->gate.next_release_key);
    check(!key_equal(request->gate.release_key, request->gate.next_release_key));
    check_int(request->n_who, 2);
    check_str(request->who[1], "unit:db@*.service");
    check(!request->accept_host_tpm && !request->rollback_counter);
    check_int(request->on_loss, ON_LOSS_KEEP);
    check_int(request->on_change, ON_CHANGE_KEEP);
    check(!request->gate.rewrap_key && !request->gate.recovery_key);
    check_str(request->evidence.tcti, "device:/dev/tpmrm0");
    check_str(request->secrets_directory, "/var/lib/attestd/secrets");
    check_int(request->secret_fd, 100);
}

/* NAMES with so many descriptors from 100 on. */
static int parse_with(const char *names, const char *nonce, size_t n_fds, SealRequest **ret)
{
    json_auto_t *json = sample_seal();
    const FdList given = { .fds = { 100, 101, 102, 103 }, .n_fds = n_fds };

    change_member(json, "fds", names);
    if (nonce)
        change_member(json, "evidence_nonce", nonce);
    _cleanup_free_ char *text = json_text(json);
    return seal_request_parse(view_of_string(text), &given, ret, NULL);
}

static void test_evidence_and_the_owner_come_along(void)
{
    _cleanup_(seal_request_freep) SealRequest *all = NULL, *owner = NULL, *none = NULL;
    static const char both[] = "[\"secret\",\"evidence\",\"owner-authorization\"]";
    static const char swapped[] = "[\"secret\",\"owner-authorization\",\"evidence\"]";

    check_int(parse_with(both, "\"AAAAAAAAAAA\"", 3, &all), REQUEST_OK);
    check_int(all->secret_fd, 100);
    check_int(all->evidence_fd, 101);
    check(all->evidence.owner.is_given && all->evidence.owner.fd == 102);
    check_int(all->evidence_nonce.size, 8);
    check_int(parse_with("[\"secret\",\"owner-authorization\"]", NULL, 2, &owner), REQUEST_OK);
    check_int(owner->evidence_fd, -EBADF);
    check(owner->evidence.owner.is_given && owner->evidence.owner.fd == 101);
    check_int(parse_with(both, NULL, 3, &none), REQUEST_E_MEMBER);
    check_int(parse_with(both, "\"AAAA\"", 3, &none), REQUEST_E_MEMBER);
    check_int(parse_with(both, "\"AAAAAAAAAAA\"", 2, &none), REQUEST_E_DESCRIPTORS);
    check_int(parse_with(both, "\"AAAAAAAAAAA\"", 4, &none), REQUEST_E_DESCRIPTORS);
    check_int(parse_with(swapped, "\"AAAAAAAAAAA\"", 3, &none), REQUEST_E_DESCRIPTORS);
    check(!none);
}

static void test_members_of_seal_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "verb", "\"release\"", REQUEST_E_MEMBER, NULL },
        { "name", "", REQUEST_E_MEMBER, NULL },
        { "name", "\"../x\"", REQUEST_E_MEMBER, NULL },
        { "who", "\"unit:db.service\"", REQUEST_E_MEMBER, NULL },
        { "who", "[\"db.service\"]", REQUEST_E_MEMBER, NULL },
        { "who", "[]", REQUEST_OK, NULL },
        { "who", "", REQUEST_OK, NULL },
        { "accept_host_tpm", "", REQUEST_E_MEMBER, NULL },
        { "accept_host_tpm", "1", REQUEST_E_MEMBER, NULL },
        { "secrets_directory", "", REQUEST_E_MEMBER, NULL },
        { "secrets_directory", "\"secrets\"", REQUEST_E_MEMBER, NULL },
        { "lock_directory", "", REQUEST_E_MEMBER, NULL },
        { "evidence", "", REQUEST_E_MEMBER, NULL },
        { "evidence.tcti", "", REQUEST_E_MEMBER, NULL },
        { "evidence.more", "1", REQUEST_E_UNKNOWN, "evidence" },
        { "fds", "", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"other\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"owner-authorization\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"secret\",\"secret\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "evidence_nonce", "\"AAAAAAAAAAA\"", REQUEST_E_MEMBER, NULL }, /* without evidence */
        { "simulated_roots", "[\"00\"]", REQUEST_E_MEMBER, NULL },
        { "surprise", "1", REQUEST_E_UNKNOWN, "request" },
        { "gate", "", REQUEST_E_MEMBER, NULL },
        { "gate", "[]", REQUEST_E_MEMBER, NULL },
        { "gate.attestd_gate", "", REQUEST_E_MEMBER, "gate" },
        { "gate.attestd_gate", "2", REQUEST_E_MEMBER, "gate" },
        { "gate.name", "\"DB\"", REQUEST_E_MEMBER, "gate" },
        { "gate.name", "7", REQUEST_E_MEMBER, "gate" },
        { "gate.kind", "\"moon\"", REQUEST_OK, NULL }, /* refused by name, later */
        { "gate.verifier", "", REQUEST_E_MEMBER, "gate" },
        { "gate.release_key", "", REQUEST_E_MEMBER, "gate" },
        { "gate.release_key", "{}", REQUEST_E_MEMBER, "gate" },
        { "gate.release_key",
          "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
          "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyI\"}",
          REQUEST_E_MEMBER, NULL }, /* off the curve */
        { "gate.next_release_key", "null", REQUEST_E_MEMBER, "gate" },
        { "gate.next_release_key", "", REQUEST_OK, NULL },
        { "gate.vtpm_root", "\"svsm\"", REQUEST_OK, NULL },
        { "gate.vtpm_root", "\"moon\"", REQUEST_E_MEMBER, "gate" },
        { "gate.more", "1", REQUEST_E_MEMBER, "gate" },
        { "on_loss", "\"poweroff\"", REQUEST_OK, NULL },
        { "on_loss", "\"explode\"", REQUEST_E_MEMBER, NULL },
        { "on_change", "\"restart\"", REQUEST_OK, NULL },
        { "on_change", "7", REQUEST_E_MEMBER, NULL },
        { "rollback_counter", "", REQUEST_E_MEMBER, NULL },
        { "rollback_counter", "\"yes\"", REQUEST_E_MEMBER, NULL },
        { "rollback_counter", "true", REQUEST_OK, NULL },
        { "bind", "{}", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{}", REQUEST_OK, NULL },
        { "pcr_values", "{\"4\":\"" VALUE "\"}", REQUEST_E_MEMBER, NULL },
    };

    check_changes(sample_seal, parse_seal, &one_fd, changes, ELEMENTSOF(changes));
}

static void test_a_release_key_is_p256_and_public(void)
{
    static const KeyType types[] = { KEY_P384, KEY_ED25519 };

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        json_auto_t *json = sample_seal();
        const char *member = NULL;
        check(json_object_set_new(json_object_get(json, "gate"), "release_key",
                                  sample_jwk(types[i])) == 0);
        check_int(parse_seal(json, &one_fd, &member), REQUEST_E_MEMBER);
        check_str(member, "gate");
    }
}

static void test_a_secret_comes_by_one_descriptor(void)
{
    json_auto_t *json = sample_seal();
    const FdList none = { 0 };

    check_int(parse_seal(json, &none, NULL), REQUEST_E_DESCRIPTORS);
    check_int(parse_seal(json, &two_fds, NULL), REQUEST_E_DESCRIPTORS);
}

/* A request behind a gate of the kind rewrap, bound by "bind" of the gate. */
static json_t *sample_rewrap(const char *binds)
{
    json_t *request = sample_seal(), *key = sample_jwk(KEY_P256);

    check(json_object_set_new(key, "kid", json_string("k1")) == 0);
    check(json_object_set_new(request, "gate",
                              json_pack("{si ss ss ss so so}", "attestd_gate", 1, "name", "vault",
                                        "kind", "rewrap", "verifier", "https://verifier.example",
                                        "rewrap_key", key, "bind", json_loads(binds, 0, NULL))) ==
          0);
    return request;
}

static json_t *sample_chip(void)
{
    json_t *request = sample_rewrap("[\"ak-name\",\"chip-id\"]");

    change_member(request, "bind", "{\"chip-id\":\"" CHIP "\"}");
    return request;
}

static json_t *sample_ak(void)
{
    return sample_rewrap("[\"ak-name\"]");
}

static json_t *sample_fleet(void)
{
    return sample_rewrap("[\"fleet\"]");
}

static json_t *sample_pcr(void)
{
    json_t *request = sample_seal();

    check(json_object_set_new(request, "gate",
                              json_pack("{si ss ss ss s[iii]}", "attestd_gate", 1, "name", "boot",
                                        "kind", "pcr", "pcr_bank", "sha256", "pcrs", 4, 7, 9)) ==
          0);
    change_member(request, "pcr_values", "{\"4\":\"" VALUE "\",\"9\":\"" VALUE "\"}");
    return request;
}

static void test_what_a_secret_is_bound_to_arrives(void)
{
    _cleanup_(seal_request_freep) SealRequest *request = NULL;
    json_auto_t *json = sample_chip();
    _cleanup_free_ char *text = json_text(json);

    check_int(seal_request_parse(view_of_string(text), &one_fd, &request, NULL), REQUEST_OK);
    check_int(request->gate.file.kind, GATE_KIND_REWRAP);
    check(request->gate.rewrap_key && !request->gate.release_key);
    check_int(request->binds_given, BIND_BIT(BIND_KIND_CHIP_ID));
    check_int(request->bind_values[BIND_KIND_CHIP_ID][63], 0x10);
}

static void test_what_a_secret_is_bound_to_is_given_exactly(void)
{
    static const Change chip[] = {
        { "bind", "", REQUEST_E_MEMBER, NULL },
        { "bind", "{}", REQUEST_E_MEMBER, NULL },
        { "bind", "[]", REQUEST_E_MEMBER, NULL },
        { "bind", "{\"chip-id\":\"AAAA\"}", REQUEST_E_MEMBER, NULL },
        { "bind", "{\"chip-id\":7}", REQUEST_E_MEMBER, NULL },
        { "bind", "{\"moon\":\"" CHIP "\"}", REQUEST_E_UNKNOWN, NULL },
        { "bind", "{\"fleet\":\"AA\"}", REQUEST_E_UNKNOWN, NULL },
        { "bind", "{\"chip-id\":\"" CHIP "\",\"host-data\":\"" DATA "\"}", REQUEST_E_MEMBER, NULL },
        /* That is for the TPM to say. */
        { "bind", "{\"chip-id\":\"" CHIP "\",\"ak-name\":\"" NAME "\"}", REQUEST_E_MEMBER, NULL },
        { "rollback_counter", "true", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"4\":\"" VALUE "\"}", REQUEST_E_MEMBER, NULL },
    };
    static const Change none[] = {
        { "name", "\"other\"", REQUEST_OK, NULL },
        { "bind", "{}", REQUEST_E_MEMBER, NULL },
        { "bind", "\"fleet\"", REQUEST_E_MEMBER, NULL },
        { "bind", "{\"chip-id\":\"" CHIP "\"}", REQUEST_E_MEMBER, NULL },
    };

    check_changes(sample_chip, parse_seal, &one_fd, chip, ELEMENTSOF(chip));
    check_changes(sample_ak, parse_seal, &one_fd, none, ELEMENTSOF(none));
    check_changes(sample_fleet, parse_seal, &one_fd, none, ELEMENTSOF(none));
}

static void test_values_to_come_are_for_registers_of_the_gate(void)
{
    static const Change changes[] = {
        { "name", "\"other\"", REQUEST_OK, NULL },
        { "pcr_values", "", REQUEST_OK, NULL },
        { "pcr_values", "[]", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"5\":\"" VALUE "\"}", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"04\":\"" VALUE "\"}", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"+4\":\"" VALUE "\"}", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"20\":\"" VALUE "\"}", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"4\":\"00\"}", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"4\":\"" VALUE "00\"}", REQUEST_E_MEMBER, NULL },
        { "pcr_values", "{\"4\":4}", REQUEST_E_MEMBER, NULL },
        { "bind", "{\"chip-id\":\"" CHIP "\"}", REQUEST_E_MEMBER, NULL },
        { "rollback_counter", "true", REQUEST_OK, NULL },
    };
    _cleanup_(seal_request_freep) SealRequest *request = NULL;
    json_auto_t *json = sample_pcr();
    _cleanup_free_ char *text = json_text(json);

    check_int(seal_request_parse(view_of_string(text), &one_fd, &request, NULL), REQUEST_OK);
    check_int(request->pcrs.mask, 1 << 4 | 1 << 9);
    check_int(request->pcrs.values[9][31], 0xab);
    check_int(request->gate.file.pcrs, 1 << 4 | 1 << 7 | 1 << 9);
    check_changes(sample_pcr, parse_seal, &one_fd, changes, ELEMENTSOF(changes));
}

static void test_a_recovery_key_arrives(void)
{
    static const KeyType types[] = { KEY_P256, KEY_P384 };

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_(seal_request_freep) SealRequest *request = NULL;
        json_auto_t *json = sample_seal();
        check(json_object_set_new(json_object_get(json, "gate"), "recovery_key",
                                  sample_jwk(types[i])) == 0);
        _cleanup_free_ char *text = json_text(json);
        check_int(seal_request_parse(view_of_string(text), &one_fd, &request, NULL), REQUEST_OK);
        check_int(key_type(request->gate.recovery_key), types[i]);
    }
}

static void test_what_is_no_object_is_refused(void)
{
    static const char *const lines[] = { "", "[]", "{", "{\"verb\":\"seal\",\"verb\":\"seal\"}" };

    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        SealRequest *seal = NULL;
        const char *member = NULL;
        check_int(seal_request_parse(view_of_string(lines[i]), &one_fd, &seal, &member),
                  REQUEST_E_JSON);
        check_str(member, "request");
        check(!seal);
    }
}

static const Test tests[] = {
    { "every member of seal arrives", test_every_member_of_seal_arrives },
    { "members of seal are checked one by one", test_members_of_seal_are_checked_one_by_one },
    { "a release key is P-256 and public", test_a_release_key_is_p256_and_public },
    { "a secret comes by one descriptor", test_a_secret_comes_by_one_descriptor },
    { "what a secret is bound to arrives", test_what_a_secret_is_bound_to_arrives },
    { "what a secret is bound to is given exactly",
      test_what_a_secret_is_bound_to_is_given_exactly },
    { "values to come are for registers of the gate",
      test_values_to_come_are_for_registers_of_the_gate },
    { "a recovery key arrives", test_a_recovery_key_arrives },
    { "what is no object is refused", test_what_is_no_object_is_refused },
    { "evidence and the owner's authorisation come along", test_evidence_and_the_owner_come_along },
};

TEST_MAIN(tests)
