/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials against a real TPM implementation: swtpm, driven by tpm2-tools. Skipped without them.
 */
#include "crypto/credential.h"

#include "base/encode.h"
#include "testing.h"

#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/wait.h>

extern char **environ;

static char directory[] = "/tmp/cred.XXXXXX";
static pid_t tpm = -1;

static int run(const char *format, ...) _printf_(1, 2);
static int run(const char *format, ...)
{
    char command[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    int status = system(command); /* NOLINT: a test, its own words */
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void stop(void)
{
    if (tpm > 0) {
        (void)kill(tpm, SIGTERM);
        (void)waitpid(tpm, NULL, 0);
    }
    (void)run("rm -rf %s", directory);
}

static void start(void)
{
    char server[64];
    char control[64];
    char state[64];
    char *arguments[] = { (char *)(uintptr_t) "swtpm",
                          (char *)(uintptr_t) "socket",
                          (char *)(uintptr_t) "--tpm2",
                          (char *)(uintptr_t) "--tpmstate",
                          state,
                          (char *)(uintptr_t) "--server",
                          server,
                          (char *)(uintptr_t) "--ctrl",
                          control,
                          (char *)(uintptr_t) "--flags",
                          (char *)(uintptr_t) "not-need-init,startup-clear",
                          NULL };

    check(mkdtemp(directory) != NULL);
    (void)atexit(stop);
    (void)snprintf(state, sizeof(state), "dir=%s", directory);
    (void)snprintf(server, sizeof(server), "type=unixio,path=%s/s", directory);
    (void)snprintf(control, sizeof(control), "type=unixio,path=%s/s.ctrl", directory);
    check_int(posix_spawnp(&tpm, "swtpm", NULL, NULL, arguments, environ), 0);

    char tcti[64];
    (void)snprintf(tcti, sizeof(tcti), "swtpm:path=%s/s", directory);
    check(setenv("TPM2TOOLS_TCTI", tcti, 1) == 0 && setenv("TSS2_LOG", "all+NONE", 1) == 0);
    for (int i = 0; i < 100; i++) {
        if (run("tpm2_getrandom 4 >/dev/null 2>&1") == 0)
            return;
        (void)usleep(50 * 1000);
    }
    (void)fprintf(stderr, "swtpm does not answer\n");
    abort();
}

static Bytes load(const char *name)
{
    char path[128];
    Bytes bytes = { 0 };

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    check_int(file_read(path, 1 << 16, &bytes), 0);
    return bytes;
}

/* tpm2-tools: magic, version, then both structures as they are marshalled. */
static void save_credential(ByteView blob, ByteView encrypted)
{
    char path[128];
    _cleanup_bytes_ Bytes file = { 0 };

    check_int(bytes_append_be32(&file, 0xbadcc0de), 0);
    check_int(bytes_append_be32(&file, 1), 0);
    check_int(bytes_append(&file, blob), 0);
    check_int(bytes_append(&file, encrypted), 0);
    (void)snprintf(path, sizeof(path), "%s/credential", directory);
    check_int(file_write_atomic(path, VIEW(file), 0600), 0);
}

static int activate(void)
{
    return run("cd %s && tpm2_flushcontext -t && tpm2_flushcontext -l && rm -f opened && "
               "tpm2_startauthsession --policy-session -S session >/dev/null && "
               "tpm2_policysecret -S session -c e >/dev/null && "
               "tpm2_activatecredential -c ak -C ek -i credential -o opened -P session:session "
               ">/dev/null 2>&1",
               directory);
}

static void check_activation(const char *algorithm, DigestAlgorithm hash, unsigned bits)
{
    static const uint8_t secret[] = "thirty-two bytes, or a few less";
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_bytes_ Bytes blob = { 0 };
    _cleanup_bytes_ Bytes encrypted = { 0 };

    check_int(run("cd %s && tpm2_flushcontext -t && tpm2_createek -G %s -c ek -u ek.pem -f pem "
                  ">/dev/null && tpm2_flushcontext -t && tpm2_createak -C ek -c ak -G ecc "
                  "-g sha256 -s ecdsa -n ak.name >/dev/null",
                  directory, algorithm),
              0);
    _cleanup_bytes_ Bytes pem = load("ek.pem");
    _cleanup_bytes_ Bytes name = load("ak.name");
    check_int(key_from_pem(VIEW(pem), &key), KEY_OK);
    CredentialEk ek = { .key = key, .name_algorithm = hash, .symmetric_bits = bits };
    check_int(credential_make(&ek, VIEW(name), VIEW_OF_ARRAY(secret), &blob, &encrypted),
              CREDENTIAL_OK);
    save_credential(VIEW(blob), VIEW(encrypted));
    check_int(activate(), 0);
    _cleanup_bytes_ Bytes opened = load("opened");
    check(view_equal(VIEW(opened), VIEW_OF_ARRAY(secret)));

    blob.data[blob.size - 1] ^= 1;
    save_credential(VIEW(blob), VIEW(encrypted));
    check(activate() != 0);
}

static void a_tpm_opens_a_credential_for_its_rsa_key(void)
{
    check_activation("rsa", DIGEST_SHA256, 128);
}

static void a_tpm_opens_a_credential_for_its_p256_key(void)
{
    check_activation("ecc", DIGEST_SHA256, 128);
}

static const Test tests[] = {
    { "a TPM opens a credential for its RSA key", a_tpm_opens_a_credential_for_its_rsa_key },
    { "a TPM opens a credential for its P-256 key", a_tpm_opens_a_credential_for_its_p256_key },
};

int main(int argc, char **argv)
{
    if (run("command -v swtpm tpm2_createek tpm2_activatecredential >/dev/null") != 0) {
        (void)printf("skipped: swtpm or tpm2-tools is not installed\n");
        return TEST_SKIP;
    }
    start();
    return run_tests(tests, ELEMENTSOF(tests), argc, argv);
}
