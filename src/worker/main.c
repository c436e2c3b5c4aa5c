/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-worker: one verb, one connection, one answer. Started by socket activation with the
 * accepted connection as its one descriptor.
 */
#include "base/wipe.h"
#include "worker/fetch.h"
#include "worker/probe.h"
#include "worker/program.h"
#include "worker/round.h"

static const Verb verbs[] = {
    { "round", round_run },
    { "fetch", fetch_run },
    { "probe", probe_run },
};

static const char help[] =
    "usage: attest-worker VERB\n"
    "Not for people: attestd talks to it through a socket of the service manager.\n"
    "verbs:\n"
    "  round    prove this machine to a verifier, or make evidence for a caller\n"
    "  fetch    get a certificate from AMD, for attestctl\n"
    "  probe    see what a round would meet, for attestctl doctor\n";

int main(int argc, char **argv)
{
    const ProgramVerbs all = { verbs, ELEMENTSOF(verbs), help };

    wipe_json();
    return program_run_verb(&all, argc, argv);
}
