/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of rewrap keys: which are read, what a rotation leaves, and what is refused by name.
 */
#include "lab.h"

#include "crypto/jwk.h"
#include "verifier/instance.h"
#include "verifier/rewrap-keys.h"
#include "verifier/trust.h"

#include <sys/stat.h>

static Lab lab;
static char path[128]; /* of the present key */

static void refresh(void)
{
    if (lab.directory[0])
        lab_done(&lab);
    lab = lab_new("");
    (void)snprintf(path, sizeof(path), "%s/keys/rewrap.pem", lab.verifier);
}

static int load(RewrapKeys *ret, const char *finding)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };

    int r = rewrap_keys_load(path, &findings, ret);
    check_int(findings.n_items, finding ? 1 : 0);
    if (finding)
        check_str(findings.items[0].name, finding);
    return r;
}

static void rotate(void)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };

    check_int(rewrap_keys_rotate(path, &findings), REWRAP_KEYS_OK);
}

/* PATH of the older key that has this kid. */
static void old_path(const char *kid, char ret[static 256])
{
    (void)snprintf(ret, 256, "%s/keys/rewrap-%s.pem", lab.verifier, kid);
}

static void a_fresh_verifier_has_one_key(void)
{
    _cleanup_rewrap_keys_ RewrapKeys keys = { 0 };

    refresh();
    check_int(load(&keys, NULL), REWRAP_KEYS_OK);
    check_int(keys.n_items, 1);
    check(key_is_private(keys.items[0].key));
    check(rewrap_keys_find(&keys, keys.items[0].kid) == keys.items[0].key);
    check(rewrap_keys_find(&keys, "") == NULL);
}

static void a_rotation_keeps_the_key_before_it(void)
{
    _cleanup_rewrap_keys_ RewrapKeys before = { 0 }, after = { 0 }, third = { 0 };
    char old[256];
    struct stat st;

    refresh();
    check_int(load(&before, NULL), REWRAP_KEYS_OK);
    rotate();
    check_int(load(&after, NULL), REWRAP_KEYS_OK);
    check_int(after.n_items, 2);
    check(strcmp(after.items[0].kid, before.items[0].kid) != 0);
    check(key_equal(rewrap_keys_find(&after, before.items[0].kid), before.items[0].key));
    old_path(before.items[0].kid, old);
    check(stat(old, &st) == 0);
    check_int(st.st_mode, 0100600);
    check_int(st.st_nlink, 1);
    check(stat(path, &st) == 0);
    check_int(st.st_mode, 0100600);
    rotate();
    check_int(load(&third, NULL), REWRAP_KEYS_OK);
    check_int(third.n_items, 3);
    check(rewrap_keys_find(&third, before.items[0].kid) != NULL);
}

/* The older name is there, the new key is not: the next rotation goes on from there. */
static void a_rotation_that_was_cut_off_loses_nothing(void)
{
    _cleanup_rewrap_keys_ RewrapKeys before = { 0 }, after = { 0 };
    char old[256];

    refresh();
    check_int(load(&before, NULL), REWRAP_KEYS_OK);
    old_path(before.items[0].kid, old);
    check(link(path, old) == 0);
    rotate();
    check_int(load(&after, NULL), REWRAP_KEYS_OK);
    check_int(after.n_items, 2);
    check(rewrap_keys_find(&after, before.items[0].kid) != NULL);
}

/* Another key under its name would be taken for it and the present one be lost. */
static void another_key_under_the_older_name_stops_a_rotation(void)
{
    _cleanup_rewrap_keys_ RewrapKeys before = { 0 }, after = { 0 };
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    char old[256];

    refresh();
    check_int(load(&before, NULL), REWRAP_KEYS_OK);
    old_path(before.items[0].kid, old);
    check_int(key_write(old), 0);
    check(rewrap_keys_rotate(path, &findings) < 0);
    check_int(load(&after, NULL), REWRAP_KEYS_OK);
    check_str(after.items[0].kid, before.items[0].kid);
}

static void files_that_are_no_key_are_named(void)
{
    _cleanup_rewrap_keys_ RewrapKeys keys = { 0 };

    refresh();
    lab_write(&lab, "keys/rewrap-old.pem", "not a key");
    check_int(load(&keys, "verifier-key-unusable"), REWRAP_KEYS_E_INVALID);
    refresh();
    lab_write(&lab, "keys/rewrap.pem", "not a key");
    check_int(load(&keys, "verifier-key-unusable"), REWRAP_KEYS_E_INVALID);
    refresh();
    check(unlink(path) == 0);
    check_int(load(&keys, "verifier-key-unusable"), REWRAP_KEYS_E_INVALID);
    /* What is not named like an older key is none. */
    refresh();
    lab_write(&lab, "keys/rewrap-.pem", "not a key");
    lab_write(&lab, "keys/rewrap-old.pem.bak", "not a key");
    lab_write(&lab, "keys/xrewrap-old.pem", "not a key");
    check_int(load(&keys, NULL), REWRAP_KEYS_OK);
}

