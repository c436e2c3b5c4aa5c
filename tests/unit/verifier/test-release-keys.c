/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The release key and its successor: what is made, what is published, what a rotation leaves, also
 * one that was cut off at any of its steps, and what is refused by name.
 */
#include "lab.h"

#include "base/lock-file.h"
#include "crypto/jwk.h"
#include "verifier/commands.h"
#include "verifier/instance.h"
#include "verifier/release-keys.h"
#include "verifier/trust.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static Lab lab;
static char present[128], next[128], trust_file[128];

static void refresh(void)
{
    if (lab.directory[0])
        lab_done(&lab);
    lab = lab_new("");
    (void)snprintf(present, sizeof(present), "%s/keys/release.pem", lab.verifier);
    (void)snprintf(next, sizeof(next), "%s/keys/release-next.pem", lab.verifier);
    (void)snprintf(trust_file, sizeof(trust_file), "%s/verifier-trust.json", lab.verifier);
}

/* As the program: argv[0] is the verb. Returns its exit status. */
static int keys(const char *verb)
{
    char name[] = "keys", what[32];
    char *argv[] = { name, what, lab.verifier, NULL };

    (void)snprintf(what, sizeof(what), "%s", verb);
    return command_keys(3, argv);
}

/* The kid of the key at PATH; owned. */
static char *kid_at(const char *path)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(key_freep) Key *key = NULL;
    char *kid = NULL;

    check_int(key_load(path, &findings, &key), INSTANCE_OK);
    check_int(jwk_thumbprint_text(key, &kid), 0);
    return kid;
}

static json_t *trust_on_disk(void)
{
    _cleanup_bytes_ Bytes text = { 0 };
    json_t *json = NULL;

    check_int(file_read(trust_file, 65536, &text), 0);
    check_int(json_parse(VIEW(text), 65536, &json), JSON_OK);
    return json;
}

/* What is published for MEMBER is the key with KID, public; NULL: nothing. */
static void check_published(const char *member, const char *kid)
{
    json_auto_t *trust = trust_on_disk();
    const json_t *jwk = json_object_get(trust, member);

    check((jwk != NULL) == (kid != NULL));
    if (kid)
        check_str(json_string_value(json_object_get(jwk, "kid")), kid);
    check(!json_object_get(jwk, "d"));
}

static void check_mode(const char *path)
{
    struct stat st;

    check(stat(path, &st) == 0);
    check_int(st.st_mode, 0100600);
    check_int(st.st_nlink, 1);
}

static void old_path(const char *kid, char ret[static 256])
{
    (void)snprintf(ret, 256, "%s/keys/release-%s.pem", lab.verifier, kid);
}

static void a_fresh_verifier_has_no_next_release_key(void)
{
    refresh();
    check(access(next, F_OK) < 0);
    check_published("next_release_key", NULL);
}

static void a_next_release_key_is_made_and_published(void)
{
    refresh();
    _cleanup_free_ char *before = kid_at(present);
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *kid = kid_at(next), *after = kid_at(present);
    check_mode(next);
    check_str(after, before);
    check(strcmp(kid, before) != 0);
    check_published("release_key", before);
    check_published("next_release_key", kid);
}

/* Machines may have sealed to it. What was cut off before it was published is so now. */
static void one_that_is_there_is_kept(void)
{
    refresh();
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *kid = kid_at(next);
    lab_write(&lab, "verifier-trust.json", "{}");
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *again = kid_at(next);
    check_str(again, kid);
    check_published("next_release_key", kid);
}

static void a_rotation_puts_the_next_in_place_and_keeps_the_old(void)
{
    char old[256];

    refresh();
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *before = kid_at(present), *kid = kid_at(next);
    check_int(keys("rotate-release"), 0);
    _cleanup_free_ char *now = kid_at(present);
    check_str(now, kid);
    check(access(next, F_OK) < 0);
    check_mode(present);
    old_path(before, old);
    check_mode(old);
    _cleanup_free_ char *kept = kid_at(old);
    check_str(kept, before);
    check_published("release_key", kid);
    check_published("next_release_key", NULL);
}

