/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-worker: one verb, one connection, one answer. Started by socket activation with the
 * accepted connection as its one descriptor.
 */
#include "worker/program.h"
#include "worker/release.h"
#include "worker/round.h"
#include "worker/seal.h"

#include <stdio.h>
#include <string.h>

static const Verb verbs[] = {
    { "round", round_run },
    { "release", release_run },
    { "seal", seal_run },
};

static const Verb *find_verb(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int usage(FILE *out)
{
    (void)fputs("usage: attest-worker VERB\n"
                "Not for people: attestd talks to it through a socket of the service manager.\n"
                "verbs:\n"
                "  round    prove this machine to a verifier, or make evidence for a caller\n"
                "  release  give secrets to the units that wait for them\n"
                "  seal     seal a secret to this machine and a gate\n",
                out);
    return out == stdout ? 0 : PROGRAM_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    const Verb *verb = argc == 2 ? find_verb(argv[1]) : NULL;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout);
    if (!verb)
        return usage(stderr);

    return program_serve(serve_verb, verb);
}
