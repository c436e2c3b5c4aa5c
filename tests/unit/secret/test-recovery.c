/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data key wrapped to an offline key, and for the verifier: what opens it, and what it says.
 */
#include "secret/recovery.h"

#include "crypto/jwe.h"
#include "crypto/jwk.h"
#include "format/gate-name.h"
#include "sample.h"
#include "secret/rewrap.h"

#include <errno.h>

static Key *key_of(KeyType type)
{
    Key *key = NULL;

    check_int(key_generate(type, &key), KEY_OK);
    return key;
}

/* A file that can be recovered with KEY; its data key is sample_key(0x44). */
static SecretFile file_for(const Key *key, const char *name, uint64_t version)
{
    SecretHeader header = sample_header(name, version);
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44);

    check_int(recovery_wrap(key, &header, data_key, &header.recovery), 0);
    return sample_file_of(header);
}

static int open_with(const Key *key, const SecretFile *file)
{
    _cleanup_(secret_freep) Secret *found = NULL;

    int r = recovery_open(key, file, &found);
    check((r == RECOVERY_OK) == (found != NULL));
    return r;
}

static void test_the_offline_key_alone_brings_the_secret_back(void)
{
    static const KeyType types[] = { KEY_P256, KEY_P384 };

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_(key_freep) Key *key = key_of(types[i]), *other = key_of(types[i]);
        _cleanup_secret_file_ SecretFile file = file_for(key, "db", 3), read = { 0 };
        _cleanup_(secret_freep) Secret *found = NULL;
        _cleanup_opened_secret_ OpenedSecret opened = { 0 };
        _cleanup_bytes_ Bytes json = { 0 };

        check_int(secret_file_emit(&file, &json), 0);
        check_int(secret_file_parse(VIEW(json), &read, NULL), SECRET_FILE_OK);
        check_int(open_with(other, &read), RECOVERY_E_OTHER);
        check_int(recovery_open(key, &read, &found), RECOVERY_OK);
        check_int(secret_decrypt(&read, found, &opened), SECRET_CIPHER_OK);
        check(view_equal(VIEW(opened.bytes), view_of_string(SAMPLE_SECRET)));
    }
}

static void test_keys_that_cannot_recover_are_named(void)
{
    _cleanup_(key_freep) Key *key = key_of(KEY_P256), *ed25519 = key_of(KEY_ED25519),
                             *public = NULL;
    _cleanup_secret_file_ SecretFile file = file_for(key, "db", 3), plain = sample_file("db", 3);
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44);
    _cleanup_bytes_ Bytes pem = { 0 };
    char *jwe = NULL;

    check_int(key_to_public_pem(key, &pem), 0);
    check_int(key_from_pem(VIEW(pem), &public), KEY_OK);
    check_int(open_with(public, &file), RECOVERY_E_KEY);
    check_int(open_with(ed25519, &file), RECOVERY_E_OTHER);
    check_int(open_with(key, &plain), RECOVERY_E_ABSENT);
    check_int(recovery_wrap(ed25519, &file.header, data_key, &jwe), -EINVAL);
    check_int(recovery_wrap(public, &file.header, data_key, &jwe), 0);
    free(jwe);
}

static void test_a_recovery_of_another_secret_or_version_is_refused(void)
{
    _cleanup_(key_freep) Key *key = key_of(KEY_P256);
    _cleanup_secret_file_ SecretFile file = file_for(key, "db", 3);
    SecretHeader *header = &file.header;

    header->version++;
    check_int(open_with(key, &file), RECOVERY_E_OPEN);
    header->version--;
    header->name[0] = 'e';
    check_int(open_with(key, &file), RECOVERY_E_OPEN);
    header->name[0] = 'd';
    header->id[3]++;
    check_int(open_with(key, &file), RECOVERY_E_OPEN);
    header->id[3]--;
    check_int(open_with(key, &file), RECOVERY_OK);
}

static void test_an_altered_recovery_is_refused(void)
{
    _cleanup_(key_freep) Key *key = key_of(KEY_P256);
    _cleanup_secret_file_ SecretFile file = file_for(key, "db", 3);
    char *text = file.header.recovery;
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i += 7) {
        char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        int r = was == '.' ? RECOVERY_E_OPEN : open_with(key, &file);
        check(r == RECOVERY_E_OPEN || r == RECOVERY_E_OTHER);
        text[i] = was;
    }
    check_int(open_with(key, &file), RECOVERY_OK);
    text[size - 4] = 0;
    check_int(open_with(key, &file), RECOVERY_E_OPEN);
    for (int no = RECOVERY_E_ABSENT; no <= RECOVERY_E_OPEN; no++)
        check(recovery_finding(no) != NULL);
    check(!recovery_finding(RECOVERY_OK));
}

static void check_member(const json_t *header, const char *name, const char *wanted)
{
    check_str(json_string_value(json_object_get(header, name)), wanted);
}

