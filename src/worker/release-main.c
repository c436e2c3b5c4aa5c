/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-release: the one program that holds a secret in the clear. It has the TPM and the sealed
 * files; no code in it reaches a network.
 */
#include "worker/program.h"
#include "worker/release.h"
#include "worker/seal.h"

static const Verb verbs[] = {
    { "release", release_run },
    { "seal", seal_run },
};

static const char help[] = "usage: attest-release VERB\n"
                           "Not for people: attestd and attestctl talk to it through a socket.\n"
                           "verbs:\n"
                           "  release  give secrets to the units that wait for them\n"
                           "  seal     seal a secret to this machine and a gate\n";

int main(int argc, char **argv)
{
    const ProgramVerbs all = { verbs, ELEMENTSOF(verbs), help };

    return program_run_verb(&all, argc, argv);
}