static void without_a_next_key_nothing_is_rotated(void)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(config_freep) VerifierConfig *config = NULL;

    refresh();
    _cleanup_free_ char *before = kid_at(present);
    check_int(keys("rotate-release"), 2);
    check_int(config_load(lab.verifier, &findings, &config), CONFIG_OK);
    check_int(release_key_rotate(config, &findings), RELEASE_KEYS_E_ABSENT);
    /* Nor a second time, by mistake. */
    check_int(keys("next-release"), 0);
    check_int(keys("rotate-release"), 0);
    _cleanup_free_ char *rotated = kid_at(present);
    check(strcmp(rotated, before) != 0);
    check_int(keys("rotate-release"), 2);
    _cleanup_free_ char *after = kid_at(present);
    check_str(after, rotated);
}

static void two_operators_do_not_change_keys_at_once(void)
{
    static const char *const verbs[] = { "rotate-nonce", "rotate-rewrap", "next-release",
                                         "rotate-release" };
    int lock = -EBADF;

    refresh();
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *before = kid_at(present);
    check_int(lock_file_take(lab.verifier, "keys.lock", 0, &lock), LOCK_FILE_OK);
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        check_int(keys(verbs[i]), 2);
    _cleanup_free_ char *meanwhile = kid_at(present);
    check_str(meanwhile, before);
    check(close(lock) == 0);
    check_int(keys("rotate-release"), 0);
    _cleanup_free_ char *after = kid_at(present);
    check(strcmp(after, before) != 0);
}

static void keys_of_no_directory_are_not_changed(void)
{
    char name[] = "keys", what[] = "rotate-nonce", nowhere[] = "/nonexistent/verifier";
    char *argv[] = { name, what, nowhere, NULL };

    check_int(command_keys(3, argv), 2);
}

static void a_rotation_cut_off_before_the_rename_goes_on(void)
{
    char old[256];

    refresh();
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *before = kid_at(present), *kid = kid_at(next);
    old_path(before, old);
    check(link(present, old) == 0);
    check_int(keys("rotate-release"), 0);
    _cleanup_free_ char *now = kid_at(present), *kept = kid_at(old);
    check_str(now, kid);
    check_str(kept, before);
}

static void a_rotation_cut_off_before_it_was_published_is_finished(void)
{
    char old[256];

    refresh();
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *before = kid_at(present), *kid = kid_at(next);
    old_path(before, old);
    check(link(present, old) == 0 && rename(next, present) == 0);
    check_published("next_release_key", kid);
    check_int(keys("rotate-release"), 0);
    _cleanup_free_ char *now = kid_at(present);
    check_str(now, kid);
    check_published("release_key", kid);
    check_published("next_release_key", NULL);
    check_int(keys("rotate-release"), 2);
}

/* docs/man/attest-verifier.1, "The way back". */
static void the_old_key_can_come_back_as_the_next(void)
{
    char command[640], old[256];

    refresh();
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *before = kid_at(present), *kid = kid_at(next);
    check_int(keys("rotate-release"), 0);
    old_path(before, old);
    (void)snprintf(command, sizeof(command), "cp -p %s %s", old, next);
    check_int(system(command), 0);
    check_int(keys("rotate-release"), 0);
    check_published("release_key", before);
    old_path(kid, old);
    (void)snprintf(command, sizeof(command), "cp -p %s %s", old, next);
    check_int(system(command), 0);
    check_int(keys("next-release"), 0);
    check_published("next_release_key", kid);
    check_int(keys("rotate-release"), 0);
    check_published("release_key", kid);
}

