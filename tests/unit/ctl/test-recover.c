/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/verb.h"
#include "secret/recovery.h"
#include "secret/store.h"
#include "unit/secret/sample.h"

#include <sys/stat.h>

#define REFUSED      2 /* EXIT_CLASS_USAGE */
#define NOT_ATTESTED 3 /* EXIT_CLASS_NOT_ATTESTED */

#define CONFIG                                                                                     \
    "[Verifier lab]\nURL=https://127.0.0.1:1\nVerifierID=lab\nIssuer=lab\nKeys=%s/keys.json\n"     \
    "[Secrets]\nDirectory=%s/secrets\n"
#define KEYS "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}"

static char directory[] = "/tmp/test-recover.XXXXXX";
static Key *recovery_key, *other_key;

static const char *below(const char *name)
{
    static char paths[8][160];
    static size_t next;
    char *path = paths[next++ % ELEMENTSOF(paths)];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, ByteView bytes, unsigned mode)
{
    check_int(file_write_atomic(below(name), bytes, mode), 0);
}

static void write_key(const char *name, const Key *key, unsigned mode)
{
    _cleanup_wiped_bytes_ Bytes pem = { 0 };

    check_int(key_to_private_pem(key, &pem), KEY_OK);
    write_file(name, VIEW(pem), mode);
}

/* As attestctl seal leaves it, of this kind; with a recovery by RECOVERY, when not NULL. */
static SecretFile sealed(const char *name, GateKind kind, const Key *recovery)
{
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44);
    SecretHeader header = sample_whole(name, 1, kind);

    free(header.recovery);
    header.recovery = NULL;
    if (recovery)
        check_int(recovery_wrap(recovery, &header, data_key, &header.recovery), 0);
    return sample_file_of(header);
}

static void write_secret(const char *name, const SecretFile *file)
{
    _cleanup_bytes_ Bytes json = { 0 };

    check_int(secret_file_emit(file, &json), 0);
    write_file(name, VIEW(json), 0600);
}

/* The exit class; what was there is removed before. */
static int recover(const Options *given)
{
    Options options = *given;

    options.verb = verb_recover;
    options.out = below("out");
    options.config = below("attestd.conf");
    (void)unlink(options.out);
    return verb_recover[0].run(&options);
}

static int recover_copy(const char *file, const char *key)
{
    const Options options = { .file = below(file), .key = below(key) };

    return recover(&options);
}

static int recover_names(char *const *names, size_t n, const char *key)
{
    const Options options = { .arguments = names, .n_arguments = n, .key = below(key) };

    return recover(&options);
}

static void check_recovered(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    struct stat status;

    check_int(file_read(below("out"), 1024, &bytes), 0);
    check(view_equal(VIEW(bytes), view_of_string(SAMPLE_SECRET)));
    check_int(stat(below("out"), &status), 0);
    check_int(status.st_mode & 0777, 0600);
}

static void check_refused(int found, int wanted)
{
    check_int(found, wanted);
    check(access(below("out"), F_OK) < 0);
}

static void test_a_copy_of_any_kind_comes_back_by_the_key(void)
{
    for (GateKind kind = 0; kind < N_GATE_KINDS; kind++) {
        _cleanup_secret_file_ SecretFile file = sealed("db", kind, recovery_key);
        write_secret("copy", &file);
        check_int(recover_copy("copy", "recovery.pem"), 0);
        check_recovered();
    }
}

static void test_a_stored_one_comes_back_by_its_name(void)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    _cleanup_secret_file_ SecretFile file = sealed("db", GATE_KIND_VERIFIER, recovery_key);
    char *const names[] = { (char[]){ "db" }, (char[]){ "lost" } };

    check_int(mkdir(below("secrets"), 0700), 0);
    check_int(secret_store_open(below("secrets"), &store), SECRET_STORE_OK);
    check_int(secret_store_write(store, &file), SECRET_STORE_OK);
    check_int(recover_names(names, 1, "recovery.pem"), 0);
    check_recovered();
    check_refused(recover_names(names + 1, 1, "recovery.pem"), REFUSED);
}

static void test_which_secret_must_be_said_once(void)
{
    char *const names[] = { (char[]){ "db" }, (char[]){ "web" } };
    char *const bad[] = { (char[]){ "../db" } };
    const Options both = { .arguments = names, .n_arguments = 1, .file = "x", .key = "y" };
    const Options twice_stdin = { .file = "-", .key = "-" };

    check_refused(recover_names(names, 0, "recovery.pem"), REFUSED);
    check_refused(recover_names(names, 2, "recovery.pem"), REFUSED);
    check_refused(recover_names(bad, 1, "recovery.pem"), REFUSED);
    check_refused(recover(&both), REFUSED);
    check_refused(recover(&twice_stdin), REFUSED);
}

static void test_another_key_and_a_file_without_recovery_are_named(void)
{
    _cleanup_secret_file_ SecretFile file = sealed("db", GATE_KIND_PCR, recovery_key);
    _cleanup_secret_file_ SecretFile without = sealed("db", GATE_KIND_PCR, NULL);

    write_secret("copy", &file);
    check(recover_copy("copy", "other.pem") != 0);
    check(access(below("out"), F_OK) < 0);
    write_secret("copy", &without);
    check(recover_copy("copy", "recovery.pem") != 0);
    check(access(below("out"), F_OK) < 0);
}

