/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another implementation as oracle: the jose command. It verifies what we sign, and we verify what
 * it signs. Skipped where it is not installed.
 */
#include "mint.h"
#include "testing.h"

#include <stdarg.h>
#include <sys/wait.h>

static char directory[] = "/tmp/jose.XXXXXX";

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

static Bytes load(const char *name)
{
    char path[128];
    Bytes bytes = { 0 };

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    check_int(file_read(path, 1 << 16, &bytes), 0);
    while (bytes.size > 0 && bytes.data[bytes.size - 1] == '\n')
        bytes.size--;
    return bytes;
}

static void save(const char *name, const char *text)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    check_int(file_write_atomic(path, view_of_string(text), 0600), 0);
}

static void we_verify_what_jose_signs(void)
{
    static const char *const names[] = { "ES256", "ES384", "ES512", "RS256", "RS384",
                                         "RS512", "PS256", "PS384", "PS512" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        const char *const allowed[] = { names[i], NULL };
        Jws jws = { 0 };
        check_int(run("cd %s && jose jwk gen -i '{\"alg\":\"%s\",\"kid\":\"j\"}' -o key && "
                      "jose jwk pub -s -i key -o set && printf '{\"a\":1}' > payload && "
                      "jose jws sig -I payload -k key -c -o token "
                      "-s '{\"protected\":{\"alg\":\"%s\",\"kid\":\"j\",\"typ\":\"JWT\"}}'",
                      directory, names[i], names[i]),
                  0);
        _cleanup_bytes_ Bytes set = load("set");
        _cleanup_bytes_ Bytes token = load("token");
        _cleanup_jwks_ Jwks jwks = { 0 };
        check_int(jwks_parse(VIEW(set), &jwks), JWKS_OK);
        check_str(jwks.keys[0].algorithm->name, names[i]);
        JwsExpectation expected = { .keys = &jwks, .algorithms = allowed };
        check_int(jws_verify(VIEW(token), &expected, &jws), JWS_OK);
        check_str((char *)jws.payload.data, "{\"a\":1}");
        jws_done(&jws);

        token.data[token.size - 10] = token.data[token.size - 10] == 'A' ? 'B' : 'A';
        check_int(jws_verify(VIEW(token), &expected, &jws), JWS_E_SIGNATURE);
    }
}

static void jose_verifies_what_we_sign(void)
{
    static const char *const kinds[] = { "P-256", "P-384", "P-521" };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        _cleanup_free_ char *token = NULL;
        json_t *jwk = NULL;
        check_int(jws_sign(key, "k1", "JWT", view_of_string("{\"b\":2}"), &token), 0);
        check_int(jwk_emit(key, "k1", "sig", jwa_of_key(key)->name, &jwk), 0);
        _cleanup_free_ char *jwk_text = json_text(jwk);
        json_decref(jwk);
        save("ours", token);
        save("key", jwk_text);
        check_int(run("cd %s && jose jws ver -i ours -k key -O payload", directory), 0);
        _cleanup_bytes_ Bytes payload = load("payload");
        check_str((char *)payload.data, "{\"b\":2}");

        mint_flip(token, strlen(token) - 10);
        save("ours", token);
        check(run("cd %s && jose jws ver -i ours -k key -O payload 2>/dev/null", directory) != 0);
    }
}

static void thumbprints_agree(void)
{
    static const char *const kinds[] = { "P-256", "P-384", "P-521", "RSA-2048" };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        _cleanup_free_ char *thumbprint = NULL;
        json_t *jwk = NULL;
        check_int(jwk_emit(key, "some", "sig", NULL, &jwk), 0);
        check_int(jwk_thumbprint_text(key, &thumbprint), 0);
        _cleanup_free_ char *jwk_text = json_text(jwk);
        json_decref(jwk);
        save("key", jwk_text);
        check_int(run("cd %s && jose jwk thp -a S256 -i key -o print", directory), 0);
        _cleanup_bytes_ Bytes print = load("print");
        check(view_equal(VIEW(print), view_of_string(thumbprint)));
    }
}

static void private_keys_of_jose_are_refused(void)
{
    _cleanup_jwks_ Jwks jwks = { 0 };

    check_int(run("cd %s && jose jwk gen -s -i '{\"alg\":\"ES256\"}' -o set", directory), 0);
    _cleanup_bytes_ Bytes set = load("set");
    check_int(jwks_parse(VIEW(set), &jwks), JWKS_E_PRIVATE);
}

static const Test tests[] = {
    { "we verify what jose signs", we_verify_what_jose_signs },
    { "jose verifies what we sign", jose_verifies_what_we_sign },
    { "thumbprints agree", thumbprints_agree },
    { "private keys of jose are refused", private_keys_of_jose_are_refused },
};

int main(int argc, char **argv)
{
    if (run("command -v jose >/dev/null") != 0) {
        (void)printf("skipped: the jose command is not installed\n");
        return TEST_SKIP;
    }
    check(mkdtemp(directory) != NULL);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    (void)run("rm -rf %s", directory);
    return r;
}