static void a_next_key_that_cannot_be_one_is_named(void)
{
    static const struct {
        const char *make;
        const char *found;
    } cases[] = {
        { "cp -p keys/release.pem keys/release-next.pem", "the present release key" },
        { "cp -p keys/token.pem keys/release-next.pem", "the token key" },
        { "echo nonsense >keys/release-next.pem", NULL },
    };
    char command[256];

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_findings_ Findings findings = { .source = "verifier" };
        _cleanup_(config_freep) VerifierConfig *config = NULL;
        refresh();
        _cleanup_free_ char *before = kid_at(present);
        (void)snprintf(command, sizeof(command), "cd %s && %s", lab.verifier, cases[i].make);
        check_int(system(command), 0);
        check_int(keys("next-release"), 2);
        check_int(keys("rotate-release"), 2);
        check_int(config_load(lab.verifier, &findings, &config), CONFIG_OK);
        check_int(release_key_rotate(config, &findings), RELEASE_KEYS_E_INVALID);
        check_str(findings.items[0].name, "verifier-key-unusable");
        if (cases[i].found)
            check_str(findings.items[0].found, cases[i].found);
        _cleanup_free_ char *after = kid_at(present);
        check_str(after, before);
    }
}

/* It would be taken for the present one, and that be lost. */
static void another_key_under_the_old_name_stops_a_rotation(void)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(config_freep) VerifierConfig *config = NULL;
    char old[256];

    refresh();
    check_int(keys("next-release"), 0);
    _cleanup_free_ char *before = kid_at(present);
    old_path(before, old);
    check_int(key_write(old), 0);
    check_int(config_load(lab.verifier, &findings, &config), CONFIG_OK);
    check_int(release_key_rotate(config, &findings), RELEASE_KEYS_E_INVALID);
    check_str(findings.items[0].found, "another key");
    _cleanup_free_ char *after = kid_at(present);
    check_str(after, before);
    check(access(next, F_OK) == 0);
}

static void a_trust_file_that_cannot_be_read_names_no_next_key(void)
{
    static const char *const texts[] = { "", "{}", "[]",
                                         "{\"next_release_key\":{\"kty\":\"EC\"}}" };
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(key_freep) Key *key = NULL;
    bool has = true;

    refresh();
    check_int(key_load(present, &findings, &key), INSTANCE_OK);
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        lab_write(&lab, "verifier-trust.json", texts[i]);
        check_int(trust_has_next(lab.verifier, key, &has), 0);
        check(!has);
        has = true;
    }
    check(unlink(trust_file) == 0);
    check_int(trust_has_next(lab.verifier, key, &has), 0);
    check(!has);
}

static const Test tests[] = {
    { "a fresh verifier has no next release key", a_fresh_verifier_has_no_next_release_key },
    { "a next release key is made and published", a_next_release_key_is_made_and_published },
    { "one that is there is kept", one_that_is_there_is_kept },
    { "a rotation puts the next in place and keeps the old",
      a_rotation_puts_the_next_in_place_and_keeps_the_old },
    { "without a next key nothing is rotated", without_a_next_key_nothing_is_rotated },
    { "two operators do not change keys at once", two_operators_do_not_change_keys_at_once },
    { "keys of no directory are not changed", keys_of_no_directory_are_not_changed },
    { "a rotation cut off before the rename goes on",
      a_rotation_cut_off_before_the_rename_goes_on },
    { "a rotation cut off before it was published is finished",
      a_rotation_cut_off_before_it_was_published_is_finished },
    { "the old key can come back as the next", the_old_key_can_come_back_as_the_next },
    { "a next key that cannot be one is named", a_next_key_that_cannot_be_one_is_named },
    { "another key under the old name stops a rotation",
      another_key_under_the_old_name_stops_a_rotation },
    { "a trust file that cannot be read names no next key",
      a_trust_file_that_cannot_be_read_names_no_next_key },
};

int main(int argc, char **argv)
{
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);

    lab_done(&lab);
    return r;
}
