/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-verifier: the verb table.
 */
#include "verifier/commands.h"

#include "base/macro.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} Verb;

static const Verb verbs[] = {
    { "init", command_init, "make keys, certificates, configuration and a starter policy" },
    { "serve", command_serve, "answer attestd" },
    { "check", command_check, "say whether a directory can be served" },
    { "policy", command_policy, "check a policy file" },
    { "keys", command_keys, "rotate the nonce, rewrap or release key" },
    { "trust", command_trust, "print verifier-trust.json anew" },
};

static int print_help(FILE *file)
{
    (void)fputs("usage: attest-verifier VERB …\n\n", file);
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        (void)fprintf(file, "  %-8s %s\n", verbs[i].name, verbs[i].help);
    (void)fputs("\nattest-verifier(1) describes them.\n", file);
    return file == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    (void)umask(077);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        (void)puts("attest-verifier " ATTESTD_VERSION);
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
        return print_help(stdout);
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    return print_help(stderr);
}