static void test_what_is_no_private_key_is_refused(void)
{
    _cleanup_secret_file_ SecretFile file = sealed("db", GATE_KIND_PCR, recovery_key);
    _cleanup_(key_freep) Key *wrong_type = NULL;
    _cleanup_bytes_ Bytes public_pem = { 0 }, large = { 0 };

    write_secret("copy", &file);
    check_int(key_to_public_pem(recovery_key, &public_pem), 0);
    write_file("public.pem", VIEW(public_pem), 0600);
    check_refused(recover_copy("copy", "public.pem"), REFUSED);
    check_int(key_generate(KEY_P521, &wrong_type), KEY_OK);
    write_key("p521.pem", wrong_type, 0600);
    check_refused(recover_copy("copy", "p521.pem"), REFUSED);
    write_file("locked.pem", view_of_string("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n"), 0600);
    check_refused(recover_copy("copy", "locked.pem"), REFUSED);
    check_int(bytes_new(KEY_FILE_SIZE_MAX + 1, &large), 0);
    write_file("large.pem", VIEW(large), 0600);
    check_refused(recover_copy("copy", "large.pem"), REFUSED);
    write_file("empty.pem", (ByteView){ 0 }, 0600);
    check_refused(recover_copy("copy", "empty.pem"), REFUSED);
    check_refused(recover_copy("copy", "nothing.pem"), REFUSED);
    check_refused(recover_copy("copy", "."), REFUSED);
}

static void test_a_key_that_others_can_read_still_recovers(void)
{
    _cleanup_secret_file_ SecretFile file = sealed("db", GATE_KIND_PCR, recovery_key);

    write_secret("copy", &file);
    write_key("open.pem", recovery_key, 0644);
    check_int(recover_copy("copy", "open.pem"), 0);
    check_recovered();
}

static void test_what_is_no_file_of_a_secret_is_refused(void)
{
    write_file("noise", view_of_string("noise"), 0600);
    check_refused(recover_copy("noise", "recovery.pem"), NOT_ATTESTED);
    write_file("empty", (ByteView){ 0 }, 0600);
    check_refused(recover_copy("empty", "recovery.pem"), REFUSED);
    check_refused(recover_copy("nothing", "recovery.pem"), REFUSED);
}

/* The header is shown to be what it was by the secret, not by the JWE. */
static void test_a_changed_file_gives_nothing(void)
{
    _cleanup_secret_file_ SecretFile file = sealed("db", GATE_KIND_VERIFIER, recovery_key);
    _cleanup_secret_file_ SecretFile other = sealed("db", GATE_KIND_PCR, recovery_key);
    const Bytes header = file.header_bytes;

    file.ciphertext.data[0] ^= 1;
    write_secret("copy", &file);
    check_refused(recover_copy("copy", "recovery.pem"), NOT_ATTESTED);
    file.ciphertext.data[0] ^= 1;
    file.header_bytes = other.header_bytes;
    write_secret("copy", &file);
    check_refused(recover_copy("copy", "recovery.pem"), NOT_ATTESTED);
    file.header_bytes = header;
    write_secret("copy", &file);
    check_int(recover_copy("copy", "recovery.pem"), 0);
}

/* The recovery of one secret in the file of another, under the same key. */
static void test_the_recovery_of_another_secret_gives_nothing(void)
{
    _cleanup_(secret_freep) Secret *data_key = sample_key(0x44);
    SecretHeader header = sample_whole("db", 1, GATE_KIND_PCR);
    _cleanup_secret_header_ SecretHeader other = sample_whole("web", 1, GATE_KIND_PCR);

    free(header.recovery);
    check_int(recovery_wrap(recovery_key, &other, data_key, &header.recovery), 0);
    _cleanup_secret_file_ SecretFile file = sample_file_of(header);
    write_secret("copy", &file);
    check(recover_copy("copy", "recovery.pem") != 0);
    check(access(below("out"), F_OK) < 0);
}

static void test_where_it_cannot_be_written_is_said(void)
{
    _cleanup_secret_file_ SecretFile file = sealed("db", GATE_KIND_PCR, recovery_key);
    const Options options = { .file = below("copy"),
                              .key = below("recovery.pem"),
                              .out = below("nowhere/out") };

    write_secret("copy", &file);
    check(verb_recover[0].run(&options) != 0);
}

static const Test tests[] = {
    { "a copy of any kind comes back by the key", test_a_copy_of_any_kind_comes_back_by_the_key },
    { "a stored one comes back by its name", test_a_stored_one_comes_back_by_its_name },
    { "which secret must be said once", test_which_secret_must_be_said_once },
    { "another key and a file without recovery are named",
      test_another_key_and_a_file_without_recovery_are_named },
    { "what is no private key is refused", test_what_is_no_private_key_is_refused },
    { "a key that others can read still recovers", test_a_key_that_others_can_read_still_recovers },
    { "what is no file of a secret is refused", test_what_is_no_file_of_a_secret_is_refused },
    { "a changed file gives nothing", test_a_changed_file_gives_nothing },
    { "the recovery of another secret gives nothing",
      test_the_recovery_of_another_secret_gives_nothing },
    { "where it cannot be written is said", test_where_it_cannot_be_written_is_said },
};

static void remove_directory(void)
{
    char command[64];

    (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
    check_int(system(command), 0);
}

int main(int argc, char **argv)
{
    char config[512];

    check(mkdtemp(directory));
    check_int(key_generate(KEY_P384, &recovery_key), KEY_OK);
    check_int(key_generate(KEY_P384, &other_key), KEY_OK);
    write_key("recovery.pem", recovery_key, 0600);
    write_key("other.pem", other_key, 0600);
    write_file("keys.json", view_of_string(KEYS), 0644);
    (void)snprintf(config, sizeof(config), CONFIG, directory, directory);
    write_file("attestd.conf", view_of_string(config), 0644);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    key_free(recovery_key);
    key_free(other_key);
    remove_directory();
    return r;
}