static void fifteen_older_keys_are_kept(void)
{
    _cleanup_rewrap_keys_ RewrapKeys keys = { 0 }, none = { 0 };
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    char old[256];

    refresh();
    for (size_t i = 0; i < REWRAP_KEYS_MAX - 1; i++)
        rotate();
    check_int(load(&keys, NULL), REWRAP_KEYS_OK);
    check_int(keys.n_items, REWRAP_KEYS_MAX);
    check_int(rewrap_keys_rotate(path, &findings), REWRAP_KEYS_E_INVALID);
    check_str(findings.items[0].name, "verifier-key-unusable");
    old_path("another", old);
    check_int(key_write(old), 0);
    check_int(load(&none, "verifier-key-unusable"), REWRAP_KEYS_E_INVALID);
}

static int load_instance(const char *gates, const char *finding, size_t n_keys)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(instance_freep) Instance *instance = NULL;
    char policy[256];

    (void)snprintf(policy, sizeof(policy), "{\"attestd_policy\":1,\"id\":\"x\",\"gates\":[%s]}",
                   gates);
    lab_write(&lab, "policy.json", policy);
    int r = instance_load(lab.verifier, NULL, &findings, &instance);
    if (finding)
        check(findings_has(&findings, finding));
    else
        check_int(instance->rewrap_keys.n_items, n_keys);
    return r;
}

/* What decrypts is read where it can be needed, and does nothing else. */
static void the_rewrap_key_is_loaded_where_there_is_a_gate_for_it(void)
{
    static const char vault[] = "{\"name\":\"v\",\"kind\":\"rewrap\",\"machines\":[\"*\"]}";
    static const char db[] = "{\"name\":\"d\",\"machines\":[\"*\"]}";
    static const char both[] = "{\"name\":\"v\",\"kind\":\"rewrap\",\"machines\":[\"*\"]},"
                               "{\"name\":\"d\",\"machines\":[\"*\"]}";
    static const char *const names[] = { "token", "release" };
    char command[512];

    refresh();
    check_int(load_instance(vault, NULL, 1), INSTANCE_OK);
    check_int(load_instance(db, NULL, 0), INSTANCE_OK);
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        (void)snprintf(command, sizeof(command), "cp %s/keys/%s.pem %s", lab.verifier, names[i],
                       path);
        check_int(system(command), 0);
        check_int(load_instance(both, "verifier-key-unusable", 0), INSTANCE_E_INVALID);
        check_int(load_instance(db, NULL, 0), INSTANCE_OK);
    }
    check(unlink(path) == 0);
    check_int(load_instance(vault, "verifier-key-unusable", 0), INSTANCE_E_INVALID);
    check_int(load_instance(db, NULL, 0), INSTANCE_OK);
}

static json_t *trust(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_bytes_ Bytes text = { 0 };
    json_t *json = NULL;

    check_int(trust_text(lab.verifier, &findings, &text), TRUST_OK);
    check_int(json_parse(VIEW(text), 65536, &json), JSON_OK);
    return json;
}

static void the_trust_file_names_the_present_key(void)
{
    _cleanup_rewrap_keys_ RewrapKeys keys = { 0 };
    _cleanup_(key_freep) Key *found = NULL;

    refresh();
    rotate();
    check_int(load(&keys, NULL), REWRAP_KEYS_OK);
    json_auto_t *json = trust();
    const json_t *jwk = json_object_get(json, "rewrap_key");
    check_int(json_object_size(jwk), 7);
    check_str(json_string_value(json_object_get(jwk, "kid")), keys.items[0].kid);
    check_str(json_string_value(json_object_get(jwk, "use")), "enc");
    check_str(json_string_value(json_object_get(jwk, "alg")), "ECDH-ES+A256KW");
    check(!json_object_get(jwk, "d"));
    check_int(jwk_parse_key(jwk, &found), JWK_OK);
    check(key_equal(found, keys.items[0].key) && !key_is_private(found));
}

static const Test tests[] = {
    { "a fresh verifier has one key", a_fresh_verifier_has_one_key },
    { "a rotation keeps the key before it", a_rotation_keeps_the_key_before_it },
    { "a rotation that was cut off loses nothing", a_rotation_that_was_cut_off_loses_nothing },
    { "another key under the older name stops a rotation",
      another_key_under_the_older_name_stops_a_rotation },
    { "files that are no key are named", files_that_are_no_key_are_named },
    { "fifteen older keys are kept", fifteen_older_keys_are_kept },
    { "the rewrap key is loaded where there is a gate for it",
      the_rewrap_key_is_loaded_where_there_is_a_gate_for_it },
    { "the trust file names the present key", the_trust_file_names_the_present_key },
};

int main(int argc, char **argv)
{
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);

    lab_done(&lab);
    return r;
}
