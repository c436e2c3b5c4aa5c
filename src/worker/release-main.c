/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-release: the one program that holds a secret in the clear. It has the TPM and the sealed
 * files; no code in it reaches a network.
 */
#include "worker/forget.h"
#include "worker/program.h"
#include "worker/release.h"
#include "worker/request-evidence.h"
#include "worker/seal.h"
#include "worker/wrapped.h"

#include <string.h>

static bool asks_for_wrapped(ByteView line)
{
    json_auto_t *request = NULL;

    if (request_open(line, &request) != REQUEST_OK)
        return false;
    const char *verb = json_string_value(json_object_get(request, "verb"));
    return verb && strcmp(verb, "wrapped") == 0;
}

/* attestd has one socket for both: its request says which it is. */
static int asked_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    return asks_for_wrapped(line) ? wrapped_run(line, given, answer, fds)
                                  : release_run(line, given, answer, fds);
}

static const Verb verbs[] = {
    { "release", asked_run },
    { "seal", seal_run },
    { "forget", forget_run },
    { "wrapped", wrapped_run },
};

static const char help[] =
    "usage: attest-release VERB\n"
    "Not for people: attestd and attestctl talk to it through a socket.\n"
    "verbs:\n"
    "  release  give secrets to those who wait for them\n"
    "  seal     seal a secret to this machine and a gate\n"
    "  forget   give back the TPM's counter of a secret that is to be removed\n"
    "  wrapped  list the data keys that a verifier is to open; release does, too, when asked to\n";

int main(int argc, char **argv)
{
    const ProgramVerbs all = { verbs, ELEMENTSOF(verbs), help };

    return program_run_verb(&all, argc, argv);
}