static void test_a_wrapped_key_says_what_the_verifier_has_to_compare(void)
{
    _cleanup_(key_freep) Key *key = key_of(KEY_P256);
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44), *found = NULL;
    _cleanup_secret_header_ SecretHeader header = sample_whole("db", 7, GATE_KIND_REWRAP);
    json_auto_t *bind = json_pack("{ss}", "ak-name", "AAsi");
    const RewrapTarget target = { .key = key, .kid = "rewrap-1", .bind = bind };
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    _cleanup_free_ char *jwe = NULL;

    check_int(rewrap_wrap(&target, &header, data_key, &jwe), 0);
    check(jwe_text_is_valid(jwe));
    check_int(jwe_parse(jwe, &parts), JWE_OK);
    check_member(parts.header, "typ", REWRAP_TYPE);
    check_member(parts.header, "kid", "rewrap-1");
    check_member(parts.header, "gate", "db");
    check_member(parts.header, "name", "db");
    check_member(parts.header, "id", "c2l4dGVlbiBieXRlcyBpZA");
    check_int(json_integer_value(json_object_get(parts.header, "version")), 7);
    check(json_equal(json_object_get(parts.header, "bind"), bind));
    check_int(jwe_open(key, &parts, (ByteView){ 0 }, &found), JWE_OK);
    check(view_equal(secret_view(found), secret_view(data_key)));
}

static void test_a_key_without_a_name_is_called_by_its_thumbprint(void)
{
    _cleanup_(key_freep) Key *key = key_of(KEY_P256), *other = key_of(KEY_P384);
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44);
    _cleanup_secret_header_ SecretHeader header = sample_whole("db", 7, GATE_KIND_REWRAP);
    json_auto_t *bind = json_string("fleet");
    RewrapTarget target = { .key = key, .bind = bind };
    _cleanup_free_ char *jwe = NULL, *thumbprint = NULL;
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    check_int(rewrap_wrap(&target, &header, data_key, &jwe), 0);
    check_int(jwe_parse(jwe, &parts), JWE_OK);
    check_int(jwk_thumbprint_text(key, &thumbprint), 0);
    check_member(parts.header, "kid", thumbprint);
    check_member(parts.header, "bind", "fleet");
    target.key = other;
    check_int(rewrap_wrap(&target, &header, data_key, &jwe), -EINVAL);
}

static void test_a_key_wrapped_for_a_vault_says_whose_it_is(void)
{
    static const KeyType types[] = { KEY_P256, KEY_P384 };
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44);
    _cleanup_secret_header_ SecretHeader header = sample_whole("db", 7, GATE_KIND_KEY_RELEASE);

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_(key_freep) Key *key = key_of(types[i]);
        _cleanup_free_ char *jwe = NULL, *thumbprint = NULL;
        _cleanup_jwe_parts_ JweParts parts = { 0 };
        _cleanup_(secret_freep) Secret *found = NULL;

        check_int(key_release_wrap(key, &header, data_key, &jwe), 0);
        check_int(jwe_parse(jwe, &parts), JWE_OK);
        check_int(jwk_thumbprint_text(key, &thumbprint), 0);
        check_member(parts.header, "typ", KEY_RELEASE_TYPE);
        check_member(parts.header, "kid", thumbprint);
        check_member(parts.header, "gate", "db");
        check_member(parts.header, "name", "db");
        check_member(parts.header, "id", "c2l4dGVlbiBieXRlcyBpZA");
        check_int(json_integer_value(json_object_get(parts.header, "version")), 7);
        check(!json_object_get(parts.header, "bind") && parts.apv.size == 0);
        check_int(jwe_open(key, &parts, (ByteView){ 0 }, &found), JWE_OK);
        check(view_equal(secret_view(found), secret_view(data_key)));
    }
    _cleanup_(key_freep) Key *other = key_of(KEY_ED25519);
    char *jwe = NULL;
    check_int(key_release_wrap(other, &header, data_key, &jwe), -EINVAL);
    check(!jwe);
}

#define TEN  "abcdefghij"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* RSA is for vaults: an offline key is one that jwe.h would open all the same. */
static void test_an_rsa_key_recovers_nothing(void)
{
    const uint8_t e[] = { 1, 0, 1 };
    uint8_t n[512];
    _cleanup_(key_freep) Key *rsa = NULL;
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44);
    _cleanup_secret_header_ SecretHeader header = sample_header("db", SECRET_VERSION_MAX);
    char *jwe = NULL;

    free(header.name);
    free(header.gate);
    header.name = strndup(LONG, SECRET_NAME_LIMIT);
    header.gate = strndup(LONG, GATE_NAME_LIMIT);
    memset(n, 0xff, sizeof(n));
    check_int(key_from_rsa(VIEW_OF_ARRAY(n), VIEW_OF_ARRAY(e), &rsa), KEY_OK);
    check_int(recovery_wrap(rsa, &header, data_key, &jwe), -EINVAL);
    /* The largest there is fits. */
    check_int(key_release_wrap(rsa, &header, data_key, &jwe), 0);
    check(jwe_text_is_valid(jwe));
    free(jwe);
}

static const Test tests[] = {
    { "the offline key alone brings the secret back",
      test_the_offline_key_alone_brings_the_secret_back },
    { "keys that cannot recover are named", test_keys_that_cannot_recover_are_named },
    { "a recovery of another secret or version is refused",
      test_a_recovery_of_another_secret_or_version_is_refused },
    { "an altered recovery is refused", test_an_altered_recovery_is_refused },
    { "a wrapped key says what the verifier has to compare",
      test_a_wrapped_key_says_what_the_verifier_has_to_compare },
    { "a key without a name is called by its thumbprint",
      test_a_key_without_a_name_is_called_by_its_thumbprint },
    { "a key wrapped for a vault says whose it is",
      test_a_key_wrapped_for_a_vault_says_whose_it_is },
    { "an RSA key recovers nothing", test_an_rsa_key_recovers_nothing },
};

TEST_MAIN(tests)
